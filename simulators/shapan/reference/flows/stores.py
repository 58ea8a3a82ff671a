"""CRM store sale -> ingredients in the SCM, revenue in finance; SCM store sale -> its cost in finance. All with the store (门店) that sold.

sale at the till       store sale (SCM)        ingredients leave by recipe, what expires first before the other
                       cash sale (finance)     revenue, by means of payment
store sale posted      store_consumption       what the ingredients were worth
bill voided            all three are taken back
return over the counter (门店退货)   all three are taken back and made anew with the rest, as no system takes back a part of them
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from shapan.reference.errors import Refused, Undecidable
from shapan.reference.flows.base import Context, Flow, Json, Route, Scopes
from shapan.reference.flows.inventory import SCOPES, InventoryDocuments, Line
from shapan.reference.money import amount_text, decimal, plain_text

log = logging.getLogger("shapan.reference")

SALE_EVENTS = ("crm.store_sale.completed", "crm.store_sale.voided", "crm.store_sale.returned")
METHODS = {"cash": "cash", "card": "bank_card", "wechat": "wechat_pay", "alipay": "alipay"}
"""Means of payment: the till's word -> finance's. A voucher (代金券) is no money; a person must say what stands behind it."""


STORES: Scopes = {"crm": ("stores:read",), "finance": ("stores:read", "stores:write")}
"""What `Stores` needs."""


class Stores:
    """The stores of finance, which are the CRM's: a store has one code in all three systems. Thread-safe."""

    def __init__(self, context: Context) -> None:
        self._crm = context.crm
        self._finance = context.finance
        self._state = context.state

    def in_finance(self, code: str) -> str:
        """The code of a store, after seeing to it that finance has it, under the CRM's name."""
        if self._state.linked("store", "crm", code, "finance") is None:
            if not any(self._finance.by_watermark("/stores", code=code)):
                self._enter(code, self._crm.get(f"/stores/{code}")["name"])
            self._state.link("store", "crm", code, "finance", code)
        return code

    def _enter(self, code: str, name: str) -> None:
        try:
            self._finance.post("/stores", {"code": code, "name": name}, key=f"store/crm/{code}")
        except Refused as refusal:
            # Another document of this store was faster: that is what was wanted.
            if refusal.name != "code-exists":
                raise
        log.info("crm store %s -> finance store, entered", code)


class StoreSaleFlow(Flow):
    """A sale at the till of the CRM, one that was voided, or of which something came back -> SCM and finance.

    The events only tell that there is something to look at: what the sale is by now decides what stock and books must have of it.
    So it does not matter how often and in which order they come.
    """

    scopes: ClassVar[Scopes] = {
        "crm": (*STORES["crm"], "store-sales:read"),
        "scm": (*SCOPES["scm"], "store-sales:read", "store-sales:write"),
        "finance": (*SCOPES["finance"], *STORES["finance"], "cash_sales:read", "cash_sales:write"),
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.documents = InventoryDocuments(context)
        self.stores = Stores(context)

    def routes(self) -> tuple[Route, ...]:
        """Stock and revenue apart: what the kitchen lacks must not keep the revenue out of the books."""
        return (
            *(Route(event, self.used, named("store sale")) for event in SALE_EVENTS),
            *(Route(event, self.paid, named("cash sale"), label="cash") for event in SALE_EVENTS),
            Route("scm.store_sale.posted", self.consumed, named("consumption of")),
            Route("scm.store_sale.voided", self.consumption_voided, named("consumption of")),
        )

    def sale_now(self, event: Json) -> Json:
        """The sale as the CRM has it by now."""
        sale: Json = self.crm.get(f"/store-sales/{event['data']['id']}")
        return sale

    # -- CRM -> SCM: the ingredients ---------------------------------------------------------------------------------------------

    def used(self, event: Json) -> None:
        """Something happened to a sale: the SCM has one store sale of what was sold and not taken back, or none."""
        sale = self.sale_now(event)
        wanted = self.store_sale_body(sale)
        kept = False
        for there in list(self.store_sales_of(sale["number"])):
            if not kept and wanted["lines"] and says_the_same(there, wanted):
                kept = True
            else:
                self.void_store_sale(there["store_sale_no"], reason_of(sale))
        if wanted["lines"] and not kept:
            made = self.scm.post("/store-sales", wanted, key=f"store-sale/crm/{revision_of(sale)}")
            log.info("crm store sale %s -> scm %s, cost %s", sale["number"], made["store_sale_no"], made["cost_amount"])

    def store_sales_of(self, number: str) -> Iterator[Any]:
        """Store sales of the SCM with this sale of the CRM as their source that were not voided."""
        found = self.scm.by_number("/store-sales", source_document=number, state="posted")
        return (one for one in found if one["source_reference"]["system"] == "crm")

    def store_sale_body(self, sale: Json) -> dict[str, Any]:
        """What the SCM is told of a sale: store, day, and what was sold in base units; prices are none of its business."""
        return {
            # A store has one code in all three systems.
            "warehouse_code": sale["storeCode"],
            "business_date": sale["businessDate"],
            "source_reference": {"system": "crm", "document": sale["number"], "id": sale["id"]},
            "lines": [self.store_sale_line(line) for line in left_of(sale)],
        }

    def store_sale_line(self, line: Json) -> dict[str, str]:
        """What was sold, in the base unit."""
        quantity = decimal(line["quantity"], "quantity") * self.units.factor(line["productCode"], line["unit"])
        return {"product_code": line["productCode"], "quantity": plain_text(quantity)}

    def void_store_sale(self, number: str, reason: str) -> None:
        """Take a store sale of the SCM back; fine when it is."""
        try:
            self.scm.post(f"/store-sales/{number}/void", {"reason": reason}, key=f"void/{number}")
        except Refused as refusal:
            if refusal.name != "store-sale-voided":
                raise
        log.info("scm store sale %s voided", number)

    # -- CRM -> finance: the revenue ---------------------------------------------------------------------------------------------

    def paid(self, event: Json) -> None:
        """Something happened to a sale: finance has one cash sale of what was paid and not given back, or none when that is nothing."""
        sale = self.sale_now(event)
        lines = [line for line in left_of(sale) if decimal(line["grossAmount"], "grossAmount")]
        worth = sum((decimal(line["grossAmount"], "grossAmount") for line in lines), Decimal(0))
        kept = False
        for there in list(self.cash_sales_of(sale["number"])):
            if not kept and worth and Decimal(there["gross_amount"]) == worth:
                kept = True
            else:
                self.reverse_cash_sale(there, reason_of(sale))
        if worth and not kept:
            body = self.cash_sale_body(sale, lines)
            made = self.books.post("/cash-sales", body, key=f"cash-sale/crm/{revision_of(sale)}", remark="summary")
            log.info("crm store sale %s -> finance %s, %s", sale["number"], made["number"], made["gross_amount"])

    def cash_sales_of(self, number: str) -> Iterator[Any]:
        """Cash sales of finance with this sale of the CRM as their source that were not reversed."""
        found = self.finance.by_watermark("/cash-sales", source_document=number)
        return (one for one in found if one["source_reference"]["system"] == "crm" and one["state"] == "posted")

    def cash_sale_body(self, sale: Json, lines: Iterable[Json]) -> dict[str, Any]:
        """What finance is told of a sale: line by line net and tax as the till has them."""
        return {
            "store_code": self.stores.in_finance(sale["storeCode"]),
            "business_date": sale["businessDate"],
            "source_reference": {"system": "crm", "document": sale["number"], "id": sale["id"]},
            "payments": payments_of(sale),
            "lines": [cash_sale_line(line) for line in lines],
        }

    def reverse_cash_sale(self, posted: Json, reason: str) -> None:
        """Take a cash sale back on its own day: what is right of that day is posted on it as well. Fine when it is reversed."""
        body = {"reason": reason, "business_date": posted["business_date"]}
        try:
            self.books.post(f"/cash-sales/{posted['id']}/reverse", body, key=f"reverse/{posted['number']}")
        except Refused as refusal:
            if refusal.name != "cash-sale-reversed":
                raise
        log.info("finance cash sale %s reversed", posted["number"])

    # -- SCM -> finance: the cost ------------------------------------------------------------------------------------------------

    def consumed(self, event: Json) -> None:
        """Ingredients left a store: what they were worth is its cost."""
        used = event["data"]
        number = used["store_sale_no"]
        if self.scm.get(f"/store-sales/{number}")["state"] == "posted":
            self.documents.post(
                "store_consumption",
                number,
                used["business_date"],
                consumption(used),
                store_code=self.stores.in_finance(used["warehouse_code"]),
            )

    def consumption_voided(self, event: Json) -> None:
        """The ingredients are back: so is their worth."""
        used = event["data"]
        reason = used["void_reason"] or "门店销售作废"
        self.documents.reverse("store_consumption", used["store_sale_no"], used["business_date"], reason)


def named(what: str) -> Callable[[Json], str]:
    """All about one sale stays in order."""
    return lambda event: f"{what} {event['subject']}"


def left_of(sale: Json) -> list[Json]:
    """The lines of a sale with what did not come back: quantity and amounts less those of its returns. None of a voided one."""
    if sale["state"] == "voided":
        return []
    back = [line for one in sale["returns"] for line in one["lines"]]
    lines: list[Json] = []
    for line in sale["lines"]:
        returned = [one for one in back if one["lineNumber"] == line["lineNumber"]]
        rest = {
            member: decimal(line[member], member) - sum(decimal(one[member], member) for one in returned)
            for member in ("quantity", "netAmount", "taxAmount", "grossAmount")
        }
        if rest["quantity"]:
            lines.append({**line, **rest})
    return lines


def payments_of(sale: Json) -> list[dict[str, str]]:
    """What was paid and not given back, by means of payment, in finance's words. Undecidable where that is no money, or less than none."""
    sums: dict[str, Decimal] = {}
    parts = [(payment, 1) for payment in sale["payments"]]
    parts += [(payment, -1) for one in sale["returns"] for payment in one["refunds"]]
    for payment, sign in parts:
        amount = sign * decimal(payment["amount"], "amount")
        sums[payment["method"]] = sums.get(payment["method"], Decimal(0)) + amount
    strange = [method for method, amount in sums.items() if amount and (method not in METHODS or amount < 0)]
    if strange:
        methods = ", ".join(strange)
        raise Undecidable(
            f"store sale {sale['number']} was paid or given back by {methods} in a way for which finance has no account; post its cash sale by hand. "
            f"门店销售 {sale['number']} 的支付或退款方式 {methods} 在财务没有对应科目，请手工登记现销单。"
        )
    return [
        {"method": METHODS[method], "amount": amount_text(amount, "amount")}
        for method, amount in sums.items()
        if amount
    ]


def says_the_same(there: Json, wanted: Json) -> bool:
    """Whether a store sale of the SCM has store, day and lines of one that is wanted."""

    def content(one: Json) -> tuple[object, ...]:
        lines = [(line["product_code"], decimal(line["quantity"], "quantity")) for line in one["lines"]]
        return one["warehouse_code"], one["business_date"], lines

    return content(there) == content(wanted)


def revision_of(sale: Json) -> str:
    """What a sale is called in keys: its number, and after a return how many there were."""
    returns = len(sale["returns"])
    return f"{sale['number']}/{returns}" if returns else str(sale["number"])


def reason_of(sale: Json) -> str:
    """Why something of a sale is taken back."""
    return str(sale["voidReason"] or next((one["reason"] for one in reversed(sale["returns"])), "与收银单据不一致"))


def cash_sale_line(line: Json) -> dict[str, str]:
    """A line of a cash sale: net and tax of the till's line."""
    return {
        "description": f"{line['productName']} {line['productCode']} × {line['quantity']} {line['unit']}"[:200],
        "net_amount": amount_text(line["netAmount"], "netAmount"),
        "tax_rate": plain_text(decimal(line["taxRate"], "taxRate")),
        "tax_amount": amount_text(line["taxAmount"], "taxAmount"),
    }


def consumption(used: Json) -> list[Line]:
    """What left the store, an ingredient a line, its batches together."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for part in used["consumption"]:
        quantity, cost = sums.get(part["product_code"], (Decimal(0), Decimal(0)))
        sums[part["product_code"]] = (
            quantity + decimal(part["quantity"], "quantity"),
            cost + decimal(part["cost_amount"], "cost_amount"),
        )
    return [(code, plain_text(quantity), cost) for code, (quantity, cost) in sums.items()]
