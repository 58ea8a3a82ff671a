"""SQL of stores (门店)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page

COLUMNS = ("name", "address", "phone", "state")
"""The columns that clients change; they are named as on the wire."""


def insert(db: sqlite3.Connection, code: str, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new store, open; columns that are not in `values` stay empty."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO store (code, name, address, phone, state, version, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, 'open', 1, ?, ?) RETURNING *",
        (code, values["name"], values.get("address"), values.get("phone"), now, now),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of a store and count its version up."""
    row: sqlite3.Row = db.execute(
        "UPDATE store SET name = ?, address = ?, phone = ?, state = ?, version = version + 1, updated_at = ?"
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The store with this code."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM store WHERE code = ?", (code,)).fetchone()
    return row


def page(db: sqlite3.Connection, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Stores in the order of creation."""
    return select_page(db, "store", {}, after, limit)
