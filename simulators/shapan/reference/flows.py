"""What each event means for the other systems: one handler an event type, each of which may run again at any time.

A handler first looks whether its document is there already: in the crosswalk, then in the target system itself (the state may
have been lost, and idempotency keys are forgotten after a day), and only then creates it, under a key derived from the source document.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused, Unavailable, Undecidable
from shapan.reference.inbox import BALANCE_EVENTS, DELIVERY_STATUS
from shapan.reference.matching import Matcher
from shapan.reference.money import amount_text, decimal, json_number, to_base_unit
from shapan.reference.state import State
from shapan.reference.worker import Handler

log = logging.getLogger("shapan.reference")

Json = Mapping[str, Any]
SHANGHAI = ZoneInfo("Asia/Shanghai")

# What the flows below need of each system, and no more: tokens are asked for with these scopes.
SCOPES = {
    "crm": ("customers:read", "orders:read", "orders:write", "balances:write", "events:read"),
    "scm": (
        "partners:read",
        "partners:write",
        "products:read",
        "sales-orders:read",
        "sales-orders:write",
        "events:read",
    ),
    "finance": (
        "customers:read",
        "customers:write",
        "receivables:read",
        "receivables:write",
        "events:read",
    ),
}
_STATUS_ATTEMPTS = 5


class Flows:
    """The handlers. Thread-safe; the worker sees to it that one document is in one thread at a time."""

    def __init__(
        self, crm: SystemClient, scm: SystemClient, finance: SystemClient, matcher: Matcher, state: State
    ) -> None:
        self._crm = crm
        self._scm = scm
        self._finance = finance
        self._matcher = matcher
        self._state = state
        self._factors: dict[tuple[str, str], Decimal] = {}
        self._factors_lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Event type -> handler."""
        return {
            "crm.order.confirmed": self.order_confirmed,
            "crm.order.changed": self.order_changed,
            "crm.order.cancelled": self.order_cancelled,
            "scm.delivery.shipped": self.delivery_shipped,
            DELIVERY_STATUS: self.delivery_status_changed,
            **dict.fromkeys(BALANCE_EVENTS, self.balance_changed),
        }

    # -- CRM order -> SCM sales order --------------------------------------------------------------------------------------------

    def order_confirmed(self, event: Json) -> None:
        """An order was confirmed in the CRM: partner, sales order and its approval in the SCM."""
        order = event["data"]
        number = order["number"]
        if self._overtaken(order):
            return
        sales_order_no = self._state.linked("order", "crm", revision_key(order), "scm")
        if sales_order_no is None:
            sales_order_no = self._sales_order(order) if revision_of(order) == 1 else self._revised(order)
            self._state.link("order", "crm", revision_key(order), "scm", sales_order_no)
        self._act(sales_order_no, "approve", {"approved", "closed", "cancelled"})
        log.info("crm order %s -> scm sales order %s, approved", number, sales_order_no)

    def _overtaken(self, order: Json) -> bool:
        """Whether what came after this event was seen before it: its cancellation, or a later revision."""
        number = order["number"]
        if self._state.is_cancelled(number):
            # What is cancelled leaves nothing behind downstream.
            log.info("crm order %s is cancelled already: nothing to do", number)
            return True
        revision = revision_of(order)
        # A change is rare enough to ask the CRM for the revision in force: so a feed that is read again undoes nothing.
        if revision < self._state.revision(number) or (
            revision > 1 and revision < revision_of(self._crm.get(f"/orders/{order['id']}"))
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
        if self._overtaken(order):
            return
        self._state.note_revision(number, revision_of(order))
        if order["state"] == "confirmed":
            self.order_confirmed(event)
            return
        # The confirmation of this very revision may have come first; what it entered stays.
        entered = self._state.linked("order", "crm", revision_key(order), "scm")
        self._cancel_all(number, but=entered)

    def _sales_order(self, order: Json) -> str:
        """The number of the sales order of a CRM order, found or created."""
        number = order["number"]
        there = next(iter(self._sales_orders_of(number)), None)
        if there is not None:
            return str(there["sales_order_no"])
        key = f"sales-order/crm/{number}"
        return str(self._scm.post("/sales-orders", self._sales_order_body(order), key=key)["sales_order_no"])

    def _revised(self, order: Json) -> str:
        """The number of the sales order of a later revision, found by what it says or created; those of former ones are cancelled first."""
        number = order["number"]
        self._state.note_revision(number, revision_of(order))
        body = self._sales_order_body(order)
        live = [one for one in self._sales_orders_of(number) if one["state"] != "cancelled"]
        there = next((str(one["sales_order_no"]) for one in live if says_the_same(one, body)), None)
        self._cancel_all(number, but=there)
        if there is not None:
            return there
        key = f"sales-order/crm/{number}/{revision_of(order)}"
        return str(self._scm.post("/sales-orders", body, key=key)["sales_order_no"])

    def _sales_order_body(self, order: Json) -> dict[str, Any]:
        return {
            "partner_code": self._matcher.partner_of(order["customerId"]),
            "order_date": shanghai_date(order["confirmedAt"]),
            "requested_date": order["requestedDeliveryDate"],
            "source_reference": {"system": "crm", "document": order["number"], "id": order["id"]},
            "lines": [self._sales_line(line) for line in order["lines"]],
        }

    def _sales_orders_of(self, number: str) -> Iterable[Json]:
        """Sales orders with this CRM order as their source, in the order of their entry."""
        found = self._scm.by_number("/sales-orders", source_document=number)
        return (one for one in found if one["source_reference"]["system"] == "crm")

    def _sales_line(self, line: Json) -> dict[str, Any]:
        base = to_base_unit(line, self._factor(line["productCode"], line["unit"]))
        return {
            "product_code": line["productCode"],
            "quantity": base.quantity,
            "unit_price": base.unit_price,
            "tax_rate": base.tax_rate,
            "amount": base.amount,
            "tax_amount": base.tax_amount,
            "source_line": line["lineNumber"],
        }

    def _factor(self, product_code: str, unit: str) -> Decimal:
        """How many base units one `unit` of a product is, as the SCM has it. Undecidable when the SCM has no such unit."""
        with self._factors_lock:
            factor = self._factors.get((product_code, unit))
        if factor is None:
            units = self._scm.get(f"/products/{product_code}")["units"]
            factors = {(product_code, one["unit"]): decimal(one["factor"], "factor") for one in units}
            factor = factors.get((product_code, unit))
            if factor is None:
                raise Undecidable(
                    f"product {product_code} has no unit {unit} in the SCM; add the unit there. "
                    f"供应链系统中商品 {product_code} 没有单位 {unit}，请先维护。"
                )
            with self._factors_lock:
                self._factors.update(factors)
        return factor

    def _act(self, sales_order_no: str, action: str, reached: set[str]) -> None:
        """Send an action. Refused because of the state (409), it is fine when the order is in one of `reached` already."""
        path = f"/sales-orders/{sales_order_no}"
        try:
            self._scm.post(f"{path}/{action}", key=f"{action}/{sales_order_no}")
        except Refused as refusal:
            if refusal.status != 409 or self._scm.get(path)["state"] not in reached:
                raise

    def order_cancelled(self, event: Json) -> None:
        """An order was cancelled in the CRM: so are its sales orders in the SCM, and a confirmation that comes late."""
        number = event["data"]["number"]
        self._state.note_cancelled(number)
        self._cancel_all(number)

    def _cancel_all(self, number: str, *, but: str | None = None) -> None:
        """Cancel the sales orders of a CRM order, all but one."""
        for sales_order in list(self._sales_orders_of(number)):
            sales_order_no = sales_order["sales_order_no"]
            if sales_order["state"] != "cancelled" and sales_order_no != but:
                self._act(sales_order_no, "cancel", {"cancelled"})
                log.info("crm order %s -> scm sales order %s cancelled", number, sales_order_no)

    # -- SCM delivery -> finance receivable, CRM delivery status -----------------------------------------------------------------

    def delivery_shipped(self, event: Json) -> None:
        """Goods left the house: a receivable in finance, once."""
        delivery = event["data"]
        number = delivery["delivery_no"]
        if Decimal(delivery["gross_amount"]) == 0:
            # A small part's share may round to nothing, and finance books no nothing.
            log.info("scm delivery %s is worth 0.00: no receivable", number)
            return
        if self._state.linked("delivery", "scm", number, "finance") is not None:
            return
        reference = delivery["source_reference"] or {}
        order = self._crm_order(reference)[0] if reference.get("system") == "crm" else None
        receivable = self._receivable(delivery, order)
        self._state.link("delivery", "scm", number, "finance", str(receivable["id"]))
        log.info(
            "scm delivery %s -> finance receivable %s, %s", number, receivable["number"], receivable["gross_amount"]
        )

    def _crm_order(self, reference: Json) -> tuple[Json, str]:
        """The CRM order that a delivery refers to, with its ETag. Undecidable when the CRM has none of that number."""
        order_id = reference.get("id")
        if not order_id:
            found = next(self._crm.by_link("/orders", number=reference["document"]), None)
            if found is None:
                number = reference["document"]
                raise Undecidable(
                    f"the CRM has no order {number}; check the source of the delivery. CRM 中没有订单 {number}，请核对来源单号。"
                )
            order_id = found["id"]
        return self._crm.read(f"/orders/{order_id}")

    def _receivable(self, delivery: Json, order: Json | None) -> Json:
        """The receivable of a delivery, found or created."""
        number = delivery["delivery_no"]
        for there in self._finance.by_watermark("/receivables", source_document=number):
            if there["source_reference"]["system"] == "scm":
                return dict(there)
        party = ("crm", order["customerId"]) if order else ("scm", delivery["partner_code"])
        body = {
            "customer_id": self._matcher.finance_customer_of(*party),
            # The date on which the goods left, as the warehouse wrote it (Asia/Shanghai): it decides the period, not the time of posting.
            "business_date": delivery["ship_date"],
            "source_reference": {"system": "scm", "document": number},
            "lines": [receivable_line(line) for line in delivery["lines"]],
        }
        if order:
            body["order_reference"] = order["number"]
        return dict(self._finance.post("/receivables", body, key=f"receivable/scm/{number}"))

    def delivery_status_changed(self, event: Json) -> None:
        """Tell the CRM how much of an order has left by now, by PATCH with If-Match; read again when somebody was faster."""
        sales_order_no = event["data"]["sales_order_no"]
        status = delivery_status(self._scm.get(f"/sales-orders/{sales_order_no}"))
        for attempt in range(1, _STATUS_ATTEMPTS + 1):
            order, etag = self._crm_order(event["data"]["source_reference"])
            if order["state"] != "confirmed" or order["deliveryStatus"] == status:
                return
            try:
                self._crm.patch(f"/orders/{order['id']}", {"deliveryStatus": status}, etag=etag)
            except Refused as refusal:
                if refusal.status != 412 or attempt == _STATUS_ATTEMPTS:
                    raise
            else:
                log.info("scm sales order %s -> crm order %s, delivery %s", sales_order_no, order["number"], status)
                return

    # -- finance -> CRM balance --------------------------------------------------------------------------------------------------

    def balance_changed(self, event: Json) -> None:
        """Something was posted for a customer: its balance as of now goes to the CRM. The event's own figures do not matter."""
        finance_id = int(event["subject"])
        customers = self._matcher.crm_customers_of(finance_id)
        if not customers:
            log.info("finance customer %s has no counterpart in the CRM: balance not reported", finance_id)
            return
        balance = self._finance.get(f"/customers/{finance_id}/balance")
        report = {
            "openAmount": json_number(balance["open_amount"], "open_amount"),
            "overdueAmount": json_number(balance["overdue_amount"], "overdue_amount"),
            "asOf": balance["as_of"],
        }
        for customer_id in customers:
            try:
                self._crm.put(f"/customers/{customer_id}/balance", report)
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
