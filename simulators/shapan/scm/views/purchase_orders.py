"""Purchase orders (采购订单) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_e4, text_from_milli, text_from_rate
from shapan.scm.rules.purchase_orders import open_milli
from shapan.scm.views.common import Json, amounts, source


def purchase_order(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Purchase order with its lines."""
    return {
        "purchase_order_no": row["number"],
        "state": row["state"],
        "supplier_code": row["supplier_code"],
        "supplier_short_name": row["short_name"],
        "payment_terms": row["payment_terms"],
        "over_receipt_tolerance": text_from_rate(row["tolerance_bp"]),
        "warehouse_code": row["warehouse_code"],
        "order_date": row["order_date"],
        "expected_date": row["expected_date"],
        "note": row["note"],
        "source_reference": source(row),
        "lines": [_line(line, row["state"]) for line in lines],
        **amounts(row["net_fen"], row["tax_fen"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "approved_at": row["approved_at"],
        "closed_at": row["closed_at"],
        "cancelled_at": row["cancelled_at"],
    }


def _line(row: sqlite3.Row, state: str) -> Json:
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "unit_price": text_from_e4(row["unit_price_e4"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **amounts(row["net_fen"], row["tax_fen"]),
        "received_quantity": text_from_milli(row["received_milli"]),
        "rejected_quantity": text_from_milli(row["rejected_milli"]),
        "returned_quantity": text_from_milli(row["returned_milli"]),
        "open_quantity": text_from_milli(open_milli(state, row["quantity_milli"], row["received_milli"])),
        "purchase_requisition_no": row["requisition_no"],
        "requisition_line": row["requisition_line"],
    }
