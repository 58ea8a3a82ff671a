"""Registered purchase orders (采购订单登记)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.purchasing import Key, OrderLine
from shapan.finance.store.query import changed_page, next_change, one

_ORDER = (
    "o.id, o.number, o.supplier_id, s.short_name, o.business_date, o.period, o.source_system, o.source_document, o.source_id,"
    " o.registered_at, o.change"
)
_ORDERS = "purchase_order AS o JOIN supplier AS s ON s.id = o.supplier_id"


def insert(db: sqlite3.Connection, order: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> int:
    """Add an order with its lines; its id."""
    cursor = db.execute(
        "INSERT INTO purchase_order (number, supplier_id, business_date, period, source_system, source_document, source_id,"
        " registered_at, change) VALUES (:number, :supplier_id, :business_date, :period, :source_system, :source_document, :source_id,"
        " :registered_at, :change)",
        {**order, "change": next_change(db)},
    )
    order_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO purchase_order_line (purchase_order_id, line_no, product_code, description, stock_class, quantity_milli, price_e4,"
        " rate_bp, net_fen, tax_fen, received_milli, invoiced_milli) VALUES (:order_id, :line_no, :product_code, :description,"
        " :stock_class, :quantity_milli, :price_e4, :rate_bp, :net_fen, :tax_fen, 0, 0)",
        [{**line, "order_id": order_id, "line_no": line_no} for line_no, line in enumerate(lines, 1)],
    )
    return order_id


def get(db: sqlite3.Connection, order_id: int) -> sqlite3.Row | None:
    """The order of this id."""
    return one(db, f"SELECT {_ORDER} FROM {_ORDERS} WHERE o.id = ?", (order_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of orders, and whether more follow. `filters` are columns of the order."""
    named = {f"o.{column}": value for column, value in filters.items()}
    return changed_page(db, _ORDER, _ORDERS, "o.change", named, since, limit)


def lines_of(db: sqlite3.Connection, order_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Order id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT purchase_order_id, line_no, product_code, description, stock_class, quantity_milli, price_e4, rate_bp, net_fen, tax_fen,"
        " received_milli, invoiced_milli FROM purchase_order_line"
        " WHERE purchase_order_id IN (SELECT value FROM json_each(?)) ORDER BY purchase_order_id, line_no",
        (json.dumps(list(order_ids)),),
    ):
        lines.setdefault(row["purchase_order_id"], []).append(row)
    return lines


def order_lines(db: sqlite3.Connection, keys: Iterable[Key]) -> dict[Key, OrderLine]:
    """Those of these order lines that exist, as the match sees them."""
    wanted = set(keys)
    rows = db.execute(
        "SELECT l.purchase_order_id, l.line_no, o.supplier_id, l.price_e4, l.rate_bp, l.quantity_milli, l.invoiced_milli"
        " FROM purchase_order_line AS l"
        " JOIN purchase_order AS o ON o.id = l.purchase_order_id WHERE o.id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted({order_id for order_id, _ in wanted})),),
    )
    found = {
        (row["purchase_order_id"], row["line_no"]): OrderLine(
            row["supplier_id"], row["price_e4"], row["rate_bp"], row["quantity_milli"], row["invoiced_milli"]
        )
        for row in rows
    }
    return {key: line for key, line in found.items() if key in wanted}


def add(db: sqlite3.Connection, key: Key, received: int = 0, invoiced: int = 0) -> None:
    """Note that so much more of an order line came in or was invoiced; less when negative."""
    db.execute(
        "UPDATE purchase_order_line SET received_milli = received_milli + ?, invoiced_milli = invoiced_milli + ?"
        " WHERE purchase_order_id = ? AND line_no = ?",
        (received, invoiced, *key),
    )
    db.execute("UPDATE purchase_order SET change = ? WHERE id = ?", (next_change(db), key[0]))
