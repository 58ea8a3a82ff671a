"""What happened to a period on its way to being closed (结账记录)."""

from __future__ import annotations

import sqlite_utils


def closing(db: sqlite_utils.Database) -> None:
    """The log of a period: steps run, closings and reopenings, each with who and when."""
    db.table("period_log").create(
        {"id": int, "period": str, "action": str, "step": str, "note": str, "actor": str, "at": str},
        pk="id",
        not_null={"period", "action", "actor", "at"},
        strict=True,
    )
    db.table("period_log").create_index(["period", "id"])
    for event in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER period_log_no_{event.lower()} BEFORE {event} ON period_log"
            " BEGIN SELECT RAISE(ABORT, 'period_log: what was logged stays'); END"
        )
