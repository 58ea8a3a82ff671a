"""Delivering events to webhooks (投递): at least once, in order per document, retried with back-off on the simulated clock.

The only outgoing sockets of a simulator. Signed as Standard Webhooks says; the signature's timestamp is real time, since receivers
compare it with theirs.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
from standardwebhooks.webhooks import Webhook

from shapan.kernel.clock import rfc3339
from shapan.kernel.database import DatabaseGone
from shapan.kernel.outbox import cloud_event, source_of

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 12
TIMEOUT_SECONDS = 10.0
# So many at a time to one receiver: one that hangs must not take the others' senders.
_PER_SUBSCRIPTION = 4
_SENDERS = 64
# How long the courier sleeps when nothing wakes it: retries that fall due and the journal wait at most so long. Real seconds.
_TICK = 0.25


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts: 1, 2, 4 … 512 seconds of simulated time."""
    return timedelta(seconds=2 ** min(attempts - 1, 9))


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way to one subscription."""

    workspace: Workspace
    subscription_id: str
    seq: int
    url: str
    secret: str
    event_id: str
    body: str
    attempts: int


# For each subscription the oldest waiting event of each document, when it is due: a document's next event waits for the one before.
# The innermost query reads only the partial index over waiting rows.
_DUE = """
SELECT * FROM (
SELECT row_number() OVER (PARTITION BY d.subscription_id ORDER BY d.seq) AS place, d.subscription_id, d.seq, d.attempts, s.url, s.secret, o.id, o.type, o.subject, o.time, o.traceparent, o.data
FROM (
    SELECT subscription_id, subject, min(seq) AS seq FROM shapan_delivery WHERE state = 'waiting' GROUP BY subscription_id, subject
) AS first
JOIN shapan_delivery AS d ON d.subscription_id = first.subscription_id AND d.seq = first.seq
JOIN shapan_subscription AS s ON s.id = d.subscription_id
JOIN shapan_outbox AS o ON o.seq = d.seq
WHERE d.next_attempt_at <= ?
) WHERE place <= ? ORDER BY seq
"""


class Courier:
    """Takes due deliveries from all workspaces of one system to their webhooks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._pause = threading.Event()
        self._busy: set[tuple[str, str, int]] = set()
        self._busy_lock = threading.Lock()

    def start(self) -> None:
        """Begin; a second call does nothing."""
        if self._thread is None:
            self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook")
            # No proxies from the environment: webhooks of a sandbox go where their URL says.
            self._http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the deliveries that are on their way."""
        self._stopping = True
        self._pause.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._pool.shutdown(wait=True)
            self._http.close()
            self._thread = None

    def nudge(self) -> None:
        """Something may be due: look at once."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_TICK)
            self._wake.clear()
            for workspace in self._runtime.workspaces():
                try:
                    self._send_due(workspace)
                    workspace.journal.flush()
                except DatabaseGone:
                    continue
                except Exception:
                    # Whatever it is, the other workspaces get their events, and this one is looked at again.
                    log.exception("workspace %s", workspace.name)
                    self._pause.wait(_TICK)

    def _send_due(self, workspace: Workspace) -> None:
        source = source_of(self._runtime.system.name, workspace.name)
        # Copied before the look: what ends between look and check still counts as on its way, or it would be sent twice.
        with self._busy_lock:
            busy = set(self._busy)
        under_way = Counter(subscription for name, subscription, _ in busy if name == workspace.name)
        with workspace.database.read() as db:
            rows = db.execute(_DUE, (rfc3339(workspace.clock.now()), 2 * _PER_SUBSCRIPTION)).fetchall()
        for row in rows:
            key = (workspace.name, row["subscription_id"], row["seq"])
            if key in busy or under_way[row["subscription_id"]] >= _PER_SUBSCRIPTION:
                continue
            under_way[row["subscription_id"]] += 1
            with self._busy_lock:
                self._busy.add(key)
            body = json.dumps(cloud_event(row, source), ensure_ascii=False)
            self._pool.submit(
                self._send,
                Parcel(
                    workspace,
                    row["subscription_id"],
                    row["seq"],
                    row["url"],
                    row["secret"],
                    row["id"],
                    body,
                    row["attempts"],
                ),
            )

    def _send(self, parcel: Parcel) -> None:
        try:
            outcome = self._post(parcel)
        except Exception as error:
            # A failed attempt like any other, or it would be made again at once and for ever.
            log.exception("delivery of event %s to %s", parcel.event_id, parcel.url)
            outcome = (False, False, f"{type(error).__name__}: {error}"[:200])
        try:
            self._note(parcel, *outcome)
        except DatabaseGone:
            pass
        except Exception:
            log.exception("result of delivering event %s", parcel.event_id)
            self._pause.wait(_TICK)
        finally:
            with self._busy_lock:
                self._busy.discard((parcel.workspace.name, parcel.subscription_id, parcel.seq))
            self.nudge()

    def _post(self, parcel: Parcel) -> tuple[bool, bool, str]:
        """(delivered, gone, result in a few words)."""
        sent_at = datetime.now(UTC)
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": parcel.event_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": Webhook(parcel.secret).sign(parcel.event_id, sent_at, parcel.body),
        }
        try:
            response = self._http.post(parcel.url, content=parcel.body.encode(), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return False, False, f"{type(error).__name__}: {error}"[:200]
        return response.is_success, response.status_code == 410, f"HTTP {response.status_code}"

    def _note(self, parcel: Parcel, delivered: bool, gone: bool, result: str) -> None:
        attempts = parcel.attempts + 1
        state = "delivered" if delivered else "given-up" if gone or attempts >= MOST_ATTEMPTS else "waiting"
        due = rfc3339(parcel.workspace.clock.now() + backoff(attempts)) if state == "waiting" else None
        with parcel.workspace.database.write() as db:
            db.execute(
                "UPDATE shapan_delivery SET state = ?, attempts = ?, next_attempt_at = ?, last_result = ?"
                " WHERE subscription_id = ? AND seq = ?",
                (state, attempts, due, result, parcel.subscription_id, parcel.seq),
            )
            if gone:
                db.execute("UPDATE shapan_subscription SET active = 0 WHERE id = ?", (parcel.subscription_id,))
                db.execute(
                    "UPDATE shapan_delivery SET state = 'given-up', next_attempt_at = NULL WHERE subscription_id = ? AND state = 'waiting'",
                    (parcel.subscription_id,),
                )
