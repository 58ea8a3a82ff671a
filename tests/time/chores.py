"""A system whose memos are chores: one whose text is a time (2026-12-01T09:00, Asia/Shanghai) is due then, and is sealed when it is done.

The memos are those of the kernel's tests. `shapan serve`-like processes of tests/time/test_once.py load it as well.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from datetime import datetime
from pathlib import Path

import sqlite_utils

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.scheduled import Done, Scheduled
from shapan.kernel.system import Context, System

KERNEL = Path(__file__).parent.parent / "kernel"


def _memo_operations():
    spec = importlib.util.spec_from_file_location("time_tests_memo", KERNEL / "memo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _table(db: sqlite_utils.Database) -> None:
    db.table("memo").create({"id": int, "text": str, "sealed": int}, pk="id", not_null={"text", "sealed"}, strict=True)


def _text(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(timespec="seconds")


def _next(pattern: str):
    def next_due(db: sqlite3.Connection, after: datetime) -> datetime | None:
        # Times of one form sort as texts. Of a fraction of a second nothing is due.
        row = db.execute(
            "SELECT min(text) FROM memo WHERE text > ? AND text GLOB ?", (_text(after), pattern)
        ).fetchone()
        return None if row[0] is None else datetime.fromisoformat(row[0]).replace(tzinfo=SHANGHAI)

    return next_due


def _do(ctx: Context) -> Done | None:
    text = _text(ctx.now)
    rows = ctx.db.execute("UPDATE memo SET sealed = sealed + 1 WHERE text = ? RETURNING id, text", (text,)).fetchall()
    # A process that dies here has done nothing.
    if os.environ.get("DIE_AT") == text and os.environ.get("DIE_WHEN") == "before":
        os.kill(os.getpid(), 9)
    for row in rows:
        ctx.emit("memo.created", "chore", {"id": row["id"], "text": row["text"], "sealed": True})
    if text.endswith(":13"):
        raise RuntimeError("bad luck")
    if text.endswith(":00:00"):
        return None
    return Done(f"{len(rows)} chores of {text}.", f"{len(rows)} 项。", {"chores": [row["id"] for row in rows]})


def _look(ctx: Context) -> Done:
    return Done("Looked.", "已检查。")


DO = Scheduled("chores.do", "Chores are done", "执行杂务", _next("2*"), _do)
LOOK = Scheduled("chores.look", "Full minutes are looked at", "整点检查", _next("2*:*:30"), _look)


def chores(*work: Scheduled) -> System:
    """The system with this scheduled work."""
    return System(
        "memo", "Memos", str(KERNEL / "memo.yaml"), (_memo_operations(),), (_table,), scheduled=work or (DO, LOOK)
    )
