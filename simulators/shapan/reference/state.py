"""What must survive a kill -9: inbox, feed cursors and crosswalks, in one SQLite file of the integration's own.

An event counts as taken only when its row here is committed; a feed cursor moves in the same transaction as the events before it.
Work is marked done after it was done. So a crash at any point repeats work, never loses it, and all handlers can bear repetition.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL,
    body TEXT NOT NULL,
    report INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'parked')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL DEFAULT 0,
    reason TEXT,
    UNIQUE (source, event_id, type)
) STRICT;
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (document, id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS cursor (system TEXT PRIMARY KEY, after TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS link (
    kind TEXT NOT NULL,
    source_system TEXT NOT NULL,
    source TEXT NOT NULL,
    target_system TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (kind, source_system, source, target_system)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_back ON link (kind, target_system, target, source_system);
CREATE TABLE IF NOT EXISTS cancelled (order_number TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""

# The oldest waiting event of each document: a later event of a document waits for the one before it. New events are due at 0.
# Documents go before reports: a receivable must not wait until the CRM was told about another one.
_HEADS = """
SELECT i.id, i.type, i.document, i.body, i.report, i.attempts, i.due_at
FROM (SELECT min(id) AS id FROM inbox WHERE state = 'waiting' GROUP BY document) AS first
JOIN inbox AS i ON i.id = first.id
ORDER BY i.due_at, i.report, i.id
LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A piece of work that an event asks for, as it goes into the inbox.

    type      names the handler: the event's type, with a suffix where one event asks for two things
    document  the key that keeps it in order with others
    body      the CloudEvent as JSON
    report    it only asks to look again and report what is there now, so that one look answers all that wait
    """

    source: str
    event_id: str
    type: str
    document: str
    body: str
    report: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What waits for its handler; `attempts` have failed so far."""

    id: int
    type: str
    document: str
    body: str
    report: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up, and why."""

    type: str
    document: str
    attempts: int
    reason: str


class State:
    """The database. Thread-safe: one connection behind one lock, statements are short. sqlite3.Error when the disk fails."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "reference.sqlite", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # NORMAL outlives a crash of the process. A loss of power may take the last transactions, but always from the end: the cursor
        # goes back with the events, and the feed gives them again. FULL would cost a disk flush for each of them.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # -- inbox -------------------------------------------------------------------------------------------------------------------

    def store(self, events: Iterable[Incoming], *, feed: tuple[str, str] | None = None) -> int:
        """Store what is not known yet and return how much was new; `feed` = (system, cursor) moves with it."""
        new = 0
        with self._transaction() as db:
            for event in events:
                new += db.execute(
                    "INSERT INTO inbox (source, event_id, type, document, body, report) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (source, event_id, type) DO NOTHING",
                    (event.source, event.event_id, event.type, event.document, event.body, event.report),
                ).rowcount
            if feed is not None:
                db.execute(
                    "INSERT INTO cursor (system, after) VALUES (?, ?) ON CONFLICT DO UPDATE SET after = excluded.after",
                    feed,
                )
        return new

    def cursor(self, system: str) -> str | None:
        """Where to go on in the event feed of a system; None at the first start."""
        with self._lock:
            row = self._db.execute("SELECT after FROM cursor WHERE system = ?", (system,)).fetchone()
        return row[0] if row else None

    def heads(self, limit: int) -> list[tuple[Work, float]]:
        """The next event of at most `limit` documents with the time at which it is due (epoch seconds), the earliest first."""
        with self._lock:
            rows = self._db.execute(_HEADS, (limit,))
            return [
                (Work(id_, type_, document, body, bool(report), attempts), due_at)
                for id_, type_, document, body, report, attempts, due_at in rows
            ]

    def waiting(self, document: str | None = None) -> list[int]:
        """Ids of events that wait, of one document or of all."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id FROM inbox WHERE state = 'waiting' AND (?1 IS NULL OR document = ?1) ORDER BY id",
                (document,),
            )
            return [row[0] for row in rows]

    def bodies(self, document: str) -> list[str]:
        """The events of a document that wait, as JSON, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM inbox WHERE state = 'waiting' AND document = ? ORDER BY id", (document,)
            )
            return [row[0] for row in rows]

    def done(self, ids: Iterable[int]) -> None:
        """These events are dealt with."""
        with self._transaction() as db:
            db.executemany("UPDATE inbox SET state = 'done', reason = NULL WHERE id = ?", [(i,) for i in ids])

    def postpone(self, work: Work, due_at: float, reason: str) -> None:
        """Try this event again at `due_at`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE inbox SET attempts = attempts + 1, due_at = ?, reason = ? WHERE id = ?",
                (due_at, reason, work.id),
            )

    def park(self, work: Work, reason: str) -> None:
        """Give this event up as a dead letter (死信); later events of its document go on."""
        with self._transaction() as db:
            db.execute(
                "UPDATE inbox SET state = 'parked', attempts = attempts + 1, reason = ? WHERE id = ?", (reason, work.id)
            )

    def dead_letters(self) -> list[DeadLetter]:
        """All events that were given up, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT type, document, attempts, reason FROM inbox WHERE state = 'parked' ORDER BY id"
            )
            return [DeadLetter(*row) for row in rows]

    def unpark(self, document: str | None = None) -> int:
        """Put the dead letters of a document, or all, back to work, once the reason is mended. Returns how many."""
        with self._transaction() as db:
            return db.execute(
                "UPDATE inbox SET state = 'waiting', attempts = 0, due_at = 0"
                " WHERE state = 'parked' AND (?1 IS NULL OR document = ?1)",
                (document,),
            ).rowcount

    # -- crosswalks --------------------------------------------------------------------------------------------------------------

    def link(self, kind: str, source_system: str, source: str, target_system: str, target: str) -> None:
        """Record that `source` is, or became, `target`. `kind` is "customer" or the kind of document."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO link (kind, source_system, source, target_system, target) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET target = excluded.target",
                (kind, source_system, source, target_system, target),
            )

    def linked(self, kind: str, source_system: str, source: str, target_system: str) -> str | None:
        """What `source` is in the target system, as far as we know."""
        with self._lock:
            row = self._db.execute(
                "SELECT target FROM link WHERE kind = ? AND source_system = ? AND source = ? AND target_system = ?",
                (kind, source_system, source, target_system),
            ).fetchone()
        return row[0] if row else None

    def sources(self, kind: str, source_system: str, target_system: str, target: str) -> list[str]:
        """All that is `target` in the target system: duplicates of one customer share it."""
        with self._lock:
            rows = self._db.execute(
                "SELECT source FROM link WHERE kind = ? AND target_system = ? AND target = ? AND source_system = ? ORDER BY source",
                (kind, target_system, target, source_system),
            )
            return [row[0] for row in rows]

    def note_revision(self, order_number: str, revision: int) -> None:
        """A revision of an order was seen; an earlier one that comes late changes nothing."""
        self.link("revision", "crm", order_number, "crm", str(max(revision, self.revision(order_number))))

    def revision(self, order_number: str) -> int:
        """The latest revision of an order that was seen; 1 when none was ever noted."""
        return int(self.linked("revision", "crm", order_number, "crm") or 1)

    def note_cancelled(self, order_number: str) -> None:
        """An order is cancelled, maybe before we ever heard of it."""
        with self._transaction() as db:
            db.execute("INSERT INTO cancelled (order_number) VALUES (?) ON CONFLICT DO NOTHING", (order_number,))

    def is_cancelled(self, order_number: str) -> bool:
        """Whether the cancellation of this order was seen."""
        with self._lock:
            return (
                self._db.execute("SELECT 1 FROM cancelled WHERE order_number = ?", (order_number,)).fetchone()
                is not None
            )
