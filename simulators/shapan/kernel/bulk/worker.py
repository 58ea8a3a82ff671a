"""The worker (后台任务): one thread that does the jobs of all workspaces of a system, the oldest first."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from shapan.kernel.bulk import jobs
from shapan.kernel.bulk.declaration import Bulk
from shapan.kernel.bulk.entering import internal
from shapan.kernel.bulk.exports import run_export
from shapan.kernel.bulk.imports import Gone, Stopping, run_import
from shapan.kernel.bulk.jobs import IMPORT, Job
from shapan.kernel.bulk.resources import Resource, resources_of
from shapan.kernel.clock import rfc3339
from shapan.kernel.contract import Contract
from shapan.kernel.database import DatabaseGone

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

log = logging.getLogger(__name__)

# Long enough for the operating system to let a thread that waits for the writers' lock have it.
_BREATH = 0.0005


_known: dict[int, dict[str, Resource]] = {}


def _resources(contract: Contract, declared: Bulk | None) -> dict[str, Resource]:
    """Worked out once for each contract, which is itself loaded once a process. ContractError."""
    if declared is not None:
        return resources_of(contract, declared)
    if id(contract) not in _known:
        _known[id(contract)] = resources_of(contract, None)
    return _known[id(contract)]


class Worker:
    """Does jobs. It needs no starting: it begins with the first job that it hears of."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.resources = _resources(runtime.contract, runtime.system.bulk)
        self.progress: dict[str, int] = {}
        """How far jobs are that cannot write it down yet, by id."""
        self.stopping = False
        self._wake = threading.Event()
        self._breath = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Go on with what an earlier process left."""
        for workspace in self.runtime.workspaces():
            with workspace.database.read() as db:
                if jobs.next_open(db) is not None:
                    self.nudge()
                    return

    def nudge(self) -> None:
        """There may be a job: look at once."""
        with self._lock:
            self._wake.set()
            if self._thread is None and not self.stopping:
                self._thread = threading.Thread(target=self._run, name="bulk", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End with the transaction that runs; jobs that are not done are gone on with at the next start."""
        with self._lock:
            self.stopping = True
            thread = self._thread
        self._wake.set()
        self._breath.set()
        if thread is not None:
            thread.join()

    def breathe(self) -> None:
        """Let others have their turn. Stopping when the process stops."""
        if self.stopping:
            raise Stopping
        self._breath.wait(_BREATH)

    def stamp(self, workspace: Workspace) -> str:
        """The time of a workspace, as text."""
        return rfc3339(workspace.clock.now())

    def _run(self) -> None:
        while not self.stopping:
            self._wake.wait()
            self._wake.clear()
            for workspace in self.runtime.workspaces():
                try:
                    while not self.stopping and self._one(workspace):
                        pass
                except (DatabaseGone, Stopping):
                    continue
                except Exception:
                    log.exception("jobs of workspace %s", workspace.name)

    def _one(self, workspace: Workspace) -> bool:
        """Do the oldest job of a workspace. False when there is none."""
        with workspace.database.read() as db:
            job = jobs.next_open(db)
        if job is None:
            return False
        try:
            with workspace.database.write() as db:
                if not jobs.begin(db, job.id, self.stamp(workspace)):
                    return True
            (run_import if job.kind == IMPORT else run_export)(self, workspace, job)
        except Gone:
            pass
        except (DatabaseGone, Stopping):
            raise
        except Exception:
            log.exception("%s %s failed", job.kind, job.id)
            self._give_up(workspace, job)
        finally:
            self.progress.pop(job.id, None)
            self.runtime.schedule.touched(workspace.name)
        return True

    def _give_up(self, workspace: Workspace, job: Job) -> None:
        with workspace.database.write() as db:
            jobs.end(db, job.id, self.stamp(workspace), internal(job))
