"""What the statements of all subjects share: filtered pages, and document numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from shapan.kernel.numbering import next_number


def page_of(
    db: sqlite3.Connection, columns: str, source: str, filters: Mapping[str, Any], order: str, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """One page of rows and the number of all matches. `filters` are column -> value, those that are None do not count.

    `columns`, `source`, `order` and the filters' columns are SQL written in this package, never anything from a request.
    """
    given = {column: value for column, value in filters.items() if value is not None}
    where = f" WHERE {' AND '.join(f'{column} = ?' for column in given)}" if given else ""
    total = db.execute(f"SELECT count(*) FROM {source}{where}", tuple(given.values())).fetchone()[0]  # noqa: S608
    rows = db.execute(
        f"SELECT {columns} FROM {source}{where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
        (*given.values(), page_size, (page - 1) * page_size),
    ).fetchall()
    return rows, total


def draw_number(db: sqlite3.Connection, prefix: str, day: date) -> str:
    """The next document number of the month of `day`: XSDD-202611-00001. Widens past 99999."""
    series = f"{prefix}-{day:%Y%m}"
    return f"{series}-{next_number(db, series):05d}"
