"""SQL of opportunities (商机) and the stages they went through."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from shapan.crm.store.numbers import document_number
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid

COLUMNS = ("contact_id", "name", "amount_fen", "probability", "expected_close_date", "owner", "note")
"""The columns that clients write after an opportunity was entered."""

_INSERT = (
    f"INSERT INTO opportunity (id, number, customer_id, lead_id, stage, version, created_at, updated_at, {', '.join(COLUMNS)})"  # noqa: S608
    f" VALUES (?, ?, ?, ?, 'prospecting', 1, ?, ?{', ?' * len(COLUMNS)}) RETURNING *"
)


def insert(
    db: sqlite3.Connection,
    customer_id: str,
    values: Mapping[str, Any],
    *,
    lead_id: str | None = None,
    today: date,
    now: str,
) -> sqlite3.Row:
    """A new opportunity with the next number of the month, in its first stage, with all COLUMNS."""
    row: sqlite3.Row = db.execute(
        _INSERT,
        (
            new_uuid(),
            document_number(db, "OPP", today),
            customer_id,
            lead_id,
            now,
            now,
            *(values[column] for column in COLUMNS),
        ),
    ).fetchone()
    _enter_stage(db, row["seq"], "prospecting", None, now)
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of an opportunity and count its version up."""
    row: sqlite3.Row = db.execute(
        f"UPDATE opportunity SET {', '.join(f'{column} = ?' for column in COLUMNS)}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), now, seq),
    ).fetchone()
    return row


def move(
    db: sqlite3.Connection, seq: int, stage: str, probability: int, reason: str | None, *, closed: bool, now: str
) -> sqlite3.Row:
    """An opportunity comes to another stage."""
    _enter_stage(db, seq, stage, reason, now)
    row: sqlite3.Row = db.execute(
        "UPDATE opportunity SET stage = ?, probability = ?, closed_at = ?, version = version + 1, updated_at = ?"
        " WHERE seq = ? RETURNING *",
        (stage, probability, now if closed else None, now, seq),
    ).fetchone()
    return row


def _enter_stage(db: sqlite3.Connection, seq: int, stage: str, reason: str | None, now: str) -> None:
    db.execute(
        "INSERT INTO opportunity_stage (opportunity_seq, stage, at, reason) VALUES (?, ?, ?, ?)",
        (seq, stage, now, reason),
    )


def find(db: sqlite3.Connection, opportunity_id: str) -> sqlite3.Row | None:
    """The opportunity with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM opportunity WHERE id = ?", (opportunity_id,)).fetchone()
    return row


def stages_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """The stages of these opportunities in their order, by the opportunity's seq, in one statement."""
    found: dict[int, list[sqlite3.Row]] = {seq: [] for seq in seqs}
    rows = db.execute(
        "SELECT opportunity_seq, stage, at, reason FROM opportunity_stage"
        " WHERE opportunity_seq IN (SELECT value FROM json_each(?)) ORDER BY opportunity_seq, seq",
        (json.dumps(list(found)),),
    )
    for row in rows:
        found[row["opportunity_seq"]].append(row)
    return found


def page(
    db: sqlite3.Connection,
    *,
    stage: str | None,
    customer_id: str | None,
    updated_since: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Opportunities that match all filters given."""
    filters = {"stage = ?": stage, "customer_id = ?": customer_id, "updated_at >= ?": updated_since}
    return select_page(db, "opportunity", filters, after, limit)
