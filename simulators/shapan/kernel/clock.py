"""The simulated clock (模拟时钟): it runs at a rate from where it was set, or stands still. It never goes back, but when its workspace starts anew.

Each workspace of each system has its own. Nothing in the house asks the operating system for business time but this file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rfc3339(moment: datetime) -> str:
    """RFC 3339 with milliseconds and the offset of Asia/Shanghai: 2026-11-24T09:30:00.000+08:00."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="milliseconds")


LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""No clock goes beyond this; dates and periods stay four-digit and sortable."""

FASTEST = 100_000.0
"""The highest rate: a day in less than a second."""

SLOWEST = 0.001
"""The lowest rate; what should not move at all is frozen."""


class ClockError(ValueError):
    """The clock was asked to go back, too far, or at a rate that it has not."""


class Clock(Protocol):
    """What the house asks of a clock."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class ClockState:
    """All that there is to know of a clock: it showed `simulated` at the instant `real`, and runs `rate` times as fast as that, or is `frozen`.

    Both instants are aware.
    """

    simulated: datetime
    real: datetime
    rate: float = 1.0
    frozen: bool = False

    def at(self, real: datetime) -> datetime:
        """What the clock shows at a real instant, at most LATEST."""
        if self.frozen:
            return self.simulated
        try:
            return min(self.simulated + (real - self.real) * self.rate, LATEST)
        except OverflowError:
            return LATEST

    def text(self) -> str:
        """As JSON, for a database or a file."""
        simulated, real = (moment.astimezone(UTC).isoformat() for moment in (self.simulated, self.real))
        return json.dumps({"simulated": simulated, "real": real, "rate": self.rate, "frozen": self.frozen})

    @classmethod
    def of_text(cls, text: str) -> ClockState:
        """The state that `text` wrote. ValueError, KeyError or TypeError for anything else."""
        kept = json.loads(text)
        simulated, real = (datetime.fromisoformat(kept[name]) for name in ("simulated", "real"))
        return cls(simulated, real, float(kept["rate"]), bool(kept["frozen"]))


def real_time() -> datetime:
    """The operating system's time, in UTC."""
    return datetime.now(UTC)


class SimulatedClock:
    """Runs from its state. Thread-safe; `state()` is what a database keeps of it. `real` can be given for tests.

    The time that it tells never goes back, also where the operating system's does.
    """

    def __init__(self, state: ClockState | None = None, real: Callable[[], datetime] = real_time) -> None:
        self._real = real
        self._lock = threading.RLock()  # taken again by now()
        self._listeners: list[Callable[[], None]] = []
        self._begin(state or ClockState(real(), real()))

    def _begin(self, state: ClockState) -> None:
        self._state = state
        self._told = state.simulated

    def now(self) -> datetime:
        """The simulated time, aware, in Asia/Shanghai."""
        with self._lock:
            self._told = max(self._told, self._state.at(self._real()))
            return self._told.astimezone(SHANGHAI)

    def advance(self, by: timedelta) -> datetime:
        """Move forward. ClockError for a negative step, and for one beyond the year 2200."""
        if by < timedelta(0):
            raise ClockError("The clock cannot go back.")
        return self._change(lambda now: _forward(now, by))

    def advance_to(self, moment: datetime, *, or_later: bool = False) -> datetime:
        """Move forward to an instant (aware). ClockError beyond the year 2200, and when it is past, unless `or_later` lets the clock stay."""

        def target(now: datetime) -> datetime:
            if moment < now and not or_later:
                raise ClockError("The clock cannot go back.")
            return _forward(now, max(moment - now, timedelta(0)))

        return self._change(target)

    def freeze(self) -> datetime:
        """Stand still from now on, at a full millisecond: what it shows is what it is. `advance` still moves it."""
        return self._change(_full_millisecond, frozen=True)

    def run(self, rate: float | None = None) -> datetime:
        """Go on from where it stands, so many simulated seconds in a real one; as fast as before where `rate` is None. ClockError
        for a rate that it has not.
        """
        if rate is not None:
            self.set_rate(rate)
        return self._change(frozen=False)

    def set_rate(self, rate: float) -> datetime:
        """Run so fast from now on, or as soon as it runs again. ClockError for a rate that it has not."""
        # Written so that what is no number is refused too.
        if not SLOWEST <= rate <= FASTEST:
            raise ClockError(f"The clock runs at {SLOWEST} to {FASTEST:,.0f} simulated seconds in a real one.")
        return self._change(rate=rate)

    def _change(
        self,
        simulated: Callable[[datetime], datetime] = lambda now: now,
        rate: float | None = None,
        frozen: bool | None = None,
    ) -> datetime:
        with self._lock:
            old, now = self._state, self.now()
            moment = simulated(now)
            self._state = ClockState(
                moment, self._real(), old.rate if rate is None else rate, old.frozen if frozen is None else frozen
            )
            self._told = moment
        # Outside the lock: a listener may take locks in which others ask this clock.
        self._tell()
        return moment.astimezone(SHANGHAI)

    def reset(self) -> None:
        """Back to real time, when the workspace itself starts anew."""
        self.become(ClockState(self._real(), self._real()))

    def become(self, state: ClockState) -> None:
        """Another state, an earlier time among them: when the workspace itself becomes another one."""
        with self._lock:
            self._begin(state)
        self._tell()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change (not while time passes): who waits for an instant has to reckon anew. It must not block."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def real_seconds_until(self, moment: datetime) -> float | None:
        """How long to wait in real seconds until the clock shows `moment`: 0 when it is past, None when the clock does not get there by itself."""
        with self._lock:
            if moment <= self.now():
                return 0.0
            if self._state.frozen or moment > LATEST:
                return None
            # Not from `now`: where the operating system's time has gone back, it must catch up first.
            return (moment - self._state.at(self._real())).total_seconds() / self._state.rate

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._state.frozen

    @property
    def rate(self) -> float:
        """Simulated seconds in a real one, when it runs."""
        return self._state.rate

    def state(self) -> ClockState:
        """What it is now; a clock made of it goes on as this one does."""
        with self._lock:
            return ClockState(self.now(), self._real(), self._state.rate, self._state.frozen)

    @classmethod
    def from_state(cls, offset_seconds: float, frozen_at: str | None) -> SimulatedClock:
        """A clock so far ahead of real time, or frozen at an instant (RFC 3339). Databases of version 0.1 keep it so."""
        real = real_time()
        if frozen_at:
            return cls(ClockState(datetime.fromisoformat(frozen_at), real, frozen=True))
        return cls(ClockState(real + timedelta(seconds=offset_seconds), real))


def _full_millisecond(now: datetime) -> datetime:
    # Up, as no clock goes back. LATEST is full.
    return now + timedelta(microseconds=-now.microsecond % 1000)


def _forward(now: datetime, by: timedelta) -> datetime:
    # Compared as a step: beyond the year 9999 there is no time to compare with.
    if by > LATEST - now:
        raise ClockError("The clock cannot go beyond the year 2200.")
    return now + by
