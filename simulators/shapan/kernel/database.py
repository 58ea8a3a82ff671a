"""One SQLite file per system and workspace: transactions, migrations, first seeding, copies, and the exchange for another file.

Writes go one at a time under one lock: SQLite has one writer anyway, and threads that compete for its own lock wait up to a
second where a queue waits milliseconds (ARCHITECTURE.md, "Serving"). Reads see a consistent snapshot (WAL). An acknowledged
write is in the operating system's hands, so a killed process loses nothing.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from shapan.kernel.connections import IDLE
from shapan.kernel.sqlite import sqlite_utils

Migration = Callable[[sqlite_utils.Database], None]

_READER, _WRITER = "reader", "writer"
_KEYS = itertools.count()


class DatabaseError(Exception):
    """A database file cannot be used; the message says which and what to do."""


class DatabaseGone(Exception):
    """The workspace of this database has been deleted."""


def kernel_tables(db: sqlite_utils.Database) -> None:
    """The kernel's own tables, in every database, all with the prefix `shapan_`."""
    tables: dict[str, tuple[dict[str, type], str | tuple[str, ...], set[str]]] = {
        "shapan_meta": ({"key": str, "value": str}, "key", {"value"}),
        "shapan_number": ({"series": str, "last": int}, "series", {"last"}),
        "shapan_subscription": (
            {"id": str, "url": str, "secret": str, "types": str, "active": int, "created_at": str},
            "id",
            {"url", "secret", "active", "created_at"},
        ),
        "shapan_delivery": (
            {
                "subscription_id": str,
                "seq": int,
                "subject": str,
                "state": str,
                "attempts": int,
                "next_attempt_at": str,
                "last_result": str,
            },
            ("subscription_id", "seq"),
            {"subject", "state", "attempts"},
        ),
        "shapan_idempotency": (
            {
                "client_id": str,
                "key": str,
                "fingerprint": str,
                "status": int,
                "headers": str,
                "body": str,
                "created_at": str,
            },
            ("client_id", "key"),
            {"fingerprint", "status", "headers", "body", "created_at"},
        ),
    }
    for name, (columns, pk, not_null) in tables.items():
        db.table(name).create(columns, pk=pk, not_null=not_null, strict=True)
    # AUTOINCREMENT, so that the feed's cursor stays good over a reset (sqlite-utils has no word for it).
    db.execute(
        "CREATE TABLE shapan_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
        " subject TEXT NOT NULL, time TEXT NOT NULL, traceparent TEXT, data TEXT NOT NULL) STRICT"
    )
    db.table("shapan_idempotency").create_index(["created_at"])
    # Only what still waits is looked for, many times a second; delivered rows must not slow that down.
    db.execute(
        "CREATE INDEX shapan_delivery_waiting ON shapan_delivery (subscription_id, subject, seq) WHERE state = 'waiting'"
    )


def later_kernel_tables(db: sqlite_utils.Database) -> None:
    """Kernel tables that came after the first release; made wherever they are missing.

    They cannot be a migration of their own: a database counts the kernel's one and the room's behind it.
    """
    for statement in (
        # What to do for an import or export, and how far it is. `parameters`, `file` and `failure` are JSON.
        "CREATE TABLE IF NOT EXISTS shapan_job (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
        " state TEXT NOT NULL, resource TEXT NOT NULL, parameters TEXT NOT NULL, client_id TEXT NOT NULL, base_url TEXT NOT NULL,"
        " request_id TEXT NOT NULL, traceparent TEXT, done INTEGER NOT NULL DEFAULT 0, total INTEGER, file TEXT, failure TEXT,"
        " created INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0,"
        " failed INTEGER NOT NULL DEFAULT 0, not_applied INTEGER NOT NULL DEFAULT 0,"
        " created_at TEXT NOT NULL, started_at TEXT, finished_at TEXT) STRICT",
        "CREATE INDEX IF NOT EXISTS shapan_job_open ON shapan_job (seq) WHERE state IN ('queued', 'running')",
        # The file of a job: what was sent, until the import has ended; what was made, for as long as the export is kept.
        "CREATE TABLE IF NOT EXISTS shapan_job_content (job_id TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL) STRICT",
        "CREATE TABLE IF NOT EXISTS shapan_import_row (job_id TEXT NOT NULL, row INTEGER NOT NULL, line INTEGER NOT NULL,"
        " state TEXT NOT NULL, key TEXT, location TEXT, problem TEXT, errors TEXT, PRIMARY KEY (job_id, row)) STRICT, WITHOUT ROWID",
        "CREATE INDEX IF NOT EXISTS shapan_import_row_state ON shapan_import_row (job_id, state, row)",
        # How far each kind of scheduled work is done, an instant in ISO 8601; and what it did, `detail` as JSON.
        "CREATE TABLE IF NOT EXISTS shapan_schedule (work TEXT NOT NULL PRIMARY KEY, done_until TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS shapan_schedule_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, work TEXT NOT NULL,"
        " en TEXT NOT NULL, zh TEXT NOT NULL, detail TEXT NOT NULL) STRICT",
        # Deliveries that a fault put off (kernel/delivery/lines.py).
        "CREATE INDEX IF NOT EXISTS shapan_delivery_later ON shapan_delivery (next_attempt_at) WHERE state IN ('held', 'again')",
        # What was imported under which key, and with which content: the same file again changes nothing.
        "CREATE TABLE IF NOT EXISTS shapan_import_key (resource TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,"
        " location TEXT NOT NULL, PRIMARY KEY (resource, key)) STRICT, WITHOUT ROWID",
        # Fault rules (kernel/faults): `rule` is what was added, `memory` what the fault keeps for itself, both JSON; and on which deliveries
        # one that acts once for each has acted.
        "CREATE TABLE IF NOT EXISTS shapan_fault (id TEXT NOT NULL PRIMARY KEY, place INTEGER NOT NULL, rule TEXT NOT NULL,"
        " created_at TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0, applied INTEGER NOT NULL DEFAULT 0, healed_at TEXT,"
        " memory TEXT NOT NULL DEFAULT '{}') STRICT",
        "CREATE TABLE IF NOT EXISTS shapan_fault_done (fault_id TEXT NOT NULL, receiver TEXT NOT NULL, event_id TEXT NOT NULL,"
        " note TEXT NOT NULL, PRIMARY KEY (fault_id, receiver, event_id)) STRICT, WITHOUT ROWID",
        # Tokens that were revoked before their time (kernel/revocation.py): single ones, and how often a client's were all revoked.
        "CREATE TABLE IF NOT EXISTS shapan_revoked_token (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS shapan_token_generation (client_id TEXT NOT NULL PRIMARY KEY, generation INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID",
    ):
        db.execute(statement)


@functools.cache
def _kernel_names() -> str:
    """The names of all that the kernel has in every database, as a JSON list."""
    with closing(sqlite3.connect(":memory:")) as connection:
        database = sqlite_utils.Database(connection)
        kernel_tables(database)
        later_kernel_tables(database)
        rows = connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return json.dumps([name for (name,) in rows])


class Database:
    """The file of one workspace. `migrations` come after the kernel's own; `seed` fills a new file.

    Safe for any number of threads. `close` waits for those that are inside `read` or `write`; later ones get DatabaseGone. Connections are
    opened when they are needed, and few stay open (kernel/connections.py).
    """

    def __init__(self, path: Path, migrations: tuple[Migration, ...], seed: Migration | None = None) -> None:
        self.path = path
        self._migrations = (kernel_tables, *migrations)
        self._seed = seed
        self._write_lock = threading.Lock()
        self._state = threading.Condition()
        self._users = 0
        self._inside = threading.local()
        self._exchanging = False
        self._closed = False
        self._key = next(_KEYS)
        self.writes = 0
        """How often something may have been written, an exchange of the file included; it only grows."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            if self._is_ready(connection):
                connection.execute("PRAGMA query_only = ON")
                IDLE.give(self._key, _READER, connection)
            else:
                IDLE.give(self._key, _WRITER, connection)
                connection.execute("PRAGMA journal_mode = WAL")
                self._migrate()
        except (OSError, sqlite3.Error) as error:
            IDLE.close_all(self._key)
            raise DatabaseError(
                f"The database {path} cannot be opened ({error}). Make the folder writable, name another one with --data, or remove "
                "the file to start anew."
            ) from error
        except BaseException:
            IDLE.close_all(self._key)
            raise

    def _connect(self) -> sqlite3.Connection:
        # isolation_level=None: transactions begin and end only where this file says so.
        # A connection is used by many threads, but never by two at once: it is taken and given back.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        return connection

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        inside = getattr(self._inside, "depth", 0)
        with self._state:
            # Who is inside already goes on: an exchange waits for it.
            if not inside:
                self._state.wait_for(lambda: self._closed or not self._exchanging)
            if self._closed:
                raise DatabaseGone(str(self.path))
            self._users += 1
        self._inside.depth = inside + 1
        try:
            yield
        finally:
            self._inside.depth = inside
            with self._state:
                self._users -= 1
                if not self._users:
                    self._state.notify_all()

    @contextmanager
    def write(self, afterwards: Callable[[], None] | None = None) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at the end and rolls back when anything is raised. One at a time.

        `afterwards` is called after the commit, before anybody else can write.
        """
        with self._in_use(), self._write_lock:
            connection = IDLE.take(self._key, _WRITER) or self._connect()
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                    # After the commit: whoever reads the number first and the database then misses nothing; at most it looks once too often.
                    self.writes += 1
                except BaseException:
                    # A commit that failed (disk full, a deferred constraint) leaves the transaction open too.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            finally:
                IDLE.give(self._key, _WRITER, connection)
            if afterwards is not None:
                afterwards()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent snapshot for reading. Writing raises sqlite3.OperationalError."""
        with self._in_use():
            connection = IDLE.take(self._key, _READER)
            if connection is None:
                connection = self._connect()
                connection.execute("PRAGMA query_only = ON")
            try:
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("COMMIT")
            finally:
                IDLE.give(self._key, _READER, connection)

    def _is_ready(self, connection: sqlite3.Connection) -> bool:
        """Whether there is nothing to do to the file. Most that are opened are fresh copies, and a workspace for each test is to cost little."""
        if connection.execute("PRAGMA user_version").fetchone()[0] != len(self._migrations):
            return False
        present = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name IN (SELECT value FROM json_each(?))", (_kernel_names(),)
        )
        return bool(
            present.fetchone()[0] == len(json.loads(_kernel_names()))
            and connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        )

    def _migrate(self) -> None:
        with self.write() as connection:
            done = connection.execute("PRAGMA user_version").fetchone()[0]
            if done > len(self._migrations):
                raise DatabaseError(
                    f"The database {self.path} was written by a newer version of shapan. Update shapan, or name another folder with --data."
                )
            self._run(connection, done)

    def _run(self, connection: sqlite3.Connection, done: int) -> None:
        database = sqlite_utils.Database(connection)
        for migration in self._migrations[done:]:
            migration(database)
        later_kernel_tables(database)
        # Nothing is written where nothing is new: most files that are opened are fresh copies.
        if done != len(self._migrations):
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
        if done == 0 and self._seed is not None:
            self._seed(database)

    @property
    def version(self) -> int:
        """How many migrations its files have been through, the kernel's own included."""
        return len(self._migrations)

    def copy_to(self, target: Path) -> None:
        """A copy of all that has been committed, as one file. Nobody writes meanwhile; readers go on."""
        with self._in_use(), self._write_lock:
            connection = IDLE.take(self._key, _WRITER) or self._connect()
            try:
                _, logged, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if logged == done:
                    # The file itself has everything, and only a writer could change it.
                    shutil.copyfile(self.path, target)
                else:
                    # A reader of something older keeps the rest in the log.
                    target.unlink(missing_ok=True)
                    with closing(sqlite3.connect(target)) as copy:
                        connection.backup(copy)
            finally:
                IDLE.give(self._key, _WRITER, connection)

    def exchange(self, new: Path, kept: Path) -> None:
        """Go on with the file `new`, once those who are inside have left; the file until now becomes `kept`. Whole or not at all.

        `new` must be a database that no connection is open to. Those who come meanwhile wait.
        """
        with self._state:
            self._state.wait_for(lambda: self._closed or not self._exchanging)
            if self._closed:
                raise DatabaseGone(str(self.path))
            self._exchanging = True
            self._state.wait_for(lambda: self._users == 0)
        try:
            # The last connection that closes brings the log into the file and removes it.
            IDLE.close_all(self._key, hastily=True)
            log = self.path.with_name(self.path.name + "-wal")
            if log.exists() and log.stat().st_size:
                with closing(sqlite3.connect(self.path)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept.unlink(missing_ok=True)
            # Linked first: there is no moment at which a killed process would leave no file of this name.
            os.link(self.path, kept)
            os.replace(new, self.path)
            self.writes += 1
        finally:
            with self._state:
                self._exchanging = False
                self._state.notify_all()

    def close(self, *, hastily: bool = False) -> None:
        """Wait for those who use it, then close all connections. May be called twice. `hastily`: the file is about to be removed."""
        with self._state:
            if self._closed:
                return
            self._closed = True
            self._state.notify_all()
            self._state.wait_for(lambda: self._users == 0 and not self._exchanging)
        IDLE.close_all(self._key, hastily=hastily)


def get_meta(db: sqlite3.Connection, key: str) -> str | None:
    """A value that the kernel keeps about this database."""
    row = db.execute("SELECT value FROM shapan_meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: Any) -> None:
    """Keep a value about this database."""
    db.execute(
        "INSERT INTO shapan_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, str(value)),
    )
