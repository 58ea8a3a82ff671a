"""Purchase returns (采购退货单) and adjustments of the cost of receipts (入库成本调整单) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_fen, text_from_milli, text_from_rate
from shapan.scm.views.common import Json, amounts, source


def _of_receipt(row: sqlite3.Row) -> Json:
    return {
        "goods_receipt_no": row["receipt_number"],
        "purchase_order_no": row["order_number"],
        "supplier_code": row["supplier_code"],
        "supplier_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
    }


def purchase_return(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Purchase return with its lines; the header's amounts are their sums."""
    posted = row["state"] == "posted"
    return {
        "purchase_return_no": row["number"],
        "state": row["state"],
        **_of_receipt(row),
        "return_date": row["return_date"],
        "reason": row["reason"],
        "lines": [_return_line(line) for line in lines],
        **amounts(sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)),
        "cost_amount": text_from_fen(sum(line["cost_fen"] for line in lines)) if posted else None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "posted_at": row["posted_at"],
        "cancelled_at": row["cancelled_at"],
    }


def _return_line(row: sqlite3.Row) -> Json:
    cost = row["cost_fen"]
    return {
        "line_no": row["line_no"],
        "receipt_line": row["receipt_line"],
        "order_line": row["order_line"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "rejected": bool(row["rejected"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **amounts(row["net_fen"], row["tax_fen"]),
        "batch_no": row["batch_no"],
        "cost_amount": None if cost is None else text_from_fen(cost),
        "cost_difference": None if cost is None else text_from_fen(row["net_fen"] - cost),
    }


def cost_adjustment(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Cost adjustment with its lines; the header's amounts are their sums."""
    return {
        "cost_adjustment_no": row["number"],
        **_of_receipt(row),
        "adjustment_date": row["adjustment_date"],
        "reason": row["reason"],
        "source_reference": source(row),
        "lines": [_adjustment_line(line) for line in lines],
        "difference": text_from_fen(sum(line["after_fen"] - line["before_fen"] for line in lines)),
        "to_stock": text_from_fen(sum(line["to_stock_fen"] for line in lines)),
        "to_cost_of_sales": text_from_fen(sum(line["to_cost_fen"] for line in lines)),
        "created_at": row["created_at"],
    }


def _adjustment_line(row: sqlite3.Row) -> Json:
    return {
        "line_no": row["line_no"],
        "receipt_line": row["receipt_line"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "amount_before": text_from_fen(row["before_fen"]),
        "amount_after": text_from_fen(row["after_fen"]),
        "difference": text_from_fen(row["after_fen"] - row["before_fen"]),
        "to_stock": text_from_fen(row["to_stock_fen"]),
        "to_cost_of_sales": text_from_fen(row["to_cost_fen"]),
    }
