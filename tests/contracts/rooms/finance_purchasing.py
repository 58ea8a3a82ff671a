"""The purchasing side of finance for Schemathesis (finance.py loads this file): documents in every state that an action needs."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

PAST = runpy.run_path(str(Path(__file__).with_name("finance_past.py")))
# What seldom fits by chance: an invoice that must be mismatched, a document that must not be reversed yet.
SELDOM = [
    "createGoodsReceipt",
    "createSupplierInvoice",
    "matchSupplierInvoice",
    "releaseSupplierInvoice",
    "cancelSupplierInvoice",
    "redSupplierInvoice",
    "reversePayment",
    "refundPayment",
    "refundPayable",
    "createPayableSettlement",
    "reversePayableSettlement",
    "createInventoryDocument",
    "reverseInventoryDocument",
]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    products = [product.code for product in world.scm.products[:2]]
    there = PAST["before"](world)
    supplier, payable, payment = (there[name] + 1 for name in ("supplier", "payable", "payment"))
    ids = ("purchase_order", "goods_receipt", "purchase_return")
    found: dict[str, list[Any]] = {f"path.{name}_id": [1] for name in ids}
    found |= {f"{place}.supplier_id": [supplier] for place in ("path", "query", "body")}
    found |= {f"{place}.purchase_order_id": [1] for place in ("query", "body")}
    found |= {
        "path.payable_id": [payable, payable + 1],
        "query.payment_id": [payment],
        "path.supplier_invoice_id": [1, 2, 3],
        "path.payment_id": [payment, payment + 1],
        "path.payable_settlement_id": [there["payable_settlement"] + 1],
        "path.accrual_id": [1],
        "path.inventory_document_id": [1],
        "body.payment_id": [payment],
        "body.red_payable_id": [payable + 1],
        "body.allocations[*].payable_id": [payable],
        "body.lines[*].product_code": products,
        "body.lines[*].goods_receipt_id": [1],
        "body.lines[*].goods_receipt_line_no": [1],
        "body.lines[*].purchase_order_id": [1],
        "body.lines[*].purchase_order_line_no": [1],
        "body.purchase_order_line_no": [1],
    }
    return found


def prepare(desk: Desk, world: Any, today: str) -> None:
    """The documents behind those keys."""
    product = world.scm.products[0].code
    supplier = desk.post("/suppliers", short_name="恒达电缆")["id"]
    source = {"system": "scm", "document": "CGDD-202601-00001"}
    goods = {"product_code": product, "quantity": "1000", "unit_price": "10", "tax_rate": "0.13"}
    head = {"supplier_id": supplier, "business_date": today, "source_reference": source}
    desk.post("/purchase-orders", **head, lines=[goods])
    desk.post("/goods-receipts", **head, purchase_order_id=1, lines=[{"purchase_order_line_no": 1, "quantity": "1000"}])
    named = {"goods_receipt_id": 1, "goods_receipt_line_no": 1}
    desk.post("/purchase-returns", **head, lines=[{**named, "quantity": "1"}])
    for serial, (net, tax) in enumerate((("1000.00", "130.00"), ("900.00", "117.00"), ("800.00", "104.00")), 1):
        line = {**named, "quantity": "100", "net_amount": net, "tax_rate": "0.13", "tax_amount": tax}
        desk.post(
            "/supplier-invoices",
            supplier_id=supplier,
            invoice_number=f"{serial:020}",
            invoice_date=today,
            business_date=today,
            lines=[line],
        )
    red = {"invoice_number": f"{9:020}", "invoice_date": today, "reason": "退货"}
    desk.post("/supplier-invoices/1/red", **red, lines=[{"line_no": 1, "quantity": "10"}])
    payment = {"supplier_id": supplier, "business_date": today, "amount": "100.00"}
    paid = [desk.post("/payments", **payment)["id"] for _ in range(2)]
    part = {"payable_id": PAST["before"](world)["payable"] + 1, "amount": "1.00"}
    desk.post("/payable-settlements", payment_id=paid[0], allocations=[part])
    desk.post(
        "/inventory-documents", kind="sales_cost", **_less(head), lines=[{"product_code": product, "amount": "10.00"}]
    )
    desk.post(f"/periods/{today[:7]}/steps/goods_received_not_invoiced", note="月末暂估")


def _less(head: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if name != "supplier_id"}
