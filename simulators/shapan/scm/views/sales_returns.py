"""Returns of sold goods -> JSON (销售退货单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_fen, text_from_milli, text_from_rate
from shapan.scm.views.common import Json, amounts, source


def _line(row: sqlite3.Row) -> Json:
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **amounts(row["net_fen"], row["tax_fen"]),
        "cost_amount": None if row["cost_fen"] is None else text_from_fen(row["cost_fen"]),
        "source_line": row["source_line"],
    }


def sales_return(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Sales return with its lines; the header's amounts are their sums."""
    received = row["state"] == "received"
    return {
        "sales_return_no": row["number"],
        "state": row["state"],
        "delivery_no": row["delivery_number"],
        "sales_order_no": row["order_number"],
        "partner_code": row["partner_code"],
        "partner_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "receive_date": row["receive_date"],
        "reason": row["reason"],
        "source_reference": source(row),
        "lines": [_line(line) for line in lines],
        **amounts(sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)),
        "cost_amount": text_from_fen(sum(line["cost_fen"] for line in lines)) if received else None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "received_at": row["received_at"],
        "cancelled_at": row["cancelled_at"],
    }
