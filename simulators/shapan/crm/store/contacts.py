"""SQL of contacts (联系人)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("name", "title", "phone", "email")
"""The columns that clients write; they are named as on the wire."""


def insert(db: sqlite3.Connection, customer_id: str, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new contact of a customer; columns that are not in `values` stay empty."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO contact (id, customer_id, name, title, phone, email, version, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING *",
        (new_uuid(), customer_id, *(values.get(column) for column in COLUMNS), now, now),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of a contact and count its version up."""
    row: sqlite3.Row = db.execute(
        "UPDATE contact SET name = ?, title = ?, phone = ?, email = ?, version = version + 1, updated_at = ?"
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, contact_id: str) -> sqlite3.Row | None:
    """The contact with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM contact WHERE id = ?", (contact_id,)).fetchone()
    return row


def page(db: sqlite3.Connection, customer_id: str, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Contacts of a customer in the order of creation."""
    return select_page(db, "contact", {"customer_id = ?": customer_id}, after, limit)
