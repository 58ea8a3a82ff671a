"""Warehouse, production, stores and returns of the SCM for Schemathesis: keys, and the documents behind them (scm.py takes them in)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

# To be received a transfer must be on its way, and its body fit.
SELDOM = ["receiveTransfer"]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    month = f"{world.spec.opening:%Y%m}"

    def numbers(prefix: str, *serials: int) -> list[str]:
        return [f"{prefix}-{month}-{serial:05d}" for serial in serials]

    stocked = [product.code for product in world.scm.products][:2]
    return {
        "body.from_warehouse_code": ["CK01"],
        "body.to_warehouse_code": ["CK02", "MD01"],
        "path.transfer_no": numbers("DBDD", 1, 2, 3, 4),
        "path.stock_count_no": numbers("PDDD", 1),
        "body.product_codes[*]": stocked,
        "path.bom_code": ["BOM00001"],
        "body.bom_code": ["BOM00001"],
        "path.production_order_no": numbers("SCDD", 1, 2, 3),
        "query.production_order_no": numbers("SCDD", 2),
        "body.production_order_no": numbers("SCDD", 2),
        "path.material_issue_no": numbers("SCLL", 1),
        "path.material_return_no": numbers("SCTL", 1),
        "path.production_receipt_no": numbers("CPRK", 1),
        "path.store_sale_no": numbers("MDXS", 1),
        "path.sales_return_no": numbers("XSTH", 1),
        # The day on which the test happens: later is the future, and earlier is before the goods left.
        **{f"body.{name}_date": [f"{world.spec.opening:%Y-%m}-15"] for name in ("receive", "issue", "return")},
        "body.lines[*].line_no": [1],
        "body.delivery_no": numbers("XSCK", 3),
        "query.delivery_no": numbers("XSCK", 3),
    }


def prepare(desk: Desk, world: Any) -> None:
    """Two drafts and one on its way of most; XSCK-…-00003 is shipped by this, so it comes after the deliveries of scm.py."""
    one, two = [product.code for product in world.scm.products][:2]
    desk.post("/warehouses", warehouse_code="MD01", name="示例门店", kind="store", address="示范路1号")
    for code in (one, two):
        for place in ("CK01", "MD01"):
            receipt = {"kind": "other_receipt", "warehouse_code": place, "product_code": code}
            desk.post("/stock-movements", **receipt, quantity="1000000", unit_cost="2.5")
    _transfers(desk, one)
    desk.post("/boms", product_code=one, lines=[{"product_code": two, "quantity": "2", "scrap_percent": "1.5"}])
    _production(desk, one)
    desk.post("/store-sales", warehouse_code="MD01", lines=[{"product_code": one, "quantity": "3"}])
    _returns(desk, world, one)
    # Last, because a count is not posted once its stock has moved.
    count = desk.post("/stock-counts", warehouse_code="MD01")
    lines = [{"product_code": line["product_code"], "counted_quantity": "99"} for line in count["lines"]]
    desk.post(f"/stock-counts/{count['stock_count_no']}/enter", lines=lines)


def _transfers(desk: Desk, code: str) -> None:
    """A draft, and three that are on their way: to receive one takes a body that fits as well."""
    lines = [{"product_code": code, "quantity": "5"}]
    for sent in (False, True, True, True):
        made = desk.post("/transfers", from_warehouse_code="CK01", to_warehouse_code="MD01", lines=lines)
        if sent:
            desk.post(f"/transfers/{made['transfer_no']}/send")


def _production(desk: Desk, code: str) -> None:
    """A draft, one that is released and holds material, and one of which a part was made whose material came back."""
    numbers = [
        desk.post("/production-orders", product_code=code, quantity="1000")["production_order_no"] for _ in range(3)
    ]
    for number in numbers[1:]:
        desk.post(f"/production-orders/{number}/release")
    held = {"production_order_no": numbers[1], "lines": [{"line_no": 1, "quantity": "100"}]}
    desk.post("/material-issues", **held)
    desk.post("/material-returns", production_order_no=numbers[1], lines=[{"line_no": 1, "quantity": "1"}])
    part = {"production_order_no": numbers[2], "lines": [{"line_no": 1, "quantity": "1"}]}
    desk.post("/material-issues", **part)
    desk.post("/production-receipts", production_order_no=numbers[2], quantity="1", labour_amount="9")
    desk.post("/material-returns", **part)


def _returns(desk: Desk, world: Any, code: str) -> None:
    line = {"product_code": code, "quantity": "1000", "unit_price": "10", "tax_rate": "0.13"}
    partner = next(p.code for p in world.scm.partners)
    order = desk.post("/sales-orders", partner_code=partner, lines=[line])["sales_order_no"]
    desk.post(f"/sales-orders/{order}/approve")
    number = desk.post("/deliveries", sales_order_no=order)["delivery_no"]
    desk.post(f"/deliveries/{number}/ship")
    desk.post("/sales-returns", delivery_no=number, reason="破损", lines=[{"line_no": 1, "quantity": "1"}])
