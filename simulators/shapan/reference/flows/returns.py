"""CRM return -> SCM sales return -> red receivable in finance (销售退货, 红字应收); and the CRM hears how far it is."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from shapan.reference.errors import Refused, Unavailable, Undecidable
from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.money import amount_text, decimal, plain_text

log = logging.getLogger("shapan.reference")

# The CRM takes no longer reference.
_REFERENCE = 40


class ReturnFlow(Flow):
    """A return is approved -> the warehouse expects the goods; they are back -> what was billed for them is taken back in red.

    The CRM's return is told `received` when all goods are back, and `credited` when all of it is red in finance.
    """

    scopes: ClassVar[Scopes] = {
        "crm": ("returns:read", "returns:write"),
        "scm": ("products:read", "sales-orders:read", "deliveries:read", "sales-returns:read", "sales-returns:write"),
        "finance": ("receivables:read", "receivables:write", "ledger:read"),
    }

    def routes(self) -> tuple[Route, ...]:
        """The CRM is told apart from the rest: finance does not wait for it. That it was credited is told once finance has the red one."""
        return (
            Route("crm.return.approved", self.return_approved, order_of),
            Route("scm.sales_return.received", self.goods_returned, sales_return_of),
            Route("scm.sales_return.received", self.tell_crm, report_of, label="crm", report=True),
            Route("finance.receivable.posted", self.tell_crm, report_of_red, label="crm", report=True),
        )

    # -- CRM return -> SCM sales returns ------------------------------------------------------------------------------------------

    def return_approved(self, event: Json) -> None:
        """A return was approved: a draft sales return in the SCM for each delivery that goods come back of."""
        back = event["data"]
        for delivery_no, lines in self.shares(back).items():
            body = {
                "delivery_no": delivery_no,
                "reason": back["reason"],
                "source_reference": {"system": "crm", "document": back["number"], "id": back["id"]},
                "lines": lines,
            }
            key = f"sales-return/crm/{back['number']}/{delivery_no}"
            made = self.scm.post("/sales-returns", body, key=key)
            log.info("crm return %s -> scm sales return %s of %s", back["number"], made["sales_return_no"], delivery_no)

    def shares(self, back: Json) -> dict[str, list[dict[str, Any]]]:
        """Delivery -> lines of a return that are still to be entered for it; what left last comes back first.

        Undecidable when more comes back than left the house.
        """
        orders = list(self.scm.by_number("/sales-orders", source_document=back["orderNumber"]))
        returns = [one for order in orders for one in self.returns_of(order["sales_order_no"])]
        entered = [one for one in returns if follows(one, back["number"])]
        wanted: dict[int, Decimal] = {}
        for line in back["lines"]:
            quantity = decimal(line["quantity"], "quantity") * self.units.factor(line["productCode"], line["unit"])
            wanted[line["lineNumber"]] = quantity - sum_of(entered, source_line=line["lineNumber"])
        shares: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        deliveries = [
            one
            for order in orders
            for one in self.scm.by_number("/deliveries", sales_order_no=order["sales_order_no"], state="shipped")
        ]
        drafts = [one for one in returns if one["state"] == "draft"]
        for delivery in reversed(deliveries):
            promised = [one for one in drafts if one["delivery_no"] == delivery["delivery_no"]]
            for line in delivery["lines"]:
                left = decimal(line["quantity"], "quantity") - decimal(line["returned_quantity"], "returned_quantity")
                part = min(
                    left - sum_of(promised, line_no=line["line_no"]), wanted.get(line["source_line"], Decimal(0))
                )
                if part > 0:
                    wanted[line["source_line"]] -= part
                    shares[delivery["delivery_no"]].append({"line_no": line["line_no"], "quantity": plain_text(part)})
        if any(rest > 0 for rest in wanted.values()):
            number, order_number = back["number"], back["orderNumber"]
            raise Undecidable(
                f"return {number} takes back more than was shipped of {order_number}; check its quantities. "
                f"退货单 {number} 超过订单 {order_number} 的出库数量，请核对。"
            )
        return dict(shares)

    def returns_of(self, sales_order_no: str) -> list[Json]:
        """The sales returns of a sales order, cancelled ones apart."""
        found = self.scm.by_number("/sales-returns", sales_order_no=sales_order_no)
        return [one for one in found if one["state"] != "cancelled"]

    # -- SCM sales return -> red receivable ---------------------------------------------------------------------------------------

    def goods_returned(self, event: Json) -> None:
        """Goods are back in stock: what was billed for them is taken back in red, once, by exactly their net and tax."""
        back = event["data"]
        number = back["sales_return_no"]
        if decimal(back["gross_amount"], "gross_amount") == 0 or self.red_of(number) is not None:
            return
        body = {
            "reason": f"销售退货 {back['reason']}"[:200],
            "business_date": back["receive_date"],
            "source_reference": {"system": "scm", "document": number},
            "lines": self.red_lines(back),
        }
        path = f"/receivables/{self.billed(back['delivery_no'])['id']}/red"
        red = self.books.post(path, body, key=f"red/scm/{number}", remark="reason")
        log.info("scm sales return %s -> finance red receivable %s, %s", number, red["number"], red["gross_amount"])

    def red_lines(self, back: Json) -> list[dict[str, Any]]:
        """How much of each line of the receivable is taken back; its lines are those of the delivery, in their order."""
        delivery = self.scm.get(f"/deliveries/{back['delivery_no']}")
        place = {line["line_no"]: number for number, line in enumerate(delivery["lines"], 1)}
        return [
            {
                "line_no": place[line["line_no"]],
                "net_amount": amount_text(line["amount"], "amount"),
                "tax_amount": amount_text(line["tax_amount"], "tax_amount"),
            }
            for line in back["lines"]
            if decimal(line["gross_amount"], "gross_amount")
        ]

    def billed(self, delivery_no: str) -> Json:
        """The receivable of a delivery. Unavailable while finance has none: it is on its way."""
        for there in self.finance.by_watermark("/receivables", source_document=delivery_no):
            if there["source_reference"]["system"] == "scm" and there["red_of_id"] is None:
                return dict(there)
        raise Unavailable(f"finance has no receivable of delivery {delivery_no} yet, so none can be taken back")

    def red_of(self, sales_return_no: str) -> Json | None:
        """The red receivable of a sales return, where there is one."""
        for there in self.finance.by_watermark("/receivables", source_document=sales_return_no):
            if there["source_reference"]["system"] == "scm" and there["red_of_id"] is not None:
                return dict(there)
        return None

    # -- back to the CRM -----------------------------------------------------------------------------------------------------------

    def tell_crm(self, event: Json) -> None:
        """Tell the CRM how far a return is, as SCM and finance show it now; nothing for goods that came back without the CRM."""
        one = self.scm.get(f"/sales-returns/{sales_return_no_of(event)}")
        reference = one["source_reference"] or {}
        if reference.get("system") != "crm":
            return
        back = self.crm_return(reference)
        parts = [part for part in self.returns_of(one["sales_order_no"]) if follows(part, back["number"])]
        if any(part["state"] != "received" for part in parts):
            return
        if back["state"] == "approved":
            back = self.advance(back, "receive", "received", [part["sales_return_no"] for part in parts])
        worth = [part for part in parts if decimal(part["gross_amount"], "gross_amount")]
        red = [there["number"] for part in worth if (there := self.red_of(part["sales_return_no"])) is not None]
        if back["state"] == "received" and len(red) == len(worth):
            self.advance(back, "credit", "credited", red)

    def crm_return(self, reference: Json) -> Json:
        """The CRM's return that a sales return follows. Undecidable when the reference has no id."""
        if not reference.get("id"):
            number = reference["document"]
            raise Undecidable(
                f"the source of a sales return names {number} without its id, so the CRM cannot be told. "
                f"销售退货单的来源 {number} 没有标识，无法回写 CRM。"
            )
        return dict(self.crm.get(f"/returns/{reference['id']}"))

    def advance(self, back: Json, action: str, reached: str, documents: Iterable[str]) -> Json:
        """Bring the CRM's return one state on; 409 is fine when somebody did so meanwhile."""
        path = f"/returns/{back['id']}"
        # A reference has room for two numbers; the others are found by their source.
        body = {"reference": "、".join(documents)[:_REFERENCE].rstrip("、") or None}
        try:
            after = self.crm.post(f"{path}/{action}", body, key=f"{action}/{back['number']}")
        except Refused as refusal:
            if refusal.status != 409:
                raise
            return dict(self.crm.get(path))
        log.info("crm return %s -> %s", back["number"], reached)
        return dict(after)


def follows(sales_return: Json, number: str) -> bool:
    """Whether a sales return of the SCM follows the CRM's return of this number."""
    reference = sales_return["source_reference"] or {}
    return bool(reference.get("system") == "crm" and reference["document"] == number)


def sum_of(returns: Iterable[Json], **wanted: object) -> Decimal:
    """What the lines with these members come to in these sales returns, in base units."""
    return sum(
        (
            decimal(line["quantity"], "quantity")
            for one in returns
            for line in one["lines"]
            if all(line[member] == value for member, value in wanted.items())
        ),
        Decimal(0),
    )


def order_of(event: Json) -> str:
    """The order that a return is of; what is told of it stays in order with its deliveries."""
    return f"order {event['subject']}"


def sales_return_of(event: Json) -> str:
    """A sales return by itself."""
    return f"sales return {event['data']['sales_return_no']}"


def report_of(event: Json) -> str:
    """What the CRM is told of a sales return."""
    return f"report of return {event['data']['sales_return_no']}"


def report_of_red(event: Json) -> str | None:
    """What the CRM is told of a sales return when it is red in finance; None for other receivables."""
    receivable = event["data"]
    reference = receivable["source_reference"] or {}
    if receivable["red_of_id"] is None or reference.get("system") != "scm":
        return None
    return f"report of return {reference['document']}"


def sales_return_no_of(event: Json) -> str:
    """The sales return that either of the two events is about."""
    data = event["data"]
    return str(data["sales_return_no"] if "sales_return_no" in data else data["source_reference"]["document"])
