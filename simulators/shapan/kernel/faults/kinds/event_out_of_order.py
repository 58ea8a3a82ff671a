"""Events out of order (事件乱序): one is held back until a later one went to the same receiver."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule


class EventOutOfOrder(EventFault):
    """Held until another one has overtaken it, at most `longest_seconds`."""

    name = "event-out-of-order"
    en, zh = "Events out of order", "事件乱序"
    once = True

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Hold it back."""
        return replace(plan, hold_back=True, delay_seconds=rule.parameters["longest_seconds"])


EVENT_OUT_OF_ORDER = EventOutOfOrder()
