"""True products: codes that cannot be mistaken, units, prices above cost."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from shapan.world import World, list_profiles, load_profile
from shapan.world.codes import product_code, skeleton
from shapan.world.products import boms, products

OPENING = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [("BLT-M8X40-A2", "8LT-M8X4O-AZ"), ("LED-018W-T8O1", "led 0l8w t8oi"), ("CAB-3X25-YJV22", "CAB_3X25YJV22")],
)
def test_codes_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert one != other
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize("name", list_profiles())
def test_the_whole_catalogue_has_distinct_skeletons(name: str) -> None:
    catalogue = load_profile(name).catalogue
    codes = [
        product_code(entry["code"], spec["code"], model)
        for entry in catalogue
        for spec in entry["specs"]
        for model in entry["models"]
    ]
    assert len(codes) >= 120
    assert len({skeleton(code) for code in codes}) == len(codes)


@pytest.mark.parametrize("name", list_profiles())
def test_one_product_in_a_hundred_is_a_twin_and_the_others_are_told_by_their_code(name: str) -> None:
    profile = load_profile(name)
    for size, numbers in profile.sizes.items():
        made = products(7, numbers.products, profile, OPENING)
        assert len(made) == numbers.products == len({p.code for p in made})
        twins = [(n, p) for n, p in enumerate(made) if p.twin_of]
        assert len(twins) == (numbers.products + 40) // 100
        assert len({skeleton(p.code) for p in made}) == len(made) - len(twins)
        if size == "tiny":
            assert not twins
        by_key = {p.key: n for n, p in enumerate(made)}
        for place, twin in twins:
            other = by_key[twin.twin_of or ""]
            assert 30 <= other < place
            one = made[other]
            assert skeleton(twin.code) == skeleton(one.code)
            assert twin.code != one.code
            assert (twin.name, twin.category, twin.kind, twin.base_unit) == (
                one.name,
                one.category,
                one.kind,
                one.base_unit,
            )
            assert twin.spec != one.spec
            assert twin.code == product_code(twin.code[:3].rstrip("-"), twin.code.split("-")[1], twin.model)
            assert (twin.sales_unit, twin.units_per_sales_unit) == (twin.base_unit, 1)
            assert one.units_per_sales_unit == 1 or one.sales_unit != twin.sales_unit


@pytest.mark.parametrize("name", list_profiles())
def test_products_are_of_the_catalogue(name: str) -> None:
    profile = load_profile(name)
    entries = {
        product_code(entry["code"], spec["code"], model): (entry, spec, model)
        for entry in profile.catalogue
        for spec in entry["specs"]
        for model in entry["models"]
    }
    for product in products(42, profile.sizes["small"].products, profile, OPENING):
        assert re.fullmatch(r"[A-Z]{2,3}-[A-Z0-9]{1,8}-[A-Z0-9]{1,8}", product.code)
        if product.twin_of:
            assert product.code not in entries
            continue
        entry, spec, model = entries[product.code]
        assert (product.name, product.category) == (entry["name"], entry["category"])
        assert (product.spec, product.model) == (spec["text"], model)
        assert (product.base_unit, product.sales_unit) == (entry["base_unit"], entry["sales_unit"])
        assert product.units_per_sales_unit == entry["pack"]
        assert product.tax_rate_bp == entry["tax_rate_bp"]
        assert product.kind == entry.get("kind", "goods")


def test_most_goods_bear_13_percent_and_some_farm_goods_9(small: World) -> None:
    rates = [product.tax_rate_bp for product in small.products]
    assert set(rates) == {1300, 900}
    assert rates.count(900) < len(rates) / 5


@pytest.mark.parametrize("name", list_profiles())
def test_tax_rates_are_those_of_the_kind(name: str) -> None:
    """Farm goods 9 %, dishes as catering services 6 %, other goods 13 %."""
    profile = load_profile(name)
    made = products(42, profile.sizes["large"].products, profile, OPENING)
    assert {p.tax_rate_bp for p in made if p.kind == "dish"} <= {600}
    assert {p.tax_rate_bp for p in made if p.kind != "dish"} <= {1300, 900}
    assert {p.tax_rate_bp for p in made if p.kind == "finished"} <= {1300}


@pytest.mark.parametrize("name", list_profiles())
def test_a_sales_unit_costs_whole_fen_and_less_than_its_price(name: str) -> None:
    profile = load_profile(name)
    for product in products(42, profile.sizes["large"].products, profile, OPENING):
        pack = product.units_per_sales_unit
        assert product.cost_e4 * pack % 100 == 0
        assert product.list_price_fen % 10 == 0
        net_e4 = product.list_price_fen * 1_000_000 / (10_000 + product.tax_rate_bp) / pack
        if product.kind == "goods":
            assert 0.6 * net_e4 - 100 <= product.cost_e4 <= 0.85 * net_e4
        elif product.kind == "material":
            assert 0.9 * net_e4 - 100 <= product.cost_e4 <= net_e4


@pytest.mark.parametrize("name", list_profiles())
def test_the_prices_of_the_past_end_with_that_of_today(name: str) -> None:
    profile = load_profile(name)
    counts = set()
    for product in products(42, profile.sizes["small"].products, profile, OPENING):
        days = [date.fromisoformat(day) for day, _ in product.prices]
        amounts = [fen for _, fen in product.prices]
        assert days[0] == date(2025, 5, 1)
        assert days == sorted(set(days))
        assert days[-1] < OPENING
        assert {day.day for day in days} == {1}
        assert amounts[-1] == product.list_price_fen
        assert all(one != other for one, other in pairwise(amounts))
        # Dishes are priced in whole yuan, which is much for a bowl of rice.
        slack = 100 if product.kind == "dish" else 10
        assert all(0.8 * amounts[-1] - slack <= fen <= 1.25 * amounts[-1] + slack for fen in amounts)
        counts.add(len(amounts))
    assert counts == {2, 3, 4}


def test_prices_move_with_the_opening_and_nothing_else_does() -> None:
    profile = load_profile("trading")
    one, other = products(42, 120, profile, OPENING), products(42, 120, profile, date(2027, 1, 1))
    assert [replace(p, prices=()) for p in one] == [replace(p, prices=()) for p in other]
    assert other[0].prices[0][0] == "2025-07-01"
    assert [[fen for _, fen in p.prices] for p in one] == [[fen for _, fen in p.prices] for p in other]


@pytest.mark.parametrize("name", list_profiles())
def test_more_products_change_nothing_of_those_before(name: str) -> None:
    profile = load_profile(name)
    many = products(42, profile.sizes["medium"].products, profile, OPENING)
    for number in (profile.sizes["tiny"].products, 59, 60, 61, profile.sizes["small"].products):
        assert products(42, number, profile, OPENING) == many[:number]
    recipes = boms(42, len(many), profile)
    few = boms(42, 60, profile)
    assert recipes[: len(few)] == few


def test_every_entry_has_its_turn_before_one_comes_twice() -> None:
    profile = load_profile("trading")
    core = [entry["code"] for entry in profile.catalogue if not entry.get("extended")]
    first = [product.code.split("-")[0] for product in products(42, len(core), profile, OPENING)]
    assert first == core
    combinations = sum(len(e["specs"]) * len(e["models"]) for e in profile.catalogue if not e.get("extended"))
    behind = products(42, 300, profile, OPENING)[combinations + 2 :]
    assert not {product.code.split("-")[0] for product in behind if not product.twin_of} & set(core)


def test_colours_and_sizes_of_a_style_have_one_price() -> None:
    """Garments are priced by style: whoever buys black pays what white costs."""
    profile = load_profile("garments")
    by_style: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    made = [p for p in products(42, 1000, profile, OPENING) if not p.twin_of]
    for product in made:
        by_style[product.name, product.model].add(product.list_price_fen)
    assert all(len(prices) == 1 for prices in by_style.values())
    assert len({price for prices in by_style.values() for price in prices}) > 30
    assert all(p.batch_managed and p.shelf_life_days is None for p in made)


@pytest.mark.parametrize("name", list_profiles())
def test_an_opening_stock_is_for_what_is_kept(name: str) -> None:
    profile = load_profile(name)
    for product in products(42, profile.sizes["small"].products, profile, OPENING):
        assert (product.stock_sales_units == 0) is (product.kind == "dish")
        assert not product.scarce or product.kind in ("goods", "finished")
        # Goods are bought by the month: what keeps for less would be bad before it is sold.
        assert product.shelf_life_days is None or product.shelf_life_days >= 60
