"""What stock does not allow: issues before the goods came, of what others have reserved, of what nobody knows the cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]


def test_goods_do_not_leave_before_they_came(works: Works, scm: Api, refusal: Refusal) -> None:
    today = scm.runtime.workspace("default").clock.now().date()
    before = today - timedelta(days=3)
    code = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", code, "5", "2.00")
    line = {"product_code": code, "quantity": "4", "unit_price": "3", "tax_rate": "0.13"}
    order = works.new("/sales-orders", partner_code="KH00001", order_date=str(before), lines=[line])["sales_order_no"]
    works.act(f"/sales-orders/{order}/approve")
    delivery = works.new("/deliveries", sales_order_no=order)["delivery_no"]
    refusal(scm.post(f"/deliveries/{delivery}/ship", json={"ship_date": str(before)}), 409, "stock-not-there-then")
    assert works.get(f"/deliveries/{delivery}")["state"] == "draft"
    assert works.act(f"/deliveries/{delivery}/ship", ship_date=str(today))["state"] == "shipped"
    ledger = works.get(f"/stock-ledger?product_code={code}&from={before}&to={today}")
    assert ledger["closing"]["quantity"] == "1"


def test_a_document_of_long_ago_is_a_slip(works: Works, scm: Api, refusal: Refusal) -> None:
    first = date(scm.runtime.workspace("default").clock.now().year - 1, 1, 1)
    line = {
        "product_code": works.product("COLA", "可乐", "goods", "瓶"),
        "quantity": "1",
        "unit_price": "3",
        "tax_rate": "0.13",
    }
    body = {"partner_code": "KH00001", "lines": [line]}
    early = scm.post("/sales-orders", json={**body, "order_date": str(first - timedelta(days=1))})
    assert refusal(early, 422, "business-rule") == ["/order_date"]
    assert scm.post("/sales-orders", json={**body, "order_date": str(first)}).status_code == 201


def test_a_named_batch_leaves_what_is_reserved(works: Works, scm: Api, refusal: Refusal) -> None:
    """Of 3 usable and 2 expired, 3 are reserved: neither the usable batch nor more than the expired one is free."""
    today = scm.runtime.workspace("default").clock.now().date()
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    works.receive("CK01", milk, "2", "3", batch_no="OLD", expiry_date=str(today - timedelta(days=1)))
    works.receive("CK01", milk, "3", "3", batch_no="NEW", expiry_date="2080-01-01")
    line = {"product_code": milk, "quantity": "3", "unit_price": "5", "tax_rate": "0.13"}
    order = works.new("/sales-orders", partner_code="KH00001", lines=[line])["sales_order_no"]
    assert works.act(f"/sales-orders/{order}/approve")["lines"][0]["reserved_quantity"] == "3"
    issue = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": milk}
    refusal(scm.post("/stock-movements", json={**issue, "quantity": "1", "batch_no": "NEW"}), 409, "insufficient-stock")
    works.new("/stock-movements", **issue, quantity="2", batch_no="OLD")
    delivery = works.new("/deliveries", sales_order_no=order)["delivery_no"]
    assert works.act(f"/deliveries/{delivery}/ship")["state"] == "shipped"


def test_the_first_receipt_says_what_the_goods_cost(works: Works, scm: Api, refusal: Refusal) -> None:
    code = works.product("COLA", "可乐", "goods", "瓶")
    movement = {"warehouse_code": "CK01", "product_code": code}
    receipt = {**movement, "kind": "other_receipt", "quantity": "2"}
    assert refusal(scm.post("/stock-movements", json=receipt), 422, "business-rule") == ["/unit_cost"]
    works.receive("CK01", code, "4", "2.50")
    assert works.new("/stock-movements", **receipt)["cost_amount"] == "5.00"
    works.new("/stock-movements", **movement, kind="other_issue", quantity="6")
    # Nothing is left, but what the last piece left at is known.
    assert works.new("/stock-movements", **receipt)["cost_amount"] == "5.00"


def test_what_an_order_does_not_bring_can_be_ordered_again(works: Works, scm: Api) -> None:
    code = works.product("BEAN", "黄豆")
    supplier = works.new("/suppliers", name="示例粮油有限公司", supplier_class="A")["supplier_code"]
    asked = works.new("/purchase-requisitions", lines=[{"product_code": code, "quantity": "10"}])[
        "purchase_requisition_no"
    ]
    works.act(f"/purchase-requisitions/{asked}/approve")
    line = {
        "product_code": code,
        "quantity": "10",
        "unit_price": "2",
        "purchase_requisition_no": asked,
        "requisition_line": 1,
    }
    order = works.new("/purchase-orders", supplier_code=supplier, lines=[line])["purchase_order_no"]
    works.act(f"/purchase-orders/{order}/approve")
    receipt = works.new("/goods-receipts", purchase_order_no=order, lines=[{"order_line": 1, "quantity": "4"}])
    works.act(f"/goods-receipts/{receipt['goods_receipt_no']}/post")
    assert works.get(f"/purchase-requisitions/{asked}")["state"] == "ordered"
    works.act(f"/purchase-orders/{order}/close")
    again = works.get(f"/purchase-requisitions/{asked}")
    assert (again["state"], again["lines"][0]["ordered_quantity"]) == ("approved", "4")


def test_the_rest_of_an_order_is_closed(works: Works, scm: Api, refusal: Refusal) -> None:
    code = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", code, "8", "2.00")
    line = {"product_code": code, "quantity": "10", "unit_price": "3", "tax_rate": "0.13"}
    order = works.new("/sales-orders", partner_code="KH00001", lines=[line])["sales_order_no"]
    path, why = f"/sales-orders/{order}", {"reason": "客户不再需要"}
    refusal(scm.post(f"{path}/close", json=why), 409, "sales-order-not-closable")
    works.act(f"{path}/approve")
    refusal(scm.post(f"{path}/close", json=why), 409, "sales-order-not-closable")
    part = works.new("/deliveries", sales_order_no=order, lines=[{"line_no": 1, "quantity": "3"}])["delivery_no"]
    works.act(f"/deliveries/{part}/ship")
    draft = works.new("/deliveries", sales_order_no=order, lines=[{"line_no": 1, "quantity": "2"}])["delivery_no"]
    closed = works.act(f"{path}/close", **why)
    [shown] = closed["lines"]
    assert (closed["state"], closed["close_reason"], shown["quantity"]) == ("closed", "客户不再需要", "10")
    assert [shown[f"{name}_quantity"] for name in ("shipped", "reserved", "backorder")] == ["3", "0", "0"]
    assert works.get(f"/deliveries/{draft}")["state"] == "cancelled"
    assert works.last_event() == closed
    stock = works.listed("/stock", product_code=code)[0]
    assert (stock["on_hand"], stock["reserved"]) == ("5", "0")
    refusal(scm.post(f"{path}/close", json=why), 409, "sales-order-not-closable")
    refusal(scm.post(f"{path}/cancel"), 409, "sales-order-not-cancellable")
    # What was shipped can still come back.
    returned = works.new("/sales-returns", delivery_no=part, reason="破损", lines=[{"line_no": 1, "quantity": "1"}])
    assert works.act(f"/sales-returns/{returned['sales_return_no']}/receive")["state"] == "received"


def test_every_line_that_cannot_be_sold_is_named(works: Works, scm: Api, refusal: Refusal) -> None:
    """Two lines of a dish without a recipe, one of a dish that needs it, two of what nobody knows, one that is fine."""
    place = works.place("MD77")
    noodles = works.product("NOODLE", "拌面", "dish", "份")
    menu = works.product("MENU", "套餐", "dish", "份")
    works.new("/boms", product_code=menu, base_quantity="1", lines=[{"product_code": noodles, "quantity": "1"}])
    cola = works.product("COLA", "可乐", "goods", "瓶")
    lines = [
        {"product_code": code, "quantity": "1"} for code in (noodles, cola, noodles, menu, "NIX-1-1", menu, "NIX-1-1")
    ]
    answer = scm.post("/store-sales", json={"warehouse_code": place, "lines": lines})
    wrong = [f"/lines/{index}/product_code" for index in (0, 2, 3, 4, 5, 6)]
    assert refusal(answer, 422, "business-rule") == wrong


def test_a_late_issue_takes_no_batch_that_came_later(works: Works, scm: Api) -> None:
    today = scm.runtime.workspace("default").clock.now().date()
    day = today - timedelta(days=2)
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    supplier = works.new("/suppliers", name="示例乳业有限公司", supplier_class="A")["supplier_code"]
    line = {"product_code": milk, "quantity": "5", "unit_price": "2"}
    for batch, came, expires in (("A", day, "2080-06-01"), ("B", today, "2080-01-01")):
        order = works.new("/purchase-orders", supplier_code=supplier, order_date=str(day), lines=[line])
        works.act(f"/purchase-orders/{order['purchase_order_no']}/approve")
        part = {"order_line": 1, "quantity": "5", "batch_no": batch, "expiry_date": expires}
        body = {"purchase_order_no": order["purchase_order_no"], "receipt_date": str(came), "lines": [part]}
        works.act(f"/goods-receipts/{works.new('/goods-receipts', **body)['goods_receipt_no']}/post")
    sold = {"product_code": milk, "quantity": "2", "unit_price": "5", "tax_rate": "0.09"}
    order = works.new("/sales-orders", partner_code="KH00001", order_date=str(day), lines=[sold])["sales_order_no"]
    works.act(f"/sales-orders/{order}/approve")
    delivery = works.new("/deliveries", sales_order_no=order)["delivery_no"]
    works.act(f"/deliveries/{delivery}/ship", ship_date=str(day))
    # B expires first, but was not there yet.
    assert [move[3] for move in works.moves(delivery)] == ["A"]


def test_what_a_count_finds_is_worth_what_the_last_piece_was(works: Works) -> None:
    code = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", code, "5", "2.00")
    works.new("/stock-movements", kind="other_issue", warehouse_code="CK01", product_code=code, quantity="5")
    count = works.new("/stock-counts", warehouse_code="CK01", product_codes=[code])["stock_count_no"]
    works.act(f"/stock-counts/{count}/enter", lines=[{"product_code": code, "counted_quantity": "3"}])
    works.act(f"/stock-counts/{count}/post")
    assert works.company(code) == ("3", "6.00")
