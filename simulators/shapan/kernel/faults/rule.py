"""A fault rule (故障规则): which fault, on what, how long, and how often it acted so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.faults.kind import Kind
from shapan.kernel.faults.matching import Match
from shapan.kernel.faults.stale import StaleCopy
from shapan.kernel.waiting import Signal

_GIVEN = ("times", "heal_after_seconds", "feed", "note")

Delivery = tuple[str, str]
"""Receiver and event id."""


@dataclass(slots=True)
class Rule:
    """A rule of one workspace. Its owner, the book, guards what changes.

    `memory` is what the fault itself keeps, as JSON data; `done` are the deliveries on which a fault that acts once did, with what it noted, and
    `fresh` those of them that are not in the database yet. `wake` is set, and another put in its place, when whoever waits should look again.
    `older` is what stale reads see.
    """

    id: str
    kind: Kind
    parameters: Mapping[str, Any]
    given: Mapping[str, Any]
    match: Match
    created_at: datetime
    seen: int = 0
    applied: int = 0
    healed_at: datetime | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    done: dict[Delivery, str] = field(default_factory=dict)
    fresh: list[Delivery] = field(default_factory=list)
    dirty: bool = False
    gone: bool = False
    wake: Signal = field(default_factory=Signal)
    older: StaleCopy | None = None

    @property
    def times(self) -> int | None:
        """How often it may act."""
        return self.given.get("times")

    @property
    def feed(self) -> bool:
        """Whether the pull feed is affected too."""
        return bool(self.given.get("feed"))

    @property
    def heals_at(self) -> datetime | None:
        """When it heals by time, the earlier of what its parameters and the rule say."""
        ends = [self.kind.ends_at(self)]
        if (after := self.given.get("heal_after_seconds")) is not None:
            ends.append(self.created_at + timedelta(seconds=after))
        return min((end for end in ends if end is not None), default=None)

    def is_over(self, now: datetime) -> bool:
        """Whether whoever waits for its end goes on: it was removed, or has healed by time. Not when it has acted often enough."""
        return self.gone or ((end := self.heals_at) is not None and end <= now)

    def is_live(self, now: datetime) -> bool:
        """Whether it acts on what comes now."""
        return not self.is_over(now) and (self.times is None or self.applied < self.times)

    def act(self, now: datetime) -> None:
        """It acts once more, and has healed where that was the last time."""
        self.applied += 1
        self.dirty = True
        if self.times is not None and self.applied >= self.times:
            self.healed_at = now

    def take_back(self) -> None:
        """There was nothing to act on after all."""
        self.applied -= 1
        self.dirty = True
        if self.times is not None and self.applied < self.times:
            self.healed_at = None

    def view(self, now: datetime) -> dict[str, Any]:
        """As the operator interface shows it."""
        end = self.heals_at
        healed = self.healed_at or (end if end is not None and end <= now else None)
        return {
            "id": self.id,
            "fault": self.kind.name,
            "acts_on": self.kind.acts_on,
            "parameters": dict(self.parameters),
            "match": dict(self.given.get("match", {})),
            **{name: self.given[name] for name in _GIVEN if name in self.given},
            "created_at": rfc3339(self.created_at),
            "seen": self.seen,
            "applied": self.applied,
            "healed": healed is not None,
            "healed_at": None if healed is None else rfc3339(healed),
            "heals_at": None if end is None else rfc3339(end),
        }
