"""The journal (请求日志): every request of a client with its answer, and every attempt to deliver an event.

notes.py       what is noted, cheaply, and how it becomes a row
masking.py     no secret reaches the file
documents.py   which documents an entry is about
unserved.py    requests that no operation served
limits.py      how much is kept
store.py       the file of a system, written in groups by a thread of its own, bounded
query.py       asking
matching.py    how near an entry comes to what somebody expected, member by member
violations.py  what clients did that the contract does not allow

It neither slows requests nor rolls back with them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapan.kernel.errors import conflict
from shapan.kernel.journal import matching
from shapan.kernel.journal.limits import Limits
from shapan.kernel.journal.matching import Difference
from shapan.kernel.journal.notes import BODY, DeliveryNote, RequestNote
from shapan.kernel.journal.query import Query, Seen, shown
from shapan.kernel.journal.store import JournalStore
from shapan.kernel.waiting import Signal

if TYPE_CHECKING:
    from shapan.kernel.wire import Reply, Request

MOST_MATCHES = 1000
NEAREST = 3

__all__ = ["Journal", "JournalStore", "Limits", "Query"]


@dataclass
class Matches:
    """How many entries fit, the first of them, and those that come nearest without fitting, the nearest and newest first."""

    number: int = 0
    compared: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)
    nearest: list[tuple[dict[str, Any], list[Difference]]] = field(default_factory=list)


def _matches(matcher: Mapping[str, Any], rows: Iterable[sqlite3.Row], system: str) -> Matches:
    """Rows compared with a matcher, the oldest first."""
    matches = Matches()
    near: list[tuple[sqlite3.Row, list[Difference]]] = []
    asked = matching.members(matcher)
    for row in rows:
        matches.compared += 1
        found = matching.differences(matcher, Seen(row, system))
        if not found:
            matches.number += 1
            if len(matches.items) < MOST_MATCHES:
                matches.items.append(shown(row, system))
        elif len(found) < asked and (len(near) < NEAREST or len(found) <= len(near[-1][1])):
            near.insert(0, (row, found))
            near.sort(key=lambda pair: len(pair[1]))
            del near[NEAREST:]
    matches.nearest = [(shown(row, system), found) for row, found in near]
    return matches


class Journal:
    """The journal of one workspace. `store` is None where no journal is kept: noting does nothing, asking is refused with 409."""

    def __init__(self, store: JournalStore | None, system: str, workspace: str) -> None:
        self._store = store
        self._system = system
        self._workspace = workspace
        self._closed = False

    def request(
        self,
        request: Request,
        reply: Reply,
        at: datetime,
        *,
        seconds: float,
    ) -> None:
        """Note a request with its answer. `at` is simulated, `seconds` what it took in real time, waiting included."""
        if self._store is None or self._closed:
            return
        body, answer = request.body, reply.body
        # The journal has the content of an encrypted body, and that it came encrypted.
        came = {"content-type": request.sealed_as} if request.sealed_as else {}
        self._store.append(
            self._workspace,
            RequestNote(
                at,
                request.passed.came,
                seconds,
                request.operation.method,
                request.path,
                request.query_string,
                request.path_parameters,
                request.operation.operation_id,
                request.client_id,
                reply.status,
                reply.sent,
                request.request_id,
                request.traceparent,
                {**request.headers, **came},
                reply.headers,
                body if len(body) <= BODY else body[:BODY],
                len(body),
                answer if len(answer) <= BODY else answer[:BODY],
                len(answer),
                tuple(request.faults),
                request.events,
                request.headers.get("content-type", ""),
            ),
        )

    def unserved(
        self,
        method: str,
        path: str,
        query_string: str,
        headers: Mapping[str, str],
        reply: Reply,
        at: datetime,
        *,
        request_id: str,
        traceparent: str | None,
        client_id: str,
        operation_id: str | None = None,
    ) -> None:
        """Note a request that no operation served, see unserved.py."""
        if self._store is None or self._closed:
            return
        self._store.append(
            self._workspace,
            RequestNote(
                at, time.time(), 0.0, method, path, query_string, {}, operation_id, client_id, reply.status, reply.sent, request_id,
                traceparent, headers, reply.headers, b"", 0, reply.body[:BODY], len(reply.body), (),
            ),
        )  # fmt: skip

    def delivered(
        self,
        receiver: str,
        url: str,
        event: Mapping[str, Any],
        *,
        attempt: int,
        at: datetime,
        started: float,
        seconds: float,
        status: int | None,
        state: str,
        reason: str,
        faults: Sequence[str] = (),
    ) -> None:
        """Note an attempt to deliver an event.

        receiver  id of the subscription, or "broker"; `url` where it leads
        event     the CloudEvent as it was sent
        attempt   1 for the first; `at` is its simulated time, `started` its real one in seconds since 1970, `seconds` what it took
        status    the HTTP status, None where no answer came
        state     what became of the delivery by it: delivered, waiting, given-up, lost, held
        reason    the result in words; `faults` the ids of the fault rules that acted
        """
        if self._store is not None and not self._closed:
            note = DeliveryNote(
                at, started, seconds, receiver, url, event, attempt, status, state, reason, tuple(faults)
            )
            self._store.append(self._workspace, note)

    @property
    def store(self) -> JournalStore:
        """The file behind it. 409 where no journal is kept."""
        if self._store is None:
            raise conflict(
                "journal-off",
                "No journal is kept here: the system was started with --no-journal. Start it without, and ask again.",
                "系统以 --no-journal 启动，未记录请求日志；请去掉该选项重新启动。",
            )
        return self._store

    def query(self, query: Query | None = None, *, content: bool = True) -> tuple[list[dict[str, Any]], bool]:
        """The entries that fit, and whether there are more; with headers and bodies where `content` is set. 409 where no journal is kept."""
        wanted = query or Query()
        with self.store.read() as db:
            if db is None:
                return [], False
            statement, values = wanted.select(self._workspace, content=content)
            rows = db.execute(statement, [*values[:-1], wanted.limit + 1]).fetchall()
        return [shown(row, self._system) for row in rows[: wanted.limit]], len(rows) > wanted.limit

    def match(self, matcher: Mapping[str, Any]) -> Matches:
        """The entries that fit a matcher, and those that come nearest. 409 where no journal is kept."""
        content = matching.needs_content(matcher)
        statement, values = Query(newest_first=False, limit=-1).select(self._workspace, content=content)
        with self.store.read() as db:
            return _matches(matcher, db.execute(statement, values) if db is not None else (), self._system)

    @property
    def last(self) -> int:
        """The number of the last entry of the system, of whichever workspace: what comes later has a larger one."""
        with self.store.read():
            return self.store.last

    def arrival(self) -> Signal:
        """Happens when the next entry is written."""
        return self.store.arrival(self._workspace)

    def flush(self) -> None:
        """Write what waits."""
        if self._store is not None:
            self._store.flush()

    def clear(self) -> None:
        """Forget everything of this workspace."""
        if self._store is not None:
            self._store.clear(self._workspace)

    def close(self) -> None:
        """Note nothing more; what waits is written by the store."""
        self._closed = True
