"""The journal's file (日志文件): one for all workspaces of a system, written in groups by a thread of its own, bounded in number and bytes.

A request only appends a note to a queue. The thread sleeps until something is noted, gathers for a moment, makes rows of what there is and
writes them in one transaction; a workspace in which nothing happens costs nothing. What was noted before a question is written before it is
answered, and an orderly stop writes all. A killed process may lose the last quarter of a second of the journal, never a document.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from shapan.kernel.journal.limits import Limits
from shapan.kernel.journal.notes import CONTENT_COLUMNS, ENTRY_COLUMNS, Content, DeliveryNote, Entry, Note, row_of
from shapan.kernel.waiting import Signal

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.25
_BATCH = 500
_MOST_WAITING = 50_000
"""Beyond it the oldest notes are given up: the file cannot be written, and memory must not fill instead."""


# Not dataclasses.astuple, which copies every value.
_columns = attrgetter(*ENTRY_COLUMNS)
_texts = attrgetter(*CONTENT_COLUMNS)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entry (workspace TEXT NOT NULL, seq INTEGER NOT NULL, kept INTEGER NOT NULL,"
    f" {', '.join(ENTRY_COLUMNS)}, PRIMARY KEY (workspace, seq)) WITHOUT ROWID",
    f"CREATE TABLE IF NOT EXISTS content (seq INTEGER PRIMARY KEY, {', '.join(CONTENT_COLUMNS)})",
    # The last number given: a cursor stays good when all entries behind it are gone.
    "CREATE TABLE IF NOT EXISTS last (seq INTEGER NOT NULL)",
)
_VERSION = 1
_INSERT_ENTRY = f"INSERT INTO entry VALUES ({', '.join('?' * (3 + len(ENTRY_COLUMNS)))})"  # noqa: S608
_INSERT_CONTENT = f"INSERT INTO content VALUES ({', '.join('?' * (1 + len(CONTENT_COLUMNS)))})"  # noqa: S608


class JournalStore:
    """The file of one system. Safe for any number of threads."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.limits = limits
        self._waiting: deque[tuple[str, Note | None]] = deque()
        self._lock = threading.RLock()
        self._stirred = threading.Event()
        self._full = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._given_up = 0
        self._arrivals: dict[str, Signal] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            # It is written without waiting for the disk, so a power cut may spoil it. No document depends on it: begin a new one.
            path.replace(path.with_suffix(".unreadable"))
            for rest in (".sqlite-wal", ".sqlite-shm"):
                path.with_suffix(rest).unlink(missing_ok=True)
            self._db = _open(path)
        self._seq: int = self._db.execute("SELECT max(seq) FROM last").fetchone()[0] or 0
        self._kept = {
            row["workspace"]: [row["entries"], row["bytes"]]
            for row in self._db.execute(
                "SELECT workspace, count(*) AS entries, sum(kept) AS bytes FROM entry GROUP BY 1"
            )
        }

    # -- noting --

    def append(self, workspace: str, note: Note) -> None:
        """Note something; it is written within GATHER_SECONDS. Never raises, never waits for the file."""
        waiting = self._waiting
        waiting.append((workspace, note))
        if len(waiting) >= _BATCH:
            self._full.set()
            if len(waiting) > _MOST_WAITING:
                waiting.popleft()
                self._given_up += 1
        if not self._stirred.is_set():
            self._stirred.set()
            if self._thread is None:
                self._begin()

    def clear(self, workspace: str) -> None:
        """Forget a workspace, what was noted of it until now. Done with the next group, in order."""
        self._waiting.append((workspace, None))
        self._stirred.set()

    @property
    def given_up(self) -> int:
        """How many notes could not be written since the start, because the disk was full."""
        return self._given_up

    def arrival(self, workspace: str) -> Signal:
        """Happens when the next entry of a workspace is written."""
        with self._lock:
            return self._arrivals.setdefault(workspace, Signal())

    # -- writing --

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        failed = False
        while not self._closed:
            self._stirred.wait()
            self._full.wait(GATHER_SECONDS)
            self._stirred.clear()
            self._full.clear()
            try:
                self.flush()
                failed = False
            except sqlite3.OperationalError as error:
                if not failed:
                    log.warning("The journal cannot be written (%s); it is tried again until it can.", error)
                failed = True
                self._stirred.set()
            except Exception:
                # Whatever it is, what comes later is written.
                log.exception("a part of the journal is lost")

    def flush(self) -> None:
        """Write what waits. sqlite3.OperationalError when the file cannot be written; what waits then goes on waiting."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch or self._closed:
                return
            kept = {workspace: list(numbers) for workspace, numbers in self._kept.items()}
            seq = self._seq
            try:
                self._db.execute("BEGIN")
                touched = self._write(batch)
                self._db.execute("COMMIT")
            except BaseException as error:
                self._kept, self._seq = kept, seq
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    # A full disk: what waits is kept for the next flush.
                    self._waiting.extendleft(reversed(batch))
                raise
            arrived = [signal for name in touched if (signal := self._arrivals.pop(name, None)) is not None]
        for signal in arrived:
            signal.set()

    def _write(self, batch: Iterable[tuple[str, Note | None]]) -> set[str]:
        entries: list[tuple[object, ...]] = []
        contents: list[tuple[object, ...]] = []
        touched = set()
        for workspace, note in batch:
            if note is None:
                self._insert(entries, contents)
                self._forget(workspace)
                touched.discard(workspace)
                continue
            self._seq += 1
            entry, content = _row(note)
            texts = tuple(map(_storable, _texts(content)))
            size = 400 + _bytes(*texts, entry.path, entry.subjects, entry.refs, entry.delivery)
            entries.append((workspace, self._seq, size, *map(_storable, _columns(entry))))
            contents.append((self._seq, *texts))
            numbers = self._kept.setdefault(workspace, [0, 0])
            numbers[0] += 1
            numbers[1] += size
            touched.add(workspace)
        self._insert(entries, contents)
        for workspace in touched:
            entries_kept, bytes_kept = self._kept[workspace]
            if entries_kept > self.limits.entries * 21 // 20 or bytes_kept > self.limits.workspace_bytes:
                self._trim(workspace, self.limits.entries, self.limits.workspace_bytes * 9 // 10)
        while sum(size for _, size in self._kept.values()) > self.limits.bytes:
            largest = max(self._kept, key=lambda name: self._kept[name][1])
            self._trim(largest, self._kept[largest][0] - 1, self._kept[largest][1] * 9 // 10)
        self._db.execute("DELETE FROM last")
        self._db.execute("INSERT INTO last VALUES (?)", (self._seq,))
        return touched

    def _insert(self, entries: list[tuple[object, ...]], contents: list[tuple[object, ...]]) -> None:
        self._db.executemany(_INSERT_ENTRY, entries)
        self._db.executemany(_INSERT_CONTENT, contents)
        entries.clear()
        contents.clear()

    def _trim(self, workspace: str, entries: int, size: int) -> None:
        """Drop a workspace's oldest entries until no more than these are left."""
        kept = self._kept[workspace]
        last = 0
        for row in self._db.execute("SELECT seq, kept FROM entry WHERE workspace = ? ORDER BY seq", (workspace,)):
            if kept[0] <= entries and kept[1] <= size:
                break
            last = row["seq"]
            kept[0] -= 1
            kept[1] -= row["kept"]
        self._drop(workspace, last)
        if not kept[0]:
            del self._kept[workspace]

    def _forget(self, workspace: str) -> None:
        if self._kept.pop(workspace, None) is not None:
            self._drop(workspace, self._seq)

    def _drop(self, workspace: str, last: int) -> None:
        self._db.execute(
            "DELETE FROM content WHERE seq IN (SELECT seq FROM entry WHERE workspace = ?1 AND seq <= ?2)",
            (workspace, last),
        )
        self._db.execute("DELETE FROM entry WHERE workspace = ? AND seq <= ?", (workspace, last))

    # -- reading --

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection | None]:
        """The file with everything that was noted until now; None once it is closed."""
        with self._lock:
            try:
                self.flush()
            except sqlite3.OperationalError as error:
                log.warning("The latest of the journal could not be written: %s", error)
            yield None if self._closed else self._db

    @property
    def last(self) -> int:
        """The number of the last entry that was written."""
        return self._seq

    def close(self) -> None:
        """Write what waits and close the file. May be called twice; what comes later is dropped."""
        with self._lock:
            try:
                self.flush()
            except sqlite3.Error as error:
                log.warning("The end of the journal could not be written: %s", error)
            self._closed = True
            self._db.close()
            arrived, self._arrivals = list(self._arrivals.values()), {}
        self._stirred.set()
        self._full.set()
        for signal in arrived:
            signal.set()
        if self._thread is not None:
            self._thread.join()


def _bytes(*texts: str | None) -> int:
    """So many bytes as SQLite keeps of these texts."""
    return sum(len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts if text)


def _storable(value: Any) -> Any:
    """The value, a text without lone surrogates: JSON may hold them, SQLite takes none."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and not value.isascii() else value


def _row(note: Note) -> tuple[Entry, Content]:
    try:
        return row_of(note)
    except Exception:
        # Whatever somebody sent: that it came stays in the journal, without what cannot be shown.
        log.exception("an entry of the journal could not be made in full")
        if isinstance(note, DeliveryNote):
            return row_of(
                replace(note, event={"type": str(note.event.get("type")), "subject": str(note.event.get("subject"))})
            )
        return row_of(replace(note, body=b"", answer=b"", headers={}, answer_headers=(), path_parameters={}))


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        if db.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
            raise sqlite3.DatabaseError("written by another version")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # a journal, not a document
        for statement in _SCHEMA:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("SELECT max(seq) FROM content").fetchone()
        db.execute("SELECT count(*) FROM entry").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db
