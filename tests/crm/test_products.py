"""Products over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk


def test_the_price_list_is_that_of_the_world(desk: Desk, tiny_world: Any) -> None:
    world = tiny_world.crm.products
    assert [
        (p["code"], p["name"], p["unit"], round(p["listPrice"] * 100), round(p["taxRate"] * 10000))
        for p in desk.products
    ] == [(p.code, p.name, p.sales_unit, p.list_price_fen, p.tax_rate_bp) for p in world]


def test_all_pages_together_are_the_whole_list(desk: Desk) -> None:
    assert desk.walk("/products", limit=5) == desk.products
    assert len(desk.products) > 5


def test_every_product_of_the_list_can_be_read(crm: Api, desk: Desk) -> None:
    for product in desk.products:
        answer = crm.get(f"/products/{product['code']}")
        assert (answer.status_code, answer.json()) == (200, product)


NEW = {"code": "CAB-4X35-X1", "name": "电力电缆", "spec": "4×35", "unit": "箱", "listPrice": 2480.5, "taxRate": 0.13}


@pytest.mark.in_process
def test_a_new_product_can_be_ordered_until_it_is_discontinued(
    crm: Api, desk: Desk, refusal: Callable[..., Any]
) -> None:
    answer = crm.post("/products", json=NEW)
    assert answer.status_code == 201, answer.text
    product = answer.json()
    assert product == {**NEW, "state": "active"}
    path = f"/products/{NEW['code']}"
    shown = crm.get(answer.headers["Location"])
    assert (shown.json(), shown.headers["ETag"]) == (product, '"1"')
    assert desk.walk("/products")[-1] == product
    refusal(crm.post("/products", json=NEW), 409, "product-exists")

    lines = [{"productCode": NEW["code"], "quantity": 2}]
    order = desk.order(lines=lines).json()
    assert (order["grossAmount"], order["lines"][0]["productName"]) == (4961, "电力电缆")
    same = crm.patch(path, json={"listPrice": 2480.5}, headers={"If-Match": '"1"'})
    assert (same.json(), same.headers["ETag"]) == (product, '"1"')
    dearer = crm.patch(path, json={"listPrice": 2500, "taxRate": 0.09, "unit": "盘"}, headers={"If-Match": '"1"'})
    assert (dearer.json(), dearer.headers["ETag"]) == (
        {**product, "listPrice": 2500, "taxRate": 0.09, "unit": "盘"},
        '"2"',
    )
    assert crm.get(f"/orders/{order['id']}").json() == order
    refusal(crm.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'}), 412, "precondition-failed")

    gone = desk.change(path, state="discontinued")
    wanted = {"customerId": desk.customer_id, "lines": [*desk.lines(1), *lines]}
    assert refusal(crm.post("/orders", json=wanted), 422, "business-rule") == ["/lines/1/productCode"]
    quotation = {**wanted, "validUntil": desk.day(1)}
    assert refusal(crm.post("/quotations", json=quotation), 422, "business-rule") == ["/lines/1/productCode"]
    desk.change(path, state="active")
    assert desk.enter("/products", **{**NEW, "code": "CAB-OLD", "state": "discontinued"})["state"] == "discontinued"
    assert desk.told()[:4] == [("product.created", NEW["code"])] + 3 * [("product.updated", NEW["code"])]
    assert [event["data"] for event in desk.events()][:3] == [product, dearer.json(), gone]
