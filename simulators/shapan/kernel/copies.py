"""Copies of a workspace's database on their way to become another workspace, a snapshot, or the state of this one (副本).

All of it happens in a file that nobody else has open, before it is put into place.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shapan.kernel.clock import ClockState, SimulatedClock, real_time
from shapan.kernel.database import get_meta, set_meta
from shapan.kernel.kept_clock import read_clock, write_clock

STAYS = ("shapan_subscription", "shapan_revoked_token", "shapan_token_generation")
"""What belongs to the workspace and not to its state: who is told, and which tokens are void. It outlives a reset and a restore."""

_FAULTS = "shapan_fault"
_BROKER = "broker"
_WORLD, _TOLD = "world", "snapshot"


@dataclass(frozen=True)
class Present:
    """What a workspace takes along into another state of itself: the rows of the tables that stay, and its last event's number."""

    rows: Mapping[str, list[dict[str, Any]]]
    last_event: int


def present_of(db: sqlite3.Connection, *, webhooks: bool = True) -> Present:
    """What stays of a workspace. `webhooks` False: its subscriptions do not."""
    kept = [table for table in STAYS if webhooks or table != "shapan_subscription"]
    return Present(
        {table: [dict(row) for row in db.execute(f"SELECT * FROM {table}")] for table in kept},  # noqa: S608
        last_event_of(db),
    )


def last_event_of(db: sqlite3.Connection) -> int:
    """The number of the last event that there ever was, 0 before the first."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'shapan_outbox'").fetchone()
    return 0 if row is None else int(row[0])


def take_over(path: Path, present: Present, *, clock: bool) -> None:
    """Make the file the next state of a workspace: what stays comes in, deliveries of the past go, new events are numbered on.

    `clock`: the clock that it keeps goes on from where it stood; without it the clock is at real time.
    """
    with _opened(path) as db:
        for table in STAYS:
            db.execute(f"DELETE FROM {table}")  # noqa: S608
            for row in present.rows.get(table, ()):
                columns = ", ".join(row)
                db.execute(
                    f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
                    tuple(row.values()),
                )
        db.execute(
            "DELETE FROM shapan_delivery WHERE state NOT IN ('delivered', 'given-up')"
            " OR (subscription_id <> ? AND subscription_id NOT IN (SELECT id FROM shapan_subscription))",
            (_BROKER,),
        )
        # A client's cursor must never be ahead of events to come.
        last = max(present.last_event, last_event_of(db))
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'shapan_outbox'")
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('shapan_outbox', ?)", (last,))
        if clock:
            write_clock(db, SimulatedClock(replace(clock_stood(db), real=real_time())))


def clock_stood(db: sqlite3.Connection) -> ClockState:
    """The clock as it stood when it was written down, however long ago that is."""
    text = get_meta(db, "clock")
    return read_clock(db).state() if text is None else ClockState.of_text(text)


def needs_parting(db: sqlite3.Connection, *, webhooks: bool) -> bool:
    """Whether a copy of this workspace would hold anything that is not its own. Most have not, and forks are to be fast."""
    tables = ["shapan_delivery", "shapan_revoked_token", "shapan_token_generation", *_fault_tables(db)]
    if not webhooks:
        tables.append("shapan_subscription")
    return any(db.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0] for table in tables)  # noqa: S608


def part(path: Path, *, webhooks: bool) -> None:
    """Make the file a workspace of its own: no deliveries, faults and revoked tokens of the one that it was, subscriptions only with `webhooks`."""
    with _opened(path) as db:
        tables = ["shapan_delivery", "shapan_revoked_token", "shapan_token_generation", *_fault_tables(db)]
        for table in tables + ([] if webhooks else ["shapan_subscription"]):
            db.execute(f"DELETE FROM {table}")  # noqa: S608


def stamp(path: Path, clock: SimulatedClock, world: Mapping[str, Any] | None, told: Mapping[str, str]) -> None:
    """Write down in a copy how the clock stands now, of which world it is, and what else is told of it."""
    with _opened(path) as db:
        write_clock(db, clock)
        set_meta(db, _TOLD, json.dumps(dict(told), ensure_ascii=False))
        if world is not None:
            note_world(db, world)


def told_in(db: sqlite3.Connection) -> dict[str, str]:
    """What `stamp` told of a copy; nothing where it was not stamped."""
    text = get_meta(db, _TOLD)
    return {} if text is None else dict(json.loads(text))


def world_in(db: sqlite3.Connection) -> dict[str, Any] | None:
    """The facts of the world that a database was seeded with, where it says so."""
    text = get_meta(db, _WORLD)
    return None if text is None else dict(json.loads(text))


def note_world(db: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
    """Write down which world a database was seeded with."""
    set_meta(db, _WORLD, json.dumps(dict(facts), ensure_ascii=False))


def _fault_tables(db: sqlite3.Connection) -> list[str]:
    return [
        row[0]
        for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?", (f"{_FAULTS}*",))
    ]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A file that only we have open, in one transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        # Alone with it: no shared memory beside the file, and no waiting for the disk before it is put into place.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")
