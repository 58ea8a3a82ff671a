"""Sales orders (销售订单) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_e4, text_from_milli, text_from_rate
from shapan.scm.rules.stock import backorder
from shapan.scm.views.common import Json, amounts, source


def _order_line(row: sqlite3.Row, state: str) -> Json:
    waiting = backorder(state, row["quantity_milli"], row["reserved_milli"], row["shipped_milli"])
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "unit_price": text_from_e4(row["unit_price_e4"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **amounts(row["net_fen"], row["tax_fen"]),
        "reserved_quantity": text_from_milli(row["reserved_milli"]),
        "shipped_quantity": text_from_milli(row["shipped_milli"]),
        "returned_quantity": text_from_milli(row["returned_milli"]),
        "backorder_quantity": text_from_milli(waiting),
        "source_line": row["source_line"],
    }


def sales_order(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Sales order with its lines."""
    return {
        "sales_order_no": row["number"],
        "state": row["state"],
        "partner_code": row["partner_code"],
        "partner_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "order_date": row["order_date"],
        "requested_date": row["requested_date"],
        "note": row["note"],
        "source_reference": source(row),
        "lines": [_order_line(line, row["state"]) for line in lines],
        **amounts(row["net_fen"], row["tax_fen"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "approved_at": row["approved_at"],
        "closed_at": row["closed_at"],
        "close_reason": row["close_reason"],
        "cancelled_at": row["cancelled_at"],
    }
