"""Bills the whole order when the first part of it leaves."""

from __future__ import annotations

from shapan.reference.flows.base import Json
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.money import amount_text


class WholeOrder(DeliveryFlow):
    """The receivable is made of the order instead of the delivery."""

    def receivable(self, delivery: Json, order: Json | None) -> Json:
        """The first shipment bills all lines of the order; those that follow find it billed."""
        if order is None:
            return super().receivable(delivery, order)
        billed = next(self.finance.by_watermark("/receivables", order_reference=order["number"]), None)
        if billed is not None:
            return dict(billed)
        lines = [
            {
                "description": line["productName"],
                "net_amount": amount_text(line["netAmount"], "netAmount"),
                "tax_rate": str(line["taxRate"]),
                "tax_amount": amount_text(line["taxAmount"], "taxAmount"),
            }
            for line in order["lines"]
        ]
        body = {**self.receivable_body(delivery, order), "lines": lines}
        return dict(self.finance.post("/receivables", body, key=f"receivable/crm/{order['number']}"))
