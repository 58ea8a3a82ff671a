"""Supplier invoice at another price (finance) -> cost adjustment of its goods receipts (SCM), so that stock is worth what was invoiced.

A clerk enters the invoice and, where its price is another one, a person releases it; from then on it is 1405's price. What part of it belongs to
goods that are sold already the SCM tells with the adjustment, and `inventory` carries that to the cost of sales.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar

from shapan.reference.flows.base import Flow, Json, Route, Scopes
from shapan.reference.flows.purchasing import taken_in
from shapan.reference.money import FEN, amount_text, decimal

log = logging.getLogger("shapan.reference")


class InvoiceCostFlow(Flow):
    """An invoice was posted whose price is not that of the order -> the receipts that it is for cost what it says."""

    scopes: ClassVar[Scopes] = {
        "scm": ("cost-adjustments:read", "cost-adjustments:write", "goods-receipts:read", "purchase-returns:read"),
        "finance": ("purchasing:read", "supplier_invoices:read"),
    }

    def routes(self) -> tuple[Route, ...]:
        """One supplier's invoices stay in order: a red one comes after the one that it takes back."""
        return (Route("finance.supplier_invoice.posted", self.invoice_posted, invoices_of),)

    def invoice_posted(self, event: Json) -> None:
        """An adjustment for each goods receipt that became dearer or cheaper."""
        invoice = event["data"]
        by_receipt: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
        for receipt_id, line_no, difference in differences(invoice):
            lines = by_receipt[receipt_id]
            lines[line_no] = lines.get(line_no, Decimal(0)) + difference
        for receipt_id, by_line in sorted(by_receipt.items()):
            registered = self.finance.get(f"/goods-receipts/{receipt_id}")
            if registered["source_reference"]["system"] == "scm":
                self.adjust(invoice, registered["source_reference"]["document"], by_line)

    def adjust(self, invoice: Json, receipt_no: str, by_line: dict[int, Decimal]) -> None:
        """Adjust one goods receipt, once for each invoice. `by_line`: line of the receipt as finance counts them -> what it costs more."""
        made = self.scm.by_number("/cost-adjustments", goods_receipt_no=receipt_no, source_document=invoice["number"])
        if any(made):
            return
        receipt = self.scm.get(f"/goods-receipts/{receipt_no}")
        returns = self.scm.by_number("/purchase-returns", goods_receipt_no=receipt_no, state="posted")
        returned = [line for back in returns for line in back["lines"] if not line["rejected"]]
        in_stock = taken_in(receipt)
        lines = []
        for place, difference in sorted(by_line.items()):
            line = in_stock[place - 1]
            cost = cost_of(line, returned)
            # All of it sent back: there is nothing left that could cost more.
            if difference and Decimal(line["quantity"]) != Decimal(line["returned_quantity"]):
                lines.append({"receipt_line": line["line_no"], "amount": amount_text(cost + difference, "amount")})
        if lines:
            body = {
                "goods_receipt_no": receipt_no,
                "adjustment_date": invoice["business_date"],
                "reason": "发票单价与订单不符",
                "source_reference": {"system": "finance", "document": invoice["number"], "id": str(invoice["id"])},
                "lines": lines,
            }
            key = f"cost-adjustment/finance/{invoice['number']}/{receipt_no}"
            adjusted = self.scm.post("/cost-adjustments", body, key=key)
            log.info("finance invoice %s -> scm cost adjustment %s", invoice["number"], adjusted["cost_adjustment_no"])


def invoices_of(event: Json) -> str:
    """The supplier whose invoice it is."""
    return f"invoices of {event['subject']}"


def differences(invoice: Json) -> Iterator[tuple[int, int, Decimal]]:
    """(goods receipt, its line, what it costs more) of an invoice; of a line for several receipts each has its share, to the fen.

    Left out are lines of which the clerk has told the share of what is sold (`to_cost_amount`): that person deals with the stock, too.
    """
    for line in invoice["lines"]:
        rest = decimal(line["price_difference_amount"], "price_difference_amount")
        worth = decimal(line["received_net_amount"], "received_net_amount")
        if not rest or Decimal(line["to_cost_amount"]):
            continue
        for place, part in enumerate(line["allocations"], 1):
            share = rest
            if place < len(line["allocations"]) and worth:
                share = (rest * decimal(part["net_amount"], "net_amount") / worth).quantize(FEN, ROUND_HALF_UP)
            rest -= share
            worth -= decimal(part["net_amount"], "net_amount")
            yield part["goods_receipt_id"], part["goods_receipt_line_no"], share


def cost_of(line: Json, returned: list[Json]) -> Decimal:
    """What is left of a line of a goods receipt costs now, as the SCM reckons it."""
    back = [decimal(one["amount"], "amount") for one in returned if one["receipt_line"] == line["line_no"]]
    return decimal(line["amount"], "amount") + decimal(line["adjusted_amount"], "adjusted_amount") - sum(back)
