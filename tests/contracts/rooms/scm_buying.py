"""Products, suppliers and purchasing of the SCM for Schemathesis: keys, and the documents behind them (scm.py takes them in)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

# What fits seldom by chance: a unit that the product has, amounts that agree, one of two members.
SELDOM = [
    "createPurchaseRequisition",
    "createPurchaseOrder",
    "createGoodsReceipt",
    "createPurchaseReturn",
    "createCostAdjustment",
    "createProduct",
    "putProduct",
]
# Nobody speaks of it, so that it may be replaced by anything.
FREE = "BUY-FREE-1"


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    month = f"{world.spec.opening:%Y%m}"

    def numbers(prefix: str, *serials: int) -> list[str]:
        return [f"{prefix}-{month}-{serial:05d}" for serial in serials]

    products = world.scm.products[:2]
    categories = sorted({product.category for product in products})
    return {
        "path.product_code": [*(product.code for product in products), FREE],
        "path.category_code": categories,
        "query.category": categories,
        "body.category": categories,
        "body.parent_code": categories,
        "path.supplier_code": ["GY00001"],
        "query.supplier_code": ["GY00001"],
        "body.supplier_code": ["GY00001"],
        "path.purchase_requisition_no": numbers("CGSQ", 1, 2),
        "body.lines[*].purchase_requisition_no": numbers("CGSQ", 3),
        "body.lines[*].requisition_line": [1],
        "path.purchase_order_no": numbers("CGDD", 1, 2, 3),
        "query.purchase_order_no": numbers("CGDD", 4),
        "body.purchase_order_no": numbers("CGDD", 4),
        "body.lines[*].order_line": [1],
        "path.goods_receipt_no": numbers("CGRK", 1, 2),
        "query.goods_receipt_no": numbers("CGRK", 3),
        "body.goods_receipt_no": numbers("CGRK", 3),
        "body.lines[*].receipt_line": [1],
        "path.purchase_return_no": numbers("CGTH", 1, 2),
        "path.cost_adjustment_no": numbers("TZCB", 1),
        # The day on which the test happens: later is the future, and earlier is before the goods came.
        **{f"body.{name}_date": [f"{world.spec.opening:%Y-%m}-15"] for name in ("receipt", "adjustment")},
    }


def prepare(desk: Desk, world: Any) -> None:
    """Two drafts of each kind to be acted on, and an order and a receipt so large that a random quantity fits into them."""
    code, category = world.scm.products[0].code, world.scm.products[0].category
    desk.post("/products", product_code=FREE, name="示例", category=category, base_unit="件", tax_rate="0.13")
    desk.post("/suppliers", name="示例供应商")
    much = {"product_code": code, "quantity": "9999999999"}
    asked = [desk.post("/purchase-requisitions", lines=[much])["purchase_requisition_no"] for _ in range(3)]
    desk.post(f"/purchase-requisitions/{asked[2]}/approve")
    lines = [{**much, "unit_price": "0.1"}]
    orders = [
        desk.post("/purchase-orders", supplier_code="GY00001", lines=lines)["purchase_order_no"] for _ in range(5)
    ]
    for order in orders[2:]:
        desk.post(f"/purchase-orders/{order}/approve")
    few = [{"order_line": 1, "quantity": "2"}]
    receipts = [
        desk.post("/goods-receipts", purchase_order_no=order, **more)["goods_receipt_no"]
        for order, more in ((orders[3], {"lines": few}), (orders[3], {"lines": few}), (orders[4], {}))
    ]
    desk.post(f"/goods-receipts/{receipts[2]}/post")
    back = [{"receipt_line": 1, "quantity": "2"}]
    for _ in range(2):
        desk.post("/purchase-returns", goods_receipt_no=receipts[2], reason="破损", lines=back)
    desk.post("/cost-adjustments", goods_receipt_no=receipts[2], lines=[{"receipt_line": 1, "amount": "5"}])
