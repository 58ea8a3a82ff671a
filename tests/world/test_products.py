"""True products: codes that cannot be mistaken, units, prices above cost."""

from __future__ import annotations

import re

import pytest

from shapan.world import World, load_profile
from shapan.world.codes import product_code, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [("BLT-M8X40-A2", "8LT-M8X4O-AZ"), ("LED-018W-T8O1", "led 0l8w t8oi"), ("CAB-3X25-YJV22", "CAB_3X25YJV22")],
)
def test_codes_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert one != other
    assert skeleton(one) == skeleton(other)


def test_the_whole_catalogue_has_distinct_skeletons() -> None:
    catalogue = load_profile("trading").catalogue
    codes = [
        product_code(entry["code"], spec["code"], model)
        for entry in catalogue
        for spec in entry["specs"]
        for model in entry["models"]
    ]
    assert len(codes) >= 120
    assert len({skeleton(code) for code in codes}) == len(codes)


def test_products_are_of_the_catalogue(world: World) -> None:
    entries = {entry["code"]: entry for entry in load_profile("trading").catalogue}
    for product in world.products:
        category, spec, model = product.code.split("-")
        entry = entries[category]
        assert re.fullmatch(r"[A-Z]{2,3}-[A-Z0-9]{1,8}-[A-Z0-9]{1,8}", product.code)
        assert (product.name, product.category, product.model) == (entry["name"], entry["category"], model)
        assert product.spec in [row["text"] for row in entry["specs"] if row["code"] == spec]
        assert (product.base_unit, product.sales_unit) == (entry["base_unit"], entry["sales_unit"])
        assert product.units_per_sales_unit == entry["pack"]
        assert product.tax_rate_bp == entry["tax_rate_bp"]
    assert len({product.code for product in world.products}) == len(world.products)


def test_most_goods_bear_13_percent_and_some_farm_goods_9(small: World) -> None:
    rates = [product.tax_rate_bp for product in small.products]
    assert set(rates) == {1300, 900}
    assert rates.count(900) < len(rates) / 5


def test_prices_are_whole_dimes_above_cost(world: World) -> None:
    for product in world.products:
        assert product.list_price_fen % 10 == 0
        net_e4 = product.list_price_fen * 1_000_000 / (10_000 + product.tax_rate_bp) / product.units_per_sales_unit
        assert 0.6 * net_e4 - 1 <= product.cost_e4 <= 0.85 * net_e4


def test_every_category_is_there_before_one_comes_twice(world: World) -> None:
    first = [product.code.split("-")[0] for product in world.products][: len(load_profile("trading").catalogue)]
    assert len(set(first)) == len(first)
