"""SQL of activities (跟进记录)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("kind", "subject", "detail", "owner", "occurred_at", "next_date")
"""The columns that clients write after an activity was entered."""

ABOUT = ("customer_id", "lead_id", "opportunity_id")
"""What an activity is about."""


def insert(db: sqlite3.Connection, about: Mapping[str, str | None], values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new activity, with all of ABOUT and COLUMNS."""
    row: sqlite3.Row = db.execute(
        f"INSERT INTO activity (id, version, created_at, updated_at, {', '.join((*ABOUT, *COLUMNS))})"  # noqa: S608
        f" VALUES (?, 1, ?, ?{', ?' * (len(ABOUT) + len(COLUMNS))}) RETURNING *",
        (new_uuid(), now, now, *(about[column] for column in ABOUT), *(values[column] for column in COLUMNS)),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of an activity and count its version up."""
    row: sqlite3.Row = db.execute(
        f"UPDATE activity SET {', '.join(f'{column} = ?' for column in COLUMNS)}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def give_to_customer(db: sqlite3.Connection, lead_id: str, customer_id: str, now: str) -> None:
    """The activities of a lead become its customer's too."""
    db.execute(
        "UPDATE activity SET customer_id = ?, version = version + 1, updated_at = ? WHERE lead_id = ?",
        (customer_id, now, lead_id),
    )


def find(db: sqlite3.Connection, activity_id: str) -> sqlite3.Row | None:
    """The activity with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM activity WHERE id = ?", (activity_id,)).fetchone()
    return row


def page(
    db: sqlite3.Connection,
    *,
    about: Mapping[str, str | None],
    kind: str | None,
    updated_since: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Activities that match all filters given; `about` has the columns of ABOUT."""
    filters = {
        **{f"{column} = ?": about[column] for column in ABOUT},
        "kind = ?": kind,
        "updated_at >= ?": updated_since,
    }
    return select_page(db, "activity", filters, after, limit)
