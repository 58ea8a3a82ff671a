"""CRM order -> SCM sales order: entered and approved, entered anew when the order changes, cancelled or closed with it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from shapan.reference.errors import Refused
from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.money import decimal, to_base_unit
from shapan.reference.units import UnknownProduct

log = logging.getLogger("shapan.reference")

SHANGHAI = ZoneInfo("Asia/Shanghai")


class OrderFlow(Flow):
    """Order confirmed, changed, cancelled or closed in the CRM -> partner and sales order in the SCM."""

    scopes: ClassVar[Scopes] = {
        "crm": ("customers:read", "orders:read", "activities:read", "activities:write"),
        "scm": ("partners:read", "partners:write", "products:read", "sales-orders:read", "sales-orders:write"),
    }

    def routes(self) -> tuple[Route, ...]:
        """All that happens to one order stays in order, also deliveries of it."""
        return (
            Route("crm.order.confirmed", self.order_confirmed, order_of),
            Route("crm.order.changed", self.order_changed, order_of),
            Route("crm.order.cancelled", self.order_cancelled, order_of),
            Route("crm.order.closed", self.order_closed, order_of),
        )

    def order_confirmed(self, event: Json) -> None:
        """An order was confirmed in the CRM: partner, sales order and its approval in the SCM."""
        order = event["data"]
        number = order["number"]
        if self.overtaken(order):
            return
        sales_order_no = self.state.linked("order", "crm", revision_key(order), "scm")
        if sales_order_no is None:
            sales_order_no = self.sales_order(order) if revision_of(order) == 1 else self.revised(order)
            self.state.link("order", "crm", revision_key(order), "scm", sales_order_no)
        self.act(sales_order_no, "approve", {"approved", "closed", "cancelled"})
        log.info("crm order %s -> scm sales order %s, approved", number, sales_order_no)

    def overtaken(self, order: Json) -> bool:
        """Whether what came after this event was seen before it: its cancellation, or a later revision."""
        number = order["number"]
        if self.state.is_cancelled(number):
            # What is cancelled leaves nothing behind downstream.
            log.info("crm order %s is cancelled already: nothing to do", number)
            return True
        revision = revision_of(order)
        # A change is rare enough to ask the CRM for the revision in force: so a feed that is read again undoes nothing.
        if revision < self.state.revision(number) or (
            revision > 1 and revision < revision_of(self.crm.get(f"/orders/{order['id']}"))
        ):
            log.info("crm order %s has a later revision already: nothing to do", number)
            return True
        return False

    def order_changed(self, event: Json) -> None:
        """A confirmed order was changed in the CRM: its sales order is cancelled, and entered anew unless the change waits for approval.

        The SCM changes no approved order. What is shipped already cannot be cancelled there: then a person must decide, and nothing was done.
        """
        order = event["data"]
        number = order["number"]
        if self.overtaken(order):
            return
        self.state.note_revision(number, revision_of(order))
        if order["state"] == "confirmed":
            self.order_confirmed(event)
            return
        # The confirmation of this very revision may have come first; what it entered stays.
        entered = self.state.linked("order", "crm", revision_key(order), "scm")
        self.cancel_all(number, but=entered)

    def sales_order(self, order: Json) -> str:
        """The number of the sales order of a CRM order, found or created."""
        number = order["number"]
        there = next(iter(self.sales_orders_of(number)), None)
        if there is not None:
            return str(there["sales_order_no"])
        key = f"sales-order/crm/{number}"
        return str(self.scm.post("/sales-orders", self.sales_order_body(order), key=key)["sales_order_no"])

    def revised(self, order: Json) -> str:
        """The number of the sales order of a later revision, found by what it says or created; those of former ones are cancelled first."""
        number = order["number"]
        self.state.note_revision(number, revision_of(order))
        body = self.sales_order_body(order)
        live = [one for one in self.sales_orders_of(number) if one["state"] != "cancelled"]
        there = next((str(one["sales_order_no"]) for one in live if says_the_same(one, body)), None)
        self.cancel_all(number, but=there)
        if there is not None:
            return there
        key = f"sales-order/crm/{number}/{revision_of(order)}"
        return str(self.scm.post("/sales-orders", body, key=key)["sales_order_no"])

    def sales_order_body(self, order: Json) -> dict[str, Any]:
        """What the SCM is told of an order. UnknownProduct when it has one of the products not, of which nothing was entered then."""
        try:
            lines = [self.sales_line(line) for line in order["lines"]]
        except UnknownProduct as unknown:
            # Remembered, so that the order goes on by itself as soon as somebody enters the product.
            self.state.link("waits-for-product", "crm", f"order {order['number']}", "scm", unknown.code)
            raise
        return {
            "partner_code": self.matcher.partner_of(order["customerId"]),
            "order_date": shanghai_date(order["confirmedAt"]),
            "requested_date": order["requestedDeliveryDate"],
            "source_reference": {"system": "crm", "document": order["number"], "id": order["id"]},
            "lines": lines,
        }

    def sales_orders_of(self, number: str) -> Iterable[Json]:
        """Sales orders with this CRM order as their source, in the order of their entry."""
        found = self.scm.by_number("/sales-orders", source_document=number)
        return (one for one in found if one["source_reference"]["system"] == "crm")

    def sales_line(self, line: Json) -> dict[str, Any]:
        """A line of a sales order from a line of the order: in the base unit, net and tax as the CRM computed them."""
        base = to_base_unit(line, self.units.factor(line["productCode"], line["unit"]))
        return {
            "product_code": line["productCode"],
            "quantity": base.quantity,
            "unit_price": base.unit_price,
            "tax_rate": base.tax_rate,
            "amount": base.amount,
            "tax_amount": base.tax_amount,
            "source_line": line["lineNumber"],
        }

    def act(self, sales_order_no: str, action: str, reached: set[str], body: Json | None = None) -> None:
        """Send an action. Refused because of the state (409), it is fine when the order is in one of `reached` already."""
        path = f"/sales-orders/{sales_order_no}"
        try:
            self.scm.post(f"{path}/{action}", body, key=f"{action}/{sales_order_no}")
        except Refused as refusal:
            if refusal.status != 409 or self.scm.get(path)["state"] not in reached:
                raise

    def order_cancelled(self, event: Json) -> None:
        """An order was cancelled in the CRM: so are its sales orders in the SCM, and a confirmation that comes late.

        What has left the house is not undone by this: the delivery and its receivable stand until the goods come back. Nothing more
        leaves, and sales, who cancelled without knowing, is told.
        """
        order = event["data"]
        self.state.note_cancelled(order["number"])
        for sales_order in list(self.sales_orders_of(order["number"])):
            if sales_order["state"] == "cancelled":
                continue
            try:
                self.cancel(order["number"], sales_order["sales_order_no"])
            except Refused as refusal:
                if refusal.status != 409:
                    raise
                self.left_already(order, sales_order["sales_order_no"])

    def left_already(self, order: Json, sales_order_no: str) -> None:
        """Goods of a cancelled order had left: its rest is closed, and sales is told. Refused when goods are not why it cannot be cancelled."""
        sales_order = self.scm.get(f"/sales-orders/{sales_order_no}")
        if sales_order["state"] == "approved":
            self.close(sales_order_no, f"CRM 订单 {order['number']} 已取消")
        self.note(
            order["customerId"],
            f"订单 {order['number']} 取消时货已发出",
            f"{order['number']} 已取消，但 {sales_order_no} 已有货物出库，出库单与应收保留。请联系客户：退货入库后自动冲红，或重新下单。",
        )
        log.warning(
            "crm order %s is cancelled, but goods of %s have left: sales is told", order["number"], sales_order_no
        )

    def note(self, customer_id: str, subject: str, detail: str) -> None:
        """Tell sales, where they work: a note with the customer in the CRM, once."""
        there = self.crm.by_link("/activities", customerId=customer_id)
        if any(one["subject"] == subject for one in there):
            return
        body = {"customerId": customer_id, "kind": "note", "subject": subject, "detail": detail, "owner": "集成"}
        self.crm.post("/activities", body, key=f"note/{customer_id}/{hashlib.sha256(subject.encode()).hexdigest()}")

    def order_closed(self, event: Json) -> None:
        """The rest of an order is not wanted any more (关闭剩余): the SCM delivers no more of it."""
        order = event["data"]
        for sales_order in list(self.sales_orders_of(order["number"])):
            if sales_order["state"] == "approved":
                self.close(sales_order["sales_order_no"], order["closeReason"] or f"CRM 订单 {order['number']} 已关闭")

    def close(self, sales_order_no: str, reason: str) -> None:
        """Close the rest of a sales order (关闭剩余)."""
        self.act(sales_order_no, "close", {"closed", "cancelled"}, {"reason": reason})
        log.info("scm sales order %s: its rest is closed", sales_order_no)

    def cancel_all(self, number: str, *, but: str | None = None) -> None:
        """Cancel the sales orders of a CRM order, all but one."""
        for sales_order in list(self.sales_orders_of(number)):
            sales_order_no = sales_order["sales_order_no"]
            if sales_order["state"] != "cancelled" and sales_order_no != but:
                self.cancel(number, sales_order_no)

    def cancel(self, number: str, sales_order_no: str) -> None:
        """Cancel a sales order; Refused once goods of it have left."""
        self.act(sales_order_no, "cancel", {"cancelled"})
        log.info("crm order %s -> scm sales order %s cancelled", number, sales_order_no)


def order_of(event: Json) -> str:
    """The order that an event of the CRM is about."""
    return f"order {event['subject']}"


def revision_of(order: Json) -> int:
    """Revision of a CRM order; a CRM without changes of confirmed orders tells none."""
    return int(order.get("revision", 1))


def revision_key(order: Json) -> str:
    """What a revision of a CRM order is called in the crosswalk: the order's number, with the revision behind it after a change."""
    revision = revision_of(order)
    return str(order["number"]) if revision == 1 else f"{order['number']}/{revision}"


def says_the_same(sales_order: Json, body: Json) -> bool:
    """Whether a sales order has partner, date and lines of one that is to be entered."""

    def content(document: Json) -> tuple[object, ...]:
        lines = [
            (
                line["product_code"],
                line["source_line"],
                *(decimal(line[member], member) for member in ("quantity", "tax_rate", "amount", "tax_amount")),
            )
            for line in document["lines"]
        ]
        return document["partner_code"], document["requested_date"], lines

    return content(sales_order) == content(body)


def shanghai_date(moment: str) -> str:
    """The business date of a point in time: 2026-11-30T16:30:00Z is 2026-12-01 in Asia/Shanghai."""
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).date().isoformat()
