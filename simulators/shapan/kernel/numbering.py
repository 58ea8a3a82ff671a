"""Running numbers without gaps (流水号): one series per prefix and period, drawn inside the transaction that uses them."""

from __future__ import annotations

import sqlite3


def next_number(db: sqlite3.Connection, series: str) -> int:
    """The next number of `series`, from 1. A transaction that rolls back gives its number back, so there are no gaps."""
    row = db.execute(
        "INSERT INTO shapan_number (series, last) VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last",
        (series,),
    ).fetchone()
    return int(row[0])


def continue_after(db: sqlite3.Connection, series: str, last: int) -> None:
    """Let `series` go on after `last`, the highest number that a seed gave out."""
    db.execute(
        "INSERT INTO shapan_number (series, last) VALUES (?, ?)"
        " ON CONFLICT (series) DO UPDATE SET last = max(last, excluded.last)",
        (series, last),
    )
