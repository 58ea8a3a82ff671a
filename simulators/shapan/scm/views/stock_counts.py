"""Stock counts -> JSON (盘点单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_e4, text_from_fen, text_from_milli
from shapan.scm.views.common import Json


def _line(row: sqlite3.Row) -> Json:
    counted, cost, worth = row["counted_milli"], row["unit_cost_e4"], row["difference_fen"]
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "batch_no": row["batch_no"],
        "book_quantity": text_from_milli(row["book_milli"]),
        "counted_quantity": None if counted is None else text_from_milli(counted),
        "difference_quantity": None if counted is None else text_from_milli(counted - row["book_milli"]),
        "unit_cost": None if cost is None else text_from_e4(cost),
        "difference_amount": None if worth is None else text_from_fen(worth),
        "note": row["note"],
    }


def stock_count(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Stock count with its lines; gains and losses are known once it is posted."""
    worth = [line["difference_fen"] or 0 for line in lines]
    posted = row["state"] == "posted"
    return {
        "stock_count_no": row["number"],
        "state": row["state"],
        "warehouse_code": row["warehouse_code"],
        "count_date": row["count_date"],
        "note": row["note"],
        "lines": [_line(line) for line in lines],
        "gain_amount": text_from_fen(sum(fen for fen in worth if fen > 0)) if posted else None,
        "loss_amount": text_from_fen(-sum(fen for fen in worth if fen < 0)) if posted else None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "posted_at": row["posted_at"],
        "cancelled_at": row["cancelled_at"],
    }
