"""SCM production (生产) -> finance inventory documents: what went in, what was added, what came out.

material issued            material_issue    from materials to production costs (5001)
material returned          material_return   the same in red
finished goods received    conversion_cost   labour and overhead to production costs
                           finished_goods    from production costs to goods, at all that the SCM says they have cost

What is made, how much and when, is decided by the planner in the SCM; nothing of that is for an integration.
"""

from __future__ import annotations

from typing import ClassVar

from shapan.reference.flows.base import Context, Flow, Json, Route, Scopes
from shapan.reference.flows.inventory import SCOPES, InventoryDocuments, cost_lines
from shapan.reference.money import decimal


class ProductionFlow(Flow):
    """Material, work and finished goods of a production order in the SCM -> inventory documents in finance."""

    scopes: ClassVar[Scopes] = SCOPES

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.documents = InventoryDocuments(context)

    def routes(self) -> tuple[Route, ...]:
        """All of one production order in its order, so that no more comes out of production costs than went in."""
        return (
            Route("scm.material_issue.posted", self.material_issued, production_order_of),
            Route("scm.material_return.posted", self.material_returned, production_order_of),
            Route("scm.production_receipt.posted", self.goods_received, production_order_of),
        )

    def material_issued(self, event: Json) -> None:
        """Material went into production."""
        issue = event["data"]
        self.documents.post("material_issue", issue["material_issue_no"], issue["issue_date"], cost_lines(issue))

    def material_returned(self, event: Json) -> None:
        """Material came back, at the cost at which it had gone."""
        back = event["data"]
        self.documents.post("material_return", back["material_return_no"], back["return_date"], cost_lines(back))

    def goods_received(self, event: Json) -> None:
        """Goods were made: first the work that was added, then the goods at material and work together."""
        receipt = event["data"]
        number, day = receipt["production_receipt_no"], receipt["receipt_date"]
        product = receipt["product_code"]
        work = decimal(receipt["labour_amount"], "labour_amount") + decimal(
            receipt["overhead_amount"], "overhead_amount"
        )
        self.documents.post("conversion_cost", number, day, [(product, None, work)])
        cost = decimal(receipt["cost_amount"], "cost_amount")
        self.documents.post("finished_goods", number, day, [(product, receipt["quantity"], cost)])


def production_order_of(event: Json) -> str:
    """The production order that an event is about."""
    return f"production order {event['subject']}"
