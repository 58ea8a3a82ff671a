"""One SQLite file per system and workspace: transactions, migrations, first seeding and reset.

Writes go one at a time through one connection under one lock: SQLite has one writer anyway, and threads that compete for its
own lock wait up to a second where a queue waits milliseconds (ARCHITECTURE.md, "Serving"). Reads take a connection from a small
pool and see a consistent snapshot (WAL). An acknowledged write is in the operating system's hands, so a killed process loses nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

Migration = Callable[[sqlite_utils.Database], None]

_IDLE_READERS = 8


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
        # What was imported under which key, and with which content: the same file again changes nothing.
        "CREATE TABLE IF NOT EXISTS shapan_import_key (resource TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,"
        " location TEXT NOT NULL, PRIMARY KEY (resource, key)) STRICT, WITHOUT ROWID",
    ):
        db.execute(statement)


class Database:
    """The file of one workspace. `migrations` come after the kernel's own; `seed` fills a new or reset file.

    Safe for any number of threads. `close` waits for those that are inside `read` or `write`; later ones get DatabaseGone.
    """

    def __init__(self, path: Path, migrations: tuple[Migration, ...], seed: Migration | None = None) -> None:
        self.path = path
        self._migrations = (kernel_tables, *migrations)
        self._seed = seed
        self._write_lock = threading.Lock()
        self._state = threading.Condition()
        self._users = 0
        self._closed = False
        self._idle: list[sqlite3.Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise DatabaseError(
                f"The database {path} cannot be opened ({error}). Make the folder writable, name another one with --data, or remove "
                "the file to start anew."
            ) from error

    def _connect(self) -> sqlite3.Connection:
        # isolation_level=None: transactions begin and end only where this file says so.
        # A connection is used by many threads, but never by two at once: the writer has its lock, a reader is taken and given back.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        return connection

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._state:
            if self._closed:
                raise DatabaseGone(str(self.path))
            self._users += 1
        try:
            yield
        finally:
            with self._state:
                self._users -= 1
                self._state.notify_all()

    @contextmanager
    def write(self, afterwards: Callable[[], None] | None = None) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at the end and rolls back when anything is raised. One at a time.

        `afterwards` is called after the commit, before anybody else can write.
        """
        with self._in_use(), self._write_lock:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A commit that failed (disk full, a deferred constraint) leaves the transaction open too.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if afterwards is not None:
                afterwards()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent snapshot for reading. Writing raises sqlite3.OperationalError."""
        with self._in_use():
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
                connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")
                # A burst opens many; a few are kept, so that workspaces by the dozen do not use up the process's files.
                if len(self._idle) < _IDLE_READERS:
                    self._idle.append(connection)
                else:
                    connection.close()

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
        connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
        if done == 0 and self._seed is not None:
            self._seed(database)

    def reset(self, keep: tuple[str, ...] = (), afterwards: Callable[[], None] | None = None) -> None:
        """Drop everything, build and seed anew, in one transaction. The rows of the tables in `keep` stay."""
        with self.write(afterwards) as connection:
            kept = {table: [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in keep}  # noqa: S608
            last_event = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'shapan_outbox'").fetchone()
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for kind in ("trigger", "view", "table"):
                names = connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
                ).fetchall()
                for (name,) in names:
                    connection.execute(f'DROP {kind} "{name}"')
            self._run(connection, 0)
            if last_event is not None:
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'shapan_outbox'")
                connection.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES ('shapan_outbox', ?)", tuple(last_event)
                )
            for table, rows in kept.items():
                for row in rows:
                    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608

    def close(self) -> None:
        """Wait for those who use it, then close all connections. May be called twice."""
        with self._state:
            if self._closed:
                return
            self._closed = True
            self._state.wait_for(lambda: self._users == 0)
        for connection in [self._writer, *self._idle]:
            connection.close()


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
