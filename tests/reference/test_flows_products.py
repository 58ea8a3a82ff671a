"""New products of the SCM reach finance, and orders that waited for one go on. Against the real rooms."""

from __future__ import annotations

from typing import Any

import pytest

from .house import House, Integration, done


@pytest.fixture
def transport() -> str:
    return "in-process"


def crm_product(house: House, code: str) -> None:
    product = {"code": code, "name": "演练物料", "spec": "演练", "unit": "件", "listPrice": 10, "taxRate": 0.13}
    done(house.crm.post("/products", json=product))


def scm_product(house: House, code: str, **more: Any) -> None:
    category = done(house.scm.get("/categories"))["items"][0]["category_code"]
    product = {"product_code": code, "name": "演练物料", "category": category, "base_unit": "件", "tax_rate": "0.13"}
    done(house.scm.post("/products", json={**product, **more}))


def test_a_new_product_is_an_inventory_item(house: House, integration: Integration) -> None:
    scm_product(house, "YL-NEW-1")
    integration.run()
    (item,) = done(house.finance.get("/inventory-items", params={"code": "YL-NEW-1"}))["items"]
    assert item["name"].startswith("演练物料")


def test_an_order_waits_in_full_for_a_product_and_goes_on_by_itself(house: House, integration: Integration) -> None:
    crm_product(house, "YL-NEW-1")
    known = done(house.crm.get("/products"))["items"][0]["code"]
    lines = [{"productCode": known, "quantity": 1}, {"productCode": "YL-NEW-1", "quantity": 5}]
    body = {"customerId": house.customer()["id"], "submit": True, "lines": lines}
    order = done(house.crm.post("/orders", json=body))
    integration.pull()
    integration.work()
    assert house.sales_orders(order) == []
    (letter,) = integration.state.dead_letters()
    assert "the SCM has no product YL-NEW-1" in letter.reason
    scm_product(house, "YL-NEW-1")
    integration.run()
    (sales_order,) = house.sales_orders(order)
    assert [line["product_code"] for line in sales_order["lines"]] == [known, "YL-NEW-1"]
