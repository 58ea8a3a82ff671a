"""A running system: its contract, its operations matched to functions, its workspaces (工作区), tokens, journal and deliveries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlite_utils
from prometheus_client import CollectorRegistry, Counter, Histogram

from shapan.kernel import access, operator, subscriptions
from shapan.kernel.auth import Authority, Client, load_or_create_key
from shapan.kernel.bulk import operations as bulk
from shapan.kernel.bulk.worker import Worker
from shapan.kernel.clock import SimulatedClock
from shapan.kernel.contract import Contract, Operation, load_contract, match_functions
from shapan.kernel.database import Database, DatabaseError, get_meta, set_meta
from shapan.kernel.delivery import Courier
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.idempotency import InFlight
from shapan.kernel.journal import Journal
from shapan.kernel.metrics import WorkspaceMetrics
from shapan.kernel.resources import data_folder
from shapan.kernel.system import System

DEFAULT = "default"


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
    """

    folder: Path
    clients: tuple[Client, ...] = ()
    world: Callable[[], Any] | None = None
    world_facts: Mapping[str, Any] | None = None
    strict: bool = False
    operator_token: str | None = None
    services: Mapping[str, Any] = field(default_factory=dict)


class WorkspaceGone(Exception):
    """There is no workspace of this name, or no longer."""


@dataclass
class Workspace:
    """One workspace of one system: database, clock, journal, running idempotency keys."""

    name: str
    database: Database
    clock: SimulatedClock
    journal: Journal
    in_flight: InFlight = field(default_factory=InFlight)

    def change_clock(self, change: Callable[[SimulatedClock], object]) -> None:
        """Change the clock and write it into the database, so that a restart finds it. ClockError from `change`."""
        with self.database.write() as db:
            change(self.clock)
            offset, frozen = self.clock.state()
            set_meta(db, "clock.offset", offset)
            set_meta(db, "clock.frozen", frozen or "")


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
        shared += (bulk,) if "createImport" in served else ()
        self.functions: dict[str, Callable[..., Any]] = {
            **match_functions(self.contract, (*system.operations, *shared)),
            **match_functions(self.operator_contract, (operator,)),
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
        }
        self._lock = threading.Lock()
        self._workspaces: dict[str, Workspace] = {}
        self.courier = Courier(self)
        self.bulk = Worker(self)
        self.metrics.register(WorkspaceMetrics(self))
        for path in sorted(self._folder.glob("*.sqlite")):
            self._open(path.stem)
        if DEFAULT not in self._workspaces:
            self._open(DEFAULT)

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
        if workspace is None:
            raise WorkspaceGone(name)
        return workspace

    def create_workspace(self, name: str) -> Workspace:
        """The workspace `name`, seeded when it is new."""
        with self._lock:
            return self._workspaces.get(name) or self._open(name)

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
                raise not_found("workspace", "工作区", name)
            del self._workspaces[name]
            workspace.database.close()
            workspace.journal.close()
            folder = self.settings.folder / self.system.name
            for path in [*self._folder.glob(f"{name}.sqlite*"), *folder.glob(f"journal/{name}.*")]:
                path.unlink(missing_ok=True)

    def reset(self, workspace: Workspace, *, webhooks: bool) -> None:
        """Put a workspace back to its first state."""
        keep = () if webhooks else ("shapan_subscription",)
        # Within the lock of the writers, or one of them would bear a time of before the reset.
        workspace.database.reset(keep, afterwards=workspace.clock.reset)
        workspace.journal.clear()

    def _open(self, name: str) -> Workspace:
        journal = self.settings.folder / self.system.name / "journal" / f"{name}.sqlite"
        database = Database(self._folder / f"{name}.sqlite", self.system.migrations, self._seed)
        journal.parent.mkdir(parents=True, exist_ok=True)
        with database.read() as db:
            offset, frozen = get_meta(db, "clock.offset"), get_meta(db, "clock.frozen")
        clock = SimulatedClock.from_state(float(offset or 0), frozen or None)
        workspace = self._workspaces[name] = Workspace(name, database, clock, Journal(journal))
        return workspace

    def _seed(self, db: sqlite_utils.Database) -> None:
        if self.system.seed is not None and self.settings.world is not None:
            self.system.seed(db, self.settings.world())

    def start(self) -> None:
        """Begin to deliver events, and go on with imports and exports that were not done."""
        self.courier.start()
        self.bulk.start()

    def stop(self) -> None:
        """Stop the jobs and deliveries, write the journals, close the files. Call it when no request is running."""
        self.bulk.stop()
        self.courier.stop()
        for workspace in self.workspaces():
            workspace.database.close()
            workspace.journal.close()


def _private(folder: Path) -> None:
    """Make the folder of a system, for its owner only: keys and webhook secrets lie in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise DatabaseError(
            f"The folder {folder} cannot be written ({error.strerror}). Make it writable, or name another one with --data."
        ) from error
