"""Copies of a database as it once was (旧数据副本), for reads that should not see the present."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shapan.kernel.database import Database


@dataclass(frozen=True, slots=True)
class StaleCopy:
    """A file beside the database, read only. `read` is used as that of `Database`."""

    path: str

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading. Writing raises sqlite3.OperationalError."""
        # Nobody writes it, so that it needs no locks; these reads are few, so that no connection is kept.
        with closing(sqlite3.connect(f"{Path(self.path).as_uri()}?immutable=1", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection


def take_copy(database: Database, rule_id: str) -> StaleCopy:
    """Copy the committed state of a database into a file beside it, in place of a copy that is there. sqlite3.Error, OSError."""
    path = _place(database.path, rule_id)
    fresh = path.with_name(f"{path.name}-new")
    database.copy_to(fresh)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
        # Without a write-ahead log `immutable` reads see all of it.
        copy.execute("PRAGMA journal_mode = DELETE")
    fresh.replace(path)
    return StaleCopy(str(path.resolve()))


def existing_copy(database: Path, rule_id: str) -> StaleCopy | None:
    """The copy that was taken for a rule, if it is there."""
    path = _place(database, rule_id)
    return StaleCopy(str(path.resolve())) if path.exists() else None


def drop_copy(database: Path, rule_id: str) -> None:
    """Remove the copy of a rule. A file that a reader still has open stays where the system does not let go of it (Windows)."""
    with contextlib.suppress(OSError):
        _place(database, rule_id).unlink(missing_ok=True)


def _place(database: Path, rule_id: str) -> Path:
    # Named so that it goes with the workspace's other files, and is not taken for a workspace.
    return database.with_name(f"{database.name}-stale-{rule_id}")
