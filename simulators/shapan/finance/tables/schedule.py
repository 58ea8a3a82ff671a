"""What finds the records whose time comes next, and when the close runs by itself (定时任务)."""

from __future__ import annotations

import sqlite_utils


def schedule(db: sqlite_utils.Database) -> None:
    """The next receivable that falls overdue is looked for after every write."""
    db.execute(
        "CREATE INDEX idx_receivable_falling_due ON receivable (due_date) WHERE state IN ('open', 'partly_settled') AND gross_fen > 0"
    )
    db.execute(
        "CREATE TABLE closing_schedule (id INTEGER PRIMARY KEY CHECK (id = 1), enabled INTEGER NOT NULL, day INTEGER NOT NULL"
        " CHECK (day BETWEEN 1 AND 28), time TEXT NOT NULL, close_period INTEGER NOT NULL, since TEXT NOT NULL) STRICT"
    )
