"""SQL of leads (线索)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from shapan.crm.store.numbers import document_number
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = (
    "company_name",
    "contact_name",
    "title",
    "phone",
    "email",
    "region",
    "industry",
    "source",
    "owner",
    "note",
)
"""The columns that clients write."""


def insert(db: sqlite3.Connection, values: Mapping[str, Any], today: date, now: str) -> sqlite3.Row:
    """A new lead with the next number of the month, with all COLUMNS."""
    row: sqlite3.Row = db.execute(
        f"INSERT INTO lead (id, number, state, version, created_at, updated_at, {', '.join(COLUMNS)})"  # noqa: S608
        f" VALUES (?, ?, 'new', 1, ?, ?{', ?' * len(COLUMNS)}) RETURNING *",
        (new_uuid(), document_number(db, "LEAD", today), now, now, *(values[column] for column in COLUMNS)),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write these columns of a lead, those that clients write or those of its state, and count its version up."""
    row: sqlite3.Row = db.execute(
        f"UPDATE lead SET {', '.join(f'{column} = ?' for column in values)}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE seq = ? RETURNING *",
        (*values.values(), now, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, lead_id: str) -> sqlite3.Row | None:
    """The lead with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM lead WHERE id = ?", (lead_id,)).fetchone()
    return row


def page(
    db: sqlite3.Connection,
    *,
    state: str | None,
    company_name: str | None,
    updated_since: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Leads that match all filters given."""
    filters = {"state = ?": state, "company_name = ?": company_name, "updated_at >= ?": updated_since}
    return select_page(db, "lead", filters, after, limit)
