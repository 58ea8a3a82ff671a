"""SCM delivery -> finance receivable, and the delivery status of the CRM order."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any, ClassVar

from shapan.reference.errors import Refused, Undecidable
from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.money import amount_text, decimal

log = logging.getLogger("shapan.reference")

_STATUS_ATTEMPTS = 5


class DeliveryFlow(Flow):
    """Goods left the house -> a receivable for this delivery in finance; the CRM hears how much of its order has left."""

    scopes: ClassVar[Scopes] = {
        "crm": ("customers:read", "orders:read", "orders:write"),
        "scm": ("partners:read", "sales-orders:read"),
        "finance": ("customers:read", "customers:write", "ledger:read", "receivables:read", "receivables:write"),
    }

    def routes(self) -> tuple[Route, ...]:
        """Two pieces: what one side refuses is tried again without the other. (The CRM is still asked who ordered, before billing.)"""
        return (
            Route("scm.delivery.shipped", self.delivery_shipped, order_delivered),
            Route("scm.delivery.shipped", self.delivery_status_changed, status_of, label="status", report=True),
        )

    def delivery_shipped(self, event: Json) -> None:
        """Goods left the house: a receivable in finance, once."""
        delivery = event["data"]
        number = delivery["delivery_no"]
        if Decimal(delivery["gross_amount"]) == 0:
            # A small part's share may round to nothing, and finance books no nothing.
            log.info("scm delivery %s is worth 0.00: no receivable", number)
            return
        if self.is_billed(number):
            return
        reference = delivery["source_reference"] or {}
        order = self.crm_order(reference)[0] if reference.get("system") == "crm" else None
        receivable = self.receivable(delivery, order)
        self.state.link("delivery", "scm", number, "finance", str(receivable["id"]))
        log.info(
            "scm delivery %s -> finance receivable %s, %s", number, receivable["number"], receivable["gross_amount"]
        )

    def is_billed(self, number: str) -> bool:
        """Whether we have billed this delivery, as far as we know."""
        return self.state.linked("delivery", "scm", number, "finance") is not None

    def crm_order(self, reference: Json) -> tuple[Json, str]:
        """The CRM order that a delivery refers to, with its ETag. Undecidable when the CRM has none of that number."""
        order_id = reference.get("id")
        if not order_id:
            found = next(self.crm.by_link("/orders", number=reference["document"]), None)
            if found is None:
                number = reference["document"]
                raise Undecidable(
                    f"the CRM has no order {number}; check the source of the delivery. CRM 中没有订单 {number}，请核对来源单号。"
                )
            order_id = found["id"]
        return self.crm.read(f"/orders/{order_id}")

    def receivable(self, delivery: Json, order: Json | None) -> Json:
        """The receivable of a delivery, found or created."""
        number = delivery["delivery_no"]
        for there in self.finance.by_watermark("/receivables", source_document=number):
            if there["source_reference"]["system"] == "scm":
                return dict(there)
        body = self.receivable_body(delivery, order)
        return dict(self.books.post("/receivables", body, key=f"receivable/scm/{number}", remark="summary"))

    def receivable_body(self, delivery: Json, order: Json | None) -> dict[str, Any]:
        """What finance is told of a delivery; `order` is its CRM order, where it has one."""
        party = ("crm", order["customerId"]) if order else ("scm", delivery["partner_code"])
        body = {
            "customer_id": self.matcher.finance_customer_of(*party),
            # The date on which the goods left, as the warehouse wrote it (Asia/Shanghai): it decides the period, not the time of posting.
            "business_date": delivery["ship_date"],
            "source_reference": {"system": "scm", "document": delivery["delivery_no"]},
            "lines": self.receivable_lines(delivery),
        }
        if order:
            body["order_reference"] = order["number"]
        return body

    def receivable_lines(self, delivery: Json) -> list[dict[str, str]]:
        """The lines of a receivable: what left, at net and tax as they stand on the delivery."""
        return [receivable_line(line) for line in delivery["lines"]]

    def delivery_status_changed(self, event: Json) -> None:
        """Tell the CRM how much of an order has left by now, by PATCH with If-Match; read again when somebody was faster."""
        sales_order_no = event["data"]["sales_order_no"]
        status = delivery_status(self.scm.get(f"/sales-orders/{sales_order_no}"))
        for attempt in range(1, _STATUS_ATTEMPTS + 1):
            order, etag = self.crm_order(event["data"]["source_reference"])
            if order["state"] != "confirmed" or order["deliveryStatus"] == status:
                return
            try:
                self.crm.patch(f"/orders/{order['id']}", {"deliveryStatus": status}, etag=etag)
            except Refused as refusal:
                if refusal.status != 412 or attempt == _STATUS_ATTEMPTS:
                    raise
            else:
                log.info("scm sales order %s -> crm order %s, delivery %s", sales_order_no, order["number"], status)
                return


def order_delivered(event: Json) -> str:
    """The CRM order that a delivery is of; the sales order where it was sold without the CRM."""
    reference = event["data"]["source_reference"] or {}
    return f"order {reference['document']}" if reference.get("system") == "crm" else f"sales order {event['subject']}"


def status_of(event: Json) -> str | None:
    """The CRM order whose delivery status is to be told; None where there is none."""
    reference = event["data"]["source_reference"] or {}
    return f"delivery status {reference['document']}" if reference.get("system") == "crm" else None


def delivery_status(sales_order: Json) -> str:
    """What of a sales order has left the house, in the CRM's words: none, partial or complete."""
    shipped = [decimal(line["shipped_quantity"], "shipped_quantity") for line in sales_order["lines"]]
    ordered = [decimal(line["quantity"], "quantity") for line in sales_order["lines"]]
    if shipped == ordered:
        return "complete"
    return "partial" if any(shipped) else "none"


def receivable_line(line: Json) -> dict[str, str]:
    """A line of a receivable from a line of a delivery: net and tax as they stand there, by line."""
    return {
        "description": f"{line['product_name']} {line['product_code']} × {line['quantity']} {line['unit']}"[:200],
        "net_amount": amount_text(line["amount"], "amount"),
        "tax_rate": line["tax_rate"],
        "tax_amount": amount_text(line["tax_amount"], "tax_amount"),
    }
