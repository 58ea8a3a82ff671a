"""The price list over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
