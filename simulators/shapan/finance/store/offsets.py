"""Offsets of red receivables against blue ones (红蓝对冲单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_OFFSET = (
    "o.id, o.number, o.customer_id, c.short_name, o.red_receivable_id, r.number AS red_receivable_number, o.business_date, o.period,"
    " o.posted_at, o.change"
)
_OFFSETS = (
    "red_offset AS o JOIN customer AS c ON c.id = o.customer_id JOIN receivable AS r ON r.id = o.red_receivable_id"
)


def insert(db: sqlite3.Connection, offset: Mapping[str, Any], allocations: Sequence[tuple[int, int]]) -> int:
    """Add an offset with its allocations (blue receivable id, fen); its id."""
    cursor = db.execute(
        "INSERT INTO red_offset (number, customer_id, red_receivable_id, business_date, period, posted_at, change)"
        " VALUES (:number, :customer_id, :red_receivable_id, :business_date, :period, :posted_at, :change)",
        {**offset, "change": next_change(db)},
    )
    offset_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO red_offset_line (red_offset_id, line_no, receivable_id, amount_fen) VALUES (?, ?, ?, ?)",
        [(offset_id, line_no, *allocation) for line_no, allocation in enumerate(allocations, 1)],
    )
    return offset_id


def get(db: sqlite3.Connection, offset_id: int) -> sqlite3.Row | None:
    """The offset of this id."""
    return one(db, f"SELECT {_OFFSET} FROM {_OFFSETS} WHERE o.id = ?", (offset_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of offsets, and whether more follow. `filters` are columns of the offset."""
    named = {f"o.{column}": value for column, value in filters.items()}
    return changed_page(db, _OFFSET, _OFFSETS, "o.change", named, since, limit)


def allocations_of(db: sqlite3.Connection, offset_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Offset id -> its allocations in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.red_offset_id, l.receivable_id, r.number AS receivable_number, l.amount_fen FROM red_offset_line AS l"
        " JOIN receivable AS r ON r.id = l.receivable_id"
        " WHERE l.red_offset_id IN (SELECT value FROM json_each(?)) ORDER BY l.red_offset_id, l.line_no",
        (json.dumps(list(offset_ids)),),
    ):
        lines.setdefault(row["red_offset_id"], []).append(row)
    return lines
