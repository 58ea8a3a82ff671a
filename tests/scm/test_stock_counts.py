"""Stock counts: book against count, gains and losses at cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def test_differences_are_booked_at_cost(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    milk, cola = works.batch_product("MILK", "鲜牛奶", shelf_life_days=10), works.product("COLA", "可乐", "goods")
    tea = works.product("TEA", "茶叶")
    shop = works.place("MD01")
    works.receive(shop, milk, "10", "2", batch_no="N1", expiry_date="2020-01-01")
    works.receive(shop, milk, "5", "5", batch_no="N2", expiry_date="2080-01-01")
    works.receive(shop, cola, "7", "1.5")

    count = works.new("/stock-counts", warehouse_code=shop, note="月末盘点")
    number = count["stock_count_no"]
    assert [(line["product_code"], line["batch_no"], line["book_quantity"]) for line in count["lines"]] == [
        (cola, None, "7"),
        (milk, "N1", "10"),
        (milk, "N2", "5"),
    ]
    entry = [
        {"product_code": milk, "batch_no": "N1", "counted_quantity": "9", "note": "破损"},
        {"product_code": cola, "counted_quantity": "9.5"},
        {"product_code": tea, "counted_quantity": "2", "unit_cost": "4.5"},
        {"product_code": milk, "batch_no": "N3", "counted_quantity": "1", "production_date": "2026-01-01"},
    ]
    works.act(f"/stock-counts/{number}/enter", lines=entry)
    incomplete = scm.post(f"/stock-counts/{number}/post")
    assert refusal(incomplete, 409, "stock-count-incomplete") == ["/lines/2"]
    works.act(
        f"/stock-counts/{number}/enter", lines=[{"product_code": milk, "batch_no": "N2", "counted_quantity": "5"}]
    )

    # The stock of a line moves after it was counted: it is counted and entered again.
    works.receive(shop, cola, "1", "1.5")
    moved = scm.post(f"/stock-counts/{number}/post")
    assert refusal(moved, 409, "stock-count-moved") == ["/lines/0"]
    again = works.act(f"/stock-counts/{number}/enter", lines=[{"product_code": cola, "counted_quantity": "10.5"}])
    assert (again["state"], again["lines"][0]["book_quantity"], again["lines"][0]["difference_quantity"]) == (
        "draft",
        "8",
        "2.5",
    )
    assert works.moves(number) == []

    posted = works.act(f"/stock-counts/{number}/post")
    assert [
        (line["product_code"], line["batch_no"], line["difference_quantity"], line["difference_amount"])
        for line in posted["lines"]
    ] == [
        (cola, None, "2.5", "3.75"),
        (milk, "N1", "-1", "-3.00"),
        (milk, "N2", "0", "0.00"),
        (tea, None, "2", "9.00"),
        (milk, "N3", "1", "3.00"),
    ]
    assert (posted["state"], posted["gain_amount"], posted["loss_amount"]) == ("posted", "15.75", "3.00")
    assert sorted(works.moves(number)) == [
        ("count_gain", shop, cola, None, "2.5", "3.75"),
        ("count_gain", shop, milk, "N3", "1", "3.00"),
        ("count_gain", shop, tea, None, "2", "9.00"),
        ("count_loss", shop, milk, "N1", "-1", "3.00"),
    ]
    assert (works.on_hand(milk, shop), works.company(milk)) == ("15", ("15", "45.00"))
    [expiring] = [
        row
        for row in works.listed("/reports/expiring-batches", days=3650, warehouse_code=shop)
        if row["batch_no"] == "N3"
    ]
    assert expiring["expiry_date"] == "2026-01-11"
    assert (works.events(number), works.last_event()) == (["scm.stock_count.posted"], posted)
    for action in ("post", "cancel"):
        assert refusal(scm.post(f"/stock-counts/{number}/{action}"), 409, "stock-count-not-draft") == []
    answer = scm.post(f"/stock-counts/{number}/enter", json={"lines": entry[:1]})
    assert refusal(answer, 409, "stock-count-not-draft") == []


def test_what_a_count_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    milk, cola, meal = (
        works.batch_product("MILK", "鲜牛奶"),
        works.product("COLA", "可乐"),
        works.product("MEAL", "套餐", "dish"),
    )
    shop = works.place("MD01")
    answer = scm.post("/stock-counts", json={"warehouse_code": "NO99", "product_codes": ["NO-1", meal]})
    assert refusal(answer, 422, "business-rule") == ["/warehouse_code", "/product_codes/0", "/product_codes/1"]
    assert refusal(scm.post("/stock-counts", json={"warehouse_code": shop}), 409, "nothing-to-count") == []

    # A product that is named stands on the sheet even where there is none of it.
    works.receive(shop, milk, "3", "1", batch_no="N1")
    count = works.new("/stock-counts", warehouse_code=shop, product_codes=[cola, cola])
    number = count["stock_count_no"]
    assert [(line["product_code"], line["book_quantity"]) for line in count["lines"]] == [(cola, "0")]
    lines = [
        {"product_code": "NO-1", "counted_quantity": "1"},
        {"product_code": meal, "counted_quantity": "1"},
        {"product_code": milk, "counted_quantity": "1"},
        {"product_code": cola, "batch_no": "N1", "counted_quantity": "1"},
        {"product_code": milk, "batch_no": "N1", "counted_quantity": "1"},
        {"product_code": milk, "batch_no": "N1", "counted_quantity": "1"},
    ]
    assert refusal(scm.post(f"/stock-counts/{number}/enter", json={"lines": lines}), 422, "business-rule") == [
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/2/batch_no",
        "/lines/3/batch_no",
        "/lines/5/product_code",
    ]
    assert works.act(f"/stock-counts/{number}/cancel")["state"] == "cancelled"
    assert works.listed("/stock-counts", state="cancelled", warehouse_code=shop)[0]["stock_count_no"] == number
    assert works.events(number) == []

    # What is reserved cannot be counted away.
    works.receive("CK01", cola, "5", "1")
    order = works.new(
        "/sales-orders",
        partner_code="KH00001",
        lines=[{"product_code": cola, "quantity": "4", "unit_price": "1", "tax_rate": "0"}],
    )
    works.act(f"/sales-orders/{order['sales_order_no']}/approve")
    number = works.new("/stock-counts", warehouse_code="CK01", product_codes=[cola])["stock_count_no"]
    works.act(f"/stock-counts/{number}/enter", lines=[{"product_code": cola, "counted_quantity": "3"}])
    assert refusal(scm.post(f"/stock-counts/{number}/post"), 409, "insufficient-stock") == ["/lines/0"]
    works.act(f"/stock-counts/{number}/enter", lines=[{"product_code": cola, "counted_quantity": "4"}])
    assert works.act(f"/stock-counts/{number}/post")["loss_amount"] == "1.00"
