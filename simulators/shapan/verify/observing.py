"""What the systems know of the scenarios after they have run: journals, figures, delays. Read over control, while their workspaces are there."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapan.sandbox.clients import INTEGRATION
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.remote.control import Control
from shapan.scenario import ScenarioResult
from shapan.verify.coverage import coverage
from shapan.verify.delays import pooled
from shapan.verify.figures import Figures, compared, figures_after, figures_before, total, verdict_of
from shapan.verify.journal import Entry, Reader
from shapan.verify.planning import Job, Plan, World
from shapan.verify.sequence import sequence
from shapan.verify.stage import Place

_PATIENCE = 20.0
_SAME_TIME_SECONDS = 2.0


@dataclass
class _Workspace:
    """What is known of one workspace; `left` scenarios are still to end there. `since` is simulated time, `began` real time.

    `roles` are other clients than their own as which people act there (token scopes, audit): what they ask is not the integration's.
    """

    reader: Reader | None
    left: int
    roles: frozenset[str] = frozenset()
    since: str | None = None
    began: float = 0.0

    def entries(self) -> list[Entry]:
        """What was asked and delivered there, without what people asked in such a role. SandboxError."""
        every = self.reader.entries() if self.reader is not None else []
        return [entry for entry in every if entry.client not in self.roles]


class Observation:
    """One scenario under way."""

    def __init__(self, observer: Observer, job: Job, place: Place) -> None:
        self._observer = observer
        self._job = job
        self._place = place
        self._began = time.time()

    def end(self, result: ScenarioResult) -> dict[str, Any] | None:
        """The sequence of what was asked and delivered, for a scenario that failed. Call it while the workspace is there."""
        return self._observer.ended(self._job, self._place, self._began, result)


class Observer:
    """Collects over a run. Thread-safe. What control does not answer is left out of the report and changes no verdict."""

    def __init__(self, control: Control, people: str, plan: Plan) -> None:
        self._control = control
        self._people = people
        self._lock = threading.Lock()
        self._shared = [job for job in plan.to_run if not job.own]
        self._left = Counter(job.world for job in self._shared)
        self._open: dict[str, _Workspace] = {}
        self._before: dict[World, Figures] = {}
        self._after: list[Figures] = []
        self._delays: list[list[dict[str, Any]]] = []
        self._entries: list[Entry] = []

    def begin(self, job: Job, place: Place) -> Observation:
        """Called when the place is ready and nothing was done there yet."""
        with self._lock:
            if place.workspace not in self._open:
                self._open[place.workspace] = self._workspace(job, place.workspace)
        return Observation(self, job, place)

    def _workspace(self, job: Job, name: str) -> _Workspace:
        here = [job] if job.own else [one for one in self._shared if one.world == job.world]
        roles = {step.client for one in here for step in one.scenario.steps if step.client} - {INTEGRATION}
        found = _Workspace(None, 1 if job.own else self._left[job.world], frozenset(roles))
        with suppress(SandboxError):
            found.reader = Reader(self._control, name)
            found.since, found.began = self._now(name), time.time()
            if job.world not in self._before:
                self._before[job.world] = figures_before(self._control, name)
        return found

    def ended(self, job: Job, place: Place, began: float, result: ScenarioResult) -> dict[str, Any] | None:
        """See Observation.end."""
        here = self._open[place.workspace]
        found = None
        if result.verdict == "failed":
            with suppress(SandboxError):
                found = sequence(result, began, here.entries(), alone=job.own, people=self._people)
        with self._lock:
            here.left -= 1
            last = here.left <= 0
        if last:
            self._close(place.workspace, here)
        return found

    def _close(self, name: str, here: _Workspace) -> None:
        with suppress(SandboxError):
            entries = here.entries()
            verdict = verdict_of(self._control, name, here.since)
            even = self._ran_with_real_time(name, here)
            figures = figures_after(self._control, name, verdict)
            with self._lock:
                self._entries += entries
                if even:
                    self._delays.append(verdict["delays"])
                self._after.append(figures)

    def _ran_with_real_time(self, name: str, here: _Workspace) -> bool:
        """Whether nobody advanced or stopped the clock there: else the time between two documents says nothing of the integration."""
        if here.since is None:
            return False
        passed = datetime.fromisoformat(self._now(name)) - datetime.fromisoformat(here.since)
        return abs(passed.total_seconds() - (time.time() - here.began)) < _SAME_TIME_SECONDS

    def _now(self, name: str) -> str:
        return str(self._control.call("GET", "/clock", name, timeout=_PATIENCE)["now"])

    def summary(self) -> dict[str, Any]:
        """For the report: kpis, delays, coverage."""
        with self._lock:
            return {
                "kpis": compared(total(self._before.values()), total(self._after)),
                "delays": pooled(self._delays),
                "coverage": coverage(self._entries, self._people),
            }
