"""One page of a list: a filtered table in the order of creation, or of the last change."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple


class Position(NamedTuple):
    """A place in a list, after which a page begins.

    Without `updated_at` the list is in the order of creation; with it, in the order of the last change (and of creation where
    two records changed at one moment). A record that changes while somebody pages through the latter moves to its end and is seen again;
    only a change within the very millisecond of the last row seen may be passed over.
    """

    updated_at: str | None
    seq: int


def select_page(
    db: sqlite3.Connection, table: str, filters: Mapping[str, Any], after: Position, limit: int
) -> list[sqlite3.Row]:
    """At most `limit` rows of `table` beyond `after`. `filters` maps conditions ("state = ?") to values; None leaves one out.

    Table and conditions are constants of this package, never input. Leaving conditions out, instead of testing them for NULL
    in SQL, lets SQLite use the index of those that are there.
    """
    given = {condition: value for condition, value in filters.items() if value is not None}
    values = list(given.values())
    if after.updated_at is None:
        beyond, order = "seq > ?", "seq"
    else:
        beyond, order = "(updated_at, seq) > (?, ?)", "updated_at, seq"
        values.append(after.updated_at)
    where = " AND ".join([*given, beyond])
    return db.execute(
        f"SELECT * FROM {table} WHERE {where} ORDER BY {order} LIMIT ?",  # noqa: S608
        (*values, after.seq, limit),
    ).fetchall()
