"""SQL of members (会员)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("phone", "name", "level")
"""The columns that clients write; they are named as on the wire."""


def insert(db: sqlite3.Connection, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new member without points."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO member (id, phone, name, level, points, version, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, 0, 1, ?, ?) RETURNING *",
        (new_uuid(), *(values[column] for column in COLUMNS), now, now),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of a member and count its version up."""
    row: sqlite3.Row = db.execute(
        "UPDATE member SET phone = ?, name = ?, level = ?, version = version + 1, updated_at = ? WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def add_points(db: sqlite3.Connection, member_id: str, points: int, now: str) -> None:
    """Points more, or fewer when below zero, and the version counted up."""
    db.execute(
        "UPDATE member SET points = points + ?, version = version + 1, updated_at = ? WHERE id = ?",
        (points, now, member_id),
    )


def find(db: sqlite3.Connection, member_id: str) -> sqlite3.Row | None:
    """The member with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM member WHERE id = ?", (member_id,)).fetchone()
    return row


def find_by_phone(db: sqlite3.Connection, phone: str) -> sqlite3.Row | None:
    """The member with this telephone."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM member WHERE phone = ?", (phone,)).fetchone()
    return row


def page(db: sqlite3.Connection, *, phone: str | None, after: Position, limit: int) -> list[sqlite3.Row]:
    """Members in the order of creation."""
    return select_page(db, "member", {"phone = ?": phone}, after, limit)
