"""SCM transfer between warehouses (调拨) -> finance: what was lost on the way, and nothing else.

While goods are on their way no warehouse has them, but the company does: sending and receiving changes no account. What does not arrive
is out of stock at its cost, and so it must be out of the inventory account. Whether input tax has to be given up for it (进项税额转出)
depends on why it was lost; that is for an accountant.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from shapan.reference.flows.base import Context, Flow, Json, Route, Scopes
from shapan.reference.flows.inventory import SCOPES, InventoryDocuments, Line
from shapan.reference.flows.stores import STORES, Stores
from shapan.reference.money import decimal, plain_text


class TransferFlow(Flow):
    """A transfer ended short in the SCM -> a count_loss in finance, once, at the cost of what is missing."""

    scopes: ClassVar[Scopes] = {
        "crm": STORES["crm"],
        "scm": (*SCOPES["scm"], "stock:read", "warehouses:read"),
        "finance": (*SCOPES["finance"], *STORES["finance"]),
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.documents = InventoryDocuments(context)
        self.stores = Stores(context)

    def routes(self) -> tuple[Route, ...]:
        """Each receipt of a transfer tells; only the last one can have a loss."""
        return (Route("scm.transfer.received", self.received, transfer_of),)

    def received(self, event: Json) -> None:
        """Goods of a transfer arrived, in full or in part: what is lost is known when it has ended."""
        transfer = event["data"]
        if transfer["state"] != "received" or not decimal(transfer["loss_amount"], "loss_amount"):
            return
        self.documents.post(
            "count_loss",
            transfer["transfer_no"],
            transfer["receive_date"],
            self.losses(transfer["transfer_no"]),
            store_code=self.store_of(transfer["to_warehouse_code"]),
            summary=f"调拨在途损耗 {transfer['transfer_no']}：{transfer['loss_reason']}"[:200],
        )

    def losses(self, number: str) -> list[Line]:
        """What was lost by product: the transfer tells the sum only, the movements of stock tell each."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for movement in self.scm.by_number("/stock-movements", source_document=number, kind="transfer_loss"):
            quantity, cost = sums.get(movement["product_code"], (Decimal(0), Decimal(0)))
            sums[movement["product_code"]] = (
                quantity + decimal(movement["quantity"], "quantity"),
                cost + decimal(movement["cost_amount"], "cost_amount"),
            )
        return [(code, plain_text(quantity), cost) for code, (quantity, cost) in sums.items()]

    def store_of(self, warehouse_code: str) -> str | None:
        """The store that bears the loss, when the goods were for one; a warehouse is none."""
        kind = self.scm.get(f"/warehouses/{warehouse_code}")["kind"]
        return self.stores.in_finance(warehouse_code) if kind == "store" else None


def transfer_of(event: Json) -> str:
    """The transfer that an event is about."""
    return f"transfer {event['subject']}"
