"""An event lost (事件丢失): it is never delivered, and the sender believes that it was."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule


class EventLost(EventFault):
    """Nothing is sent."""

    name = "event-lost"
    en, zh = "An event lost", "事件丢失"

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Send nothing."""
        return replace(plan, send=False)


EVENT_LOST = EventLost()
