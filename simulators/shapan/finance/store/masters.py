"""Stores and inventory items (门店, 存货档案), and which of the things that a voucher line names exist."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.finance.rules.dimensions import Dimensions, Known
from shapan.finance.store.query import changed_page, next_change, one

_STORE = "id, code, name, created_at, change"
_ITEM = "id, code, name, unit, category, created_at, change"


def insert_store(db: sqlite3.Connection, store: Mapping[str, Any]) -> int:
    """Add a store; its id."""
    cursor = db.execute(
        "INSERT INTO store (code, name, created_at, change) VALUES (:code, :name, :created_at, :change)",
        {**store, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def store(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The store of this code."""
    return one(db, f"SELECT {_STORE} FROM store WHERE code = ?", (code,))  # noqa: S608


def stores(
    db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """A page of stores, and whether more follow."""
    return changed_page(db, _STORE, "store", "change", filters, since, limit)


def insert_item(db: sqlite3.Connection, item: Mapping[str, Any]) -> int:
    """Add an inventory item; its id."""
    cursor = db.execute(
        "INSERT INTO inventory_item (code, name, unit, category, created_at, change)"
        " VALUES (:code, :name, :unit, :category, :created_at, :change)",
        {**item, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def item(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The inventory item of this code."""
    return one(db, f"SELECT {_ITEM} FROM inventory_item WHERE code = ?", (code,))  # noqa: S608


def items(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of inventory items, and whether more follow."""
    return changed_page(db, _ITEM, "inventory_item", "change", filters, since, limit)


def known(db: sqlite3.Connection, named: Iterable[Dimensions]) -> Known:
    """Of all that these dimensions name, what exists."""
    listed = list(named)
    return Known(
        _existing(db, "customer", "id", (each.customer_id for each in listed)),
        _existing(db, "supplier", "id", (each.supplier_id for each in listed)),
        _existing(db, "inventory_item", "code", (each.product_code for each in listed)),
        _existing(db, "store", "code", (each.store_code for each in listed)),
    )


def _existing(db: sqlite3.Connection, table: str, column: str, keys: Iterable[Any]) -> frozenset[Any]:
    wanted = sorted({key for key in keys if key is not None})
    if not wanted:
        return frozenset()
    rows = db.execute(
        f"SELECT {column} AS key FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(wanted),),
    )
    return frozenset(row["key"] for row in rows)
