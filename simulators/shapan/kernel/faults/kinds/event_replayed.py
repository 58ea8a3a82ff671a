"""An event replayed (事件重放): what was delivered comes once more, later."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule


class EventReplayed(EventFault):
    """Delivered, and delivered again after a while."""

    name = "event-replayed"
    en, zh = "An event replayed", "事件重放"
    once = True
    until_delivered = True

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Send it again; of several rules the longest while counts."""
        return replace(plan, replay_after_seconds=max(plan.replay_after_seconds, rule.parameters["after_seconds"]))


EVENT_REPLAYED = EventReplayed()
