"""Goods receipts (采购入库单) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_e4, text_from_fen, text_from_milli, text_from_rate
from shapan.scm.views.common import Json, amounts


def goods_receipt(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Goods receipt with its lines; the header's amounts are their sums."""
    return {
        "goods_receipt_no": row["number"],
        "state": row["state"],
        "purchase_order_no": row["order_number"],
        "supplier_code": row["supplier_code"],
        "supplier_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "receipt_date": row["receipt_date"],
        "delivery_note": row["delivery_note"],
        "note": row["note"],
        "lines": [_line(line) for line in lines],
        **amounts(sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "posted_at": row["posted_at"],
        "cancelled_at": row["cancelled_at"],
    }


def _line(row: sqlite3.Row) -> Json:
    return {
        "line_no": row["line_no"],
        "order_line": row["order_line"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "arrived_quantity": text_from_milli(row["quantity_milli"] + row["rejected_milli"]),
        "rejected_quantity": text_from_milli(row["rejected_milli"]),
        "reject_reason": row["reject_reason"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "unit_price": text_from_e4(row["unit_price_e4"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **amounts(row["net_fen"], row["tax_fen"]),
        "batch_no": row["batch_no"],
        "production_date": row["production_date"],
        "expiry_date": row["expiry_date"],
        "returned_quantity": text_from_milli(row["returned_milli"]),
        "returned_rejected_quantity": text_from_milli(row["returned_rejected_milli"]),
        "adjusted_amount": text_from_fen(row["adjusted_fen"]),
    }
