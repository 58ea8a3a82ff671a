"""What the faults make of events on their way (事件故障): to a receiver, or in the pull feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel.clock import SimulatedClock
from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import PLAIN, DeliveryPlan
from shapan.kernel.faults.rule import Delivery, Rule

_MOST_DONE = 100_000
"""So many deliveries a rule remembers; of an older one it would decide anew, if it ever came again."""

_DONE = "done"
FEED = "feed"
"""The pull feed, as a receiver."""


class EventDesk:
    """Decides about deliveries. Not thread-safe: the book guards it."""

    def __init__(self, clock: SimulatedClock, chance: Callable[[Rule, int], Callable[[], float]]) -> None:
        self._clock = clock
        self._chance = chance
        # What was decided about a delivery that was put off: which rules have been asked, and the plan so far.
        self._pending: dict[Delivery, tuple[set[str], DeliveryPlan]] = {}

    def forget(self) -> None:
        """There are other events now."""
        self._pending.clear()

    def deliver(self, rules: list[Rule], receiver: str, event: Mapping[str, Any], attempt: int) -> DeliveryPlan:
        """The plan of one attempt. One that is put off comes again; then the rules are asked that had not been."""
        delivery = receiver, str(event["id"])
        asked, plan = self._pending.pop(delivery, (set(), PLAIN))
        now = self._clock.now()
        for rule in rules:
            kind = rule.kind
            if not isinstance(kind, EventFault) or rule.id in asked:
                continue
            if kind.until_delivered and rule.done.get(delivery) == "":
                if attempt:
                    # Decided at the first attempt, which failed; also where that was the last time it may act.
                    plan = kind.deliver(rule, replace(plan, faults=(*plan.faults, rule.id)))
                else:
                    # Put in line anew: it was delivered, or somebody resends it.
                    _note(rule, delivery, _DONE)
                continue
            if not kind.concerns(receiver) or not rule.is_live(now):
                continue
            if attempt and not kind.each_attempt:
                continue
            if (kind.once and delivery in rule.done) or not rule.match.fits_event(
                event["type"], event["subject"], receiver
            ):
                continue
            asked.add(rule.id)
            if not self._hit(rule):
                continue
            rule.act(now)
            if kind.once:
                _note(rule, delivery, "")
            plan = kind.deliver(rule, replace(plan, faults=(*plan.faults, rule.id)))
            if plan.delay_seconds:
                self._pending[delivery] = asked, replace(plan, delay_seconds=0.0, hold_back=False)
                return plan
            if not plan.send:
                return plan
        return plan

    def feed(
        self, rules: list[Rule], rows: list[sqlite3.Row], more: bool, start: int
    ) -> tuple[list[sqlite3.Row], bool, int]:
        """A page of the feed without what was lost, and ended before what is still to come. What was decided about an event stays."""
        now = self._clock.now()
        rules = [rule for rule in rules if rule.feed and isinstance(rule.kind, EventFault)]
        shown: list[sqlite3.Row] = []
        end = start
        for row in rows:
            lost, due = self._fate(rules, row, now)
            if due is not None and due > now:
                # As if this one and those behind it had not happened yet: a cursor cannot come back for one.
                return shown, False, end
            end = row["seq"]
            if not lost:
                shown.append(row)
        return shown, more, end

    def _fate(self, rules: list[Rule], row: sqlite3.Row, now: datetime) -> tuple[bool, datetime | None]:
        """Whether an event is lost, and until when it is late."""
        delivery = FEED, str(row["id"])
        lost, due = False, None
        for rule in rules:
            assert isinstance(rule.kind, EventFault)
            if (
                row["seq"] > rule.memory.get("feed", 0)
                and not lost
                and rule.match.fits_event(row["type"], row["subject"], None)
                and rule.is_live(now)
            ):
                # Each event is asked about once, whoever reads it and however often.
                rule.memory["feed"], rule.dirty = row["seq"], True
                if self._hit(rule):
                    rule.act(now)
                    plan = rule.kind.deliver(rule, PLAIN)
                    late = now + timedelta(seconds=plan.delay_seconds)
                    _note(rule, delivery, late.isoformat() if plan.delay_seconds else "")
            note = rule.done.get(delivery)
            lost = lost or note == ""
            if note:
                until = datetime.fromisoformat(note)
                due = until if due is None else max(due, until)
        return lost, due

    def _hit(self, rule: Rule) -> bool:
        rule.seen += 1
        rule.dirty = True
        return rule.match.hits(rule.seen, self._chance(rule, rule.seen))


def _note(rule: Rule, delivery: Delivery, text: str) -> None:
    rule.done[delivery] = text
    if len(rule.done) > _MOST_DONE:
        del rule.done[next(iter(rule.done))]
    rule.fresh.append(delivery)
    rule.dirty = True
