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
_SECRET = re.compile(r'("(?:client_secret|access_token|secret)"\s*:\s*")[^"]*|(client_secret=)[^&\s]*')


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


def abridge(body: bytes) -> str | None:
    """A body as the journal keeps it: text, at most 16 KiB, secrets struck out."""
    if not body:
        return None
    return _SECRET.sub(lambda m: (m.group(1) or m.group(2)) + "***", body[:_BODY].decode("utf-8", "replace"))


class Journal:
    """The journal of one workspace."""

    def __init__(self, path: Path) -> None:
        self._waiting: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # a journal, not a document
        columns = ", ".join(field.name for field in fields(Entry))
        self._db.execute(f"CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, {columns})")
        self._insert = f"INSERT INTO entry ({columns}) VALUES ({', '.join('?' * len(fields(Entry)))})"  # noqa: S608

    def append(self, entry: Entry) -> None:
        """Note a request. Cheap: it is written by the next flush."""
        self._waiting.append(entry)

    def flush(self) -> None:
        """Write what waits, and drop what is beyond the latest 10,000."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if batch:
                self._db.execute("BEGIN")
                self._db.executemany(self._insert, map(astuple, batch))
                self._db.execute("DELETE FROM entry WHERE seq <= (SELECT max(seq) FROM entry) - ?", (KEPT,))
                self._db.execute("COMMIT")

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
            self._db.execute("DELETE FROM entry")

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        with self._lock:
            self._db.close()
