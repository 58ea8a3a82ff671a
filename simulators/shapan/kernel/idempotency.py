"""Idempotency keys (幂等键): the same creation asked twice is done once.

Only successful answers are kept, in the transaction of the change itself: what was refused or failed left nothing behind, so the
same key may try again. (The IETF draft httpapi-idempotency-key-header leaves that choice to the server.)
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.system import Answer

KEPT = timedelta(hours=24)


def fingerprint(operation_id: str, path_parameters: Mapping[str, str], query: str, body: Any) -> str:
    """What must be the same for a key to be the same request; the order of members and white space do not count."""
    canonical = json.dumps([operation_id, dict(path_parameters), query, body], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


class InFlight:
    """Keys whose first request is still running in this process (a workspace lives in one process)."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, client_id: str, key: str) -> Iterator[None]:
        """Hold a key for the time of the request. 409 when somebody holds it."""
        with self._lock:
            if (client_id, key) in self._keys:
                raise conflict(
                    "request-in-progress",
                    "A request with this Idempotency-Key is still running. Wait for its answer, then ask again.",
                    "使用该 Idempotency-Key 的请求仍在处理中，请稍后重试。",
                )
            self._keys.add((client_id, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((client_id, key))


def recall(db: sqlite3.Connection, client_id: str, key: str, print_: str, now: datetime) -> Answer | None:
    """The stored answer of this key, marked as replayed; None when the key is new or older than 24 hours. 422 for another body."""
    row = db.execute(
        "SELECT fingerprint, status, headers, body FROM shapan_idempotency WHERE client_id = ? AND key = ? AND created_at > ?",
        (client_id, key, rfc3339(now - KEPT)),
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != print_:
        en = "This Idempotency-Key was used for another request. Take a new key for a new request."
        zh = "该 Idempotency-Key 已用于另一个请求，新的请求请使用新的键。"
        raise Problem(
            422,
            "idempotency-key-reused",
            "The Idempotency-Key was used before",
            en,
            zh,
            (Fault("/Idempotency-Key", en, zh, "header"),),
        )
    headers = tuple((name, value) for name, value in json.loads(row["headers"]))
    return Answer(row["status"], json.loads(row["body"]), (*headers, ("Idempotency-Replayed", "true")))


def remember(db: sqlite3.Connection, client_id: str, key: str, print_: str, answer: Answer, now: datetime) -> None:
    """Keep an answer, and forget those past their time."""
    db.execute("DELETE FROM shapan_idempotency WHERE created_at <= ?", (rfc3339(now - KEPT),))
    db.execute(
        "INSERT INTO shapan_idempotency (client_id, key, fingerprint, status, headers, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (client_id, key) DO NOTHING",
        (
            client_id,
            key,
            print_,
            answer.status,
            json.dumps(answer.headers),
            json.dumps(answer.body, ensure_ascii=False),
            rfc3339(now),
        ),
    )
