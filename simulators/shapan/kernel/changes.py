"""Changes of whole workspaces in two steps (两阶段变更), so that several systems make them as one: fork, snapshot, restore, reset.

prepare   holds the workspace's gate and makes everything ready in files that nobody sees. It may fail, and then nothing has happened.
commit    puts the files into place; what was there is kept, and clients still wait.
finish    drops what was kept and lets clients in. Without a commit it commits first.
abort     puts back what was there, and lets clients in.

Whoever asks for a change may die. A change that is not finished in its time is aborted; one that was committed when this process was killed is
found at the next start, and clients wait until its time is up or somebody says how it ends.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shapan.kernel.errors import Problem, conflict, not_found, simple

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

LEASE_SECONDS = 20.0
PATIENCE_SECONDS = 10.0
# The gate stays closed a little longer than a change may take, so that nobody comes in before it is undone.
_MARGIN = 5.0


@dataclass
class Plan:
    """What one change does. `stage` makes ready, `place` puts into place, `drop` forgets what was kept.

    `undo` puts back whatever has happened of it, half a step too. `keeps` is the file in which a later process finds what was there.
    """

    stage: Callable[[], None]
    place: Callable[[], None]
    undo: Callable[[], None]
    drop: Callable[[], None]
    keeps: Path | None = None


@dataclass
class Change:
    """One change under way."""

    id: str
    kind: str
    workspace: Workspace
    holder: str
    plan: Plan
    until: float
    state: Literal["prepared", "committed"] = "prepared"
    timer: threading.Timer | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def shown(self) -> dict[str, Any]:
        """For the operator interface."""
        return {"id": self.id, "kind": self.kind, "workspace": self.workspace.name, "state": self.state}


class Changes:
    """The changes under way in one system. Thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._open: dict[str, Change] = {}
        self._reserved: set[str] = set()

    def prepare(
        self,
        change_id: str,
        kind: str,
        workspace: Workspace,
        plan: Plan,
        *,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> Change:
        """Hold the workspace and make ready. 409 when it is held by another change or does not come to rest."""
        with self._lock:
            if change_id in self._open or change_id in self._reserved:
                raise conflict("change-exists", f"There is a change {change_id} already.", f"变更 {change_id} 已存在。")
            self._reserved.add(change_id)
        try:
            holder = workspace.gate.hold(lease + _MARGIN, patience)
            if holder is None:
                raise conflict(
                    "workspace-busy",
                    f"The workspace {workspace.name} is being changed by somebody else, or requests in it do not end. Try again.",
                    f"工作区 {workspace.name} 正在被其他操作变更，或其中的请求尚未结束，请稍后重试。",
                )
            change = Change(change_id, kind, workspace, holder, plan, time.monotonic() + lease)
            try:
                plan.stage()
            except BaseException:
                plan.undo()
                workspace.gate.release(holder)
                raise
            self._watch(change, lease)
        finally:
            with self._lock:
                self._reserved.discard(change_id)
        return change

    def _watch(self, change: Change, lease: float) -> None:
        with self._lock:
            self._open[change.id] = change
        change.timer = threading.Timer(lease, self._expire, (change,))
        change.timer.daemon = True
        change.timer.start()

    def find(self, change_id: str) -> Change:
        """The change under way. 404 when there is none: it has ended, or its time was up."""
        with self._lock:
            change = self._open.get(change_id)
        if change is None:
            raise not_found("change under way", "进行中的变更", change_id)
        return change

    def commit(self, change_id: str) -> Change:
        """Put it into place. A second call does nothing. 404, 409 when its time was up; then nothing has happened."""
        change = self.find(change_id)
        with change.lock:
            self._commit(change)
        return change

    def _commit(self, change: Change) -> None:
        if change.state == "committed":
            return
        if change.id not in self._open or not change.workspace.gate.held_by(change.holder):
            raise _too_late(change)
        note = self._note(change)
        if note is not None:
            note.write_text(
                json.dumps({"id": change.id, "kind": change.kind, "until": time.time() + LEASE_SECONDS}), "utf-8"
            )
        try:
            change.plan.place()
        except BaseException:
            self._end(change, undo=True)
            raise
        change.state = "committed"

    def finish(self, change_id: str) -> Change:
        """It is for good, and clients come in. Commits before where that was not done. 404, 409 as for `commit`."""
        change = self.find(change_id)
        with change.lock:
            self._commit(change)
            self._end(change, undo=False)
        return change

    def abort(self, change_id: str) -> None:
        """Undo it. 404 when there is none."""
        change = self.find(change_id)
        with change.lock:
            if change.id in self._open:
                self._end(change, undo=True)

    def _expire(self, change: Change) -> None:
        with change.lock:
            if change.id in self._open:
                self._end(change, undo=True)

    def _end(self, change: Change, *, undo: bool) -> None:
        try:
            if undo:
                change.plan.undo()
            else:
                change.plan.drop()
        finally:
            note = self._note(change)
            if note is not None:
                note.unlink(missing_ok=True)
            with self._lock:
                self._open.pop(change.id, None)
            if change.timer is not None:
                change.timer.cancel()
            change.workspace.gate.release(change.holder)

    def _note(self, change: Change) -> Path | None:
        return None if change.plan.keeps is None else note_beside(change.workspace.database.path)

    def recover(self, workspace: Workspace, plan: Plan) -> None:
        """Go on with a change of this workspace that was committed when the process before this one was killed."""
        note = note_beside(workspace.database.path)
        try:
            noted: Mapping[str, Any] = json.loads(note.read_text("utf-8"))
            left = float(noted["until"]) - time.time()
            change_id, kind = str(noted["id"]), str(noted["kind"])
        except (OSError, ValueError, KeyError, TypeError):
            # Killed before it was written whole, and so before anything was put into place.
            left, change_id, kind = 0.0, "", ""
        if plan.keeps is None or not plan.keeps.exists():
            note.unlink(missing_ok=True)
            return
        left = max(0.0, min(left, LEASE_SECONDS))
        holder = workspace.gate.hold(left + _MARGIN, 0)
        assert holder is not None, "nobody else knows this workspace yet"
        change = Change(change_id, kind, workspace, holder, plan, time.monotonic() + left, "committed")
        if left:
            self._watch(change, left)
        else:
            self._end(change, undo=True)

    def stop(self) -> None:
        """Leave what is under way to the next start: committed changes wait there, prepared ones have done nothing."""
        with self._lock:
            changes = list(self._open.values())
        for change in changes:
            if change.timer is not None:
                change.timer.cancel()
            if change.state == "prepared":
                with change.lock:
                    self._end(change, undo=True)


def note_beside(database: Path) -> Path:
    """Where it is written down that a workspace's file has been put into place and may have to go again."""
    return database.with_suffix(".change")


def kept_beside(database: Path) -> Path:
    """Where the file is kept that a workspace had before."""
    return database.with_suffix(".kept")


def _too_late(change: Change) -> Problem:
    return simple(
        409,
        "change-expired",
        "The change took too long",
        f"The change {change.id} of workspace {change.workspace.name} was not finished in its time and has been undone. Ask for it again.",
        f"工作区 {change.workspace.name} 的变更 {change.id} 未在期限内完成，已撤销，请重新发起。",
    )
