"""The simulated clock (模拟时钟): real time plus an offset, or frozen. It never goes back, but when its workspace starts anew.

Each workspace of each system has its own. Nothing in the house asks the operating system for business time but this file.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rfc3339(moment: datetime) -> str:
    """RFC 3339 with milliseconds and the offset of Asia/Shanghai: 2026-11-24T09:30:00.000+08:00."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="milliseconds")


LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""No clock goes beyond this; dates and periods stay four-digit and sortable."""


class ClockError(ValueError):
    """The clock was asked to go back, or too far."""


class Clock(Protocol):
    """What the house asks of a clock."""

    def now(self) -> datetime: ...


class SimulatedClock:
    """Real time + `offset`, or `frozen_at`. Thread-safe; `state()` is what a database keeps of it."""

    def __init__(self, offset: timedelta = timedelta(0), frozen_at: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._offset = offset
        self._frozen_at = frozen_at

    def now(self) -> datetime:
        """The simulated time, aware, in Asia/Shanghai."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        moment = self._frozen_at if self._frozen_at is not None else datetime.now(UTC) + self._offset
        return moment.astimezone(SHANGHAI)

    def advance(self, by: timedelta) -> datetime:
        """Move forward. ClockError for a negative step, and for one beyond the year 2200."""
        if by < timedelta(0):
            raise ClockError("The clock cannot go back.")
        with self._lock:
            if self._now() + by > LATEST:
                raise ClockError("The clock cannot go beyond the year 2200.")
            if self._frozen_at is not None:
                self._frozen_at += by
            else:
                self._offset += by
            return self._now()

    def freeze(self) -> datetime:
        """Stand still from now on; `advance` still moves it."""
        with self._lock:
            self._frozen_at = self._now()
            return self._frozen_at

    def run(self) -> datetime:
        """Go on from where it stands, at real speed."""
        with self._lock:
            if self._frozen_at is not None:
                self._offset = self._frozen_at - datetime.now(UTC)
                self._frozen_at = None
            return self._now()

    def reset(self) -> None:
        """Back to real time, when the workspace itself starts anew."""
        with self._lock:
            self._offset, self._frozen_at = timedelta(0), None

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen_at is not None

    def state(self) -> tuple[float, str | None]:
        """(offset in seconds, frozen instant or None), to be kept in the database."""
        with self._lock:
            frozen = self._frozen_at.astimezone(UTC).isoformat() if self._frozen_at is not None else None
            return self._offset.total_seconds(), frozen

    @classmethod
    def from_state(cls, offset_seconds: float, frozen_at: str | None) -> SimulatedClock:
        """The clock that `state` described."""
        return cls(timedelta(seconds=offset_seconds), datetime.fromisoformat(frozen_at) if frozen_at else None)
