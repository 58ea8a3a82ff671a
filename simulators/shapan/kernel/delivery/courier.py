"""The courier (投递员): one thread a system that knows when the next event of each workspace falls due, and sends it off then.

It looks at a workspace when somebody says that something was put in line there (`nudge`), when a delivery has ended, and when the next
attempt falls due on the workspace's clock; never because time merely passes, so that idle workspaces cost nothing. Webhooks are called by
a pool of threads, a few at a time to each, so that one that hangs holds up few others, see ARCHITECTURE; the broker has a thread of its own (publisher.py).
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from shapan.kernel.clock import rfc3339
from shapan.kernel.database import DatabaseGone
from shapan.kernel.delivery import lines
from shapan.kernel.delivery.lines import BROKER, Outcome, Parcel, Receiver
from shapan.kernel.delivery.publisher import MOST_AT_ONCE, Publisher, Results, Shipment
from shapan.kernel.delivery.webhooks import Webhooks
from shapan.kernel.outbox import cloud_event, source_of

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

log = logging.getLogger(__name__)

# So many at a time to one webhook: one that hangs must not take the others' senders.
_PER_WEBHOOK = 4
_SENDERS = 64
# A look at a workspace with many waiting events takes longer; between two there is so many times as long for everybody else.
_REST = 4
# After an error of ours, real seconds.
_AFTER_ERROR = 0.25


class Courier:
    """Takes due deliveries from all workspaces of one system to their receivers. Thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        # When to look at a workspace next, and before when not to, on the monotonic clock; those without an entry wait for a nudge.
        self._next: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        # The documents that are on their way, by workspace and receiver.
        self._under_way: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._webhooks = Webhooks(runtime.settings.webhook_targets)
        self._publisher: Publisher | None = None
        if runtime.settings.broker_url is not None:
            from shapan.kernel.delivery.brokers import broker_of, shown

            url = runtime.settings.broker_url
            self._publisher = Publisher(broker_of(url), shown(url), self._shipped, self.nudge)

    @property
    def publisher(self) -> Publisher | None:
        """What speaks to the broker, where there is one."""
        return self._publisher

    def start(self) -> None:
        """Begin; a second call does nothing."""
        if self._thread is None:
            self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook")
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self.nudge()
            self._thread.start()
            if self._publisher is not None:
                self._publisher.start()

    def stop(self) -> None:
        """End after the deliveries that are on their way."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
            if self._publisher is not None:
                self._publisher.stop()
            # What no sender has begun with stays in line: with many receivers that hang there would be minutes of it.
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._webhooks.close()
            self._thread = None

    def nudge(self, workspace: Workspace | str | None = None) -> None:
        """Something may be due in a workspace, or in any: look at once. Cheap; with a workspace it may be called under any lock."""
        if workspace is None:
            names = [each.name for each in self._runtime.workspaces()]
        else:
            names = [workspace if isinstance(workspace, str) else workspace.name]
        with self._wake:
            for name in names:
                self._next[name] = 0.0
            self._wake.notify_all()

    def forget(self, name: str) -> None:
        """A workspace is gone."""
        with self._wake:
            self._next.pop(name, None)
            self._not_before.pop(name, None)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and not (ready := self._ready()):
                    times = [max(at, self._not_before.get(name, 0.0)) for name, at in self._next.items()]
                    self._wake.wait(max(min(times) - time.monotonic(), 0.0) if times else None)
                if self._stopping:
                    return
                for name in ready:
                    del self._next[name]
            for name in ready:
                self._visit(name)

    def _ready(self) -> list[str]:
        now = time.monotonic()
        return [name for name, at in self._next.items() if max(at, self._not_before.get(name, 0.0)) <= now]

    def _visit(self, name: str) -> None:
        from shapan.kernel.runtime import WorkspaceGone

        started = time.monotonic()
        try:
            wait = self._look(self._runtime.workspace(name))
        except (DatabaseGone, WorkspaceGone):
            self.forget(name)
            return
        except Exception:
            # Whatever it is, the other workspaces get their events, and this one is looked at again.
            log.exception("workspace %s", name)
            wait = _AFTER_ERROR
        ended = time.monotonic()
        with self._wake:
            self._not_before[name] = ended + _REST * (ended - started)
            if wait is not None:
                self._next[name] = min(self._next.get(name, ended + wait), ended + wait)

    def _look(self, workspace: Workspace) -> float | None:
        """Send off what is due. Real seconds until something else is, None when nothing will be without a nudge."""
        pause = workspace.gate.enter()
        if pause is not None:
            # Held: look again when it opens, at the latest when the hold ends by itself.
            if pause.signal is not None:
                pause.signal.subscribe(lambda: self.nudge(workspace))
            return pause.seconds
        try:
            now = workspace.clock.now()
            parcels, due = self._due(workspace, now)
            if workspace.faults.active and parcels:
                parcels, changed = self._planned(workspace, parcels, now)
                if changed:
                    due = rfc3339(now)
        finally:
            workspace.gate.leave()
        self._send_off(workspace, parcels)
        return workspace.clock.real_seconds_until(datetime.fromisoformat(due)) if due is not None else None

    def _due(self, workspace: Workspace, now: datetime) -> tuple[list[Parcel], str | None]:
        """What is to be sent now, and when the next falls due that does not depend on what is under way."""
        at, parcels, later = rfc3339(now), list[Parcel](), list[str | None]()
        # Copied before the look: what ends between look and check still counts as on its way, or it would be sent twice.
        with self._wake:
            under_way = {key[1]: set(subjects) for key, subjects in self._under_way.items() if key[0] == workspace.name}
        with workspace.database.read() as db:
            put_off = lines.next_later(db)
        if put_off is not None and put_off <= at:
            with workspace.database.write() as db:
                lines.recall_later(db, at)
        with workspace.database.read() as db:
            for receiver in lines.receivers(db):
                busy = under_way.get(receiver.id, set())
                room = _PER_WEBHOOK - len(busy)
                if room > 0:
                    rows = lines.due(db, receiver.id, at, _PER_WEBHOOK + 1)
                    free = [row for row in rows if row["subject"] not in busy][:room]
                    parcels += self._parcels(workspace, receiver, free)
                    if len(free) < room:
                        later.append(lines.next_due(db, receiver.id, at))
            if self._publisher is not None and self._publisher.connected and BROKER not in under_way:
                rows = lines.due(db, BROKER, at, MOST_AT_ONCE)
                parcels += self._parcels(workspace, Receiver(BROKER, self._publisher.shown), rows)
                later.append(lines.next_due(db, BROKER, at))
            later.append(lines.next_later(db))
        return parcels, min((when for when in later if when is not None), default=None)

    def _parcels(self, workspace: Workspace, receiver: Receiver, rows: Sequence[sqlite3.Row]) -> list[Parcel]:
        source = source_of(self._runtime.system.name, workspace.name)
        return [
            Parcel(workspace, receiver, row["seq"], row["subject"], row["attempts"], cloud_event(row, source))
            for row in rows
        ]

    def _planned(self, workspace: Workspace, parcels: list[Parcel], now: datetime) -> tuple[list[Parcel], bool]:
        """Those that are to be sent in spite of the faults, each with its plan; and whether others were put off or lost."""
        planned = [
            replace(parcel, plan=workspace.faults.deliver(parcel.receiver.id, parcel.event, parcel.attempts))
            for parcel in parcels
        ]
        kept = [parcel for parcel in planned if parcel.plan.send and parcel.plan.delay_seconds <= 0]
        others = [parcel for parcel in planned if not (parcel.plan.send and parcel.plan.delay_seconds <= 0)]
        if others:
            with workspace.database.write() as db:
                for parcel in others:
                    if parcel.plan.delay_seconds > 0:
                        lines.put_off(db, parcel, now)
                    else:
                        lines.lose(db, parcel)
            for parcel in others:
                held = parcel.plan.delay_seconds > 0
                said = "put off by a fault" if held else lines.lost_by(parcel.plan)
                self._tell(parcel, Outcome(False, said), "held" if held else "lost", now)
        return kept, bool(others)

    def _send_off(self, workspace: Workspace, parcels: list[Parcel]) -> None:
        with self._wake:
            for parcel in parcels:
                self._under_way[workspace.name, parcel.receiver.id].add(parcel.subject)
        for_broker = [parcel for parcel in parcels if parcel.receiver.id == BROKER]
        for parcel in parcels:
            parcel.started = time.time()
            if parcel.receiver.id != BROKER:
                self._pool.submit(self._send, parcel)
        if for_broker and (self._publisher is None or not self._publisher.take(Shipment(for_broker))):
            self._arrived(for_broker)

    def _send(self, parcel: Parcel) -> None:
        try:
            outcome = self._webhooks.send(parcel)
        except Exception as error:
            # A failed attempt like any other, or it would be made again at once and for ever.
            log.exception("delivery of event %s to %s", parcel.event["id"], parcel.receiver.url)
            outcome = Outcome(False, f"{type(error).__name__}: {error}"[:200])
        self._note([(parcel, outcome)])
        self._arrived([parcel])
        self.nudge(parcel.workspace)

    def _shipped(self, shipment: Shipment, results: Results) -> None:
        self._note(results)
        self._arrived(shipment.parcels)
        self.nudge(shipment.parcels[0].workspace)

    def _arrived(self, parcels: Sequence[Parcel]) -> None:
        with self._wake:
            for parcel in parcels:
                key = parcel.workspace.name, parcel.receiver.id
                self._under_way[key].discard(parcel.subject)
                if not self._under_way[key]:
                    del self._under_way[key]

    def _note(self, results: Results) -> None:
        """Write down what became of attempts, all of one workspace."""
        if not results:
            return
        workspace = results[0][0].workspace
        try:
            with workspace.gate.passage():
                now = workspace.clock.now()
                with workspace.database.write() as db:
                    states = [lines.note(db, parcel, outcome, now) for parcel, outcome in results]
        except DatabaseGone:
            return
        except Exception:
            # Not noted is not delivered: it is sent again.
            log.exception("results of delivering events of workspace %s", workspace.name)
            with self._wake:
                self._wake.wait_for(lambda: self._stopping, _AFTER_ERROR)
            return
        for (parcel, outcome), state in zip(results, states, strict=True):
            self._tell(parcel, outcome, state, now)

    def _tell(self, parcel: Parcel, outcome: Outcome, state: str, now: datetime) -> None:
        parcel.workspace.journal.delivered(
            parcel.receiver.id,
            parcel.receiver.url,
            parcel.event,
            attempt=parcel.attempts + 1,
            at=now,
            started=parcel.started or time.time(),
            seconds=outcome.seconds,
            status=outcome.status,
            state=state,
            reason=outcome.result,
            faults=parcel.plan.faults,
        )
