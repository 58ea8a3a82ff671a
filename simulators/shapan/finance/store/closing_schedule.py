"""When the month-end close runs by itself (结账计划)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClosingSchedule:
    """On which day (1 to 28) of the following month, at which time (HH:MM, Asia/Shanghai). `since`: when that was wished, RFC 3339."""

    enabled: bool = False
    day: int = 5
    time: str = "09:00"
    close_period: bool = True
    since: str = ""


def get(db: sqlite3.Connection) -> ClosingSchedule:
    """The schedule; one that is off where none was set."""
    row = db.execute("SELECT enabled, day, time, close_period, since FROM closing_schedule").fetchone()
    if row is None:
        return ClosingSchedule()
    return ClosingSchedule(bool(row["enabled"]), row["day"], row["time"], bool(row["close_period"]), row["since"])


def put(db: sqlite3.Connection, schedule: ClosingSchedule) -> None:
    """Set the schedule."""
    db.execute(
        "INSERT OR REPLACE INTO closing_schedule (id, enabled, day, time, close_period, since) VALUES (1, ?, ?, ?, ?, ?)",
        (schedule.enabled, schedule.day, schedule.time, schedule.close_period, schedule.since),
    )
