"""SQL of contacts (联系人)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("name", "title", "phone", "email", "state", "is_primary")
"""The columns that clients write."""


def insert(db: sqlite3.Connection, customer_id: str, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new contact of a customer, with all COLUMNS."""
    if values["is_primary"]:
        _make_room(db, customer_id, now)
    row: sqlite3.Row = db.execute(
        f"INSERT INTO contact (id, customer_id, version, created_at, updated_at, {', '.join(COLUMNS)})"  # noqa: S608
        " VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (new_uuid(), customer_id, now, now, *(values[column] for column in COLUMNS)),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, before: sqlite3.Row, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of a contact and count its version up."""
    if values["is_primary"] and not before["is_primary"]:
        _make_room(db, before["customer_id"], now)
    row: sqlite3.Row = db.execute(
        f"UPDATE contact SET {', '.join(f'{column} = ?' for column in COLUMNS)}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, before["seq"]),
    ).fetchone()
    return row


def _make_room(db: sqlite3.Connection, customer_id: str, now: str) -> None:
    db.execute(
        "UPDATE contact SET is_primary = 0, version = version + 1, updated_at = ? WHERE customer_id = ? AND is_primary = 1",
        (now, customer_id),
    )


def find(db: sqlite3.Connection, contact_id: str) -> sqlite3.Row | None:
    """The contact with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM contact WHERE id = ?", (contact_id,)).fetchone()
    return row


def page(db: sqlite3.Connection, customer_id: str, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Contacts of a customer in the order of creation."""
    return select_page(db, "contact", {"customer_id = ?": customer_id}, after, limit)
