"""What was done to periods (期间日志)."""

from __future__ import annotations

import sqlite3

_LOG = "id, period, action, step, note, actor, at"


def write(
    db: sqlite3.Connection,
    period: str,
    action: str,
    actor: str,
    at: str,
    *,
    step: str | None = None,
    note: str | None = None,
) -> None:
    """Log an action: step, closed, reopened."""
    db.execute(
        "INSERT INTO period_log (period, action, step, note, actor, at) VALUES (?, ?, ?, ?, ?, ?)",
        (period, action, step, note, actor, at),
    )


def of_period(db: sqlite3.Connection, period: str) -> list[sqlite3.Row]:
    """Everything that was done to a period, in order."""
    return db.execute(f"SELECT {_LOG} FROM period_log WHERE period = ? ORDER BY id", (period,)).fetchall()  # noqa: S608


def noted(db: sqlite3.Connection, period: str, step: str) -> bool:
    """Whether somebody has run a step with a note since the period was last reopened."""
    row = db.execute(
        "SELECT 1 FROM period_log WHERE period = ?1 AND action = 'step' AND step = ?2 AND note IS NOT NULL"
        " AND id > coalesce((SELECT max(id) FROM period_log WHERE period = ?1 AND action = 'reopened'), 0)",
        (period, step),
    ).fetchone()
    return row is not None


def closings(db: sqlite3.Connection, first: str, last: str) -> list[tuple[str, str]]:
    """(when its first step was run, when it was closed) of the closed periods in a range; the last close of each counts."""
    rows = db.execute(
        "SELECT p.period, (SELECT max(at) FROM period_log AS l WHERE l.period = p.period AND l.action = 'closed') AS closed,"
        " (SELECT min(at) FROM period_log AS l WHERE l.period = p.period AND l.id >"
        "   coalesce((SELECT max(id) FROM period_log AS r WHERE r.period = p.period AND r.action = 'reopened'), 0)) AS began"
        " FROM period AS p WHERE p.state = 'locked' AND p.period BETWEEN ? AND ? ORDER BY p.period",
        (first, last),
    )
    return [(row["began"], row["closed"]) for row in rows if row["closed"] is not None]
