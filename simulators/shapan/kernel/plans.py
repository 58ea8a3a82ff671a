"""What each kind of change does to the files of one system: reset and seed, restore, fork, save (变更步骤)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapan.kernel.changes import Plan, kept_beside
from shapan.kernel.copies import needs_parting, part, present_of, stamp, take_over
from shapan.kernel.database import Database
from shapan.kernel.errors import conflict, no_such
from shapan.kernel.snapshots import Snapshot, describe

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace


@dataclass(frozen=True)
class Plans:
    """Makes the plans of one runtime. `change_id` names the files that are made ready."""

    runtime: Runtime

    def _staged(self, change_id: str) -> Path:
        return self.runtime.staged(change_id)

    def reset(self, change_id: str, workspace: Workspace, *, webhooks: bool, world: Mapping[str, Any] | None) -> Plan:
        """Back to the first state: of `world`, or of the world that the workspace has. `webhooks`: its subscriptions go too.

        A new world is built at once, before anybody is held up.
        """
        facts = world if world is not None else self.runtime.world_of(workspace)
        first = self.runtime.pristine.file(facts)

        def source(staged: Path) -> None:
            shutil.copyfile(first, staged)

        return self._exchange(change_id, workspace, source, webhooks=not webhooks, clock=False)

    def restore(self, change_id: str, workspace: Workspace, name: str) -> Plan:
        """The state of a snapshot. 404 when there is none of this name."""
        if self.runtime.snapshots.find(name) is None:
            raise no_such(f"snapshot {name}", f"快照 {name}")

        def source(staged: Path) -> None:
            shutil.copyfile(self.runtime.snapshots.file(name), staged)
            # A snapshot of an earlier release is brought up to date.
            Database(staged, self.runtime.system.migrations).close()

        return self._exchange(change_id, workspace, source, webhooks=True, clock=True)

    def _exchange(
        self, change_id: str, workspace: Workspace, source: Callable[[Path], None], *, webhooks: bool, clock: bool
    ) -> Plan:
        staged = self._staged(change_id)

        def stage() -> None:
            source(staged)
            with workspace.database.read() as db:
                present = present_of(db, webhooks=webhooks)
            take_over(staged, present, clock=clock)

        def place() -> None:
            workspace.database.exchange(staged, kept_beside(workspace.database.path))
            self.runtime.renew(workspace)

        def drop() -> None:
            kept_beside(workspace.database.path).unlink(missing_ok=True)
            if not clock:
                workspace.journal.clear()
            # Imports and exports that were under way in that state go on.
            self.runtime.bulk.nudge()

        return Plan(stage, place, self.put_back(workspace, staged), drop, kept_beside(workspace.database.path))

    def put_back(self, workspace: Workspace, staged: Path) -> Callable[[], None]:
        """What undoes an exchange, at whatever point it stopped."""

        def undo() -> None:
            kept = kept_beside(workspace.database.path)
            if kept.exists():
                workspace.database.exchange(kept, staged)
                self.runtime.renew(workspace)
            _remove(staged)

        return undo

    def interrupted(self, workspace: Workspace) -> Plan:
        """The rest of an exchange that an earlier process put into place and did not finish."""
        kept = kept_beside(workspace.database.path)
        staged = self._staged(f"{workspace.name}-kept")
        return Plan(_nothing, _nothing, self.put_back(workspace, staged), lambda: kept.unlink(missing_ok=True), kept)

    def fork(self, change_id: str, workspace: Workspace, name: str, *, webhooks: bool) -> Plan:
        """A new workspace `name` with the documents, events and clock of this one. 409 when there is one of this name."""
        staged, made = self._staged(change_id), []

        def stage() -> None:
            self.runtime.reserve(name)
            made.append("reserved")
            workspace.database.copy_to(staged)
            with workspace.database.read() as db:
                parting = needs_parting(db, webhooks=webhooks)
            if parting:
                part(staged, webhooks=webhooks)

        def place() -> None:
            self.runtime.adopt(name, staged)
            made.append("workspace")

        def undo() -> None:
            _remove(staged)
            if "workspace" in made:
                self.runtime.delete_workspace(name)
            elif made:
                self.runtime.unreserve(name)

        return Plan(stage, place, undo, _nothing)

    def save(self, change_id: str, workspace: Workspace, name: str, note: str) -> Plan:
        """A snapshot `name` of this workspace. 409 when there is one of this name."""
        shelf = self.runtime.snapshots
        if shelf.find(name) is not None:
            raise snapshot_exists(name)
        staged = shelf.staged(change_id)
        made: list[Snapshot] = []
        placed: list[str] = []

        def stage() -> None:
            workspace.faults.flush()
            workspace.database.copy_to(staged)
            made_at = datetime.now(UTC).isoformat(timespec="milliseconds")
            told = {
                "system": self.runtime.system.name,
                "workspace": workspace.name,
                "created_at": made_at,
                "note": note,
            }
            stamp(staged, workspace.clock, self.runtime.world_of(workspace), told)
            made.append(describe(staged, name))

        def place() -> None:
            if shelf.find(name) is not None:
                raise snapshot_exists(name)
            shelf.put(staged, made[0])
            placed.append(name)

        def undo() -> None:
            _remove(staged)
            for one in placed:
                shelf.remove(one)

        return Plan(stage, place, undo, _nothing)


def snapshot_exists(name: str) -> Exception:
    """409: the name is taken."""
    return conflict(
        "snapshot-exists",
        f"There is a snapshot {name} already. Take another name, or delete it first.",
        f"快照 {name} 已存在。请换一个名称，或先删除它。",
    )


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _nothing() -> None:
    """There is nothing to do."""
