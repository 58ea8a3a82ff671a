"""An event late (事件延迟): delivered later, on the simulated clock; later events of the same document wait for it."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule


class EventDelayed(EventFault):
    """Not now, but so much later."""

    name = "event-delayed"
    en, zh = "An event late", "事件延迟"
    once = True

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Put it off."""
        return replace(plan, delay_seconds=rule.parameters["seconds"])


EVENT_DELAYED = EventDelayed()
