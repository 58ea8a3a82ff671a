"""What a simulated system declares (`System`) and what one of its operations is given (`Context`) and returns (`Answer`).

A room (crm/, scm/, finance/) knows these three and the small pure helpers of the kernel; it never sees Flask, sockets or threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.kernel.waiting import Passed

if TYPE_CHECKING:
    import sqlite_utils

    from shapan.kernel.bulk.declaration import Bulk
    from shapan.kernel.scheduled import Scheduled


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers: `body` is plain JSON data, or None for an empty answer.

    A file is `bytes`, a text `str`; their Content-Type is then among the headers.
    """

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


def _headers(etag: str | None, link: str | None, location: str | None) -> tuple[tuple[str, str], ...]:
    pairs = (("ETag", etag), ("Link", link), ("Location", location))
    return tuple((name, value) for name, value in pairs if value is not None)


def ok(body: Any, *, etag: str | None = None, link: str | None = None) -> Answer:
    """200 with a body, its entity tag and the link to the next page where there is one."""
    return Answer(200, body, _headers(etag, link, None))


def created(body: Any, location: str, *, etag: str | None = None) -> Answer:
    """201 with the new resource; `location` is its absolute URL, from `ctx.url`."""
    return Answer(201, body, _headers(etag, None, location))


def no_content() -> Answer:
    """204."""
    return Answer(204)


@dataclass(frozen=True, slots=True)
class Event:
    """A business event on its way into the outbox."""

    type: str
    subject: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class Context:
    """One request as an operation sees it.

    `db` is inside a transaction that commits when the operation returns and rolls back when it raises; for a GET it is a
    read-only connection. `now` is the simulated time, in Asia/Shanghai, and stays the same during the request. `scopes` are those
    of the caller's token; what is put into `afterwards` is called once the transaction has been committed. `written` are the ids of
    the events that stand in the outbox already; `passed` is what the request has waited for (kernel/waiting.py).
    """

    db: sqlite3.Connection
    now: datetime
    workspace: str
    client_id: str
    base_url: str
    path: str
    query_string: str
    request_id: str
    traceparent: str | None = None
    authorization: str | None = None
    services: Mapping[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    language: str = "en"
    scopes: frozenset[str] = frozenset()
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)

    @property
    def today(self) -> date:
        """The business date in Asia/Shanghai."""
        return self.now.astimezone(SHANGHAI).date()

    @property
    def timestamp(self) -> str:
        """`now` as RFC 3339 text with offset +08:00 and milliseconds; such texts sort as the times do."""
        return rfc3339(self.now)

    def url(self, path: str) -> str:
        """The absolute URL of `path` in this workspace."""
        return self.base_url + path

    def emit(self, type_: str, subject: str, data: Mapping[str, Any]) -> None:
        """Write an event into the outbox, in the same transaction as the change that caused it.

        `type_` is one of the contract's `webhooks`, `subject` the document's number or id (events of one subject keep their
        order), `data` matches the schema that the contract gives for it.
        """
        self.events.append(Event(type_, subject, data))


@dataclass(frozen=True)
class System:
    """A simulator's declaration: everything that the kernel needs to serve it.

    operations  modules whose public functions named like operationIds (snake_case) serve them
    migrations  schema changes in order; each is run once per database, with a sqlite-utils Database
    seed        writes this system's view of a world into an empty, migrated database
    facts       what the oracle reads on a business date, as plain JSON data; see docs/oracle.md
    kpis        the system's key figures of a period, first and last day included: [{key, name, value, unit, formula, inputs}, …]
    scheduled   what the system does by itself when its time comes, see kernel/scheduled
    bulk        what imports and exports cannot find out from the contract by themselves; mostly nothing, see kernel/bulk
    spans_workspaces  it keeps nothing of its own and is asked about the workspaces of other systems: any name is served
    """

    name: str
    title: str
    contract: str
    operations: tuple[ModuleType, ...]
    migrations: tuple[Callable[[sqlite_utils.Database], None], ...] = ()
    seed: Callable[[sqlite_utils.Database, Any], None] | None = None
    facts: Callable[[sqlite3.Connection, date], dict[str, Any]] | None = None
    kpis: Callable[[sqlite3.Connection, date, date], list[dict[str, Any]]] | None = None
    scheduled: tuple[Scheduled, ...] = ()
    bulk: Bulk | None = None
    spans_workspaces: bool = False
