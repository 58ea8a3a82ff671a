"""Stock balances and movements (库存) as JSON."""

from __future__ import annotations

import sqlite3

from shapan.kernel.money import text_from_e4, text_from_fen, text_from_milli
from shapan.scm.rules.costing import Cost, average_e4
from shapan.scm.views.common import Json


def stock(row: sqlite3.Row, expired_milli: int) -> Json:
    """Stock balance; `expired_milli` of it lies in batches that are expired today."""
    average = average_e4(Cost(row["company_milli"], row["company_value_fen"]))
    return {
        "product_code": row["product_code"],
        "product_name": row["name"],
        "warehouse_code": row["warehouse_code"],
        "unit": row["base_unit"],
        "on_hand": text_from_milli(row["on_hand_milli"]),
        "reserved": text_from_milli(row["reserved_milli"]),
        "expired": text_from_milli(expired_milli),
        "available": text_from_milli(max(0, row["on_hand_milli"] - row["reserved_milli"] - expired_milli)),
        "average_cost": None if average is None else text_from_e4(average),
    }


def movement(row: sqlite3.Row) -> Json:
    """Stock movement; the sign of the change, of the value when no quantity moved, becomes `direction`."""
    change, value = row["change_milli"], row["value_change_fen"]
    return {
        "movement_no": row["number"],
        "kind": row["kind"],
        "direction": "in" if (change or value) > 0 else "out",
        "warehouse_code": row["warehouse_code"],
        "product_code": row["product_code"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(abs(change)),
        "on_hand_after": text_from_milli(row["on_hand_after_milli"]),
        "cost_amount": text_from_fen(abs(value)),
        "stock_quantity_after": text_from_milli(row["company_after_milli"]),
        "stock_value_after": text_from_fen(row["value_after_fen"]),
        "batch_no": row["batch_no"],
        "business_date": row["business_date"],
        "source_document": row["source_document"],
        "note": row["note"],
        "created_at": row["created_at"],
    }
