"""Computes the tax on the total instead of taking it over line by line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from shapan.reference.flows.base import Json
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.money import FEN


class TaxOnTotal(DeliveryFlow):
    """A delivery is billed by one line."""

    def receivable_lines(self, delivery: Json) -> list[dict[str, str]]:
        """One line with the sum, and the tax on it: the rounding of the lines is lost."""
        net, rate = Decimal(delivery["amount"]), delivery["lines"][0]["tax_rate"]
        tax = (net * Decimal(rate)).quantize(FEN, ROUND_HALF_UP)
        description = f"出库单 {delivery['delivery_no']}"
        return [{"description": description, "net_amount": str(net), "tax_rate": rate, "tax_amount": str(tax)}]
