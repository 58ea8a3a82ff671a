"""Scheduled work (定时任务): what a system does by itself when its simulated time comes, in order, each thing once.

A room declares its work (`Scheduled`): when the next of it is due, as its database tells, and how it is done. It is done in a transaction of
its own with `ctx.now` at the due instant, whether time passes by itself or is advanced; how far it was done is written in the same
transaction, so that a process that is killed neither loses nor repeats it. What fell due while no process ran is done at the next start.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.database import DatabaseGone
from shapan.kernel.ids import new_uuid
from shapan.kernel.kept_clock import write_clock
from shapan.kernel.outbox import write_events
from shapan.kernel.scheduled import Done, Due
from shapan.kernel.strict import check_events
from shapan.kernel.system import Context

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

log = logging.getLogger(__name__)

ACTOR = "schedule"
"""The client that documents name which come of scheduled work."""

# So long after a write the schedule looks whether it brought something that is due earlier. Real seconds.
_DEBOUNCE = 0.25
# The event loop of a thread that waits for years would not take the number.
_LONGEST_WAIT = 3600.0
_LOG_KEPT = 1000


class Schedule:
    """The scheduled work of all workspaces of one system. A system without any has no thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._works = runtime.system.scheduled
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._look = set[str]()
        self._soon = set[str]()
        self._soon_at = 0.0
        self._next: dict[str, datetime] = {}
        self._turns: dict[str, threading.RLock] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with what fell due before."""
        if self._works and self._thread is None:
            for workspace in self._runtime.workspaces():
                self.nudge(workspace.name)
            self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the work that is being done; the rest is done at the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def nudge(self, name: str) -> None:
        """The clock or the documents of a workspace have become others: look at once."""
        if self._works:
            with self._lock:
                self._look.add(name)
            self._wake.set()

    def touched(self, name: str) -> None:
        """Something was written in a workspace: look soon."""
        if not self._works or name in self._soon:
            return
        with self._lock:
            if not self._soon:
                self._soon_at = time.monotonic() + _DEBOUNCE
            self._soon.add(name)
        self._wake.set()

    def forget(self, name: str) -> None:
        """The workspace is no more; one of the same name has nothing to do with it."""
        with self._lock:
            self._look.discard(name)
            self._soon.discard(name)
        self._next.pop(name, None)
        self._turns.pop(name, None)

    # -- asked by operations -----------------------------------------------------------------------------------------------------

    def upcoming(self, workspace: Workspace) -> list[Due]:
        """What is due next of each kind of work, the earliest first."""
        if not self._works:
            return []
        with workspace.database.read() as db:
            return self._upcoming(db, workspace.clock.now())

    def latest(self, workspace: Workspace, limit: int) -> list[dict[str, Any]]:
        """What was done, at most `limit` of it, the latest last."""
        with workspace.database.read() as db:
            rows = db.execute("SELECT * FROM shapan_schedule_log ORDER BY seq DESC LIMIT ?", (limit,)).fetchall()
        return [_shown(row) for row in reversed(rows)]

    def advance(self, workspace: Workspace, to: datetime, *, or_later: bool = False) -> list[dict[str, Any]]:
        """Move the clock to an instant, step by step over all work that is due until then; what was done, in order.

        ClockError when the instant is past (unless `or_later`) or beyond the year 2200; then nothing has happened.
        """
        # Tried on a clock beside it: what is refused must be refused before the first step.
        type(workspace.clock)(workspace.clock.state()).advance_to(to, or_later=or_later)
        done: list[dict[str, Any]] = []
        try:
            with self._turn(workspace.name):
                self._begin(workspace)
                while (step := self._step(workspace, to)) is not None:
                    done += step
                # It may have got there by itself meanwhile.
                workspace.change_clock(lambda clock: clock.advance_to(to, or_later=True))
        finally:
            # Who looked meanwhile went away again.
            self.nudge(workspace.name)
        return done

    def catch_up(self, workspace: Workspace) -> list[dict[str, Any]] | None:
        """Do what is due by now; what was done, in order. None, and nothing, while somebody advances this workspace, who does it all."""
        turn = self._turn(workspace.name)
        # Not to be waited for: the other workspaces' work is done by the same thread.
        if not turn.acquire(blocking=False):
            return None
        try:
            done: list[dict[str, Any]] = []
            self._begin(workspace)
            while not self._stopping and (step := self._step(workspace, workspace.clock.now())) is not None:
                done += step
            return done
        finally:
            turn.release()

    # -- one step ----------------------------------------------------------------------------------------------------------------

    def _turn(self, name: str) -> threading.RLock:
        """What makes one after the other of the steps of a workspace."""
        with self._lock:
            return self._turns.setdefault(name, threading.RLock())

    def _begin(self, workspace: Workspace) -> None:
        """Work is done from the moment on at which a workspace is first seen; what lies before is history."""
        with workspace.database.read() as db:
            known = {row["work"] for row in db.execute("SELECT work FROM shapan_schedule")}
        if known.issuperset(work.name for work in self._works):
            return
        with workspace.database.write() as db:
            now = workspace.clock.now().isoformat()
            db.executemany(
                "INSERT OR IGNORE INTO shapan_schedule (work, done_until) VALUES (?, ?)",
                [(work.name, now) for work in self._works],
            )

    def _upcoming(self, db: sqlite3.Connection, unseen: datetime) -> list[Due]:
        """`unseen`: from when on work counts that was never looked at."""
        until = {
            row["work"]: datetime.fromisoformat(row["done_until"])
            for row in db.execute("SELECT work, done_until FROM shapan_schedule")
        }
        found = []
        for work in self._works:
            after = until.get(work.name, unseen)
            at = work.next_due(db, after)
            if at is not None and at <= after:
                raise ValueError(f"{work.name} says that it is due at {at}, which is not after {after}")
            if at is not None:
                found.append(Due(at, work))
        # Of one instant in the order in which they were declared.
        return sorted(found, key=lambda due: due.at)

    def _step(self, workspace: Workspace, until: datetime) -> list[dict[str, Any]] | None:
        """Do the first thing that is due by `until`, and what came of it (nothing, or one); None when nothing is due."""
        with workspace.database.read() as db:
            ahead = self._upcoming(db, workspace.clock.now())
        if not ahead or ahead[0].at > until:
            return None
        with workspace.gate.passage(), workspace.database.write() as db:
            # Once more, now that nobody else can write.
            ahead = self._upcoming(db, workspace.clock.now())
            if not ahead or ahead[0].at > until:
                return None
            due = ahead[0]
            if workspace.clock.now() < due.at:
                workspace.clock.advance_to(due.at, or_later=True)
                write_clock(db, workspace.clock)
            shown, in_line = self._do(workspace, db, due)
            db.execute("UPDATE shapan_schedule SET done_until = ? WHERE work = ?", (due.at.isoformat(), due.work.name))
        if in_line:
            self._runtime.courier.nudge(workspace)
        return [] if shown is None else [shown]

    def _do(self, workspace: Workspace, db: sqlite3.Connection, due: Due) -> tuple[dict[str, Any] | None, int]:
        """Do it, log it, and write its events; what it did, and how many deliveries are now in line."""
        ctx = Context(
            db,
            due.at,
            workspace.name,
            ACTOR,
            "",
            "",
            "",
            new_uuid(),
            services=self._runtime.services,
        )
        in_line = 0
        db.execute("SAVEPOINT scheduled_work")
        try:
            done = due.work.run(ctx)
            if self._runtime.settings.strict:
                check_events(self._runtime.contract, ctx)
            in_line = write_events(ctx, ctx.events)
        except Exception as error:
            # The rest of the schedule goes on: what fails must be seen, but must not hold up everything that comes later.
            log.exception("scheduled work %s of %s in workspace %s", due.work.name, due.at, workspace.name)
            db.execute("ROLLBACK TO scheduled_work")
            done = Done(
                f"It failed ({type(error).__name__}); the log of the simulator has the reason. Nothing was changed.",
                f"执行失败（{type(error).__name__}），原因见模拟器日志；数据没有任何改变。",
                {"failed": True},
            )
        db.execute("RELEASE scheduled_work")
        if done is None:
            return None, in_line
        row = db.execute(
            "INSERT INTO shapan_schedule_log (at, work, en, zh, detail) VALUES (?, ?, ?, ?, ?) RETURNING *",
            (rfc3339(due.at), due.work.name, done.en, done.zh, json.dumps(done.detail, ensure_ascii=False)),
        ).fetchone()
        db.execute("DELETE FROM shapan_schedule_log WHERE seq <= ?", (row["seq"] - _LOG_KEPT,))
        return _shown(row), in_line

    # -- while time passes -------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._pause())
            self._wake.clear()
            for name in self._due_names():
                if self._stopping:
                    return
                workspace = self._found(name)
                try:
                    # Who advances a workspace says so when it is done; until then there is nothing to reckon with.
                    if workspace is not None and self.catch_up(workspace) is not None:
                        ahead = self.upcoming(workspace)
                        if ahead:
                            self._next[name] = ahead[0].at
                except DatabaseGone:
                    continue
                except Exception:
                    # It is looked at again with the next write or change of its clock; the others must not wait for it.
                    log.exception("schedule of workspace %s", name)

    def _found(self, name: str) -> Workspace | None:
        return next((workspace for workspace in self._runtime.workspaces() if workspace.name == name), None)

    def _pause(self) -> float | None:
        """How long there is nothing to do, in real seconds; None until somebody says so."""
        with self._lock:
            if self._look:
                return 0.0
            waits = [self._soon_at - time.monotonic()] if self._soon else []
        for workspace in self._runtime.workspaces():
            if (at := self._next.get(workspace.name)) is not None:
                left = workspace.clock.real_seconds_until(at)
                waits += [] if left is None else [left]
        return max(0.0, min(*waits, _LONGEST_WAIT)) if waits else None

    def _due_names(self) -> list[str]:
        """The workspaces to look at now."""
        with self._lock:
            names, self._look = self._look, set()
            if self._soon and time.monotonic() >= self._soon_at:
                names |= self._soon
                self._soon = set()
        for workspace in self._runtime.workspaces():
            at = self._next.get(workspace.name)
            if at is not None and workspace.clock.real_seconds_until(at) == 0:
                names.add(workspace.name)
        for name in names:
            self._next.pop(name, None)
        return sorted(names)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in ("at", "work", "en", "zh")} | {"detail": json.loads(row["detail"])}
