"""SCM purchasing -> finance's registers (采购登记): orders, goods receipts and returns, against which the supplier's invoice is matched (三单匹配).

The register makes no voucher. The invoice does, which a clerk of finance enters; or the month end, which accrues what has none (暂估).
"""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any, ClassVar

from shapan.reference.flows.base import Context, Flow, Json, Route, Scopes
from shapan.reference.suppliers import Suppliers

log = logging.getLogger("shapan.reference")


class PurchasingFlow(Flow):
    """Ordered, received, sent back in the SCM -> registered in finance, once each."""

    scopes: ClassVar[Scopes] = {
        "scm": ("goods-receipts:read", "products:read", "purchase-orders:read", "suppliers:read"),
        "finance": (
            "inventory_items:read",
            "inventory_items:write",
            "ledger:read",
            "purchasing:read",
            "purchasing:write",
            "suppliers:read",
            "suppliers:write",
        ),
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.suppliers = Suppliers(context.scm, context.finance, context.state)

    def routes(self) -> tuple[Route, ...]:
        """All about one purchase order stays in order."""
        return (
            Route("scm.purchase_order.approved", self.purchase_order_approved, purchase_order_of),
            Route("scm.goods_receipt.posted", self.goods_receipt_posted, purchase_order_of),
            Route("scm.purchase_return.posted", self.purchase_return_posted, purchase_order_of),
        )

    # -- order -------------------------------------------------------------------------------------------------------------------

    def purchase_order_approved(self, event: Json) -> None:
        """A purchase order was approved: it is registered."""
        self.register("purchase-order", event["data"]["purchase_order_no"], "/purchase-orders", event["data"])

    def purchase_order_body(self, order: Json) -> dict[str, Any]:
        """What finance is told of a purchase order: in base units and prices without tax, line by line under the same numbers."""
        return {
            "supplier_id": self.suppliers.supplier_of(order["supplier_code"]),
            "business_date": order["order_date"],
            "source_reference": {"system": "scm", "document": order["purchase_order_no"]},
            "lines": [self.order_line(line) for line in order["lines"]],
        }

    def order_line(self, line: Json) -> dict[str, Any]:
        """A line of a purchase order."""
        item = self.items.item_of(line["product_code"])
        return {
            "product_code": item.code,
            "description": line["product_name"],
            "stock_class": item.stock_class,
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
            "tax_rate": line["tax_rate"],
        }

    # -- goods receipt -----------------------------------------------------------------------------------------------------------

    def goods_receipt_posted(self, event: Json) -> None:
        """Goods came in: what was taken into stock is registered. What was refused at the door is nobody's debt."""
        receipt = event["data"]
        if taken_in(receipt):
            self.register("goods-receipt", receipt["goods_receipt_no"], "/goods-receipts", receipt)

    def goods_receipt_body(self, receipt: Json) -> dict[str, Any]:
        """What finance is told of a goods receipt; its order is registered first where the events came the other way round."""
        number = receipt["purchase_order_no"]
        order_id = self.register("purchase-order", number, "/purchase-orders")
        return {
            "supplier_id": self.suppliers.supplier_of(receipt["supplier_code"]),
            "purchase_order_id": order_id,
            "business_date": receipt["receipt_date"],
            "source_reference": {"system": "scm", "document": receipt["goods_receipt_no"]},
            "lines": [receipt_line(receipt, line) for line in taken_in(receipt)],
        }

    # -- return ------------------------------------------------------------------------------------------------------------------

    def purchase_return_posted(self, event: Json) -> None:
        """Goods went back to the supplier: what was in stock is registered. What was refused at the door never was in finance."""
        back = event["data"]
        if sent_back(back):
            self.register("purchase-return", back["purchase_return_no"], "/purchase-returns", back)

    def purchase_return_body(self, back: Json) -> dict[str, Any]:
        """What finance is told of a purchase return. Lines of a receipt are counted there without those that were refused."""
        receipt = self.scm.get(f"/goods-receipts/{back['goods_receipt_no']}")
        receipt_id = self.register("goods-receipt", receipt["goods_receipt_no"], "/goods-receipts", receipt)
        places = {line["line_no"]: place for place, line in enumerate(taken_in(receipt), 1)}
        lines = [
            {
                "goods_receipt_id": receipt_id,
                "goods_receipt_line_no": places[line["receipt_line"]],
                "quantity": line["quantity"],
            }
            for line in sent_back(back)
        ]
        return {
            "supplier_id": self.suppliers.supplier_of(back["supplier_code"]),
            "business_date": back["return_date"],
            "source_reference": {"system": "scm", "document": back["purchase_return_no"]},
            "reason": back["reason"],
            "lines": lines,
        }

    # -- all three ---------------------------------------------------------------------------------------------------------------

    def register(self, kind: str, number: str, path: str, document: Json | None = None) -> int:
        """The id in finance of a document of the SCM, found or registered; read from the SCM where the caller does not have it."""
        known = self.state.linked(kind, "scm", number, "finance")
        if known is None:
            there = next((one for one in self.finance.by_watermark(path, source_document=number) if _of_scm(one)), None)
            registered = there or self.enter(kind, number, path, document or self.scm.get(f"{path}/{number}"))
            known = str(registered["id"])
            self.state.link(kind, "scm", number, "finance", known)
        return int(known)

    def enter(self, kind: str, number: str, path: str, document: Json) -> Json:
        """Register a document that finance does not have yet."""
        bodies = {
            "purchase-order": self.purchase_order_body,
            "goods-receipt": self.goods_receipt_body,
            "purchase-return": self.purchase_return_body,
        }
        remark = "reason" if kind == "purchase-return" else None
        registered: Json = self.books.post(path, bodies[kind](document), key=f"{kind}/scm/{number}", remark=remark)
        log.info("scm %s %s -> finance %s, registered", kind, number, registered["number"])
        return registered


def purchase_order_of(event: Json) -> str:
    """The purchase order that an event is about."""
    return f"purchase order {event['subject']}"


def taken_in(receipt: Json) -> list[Json]:
    """The lines of a goods receipt of which something entered stock."""
    return [line for line in receipt["lines"] if Decimal(line["quantity"])]


def sent_back(back: Json) -> list[Json]:
    """The lines of a purchase return whose goods were in stock."""
    return [line for line in back["lines"] if not line["rejected"]]


def receipt_line(receipt: Json, line: Json) -> dict[str, Any]:
    """A line of a goods receipt; product, price and rate are those of the order. The text says when the goods really came."""
    return {
        "purchase_order_line_no": line["order_line"],
        "description": f"{line['product_name']} {receipt['receipt_date']} 入库"[:200],
        "quantity": line["quantity"],
    }


def _of_scm(document: Json) -> bool:
    return bool(document["source_reference"]["system"] == "scm")
