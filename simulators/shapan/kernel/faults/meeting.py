"""What the faults decided about one request (一次遭遇), once when it came, however often it is handled after waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shapan.kernel.clock import SimulatedClock
from shapan.kernel.errors import Problem
from shapan.kernel.faults.kind import Effect, Hold
from shapan.kernel.faults.rule import Rule
from shapan.kernel.faults.stale import StaleCopy
from shapan.kernel.waiting import Pause
from shapan.kernel.wire import Reply


@dataclass(slots=True)
class Wait:
    """A request held by a rule. Its time begins when it is first asked, so that one wait comes after the other."""

    rule: Rule
    hold: Hold
    until: float | None = None

    def pause(self, clock: SimulatedClock) -> Pause | None:
        """What is still to be waited for; None when it is over."""
        wake = self.rule.wake  # before the look: what happens after it sets this very signal
        limits = []
        if self.hold.seconds is not None:
            if self.until is None:
                self.until = time.monotonic() + self.hold.seconds
            limits.append(self.until - time.monotonic())
            if limits[0] <= 0:
                return None
            if self.hold.fixed:
                return Pause(self.rule.id, limits[0])
        if self.rule.is_over(clock.now()):
            return None
        if (end := self.rule.heals_at) is not None and (left := clock.real_seconds_until(end)) is not None:
            limits.append(left)
        # Never quite nothing, or a clock that rounds would have us ask without end.
        return Pause(self.rule.id, max(min(limits), 0.001) if limits else None, wake, self.hold.abandon)


@dataclass(slots=True)
class Meeting:
    """The effects of all rules that acted on a request. `change` is that of the one rule that makes the answer after the commit."""

    faults: list[str] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    problem: Problem | None = None
    cut: bool = False
    change: Callable[[Reply], Reply | None] | None = None
    changed_by: Rule | None = None
    late_seconds: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    older: StaleCopy | None = None

    @property
    def answered(self) -> bool:
        """Whether a rule has made the answer already."""
        return self.problem is not None or self.cut or self.change is not None

    def add(self, rule: Rule, effect: Effect) -> None:
        """One more rule acts."""
        if effect.hold is not None:
            self.waits.append(Wait(rule, effect.hold))
        if effect.problem is not None:
            self.problem = effect.problem
        if effect.change is not None:
            self.change, self.changed_by = effect.change, rule
        self.cut = self.cut or effect.cut
        self.late_seconds += effect.late_seconds
        self.headers += effect.headers
        self.older = self.older or effect.older
        if effect.acted:
            self.faults.append(rule.id)
