"""A wrong signature (签名错误): what a forger sends, or a sender whose secret was changed."""

from __future__ import annotations

from dataclasses import replace

from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.plan import DeliveryPlan
from shapan.kernel.faults.rule import Rule

BROKER = "broker"


class EventWrongSignature(EventFault):
    """Signed with another secret, at each attempt that is hit."""

    name = "event-wrong-signature"
    en, zh = "A wrong signature", "签名错误"
    each_attempt = True

    def concerns(self, receiver: str) -> bool:
        """Webhooks: nothing is signed for the broker."""
        return receiver != BROKER

    def deliver(self, rule: Rule, plan: DeliveryPlan) -> DeliveryPlan:
        """Break the signature."""
        return replace(plan, break_signature=True)


EVENT_WRONG_SIGNATURE = EventWrongSignature()
