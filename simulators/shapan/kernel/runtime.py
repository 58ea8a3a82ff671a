"""A running system: its contract, its operations matched to functions, its workspaces (工作区), tokens, journal and deliveries."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlite_utils
from prometheus_client import CollectorRegistry, Counter, Histogram

from shapan.kernel import access, operator, subscriptions, token_state
from shapan.kernel.auth import Authority, Client, load_or_create_key
from shapan.kernel.bulk import operations as bulk
from shapan.kernel.bulk.worker import Worker
from shapan.kernel.changes import Changes
from shapan.kernel.clock import SimulatedClock
from shapan.kernel.contract import Contract, Operation, load_contract, match_functions
from shapan.kernel.copies import world_in
from shapan.kernel.database import Database, DatabaseError
from shapan.kernel.delivery import Courier, Targets
from shapan.kernel.errors import Problem, conflict, no_such
from shapan.kernel.faults.book import FaultBook
from shapan.kernel.faults.caller import caller_of
from shapan.kernel.gate import Gate
from shapan.kernel.idempotency import InFlight
from shapan.kernel.ids import new_uuid
from shapan.kernel.journal import Journal, JournalStore, Limits
from shapan.kernel.kept_clock import read_clock, write_clock
from shapan.kernel.metrics import WorkspaceMetrics
from shapan.kernel.plans import Plans
from shapan.kernel.pristine import Pristine
from shapan.kernel.resources import data_folder
from shapan.kernel.revocation import Revocations
from shapan.kernel.schedule import Schedule
from shapan.kernel.snapshots import Shelf
from shapan.kernel.system import System

DEFAULT = "default"
# As the contract has it (WorkspaceName).
_NAME = re.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class Settings:
    """How a system is served.

    folder          where its databases lie
    clients         who may ask for tokens
    world           makes the world to seed with (an opaque object that the system's `seed` understands), or None for empty workspaces
    world_facts     what `/_shapan/health` says of that world
    strict          check every answer and event against the contract
    operator_token  what the operator interface asks for; None leaves it open
    services        what a system's operations need beyond its database, by name
    journal         how much of the journal is kept; None keeps none
    broker_url      the message broker that gets every event, or None
    webhook_targets where webhooks may go beside loopback and private addresses
    build           makes the world of other such facts, for workspaces that are to have another one; Problem when it cannot
    """

    folder: Path
    clients: tuple[Client, ...] = ()
    world: Callable[[], Any] | None = None
    world_facts: Mapping[str, Any] | None = None
    strict: bool = False
    operator_token: str | None = field(default=None, repr=False)
    services: Mapping[str, Any] = field(default_factory=dict)
    journal: Limits | None = field(default_factory=Limits)
    broker_url: str | None = field(default=None, repr=False)
    build: Callable[[Mapping[str, Any]], Any] | None = None
    webhook_targets: Targets = field(default_factory=Targets)


class WorkspaceGone(Exception):
    """There is no workspace of this name, or no longer."""


@dataclass
class Workspace:
    """One workspace of one system: database, clock, journal, faults, running idempotency keys, the gate that can be held."""

    name: str
    database: Database
    clock: SimulatedClock
    journal: Journal
    faults: FaultBook
    in_flight: InFlight = field(default_factory=InFlight)
    gate: Gate = field(default_factory=Gate)
    state: int = 0
    """How often its database has become another one since this process serves it."""
    revocations: Revocations = field(init=False)

    def __post_init__(self) -> None:
        self.revocations = Revocations(self.database)

    def change_clock(self, change: Callable[[SimulatedClock], object]) -> None:
        """Change the clock and write it into the database, so that a restart finds it. ClockError from `change`."""
        with self.database.write() as db:
            change(self.clock)
            write_clock(db, self.clock)


class Runtime:
    """A system made ready. ContractError or DatabaseError when it cannot be."""

    def __init__(self, system: System, settings: Settings) -> None:
        self.system = system
        self.settings = settings
        contracts = data_folder("contracts")
        self.contract = load_contract(contracts / system.contract)
        self.operator_contract = load_contract(contracts / "operator.yaml")
        served = self.contract.operations
        shared: tuple[ModuleType, ...] = (access, subscriptions) if "issueToken" in served else ()
        shared += (token_state,) if "revokeToken" in served else ()
        shared += (bulk,) if "createImport" in served else ()
        self.functions: dict[str, Callable[..., Any]] = {
            **match_functions(self.contract, (*system.operations, *shared)),
            **match_functions(self.operator_contract, operator.OPERATIONS),
        }
        self.metrics = CollectorRegistry()
        self.requests = Counter(
            "shapan_requests", "Requests by operation and status", ("operation", "status"), registry=self.metrics
        )
        self.duration = Histogram(
            "shapan_request_seconds",
            "Time to answer, in real seconds",
            ("operation",),
            buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3, 10),
            registry=self.metrics,
        )
        _private(settings.folder / system.name)
        self.authority = Authority(
            system.name, load_or_create_key(settings.folder / system.name), settings.clients, self.contract.scopes
        )
        # What operations are given beside the database: what the sandbox wired, and for the kernel's own ones the kernel.
        self.services: Mapping[str, Any] = {
            **settings.services,
            "kernel.runtime": self,
            "kernel.authority": self.authority,
            "kernel.system": system.name,
            "kernel.broker": settings.broker_url is not None,
        }
        self._lock = threading.Lock()
        self._workspaces: dict[str, Workspace] = {}
        self._coming: set[str] = set()
        own = settings.folder / system.name
        self.pristine = Pristine(own / "pristine", system.migrations, self._seeding)
        self.snapshots = Shelf(own / "snapshots")
        self.changes = Changes(self)
        self.journal_store = self._open_journal()
        self.courier = Courier(self)
        self.schedule = Schedule(self)
        self.bulk = Worker(self)
        self.metrics.register(WorkspaceMetrics(self))
        for left in self._folder.glob(".*.new*"):
            left.unlink()
        self.snapshots.tidy()
        for path in sorted(self._folder.glob("*.sqlite")):
            self._open(path.stem)
        if DEFAULT not in self._workspaces:
            self._open(DEFAULT)
        for note in self._folder.glob("*.change"):
            if (interrupted := self._workspaces.get(note.stem)) is not None:
                self.changes.recover(interrupted, Plans(self).interrupted(interrupted))

    @property
    def _folder(self) -> Path:
        return self.settings.folder / self.system.name / "workspaces"

    def operations(self) -> list[tuple[Contract, Operation]]:
        """Every operation that is served, with its contract."""
        return [(c, o) for c in (self.contract, self.operator_contract) for o in c.operations.values()]

    def workspaces(self) -> list[Workspace]:
        """All workspaces, by name."""
        with self._lock:
            return [self._workspaces[name] for name in sorted(self._workspaces)]

    def workspace(self, name: str) -> Workspace:
        """The workspace `name`. WorkspaceGone when there is none, or no longer."""
        workspace = self._workspaces.get(name)
        if workspace is None and self.system.spans_workspaces and _NAME.fullmatch(name):
            workspace = self._workspaces[DEFAULT]
        if workspace is None:
            raise WorkspaceGone(name)
        return workspace

    def create_workspace(self, name: str) -> Workspace:
        """The workspace `name`, seeded when it is new. 409 when a fork of this name is being made."""
        self.pristine.file(self.settings.world_facts)
        with self._lock:
            if name in self._coming:
                raise _exists(name)
            return self._workspaces.get(name) or self._open(name)

    def reserve(self, name: str) -> None:
        """Keep a name for a workspace to come. 409 when it is taken."""
        with self._lock:
            if name in self._workspaces or name in self._coming:
                raise _exists(name)
            self._coming.add(name)

    def unreserve(self, name: str) -> None:
        """Do without it."""
        with self._lock:
            self._coming.discard(name)

    def adopt(self, name: str, file: Path) -> Workspace:
        """Make a database file that nobody has open the workspace `name`, which was reserved."""
        with self._lock:
            file.replace(self._folder / f"{name}.sqlite")
            workspace = self._open(name)
            self._coming.discard(name)
            return workspace

    def staged(self, token: str) -> Path:
        """Where a database may be made ready under a name that is no workspace's."""
        return self._folder / f".{token}.new"

    def world_of(self, workspace: Workspace) -> Mapping[str, Any] | None:
        """The facts of the world that a workspace was seeded with; None when it is empty."""
        with workspace.database.read() as db:
            return world_in(db) or self.settings.world_facts

    def delete_workspace(self, name: str) -> None:
        """Remove a workspace and its files. 404, or 409 for the default one."""
        if name == DEFAULT:
            raise conflict(
                "default-workspace",
                "The default workspace cannot be deleted; reset it.",
                "默认工作区不能删除，只能重置。",
            )
        # All of it under the lock: a workspace of the same name must not be made before the files of this one are gone.
        with self._lock:
            workspace = self._workspaces.get(name)
            if workspace is None:
                raise no_such(f"workspace {name}", f"工作区 {name}")
            del self._workspaces[name]
            self.courier.forget(name)
            self.schedule.forget(name)
            workspace.faults.close()
            workspace.database.close(hastily=True)
            workspace.journal.close()
            workspace.journal.clear()
            # Names have no dots.
            for path in self._folder.glob(f"{name}.*"):
                path.unlink(missing_ok=True)

    def reset(self, workspace: Workspace, *, webhooks: bool) -> None:
        """Put a workspace back to its first state. 409 when it is being changed by somebody else."""
        change_id = new_uuid()
        plan = Plans(self).reset(change_id, workspace, webhooks=webhooks, world=None)
        self.changes.prepare(change_id, "reset", workspace, plan)
        self.changes.finish(change_id)

    def renew(self, workspace: Workspace) -> None:
        """The workspace's database has become another one: read anew what is kept in memory of it."""
        with workspace.database.read() as db:
            clock = read_clock(db)
        workspace.state += 1
        workspace.clock.become(clock.state())
        workspace.faults.reload()
        workspace.revocations.reload()
        self.schedule.nudge(workspace.name)
        self.courier.nudge(workspace)

    def _open(self, name: str) -> Workspace:
        path = self._folder / f"{name}.sqlite"
        if not path.exists():
            self.pristine.copy(self.settings.world_facts, path)
        database = Database(path, self.system.migrations)
        with database.read() as db:
            clock = read_clock(db)
        workspace = self._workspaces[name] = Workspace(
            name,
            database,
            clock,
            Journal(self.journal_store, self.system.name, name),
            FaultBook(database, clock, self._draws_of(name), functools.partial(caller_of, self.authority)),
        )
        clock.listen(lambda: self.schedule.nudge(name))
        clock.listen(lambda: self.courier.nudge(name))
        self.courier.nudge(name)
        self.schedule.nudge(name)
        return workspace

    def _open_journal(self) -> JournalStore | None:
        """The journal's file of this system; None where none is kept."""
        if self.settings.journal is None:
            return None
        folder = self.settings.folder / self.system.name
        # Version 0.1 kept a file for each workspace.
        shutil.rmtree(folder / "journal", ignore_errors=True)
        return JournalStore(folder / "journal.sqlite", self.settings.journal)

    def flush_journal(self) -> None:
        """Write what waits to be written of the journal."""
        if self.journal_store is not None:
            self.journal_store.flush()

    def _draws_of(self, workspace: str) -> str:
        """What the chances of a workspace's faults are drawn from: the same world and workspace draw the same."""
        seed = (self.settings.world_facts or {}).get("seed", 0)
        return f"{seed}/{self.system.name}/{workspace}"

    def _seeding(self, facts: Mapping[str, Any] | None) -> Callable[[sqlite_utils.Database], None] | None:
        """What fills an empty database with a world; None when there is none, or nothing of it here."""
        seed, world = self.system.seed, self.settings.world
        if facts is not None and facts != self.settings.world_facts:
            world = functools.partial(self.settings.build, facts) if self.settings.build is not None else None
        if seed is None or world is None:
            return None
        return lambda db: seed(db, world())

    def start(self) -> None:
        """Begin to deliver events, and go on with imports and exports that were not done."""
        self.courier.start()
        self.bulk.start()
        self.schedule.start()

    def stop(self) -> None:
        """Stop the jobs and deliveries, write the journals, close the files. Call it when no request is running."""
        self.changes.stop()
        self.schedule.stop()
        self.bulk.stop()
        self.courier.stop()
        for workspace in self.workspaces():
            workspace.faults.close()
            workspace.database.close()
            workspace.journal.close()
        if self.journal_store is not None:
            self.journal_store.close()


def _exists(name: str) -> Problem:
    return conflict(
        "workspace-exists",
        f"There is a workspace {name} already. Take another name, or delete it first.",
        f"工作区 {name} 已存在。请换一个名称，或先删除它。",
    )


def _private(folder: Path) -> None:
    """Make the folder of a system, for its owner only: keys and webhook secrets lie in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise DatabaseError(
            f"The folder {folder} cannot be written ({error.strerror}). Make it writable, or name another one with --data."
        ) from error
