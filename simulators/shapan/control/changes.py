"""Changes of a workspace in all systems as one (原子变更): every system prepares, and only then all of them commit.

While it lasts no client is served in the workspace (kernel/changes.py has the systems' side), so that none sees one system before the change
and another after it. What was decided is written down before the last step: if control is killed in it, it goes on with it when it is
started again, and so does a system.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from shapan.control.clients import SystemAnswer, SystemsClient, chinese, require_all
from shapan.kernel.errors import TYPE_PREFIX, Problem, passed_on, simple
from shapan.kernel.ids import new_uuid
from shapan.kernel.system import Context

# The systems undo a change that is not finished in this time; until then it is worth to ask one that does not answer again.
LEASE_SECONDS = 20.0
# What runs in a workspace may take this long to end.
PATIENCE_SECONDS = 10.0
_LONG_LEASE_SECONDS = 60.0
_PREPARE_SECONDS = 120.0
_PAUSE_SECONDS = 0.2
_EXCHANGES = ("reset", "restore")


class Coordinator:
    """Makes changes in the systems of one control. `folder` is where decisions are written down. Thread-safe: one change a workspace at a time."""

    def __init__(self, systems: SystemsClient, folder: Path) -> None:
        self._systems = systems
        self._folder = folder
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._pause = threading.Event()

    def quiet(self, workspace: str) -> threading.RLock:
        """Held while a workspace is being changed; who reads it in several systems holds it too."""
        return self._locks[workspace]

    def change(self, workspace: str, plan: Mapping[str, Any], language: str) -> None:
        """Do what `plan` says (contracts/operator/changes.yaml) in all systems or in none. Problem with what a system objects to; 503, 502, 404."""
        change_id = new_uuid()
        # A new world is built by each system in its own time.
        lease = _LONG_LEASE_SECONDS if "world" in plan else LEASE_SECONDS
        body = {"lease_seconds": lease, "patience_seconds": PATIENCE_SECONDS, **plan}
        path = f"/_shapan/changes/{change_id}"
        with self.quiet(workspace):
            prepared = self._systems.call(
                "PUT", path, workspace, body=body, language=language, seconds=_PREPARE_SECONDS
            )
            try:
                objected(prepared.values(), workspace)
                if plan["kind"] in _EXCHANGES:
                    committed = self._systems.call("POST", f"{path}/commit", workspace, language=language)
                    objected(committed.values(), workspace)
            except Problem:
                # Where this does not arrive, the change ends with its time.
                self._systems.call("DELETE", path, workspace)
                raise
            self._finish(change_id, workspace, plan, language)

    def decide(self, change_id: str, workspace: str) -> Path:
        """Write down that a change is to be finished, whatever happens to this process."""
        note = self._folder / f"{change_id}.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps({"workspace": workspace, "until": time.time() + LEASE_SECONDS}), "utf-8")
        fresh.replace(note)
        return note

    def _finish(self, change_id: str, workspace: str, plan: Mapping[str, Any], language: str) -> None:
        path = f"/_shapan/changes/{change_id}"
        if plan["kind"] in _EXCHANGES:
            note = self.decide(change_id, workspace)
            late = self._end("POST", f"{path}/finish", workspace, self._systems.names)
            note.unlink(missing_ok=True)
            if late:
                raise _torn(late, workspace)
            return
        # Nobody knows yet what comes into being: what some have made can go again.
        finished = self._systems.call("POST", f"{path}/finish", workspace, language=language)
        try:
            objected(finished.values(), workspace)
        except Problem:
            made = "workspaces" if plan["kind"] == "fork" else "snapshots"
            self._end("DELETE", f"/_shapan/{made}/{plan['name']}", workspace, self._systems.names)
            raise

    def _end(self, method: str, path: str, workspace: str, names: Iterable[str]) -> list[str]:
        """Tell systems how a change ends; those that do not answer are asked again for as long as it may last. Gives those where it did not end so."""
        deadline = time.monotonic() + LEASE_SECONDS
        left, refused, first = list(names), [], True
        while left:
            answers = self._systems.call(method, path, workspace, systems=left)
            # Asked again, what refuses has heard it the time before.
            refused += [name for name, answer in answers.items() if first and answer.status in (404, 409)]
            left = [name for name, answer in answers.items() if answer.status is None or answer.status >= 500]
            if not left or time.monotonic() > deadline:
                break
            first = False
            self._pause.wait(_PAUSE_SECONDS)
        return refused + left

    def resume(self) -> None:
        """Finish what was decided when control was killed, in a thread of its own."""
        notes = list(self._folder.glob("*.json"))
        if notes:
            threading.Thread(target=self._resume, args=(notes,), name="changes", daemon=True).start()

    def _resume(self, notes: Iterable[Path]) -> None:
        for note in notes:
            with suppress(OSError, ValueError, KeyError, TypeError):
                noted = json.loads(note.read_text("utf-8"))
                if float(noted["until"]) > time.time():
                    path = f"/_shapan/changes/{note.stem}/finish"
                    self._end("POST", path, str(noted["workspace"]), self._systems.names)
            note.unlink(missing_ok=True)


_coordinators: WeakKeyDictionary[SystemsClient, Coordinator] = WeakKeyDictionary()
_making = threading.Lock()


def coordinator_of(systems: SystemsClient, folder: Path) -> Coordinator:
    """The one coordinator over these systems; `folder` is control's own."""
    with _making:
        if systems not in _coordinators:
            _coordinators[systems] = Coordinator(systems, folder / "changes")
        return _coordinators[systems]


def coordinator(ctx: Context) -> Coordinator:
    """Who makes changes in the systems of the control that was asked."""
    runtime = ctx.services["kernel.runtime"]
    return coordinator_of(ctx.services["systems"], runtime.settings.folder / runtime.system.name)


def objected(answers: Iterable[SystemAnswer], workspace: str) -> None:
    """Nothing when all systems gave good answers. Else the systems' own objection (4xx), or that they cannot be reached or used."""
    answers = list(answers)
    bad = [answer for answer in answers if not answer.good]
    refusals = [a for a in bad if isinstance(a.body, Mapping) and a.status is not None and 400 <= a.status < 500]
    if not bad or len(refusals) < len(bad) or any(a.status in (401, 403) or _no_workspace(a) for a in refusals):
        require_all(answers, workspace, "Nothing was changed.", "没有做任何变更。")
        return
    first = refusals[0]
    alike = [one for one in refusals if one.body.get("type") == first.body.get("type")]
    who = ("", "")
    if len(alike) < len(answers):
        who = f"{', '.join(one.name for one in alike)}: ", f"{'、'.join(chinese(one.name) for one in alike)}："
    raise passed_on(first.status or 409, first.body, who)


def _torn(late: Iterable[str], workspace: str) -> Problem:
    names = list(late)
    return simple(
        502,
        "change-torn",
        "A system did not keep up with the others",
        f"{', '.join(names)} did not finish the change of workspace {workspace} in its time and has undone it; the other systems have made it. Ask for it again.",
        f"{'、'.join(chinese(name) for name in names)} 未能按时完成工作区 {workspace} 的变更并已撤销，而其他系统已完成变更。请重新执行。",
    )


def _no_workspace(answer: SystemAnswer) -> bool:
    return str(answer.body.get("type", "")) == TYPE_PREFIX + "no-such-workspace"
