"""finance -> CRM: what a customer owes, told whenever it changes."""

from __future__ import annotations

import logging
from typing import ClassVar

from shapan.reference.errors import Refused, Unavailable
from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.money import json_number

log = logging.getLogger("shapan.reference")

EVENTS = (
    "finance.receivable.posted",
    "finance.receivable.accepted",
    "finance.receivable.overdue",
    "finance.receipt.posted",
    "finance.receipt.reversed",
    "finance.settlement.posted",
    "finance.offset.posted",
    "finance.write_off.posted",
    "finance.write_off.reversed",
)
"""What may change what a customer owes, or how much of that is overdue; the subject is the customer."""


class BalanceFlow(Flow):
    """Something was posted for a customer in finance -> its balance in the CRM."""

    scopes: ClassVar[Scopes] = {"crm": ("customers:read", "balances:write"), "finance": ("customers:read",)}

    def routes(self) -> tuple[Route, ...]:
        """One look at a customer answers all events of it that wait."""
        return tuple(Route(event, self.balance_changed, customer_of, report=True) for event in EVENTS)

    def balance_changed(self, event: Json) -> None:
        """Something was posted for a customer: its balance as of now goes to the CRM. The event's own figures do not matter."""
        finance_id = int(event["subject"])
        customers = self.matcher.crm_customers_of(finance_id)
        if not customers:
            log.info("finance customer %s has no counterpart in the CRM: balance not reported", finance_id)
            return
        balance = self.finance.get(f"/customers/{finance_id}/balance")
        report = {
            "openAmount": json_number(balance["open_amount"], "open_amount"),
            "overdueAmount": json_number(balance["overdue_amount"], "overdue_amount"),
            "asOf": balance["as_of"],
        }
        for customer_id in customers:
            try:
                self.crm.put(f"/customers/{customer_id}/balance", report)
            except Refused as refusal:
                if refusal.status == 422:
                    # The CRM's clock is behind that of finance; it will not be for long.
                    raise Unavailable(str(refusal)) from refusal
                # The CRM has a later one already, which covers this; or the customer was merged, and the one that is left gets it.
                if refusal.name not in ("balance-outdated", "customer-merged"):
                    raise
            else:
                log.info(
                    "finance customer %s -> crm customer %s, balance %s", finance_id, customer_id, report["openAmount"]
                )


def customer_of(event: Json) -> str:
    """The customer of finance whose balance it is."""
    return f"balance {event['subject']}"
