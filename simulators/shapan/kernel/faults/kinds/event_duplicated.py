"""An event twice (事件重复): delivered several times in a row."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule


class EventDuplicated(EventFault):
    """Sent `copies` times."""

    name = "event-duplicated"
    en, zh = "An event twice", "事件重复"

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Send copies; of several rules the greatest number counts."""
        return replace(plan, copies=max(plan.copies, rule.parameters["copies"]))


EVENT_DUPLICATED = EventDuplicated()
