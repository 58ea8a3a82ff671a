"""SCM stock value -> finance inventory documents (存货核算单): what each movement of stock was worth, so that 1405 is what the warehouse has.

The SCM values stock at the moving average and tells the cost with each document. Finance is told of it document by document:

delivery shipped           sales_cost          cost of what left
sales return received      sales_return_cost   cost of what came back
cost adjustment posted     cost_adjustment     share of what is sold already; the rest came with the supplier's invoice
purchase return posted     cost_adjustment     average at which it left, less the price that the supplier gives back
stock count posted         count_gain, count_loss

Goods that come in are no matter of this file: their value comes with the supplier's invoice, or with the accrual of the month end (暂估).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from shapan.reference.errors import Refused
from shapan.reference.flows.base import Context, Flow, Json, Route
from shapan.reference.money import amount_text, decimal
from shapan.reference.worker import Handler

log = logging.getLogger("shapan.reference")

Line = tuple[str, str | None, Decimal]
"""Product of the SCM, quantity in base units (None when only the value changed), and what it is worth."""

SCOPES = {
    "scm": ("products:read",),
    "finance": (
        "inventory_documents:read",
        "inventory_documents:write",
        "inventory_items:read",
        "inventory_items:write",
        "ledger:read",
    ),
}
"""What `InventoryDocuments` needs."""


class InventoryDocuments:
    """Finance's inventory documents, each of which follows a document of the SCM. Thread-safe."""

    def __init__(self, context: Context) -> None:
        self._finance = context.finance
        self._books = context.books
        self._items = context.items

    def post(
        self,
        kind: str,
        source: str,
        day: str,
        lines: Iterable[Line],
        *,
        store_code: str | None = None,
        summary: str | None = None,
    ) -> Json | None:
        """The inventory document of `kind` that follows the SCM document `source`, found or posted; None when nothing is worth anything.

        `day` is the date of the SCM document. Refused as the client says.
        """
        there = self.find(kind, source)
        if there is not None:
            return there
        worth = [line for line in lines if line[2]]
        if not worth:
            return None
        body: dict[str, Any] = {
            "kind": kind,
            "business_date": day,
            "source_reference": {"system": "scm", "document": source},
            "lines": [self._line(*line) for line in worth],
        }
        if store_code is not None:
            body["store_code"] = store_code
        if summary is not None:
            body["summary"] = summary
        document: Json = self._books.post("/inventory-documents", body, key=f"{kind}/scm/{source}", remark="summary")
        log.info(
            "scm %s -> finance inventory document %s (%s), %s", source, document["number"], kind, document["amount"]
        )
        return document

    def find(self, kind: str, source: str) -> Json | None:
        """The document of this kind that follows `source` and was not taken back."""
        for there in self._finance.by_watermark("/inventory-documents", kind=kind, source_document=source):
            counts = there["reverses_id"] is None and there["reversed_by_id"] is None
            if counts and there["source_reference"]["system"] == "scm":
                return dict(there)
        return None

    def reverse(self, kind: str, source: str, day: str, reason: str) -> None:
        """Take the document of this kind that follows `source` back (红冲), where there is one."""
        there = self.find(kind, source)
        if there is None:
            return
        body = {"reason": reason, "business_date": day}
        path = f"/inventory-documents/{there['id']}/reverse"
        try:
            self._books.post(path, body, key=f"reverse/{kind}/scm/{source}")
        except Refused as refusal:
            if refusal.name != "already-reversed":
                raise

    def _line(self, product_code: str, quantity: str | None, amount: Decimal) -> dict[str, str]:
        item = self._items.item_of(product_code)
        line = {"product_code": item.code, "stock_class": item.stock_class, "amount": amount_text(amount, "amount")}
        return line if quantity is None or not Decimal(quantity) else {**line, "quantity": quantity}


class InventoryFlow(Flow):
    """A document of the SCM that changed the value of stock -> its inventory document in finance."""

    scopes = SCOPES | {"scm": ("products:read", "sales-orders:read")}

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.documents = InventoryDocuments(context)

    def routes(self) -> tuple[Route, ...]:
        """Beside what other flows make of the same events, and after it: the books of stock can wait, a customer's receivable cannot."""
        return (
            costs("scm.delivery.shipped", "delivery_no", self.delivery_shipped),
            costs("scm.sales_return.received", "sales_return_no", self.sales_return_received),
            costs("scm.cost_adjustment.posted", "cost_adjustment_no", self.cost_adjusted),
            costs("scm.purchase_return.posted", "purchase_return_no", self.purchase_returned),
            costs("scm.stock_count.posted", "stock_count_no", self.stock_counted),
        )

    def delivery_shipped(self, event: Json) -> None:
        """Goods left the house: from inventory to cost of sales (结转销售成本)."""
        delivery = event["data"]
        self.documents.post("sales_cost", delivery["delivery_no"], delivery["ship_date"], cost_lines(delivery))

    def sales_return_received(self, event: Json) -> None:
        """Goods came back: the cost at which they had left, in red."""
        back = event["data"]
        self.documents.post("sales_return_cost", back["sales_return_no"], back["receive_date"], cost_lines(back))

    def cost_adjusted(self, event: Json) -> None:
        """Goods turned out to cost another price: the share of those that are sold goes to cost of sales."""
        adjustment = event["data"]
        lines = [
            (line["product_code"], None, decimal(line["to_cost_of_sales"], "to_cost_of_sales"))
            for line in adjustment["lines"]
        ]
        number, day = adjustment["cost_adjustment_no"], adjustment["adjustment_date"]
        self.documents.post("cost_adjustment", number, day, lines)

    def purchase_returned(self, event: Json) -> None:
        """Goods went back at the average, and the supplier gives back their price: the difference is cost.

        `cost_difference` is the price less the average; what was refused at the door never was in stock.
        """
        back = event["data"]
        lines = [
            (line["product_code"], None, -decimal(line["cost_difference"], "cost_difference"))
            for line in back["lines"]
            if not line["rejected"]
        ]
        self.documents.post("cost_adjustment", back["purchase_return_no"], back["return_date"], lines)

    def stock_counted(self, event: Json) -> None:
        """What the count found more or less than the book has (盘盈、盘亏)."""
        count = event["data"]
        for kind, sign in (("count_gain", 1), ("count_loss", -1)):
            lines = [
                (line["product_code"], line["difference_quantity"].removeprefix("-"), sign * worth)
                for line in count["lines"]
                if sign * (worth := decimal(line["difference_amount"], "difference_amount")) > 0
            ]
            self.documents.post(kind, count["stock_count_no"], count["count_date"], lines)


def costs(event: str, number: str, handler: Handler) -> Route:
    """The route of an event to the cost of its document, whose number is the member `number`. As a report it goes behind all documents."""
    return Route(event, handler, lambda event: f"cost of {event['data'][number]}", label="cost", report=True)


def cost_lines(document: Json) -> list[Line]:
    """The lines of a delivery or a return with what they cost."""
    return [
        (line["product_code"], line["quantity"], decimal(line["cost_amount"], "cost_amount"))
        for line in document["lines"]
    ]
