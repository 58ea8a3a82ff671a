"""What a workspace's database keeps of its clock (时钟存取), so that a restart, a snapshot and a fork find it."""

from __future__ import annotations

import sqlite3

from shapan.kernel.clock import ClockState, SimulatedClock
from shapan.kernel.database import get_meta, set_meta

_KEY = "clock"


def read_clock(db: sqlite3.Connection) -> SimulatedClock:
    """The clock that a database keeps; at real time where it keeps none."""
    text = get_meta(db, _KEY)
    if text is not None:
        return SimulatedClock(ClockState.of_text(text))
    # Versions before 0.2 kept two values.
    return SimulatedClock.from_state(float(get_meta(db, "clock.offset") or 0), get_meta(db, "clock.frozen") or None)


def write_clock(db: sqlite3.Connection, clock: SimulatedClock) -> None:
    """Keep the clock."""
    set_meta(db, _KEY, clock.state().text())
