"""The journal (请求日志): what clients asked and what they were answered, for `/_shapan/journal`.

It is written behind the requests, in groups, into a file of its own, so that it neither slows nor rolls back with them. A killed
process may lose the last half second of it, never a document.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import deque
from dataclasses import astuple, dataclass, fields
from pathlib import Path

KEPT = 10_000
_BODY = 16 * 1024
_TOKEN = re.compile(r'("access_token"\s*:\s*")[^"]*')
# What these operations are sent holds secrets.
_SECRET_BODIES = {"issueToken", "createWebhook"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer. Times are simulated; `duration_ms` is real."""

    at: str
    method: str
    path: str
    operation_id: str | None
    client_id: str | None
    status: int
    duration_ms: float
    request_id: str
    traceparent: str | None
    idempotency_key: str | None
    request_body: str | None
    response_body: str | None


def request_text(operation_id: str, body: bytes) -> str | None:
    """A request body as the journal keeps it: text, at most 16 KiB; nothing of those that hold secrets."""
    if operation_id in _SECRET_BODIES:
        return "***" if body else None
    return body[:_BODY].decode("utf-8", "replace") if body else None


def response_text(body: bytes) -> str | None:
    """A response body as the journal keeps it: text, at most 16 KiB, tokens struck out."""
    text = body[:_BODY].decode("utf-8", "replace")
    return (_TOKEN.sub(r"\1***", text) if "access_token" in text else text) if body else None


class Journal:
    """The journal of one workspace."""

    def __init__(self, path: Path) -> None:
        self._waiting: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._closed = False
        columns = ", ".join(field.name for field in fields(Entry))
        try:
            self._db = _open(path, columns)
        except sqlite3.DatabaseError:
            # It is written without waiting for the disk, so a power cut may spoil it. No document depends on it: begin a new one.
            path.replace(path.with_suffix(".unreadable"))
            for rest in (".sqlite-wal", ".sqlite-shm"):
                path.with_suffix(rest).unlink(missing_ok=True)
            self._db = _open(path, columns)
        self._insert = f"INSERT INTO entry ({columns}) VALUES ({', '.join('?' * len(fields(Entry)))})"  # noqa: S608

    def append(self, entry: Entry) -> None:
        """Note a request. Cheap: it is written by the next flush."""
        self._waiting.append(entry)

    def flush(self) -> None:
        """Write what waits, and drop what is beyond the latest 10,000."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch or self._closed:
                return
            self._db.execute("BEGIN")
            try:
                self._db.executemany(self._insert, map(astuple, batch))
                self._db.execute("DELETE FROM entry WHERE seq <= (SELECT max(seq) FROM entry) - ?", (KEPT,))
                self._db.execute("COMMIT")
            except sqlite3.Error:
                # A full disk: keep what waits for the next flush, and leave no transaction open.
                self._waiting.extendleft(reversed(batch))
                self._db.execute("ROLLBACK")
                raise

    def query(
        self,
        *,
        operation_id: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, object]]:
        """The newest entries that fit, newest first."""
        self.flush()
        with self._lock:
            if self._closed:
                return []
            rows = self._db.execute(
                "SELECT * FROM entry WHERE (?1 IS NULL OR operation_id = ?1) AND (?2 IS NULL OR status = ?2)"
                " AND (?3 IS NULL OR request_id = ?3) ORDER BY seq DESC LIMIT ?4",
                (operation_id, status, request_id, limit),
            ).fetchall()
        return [{key: row[key] for key in row.keys() if key != "seq"} for row in rows]  # noqa: SIM118 - sqlite3.Row iterates values

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._waiting.clear()
            if not self._closed:
                self._db.execute("DELETE FROM entry")

    def close(self) -> None:
        """Write what waits and close the file. May be called twice; what comes later is dropped."""
        self.flush()
        with self._lock:
            self._closed = True
            self._db.close()


def _open(path: Path, columns: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # a journal, not a document
        db.execute(f"CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, {columns})")
        db.execute("SELECT max(seq) FROM entry").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db
