"""What the statements of all subjects share: change numbers, watermark pages and document numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.finance.rules.periods import document_number
from shapan.kernel.numbering import next_number


def next_change(db: sqlite3.Connection) -> int:
    """The next change number (变更序号), strictly increasing over the whole workspace."""
    return next_number(db, "change")


def draw_number(db: sqlite3.Connection, prefix: str, period: str) -> str:
    """The next document number of a kind in a period: YS-202611-00001."""
    return document_number(prefix, period, next_number(db, f"{prefix}-{period}"))


def changed_page(
    db: sqlite3.Connection, columns: str, source: str, key: str, filters: Mapping[str, Any], since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """(rows changed after `since` in the order of their last change, whether more follow).

    `filters` are column -> value; those that are None do not count. `columns`, `source`, `key` (the column of the change number) and
    the filters' columns are SQL written in this package, never anything from a request.
    """
    given = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join([f"{key} > ?", *(f"{column} = ?" for column in given)])
    rows = db.execute(
        f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {key} LIMIT ?",  # noqa: S608
        (since, *given.values(), limit + 1),
    ).fetchall()
    return rows[:limit], len(rows) > limit


def one(db: sqlite3.Connection, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Row | None:
    """The first row, or None."""
    row: sqlite3.Row | None = db.execute(sql, parameters).fetchone()
    return row
