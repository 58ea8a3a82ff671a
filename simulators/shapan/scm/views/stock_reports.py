"""What waits, what is reserved, what lies and what expires -> JSON (缺货、预留、呆滞、效期)."""

from __future__ import annotations

import sqlite3
from datetime import date

from shapan.kernel.money import text_from_fen, text_from_milli
from shapan.scm.rules.batches import expired
from shapan.scm.rules.costing import Cost, at_average
from shapan.scm.rules.stock import backorder
from shapan.scm.views.common import Json


def open_line(row: sqlite3.Row) -> Json:
    """A line of an approved order that waits or is reserved."""
    waiting = backorder("approved", row["quantity_milli"], row["reserved_milli"], row["shipped_milli"])
    return {
        "sales_order_no": row["number"],
        "line_no": row["line_no"],
        "partner_code": row["partner_code"],
        "partner_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "reserved_quantity": text_from_milli(row["reserved_milli"]),
        "shipped_quantity": text_from_milli(row["shipped_milli"]),
        "backorder_quantity": text_from_milli(waiting),
        "available_quantity": text_from_milli(row["available_milli"]),
        "order_date": row["order_date"],
        "requested_date": row["requested_date"],
    }


def stale(row: sqlite3.Row, today: date) -> Json:
    """A balance that has not moved, at the company's average."""
    worth = at_average(Cost(row["company_milli"], row["company_value_fen"]), row["on_hand_milli"])
    return {
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "warehouse_code": row["warehouse_code"],
        "unit": row["base_unit"],
        "on_hand": text_from_milli(row["on_hand_milli"]),
        "stock_amount": text_from_fen(worth),
        "last_moved_on": row["moved_on"],
        "days_without_movement": (today - date.fromisoformat(row["moved_on"])).days,
    }


def expiring(row: sqlite3.Row, today: date) -> Json:
    """A batch that expires soon or has expired."""
    last_day = date.fromisoformat(row["expiry_date"])
    return {
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "warehouse_code": row["warehouse_code"],
        "unit": row["base_unit"],
        "batch_no": row["batch_no"],
        "production_date": row["production_date"],
        "expiry_date": row["expiry_date"],
        "on_hand": text_from_milli(row["on_hand_milli"]),
        "days_left": (last_day - today).days,
        "expired": expired(last_day, today),
    }
