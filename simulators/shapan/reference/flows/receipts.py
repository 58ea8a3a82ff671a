"""finance receipt -> settlement (核销): money is applied to the documents that its bank text names, and to no others."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import ClassVar

from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.money import amount_text, decimal

log = logging.getLogger("shapan.reference")

# What a payer writes: order (CRM), delivery (SCM) or receivable (finance), in whatever text around it.
_NUMBER = re.compile(r"(?<![A-Z0-9-])(?:ORD|XSCK|YS)-[0-9]{6}-[0-9]{5,}(?![0-9-])")
_FILTERS = {"ORD": "order_reference", "XSCK": "source_document", "YS": "number"}


class ReceiptFlow(Flow):
    """Money came in that names what it is for -> exactly that is settled; what is over stays unapplied, for the cashier to decide.

    Money may come before what it pays: so each receivable that is new, or that is owed only since the goods were accepted (验收), is a reason, too,
    to look at what its customer has unapplied.
    """

    scopes: ClassVar[Scopes] = {
        "finance": ("customers:read", "receivables:read", "receipts:read", "settlements:read", "settlements:write"),
    }

    def routes(self) -> tuple[Route, ...]:
        """One look at a customer answers all events of it that wait."""
        return tuple(
            Route(event, self.settle_customer, customer_of, label="settlement", report=True)
            for event in ("finance.receipt.posted", "finance.receivable.posted", "finance.receivable.accepted")
        )

    def settle_customer(self, event: Json) -> None:
        """Something was posted for a customer: whatever it has unapplied is settled, as far as it says what it is for."""
        customer_id = int(event["subject"])
        balance = self.finance.get(f"/customers/{customer_id}/balance")
        if not any(decimal(balance[member], member) for member in ("unapplied_amount", "advance_amount")):
            return
        for state in ("unapplied", "partly_applied"):
            # Read to the end first: settling changes the list.
            for receipt in list(self.finance.by_watermark("/receipts", customer_id=customer_id, state=state)):
                self.settle(receipt)

    def settle(self, receipt: Json) -> None:
        """Apply a receipt to what its bank text names, in that order, as far as the money goes."""
        named = documents_named(receipt["bank_reference"])
        if not named or self.undone(receipt):
            return
        for member, from_advance in (("unapplied_amount", False), ("advance_amount", True)):
            left = decimal(receipt[member], member)
            allocations = []
            for receivable in self.receivables_for(receipt, named) if left else ():
                part = min(left, decimal(receivable["open_amount"], "open_amount"))
                if part > 0:
                    allocations.append({"receivable_id": receivable["id"], "amount": amount_text(part, "amount")})
                    left -= part
            if allocations:
                self.post(receipt, allocations, from_advance)

    def receivables_for(self, receipt: Json, named: Iterable[str]) -> list[Json]:
        """The receivables that a receipt pays: those of its customer that its bank text names, in that order.

        A receivable is named by its own number, by that of its delivery, or by that of its order, which may have several.
        """
        found: dict[int, Json] = {}
        for number in named:
            wanted = {_FILTERS[number.partition("-")[0]]: number}
            there = self.finance.by_watermark("/receivables", customer_id=receipt["customer_id"], **wanted)
            for receivable in sorted(there, key=lambda one: int(one["id"])):
                if receivable["red_of_id"] is None and receivable["recognised_on"] is not None:
                    found.setdefault(receivable["id"], receivable)
        return list(found.values())

    def undone(self, receipt: Json) -> bool:
        """Whether a person took a settlement of this receipt back (反核销): then persons decide what is settled with it."""
        made = self.finance.by_watermark("/settlements", receipt_id=receipt["id"])
        return any(settlement["reverses_id"] is not None for settlement in made)

    def post(self, receipt: Json, allocations: list[dict[str, object]], from_advance: bool) -> None:
        """Settle. What was applied before is part of the key: the next settlement of the same receipt is another one."""
        body = {"receipt_id": receipt["id"], "allocations": allocations, "from_advance": from_advance}
        kind = "advance" if from_advance else "money"
        key = f"settlement/finance/{receipt['number']}/{kind}/{receipt['applied_amount']}"
        settlement = self.finance.post("/settlements", body, key=key)
        paid = "、".join(one["receivable_number"] for one in settlement["allocations"])
        log.info("finance receipt %s -> settlement %s of %s", receipt["number"], settlement["number"], paid)


def documents_named(text: str | None) -> list[str]:
    """The numbers of orders, deliveries and receivables in a bank text, each once, in their order."""
    return list(dict.fromkeys(_NUMBER.findall((text or "").upper())))


def customer_of(event: Json) -> str:
    """The customer whose receipts and receivables are matched, one after the other."""
    return f"settlement {event['subject']}"
