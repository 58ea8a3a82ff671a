"""What the oracle reads of the CRM (对账事实): whole numbers of fen, whole sales units, in the order of creation."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any


def facts(db: sqlite3.Connection, today: date) -> dict[str, Any]:
    """`CrmFacts` of contracts/control.yaml; the date makes no difference here."""
    return {
        "customers": [dict(row) for row in db.execute(_CUSTOMERS)],
        "orders": _orders(db),
    }


_CUSTOMERS = (
    "SELECT id, code, name, uscc AS tax_number, open_fen, overdue_fen, balance_as_of FROM customer ORDER BY seq"
)
_ORDERS = (
    "SELECT seq, id, number, state, customer_id, confirmed_at, delivery_status, net_fen, tax_fen,"
    " net_fen + tax_fen AS gross_fen FROM sales_order ORDER BY seq"
)
_LINES = (
    "SELECT order_seq, line_number AS line, product_code, quantity_milli / 1000 AS quantity, quantity_milli, unit,"
    " unit_price_fen, tax_rate_bp, net_fen, tax_fen, net_fen + tax_fen AS gross_fen"
    " FROM sales_order_line ORDER BY order_seq, line_number"
)


def _orders(db: sqlite3.Connection) -> list[dict[str, Any]]:
    lines: dict[int, list[dict[str, Any]]] = {}
    for row in db.execute(_LINES):
        line = dict(row)
        lines.setdefault(line.pop("order_seq"), []).append(line)
    orders = []
    for row in db.execute(_ORDERS):
        order = dict(row)
        seq = order.pop("seq")
        orders.append({**order, "lines": lines.get(seq, [])})
    return orders
