"""Bills of materials and recipes: of materials that are there, at a cost that is theirs, and every way in which one can be wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from shapan.world import Profile, WorldError, load_profile
from shapan.world.checks import profile_faults
from shapan.world.entities import Bom, Product
from shapan.world.products import boms, products

OPENING = date(2026, 11, 1)


def _entry(code: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "category": "甲类",
        "name": code,
        "kind": kind,
        "specs": [{"code": "A", "text": "一"}, {"code": "C", "text": "二", "factor": 1.5}],
        "models": ["1"],
        "base_unit": "份",
        "sales_unit": "份",
        "pack": 1,
        "price_yuan": 20,
        "tax_rate_bp": 1300,
        **more,
    }


def _mine(**more: Any) -> dict[str, Any]:
    """A profile with a dish, what is made for companies, and two materials; `more` goes over the entry of the dish."""
    recipe = [{"code": "RIC", "quantity": 0.2, "scrap_percent": 2.5, "scales": True}, {"code": "EGG-A", "quantity": 2}]
    return {
        "name": "mine",
        "title": {"en": "Mine", "zh": "我的"},
        "sizes": {"one": {"customers": 1, "products": 8, "warehouses": 1}},
        "warehouses": [{"code": "CK01", "name": "仓库", "address": "某路1号"}],
        "opening": {
            "cash_yuan": 0,
            "bank_yuan": 0,
            "stock_sales_units": 7,
            "scarce_every": 2,
        },
        "catalogue": [
            {**_entry("DSH", "dish", recipe=recipe, price_step_yuan=1), **more},
            _entry("CAN", "finished", recipe=recipe, labour_yuan=1.23, batch={"shelf_life_days": 90}),
            _entry("RIC", "material"),
            _entry("EGG", "material", stock_sales_units=3, batch={}),
        ],
    }


def _made(profile: Profile, number: int, seed: int = 42) -> tuple[dict[str, Product], tuple[Bom, ...]]:
    return {p.key: p for p in products(seed, number, profile, OPENING)}, boms(seed, number, profile)


def _load(tmp_path: Path, data: dict[str, Any]) -> Profile:
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(data), "utf-8")
    return load_profile(str(path))


@pytest.mark.parametrize("name", ["restaurant", "machines"])
@pytest.mark.parametrize("size", ["tiny", "small", "large"])
def test_what_is_made_has_a_recipe_of_materials_that_came_before(name: str, size: str) -> None:
    profile = load_profile(name)
    known, recipes = _made(profile, profile.sizes[size].products)
    assert [bom.product for bom in recipes] == [key for key, p in known.items() if p.kind in ("finished", "dish")]
    assert Counter(p.kind for p in known.values())["finished"] >= 3
    order = list(known)
    for bom in recipes:
        materials = [line.material for line in bom.lines]
        assert len(set(materials)) == len(materials) >= 1
        for line in bom.lines:
            assert known[line.material].kind == "material"
            assert known[line.material].twin_of is None
            assert order.index(line.material) < order.index(bom.product)
            assert line.quantity_milli > 0
            assert 0 <= line.scrap_bp < 10_000


@pytest.mark.parametrize("name", ["restaurant", "machines"])
@pytest.mark.parametrize("seed", [1, 42])
def test_what_is_made_costs_its_materials_and_labour_and_leaves_a_margin(name: str, seed: int) -> None:
    profile = load_profile(name)
    known, recipes = _made(profile, profile.sizes["large"].products, seed)
    for bom in recipes:
        product = known[bom.product]
        materials = sum(
            Fraction(known[line.material].cost_e4 * line.quantity_milli, 1000)
            * Fraction(10_000 + line.scrap_bp, 10_000)
            for line in bom.lines
        )
        pack = product.units_per_sales_unit
        net_e4 = Fraction(product.list_price_fen * 100 * 10_000, (10_000 + product.tax_rate_bp) * pack)
        assert materials <= product.cost_e4
        # A dish has no labour; rounding to whole fen of a sales unit is less than one.
        assert product.kind != "dish" or product.cost_e4 - materials < 100
        assert Fraction(8, 100) * net_e4 < product.cost_e4 < Fraction(85, 100) * net_e4, product


def test_pieces_are_whole_in_bills_of_machines() -> None:
    profile = load_profile("machines")
    known, recipes = _made(profile, profile.sizes["huge"].products)
    for bom in recipes:
        for line in bom.lines:
            if known[line.material].base_unit in ("台", "套", "只", "条", "根"):
                assert line.quantity_milli % 1000 == 0, (known[bom.product].code, known[line.material].code)


def test_quantities_scale_with_the_specification(tmp_path: Path) -> None:
    known, recipes = _made(_load(tmp_path, _mine()), 8)
    assert len(recipes) == 4
    for bom in recipes:
        rice, egg = bom.lines
        assert (rice.scrap_bp, egg.scrap_bp) == (250, 0)
        assert rice.quantity_milli == (300 if known[bom.product].spec == "二" else 200)
        assert (egg.quantity_milli, known[egg.material].code) == (2000, "EGG-A-1")
        assert known[rice.material].code.startswith("RIC-")


def test_kinds_and_batches_and_stock_are_the_entrys(tmp_path: Path) -> None:
    known, _ = _made(_load(tmp_path, _mine()), 8)
    found = {
        p.code[:3]: (p.kind, p.batch_managed, p.shelf_life_days, p.stock_sales_units, p.scarce) for p in known.values()
    }
    assert found["DSH"] == ("dish", False, None, 0, False)
    assert found["RIC"] == ("material", False, None, 7, False)
    assert found["EGG"] == ("material", True, None, 3, False)
    assert found["CAN"][:4] == ("finished", True, 90, 7)
    assert [p.scarce for p in known.values() if p.kind == "finished"] == [False, True]


def test_a_material_that_a_recipe_asked_for_had_its_turn(tmp_path: Path) -> None:
    """Rice and eggs come with the dish; the second of each comes in the second turn only."""
    known, _ = _made(_load(tmp_path, _mine()), 8)
    assert [p.code[:3] for p in known.values()] == ["RIC", "EGG", "DSH", "CAN", "DSH", "CAN", "RIC", "EGG"]


def test_a_profile_that_adds_up_has_no_faults() -> None:
    assert profile_faults(_mine()) == []


def _rice(**more: Any) -> dict[str, Any]:
    return {"recipe": [{"code": "RIC", "quantity": 0.2, **more}]}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        (_rice(code="RYE"), "/catalogue/0/recipe/0/code"),
        (_rice(code="RIC-B"), "/catalogue/0/recipe/0/code"),
        (_rice(code="CAN"), "/catalogue/0/recipe/0/code"),
        (_rice(quantity=0.2005), "/catalogue/0/recipe/0/quantity"),
        (_rice(quantity=0), "/catalogue/0/recipe/0/quantity"),
        (_rice(scrap_percent=1.005), "/catalogue/0/recipe/0/scrap_percent"),
        (_rice(unit="份"), "/catalogue/0/recipe/0/unit"),
        (
            {"recipe": [{"code": "RIC", "quantity": 1}, {"code": "RIC-A", "quantity": 1}]},
            "/catalogue/0/recipe/1/code",
        ),
        ({"recipe": []}, "/catalogue/0/recipe"),
        ({"kind": "goods"}, "/catalogue/0/recipe"),
        ({"kind": "goods", "labour_yuan": 1}, "/catalogue/0/labour_yuan"),
        ({"kind": "service"}, "/catalogue/0/kind"),
        ({"batch": {"shelf_life_days": 0}}, "/catalogue/0/batch/shelf_life_days"),
        ({"price_step_yuan": 0}, "/catalogue/0/price_step_yuan"),
        ({"category": "甲 类"}, "/catalogue/0/category"),
    ],
)
def test_an_entry_that_does_not_add_up_is_refused(more: dict[str, Any], pointer: str) -> None:
    faults = {fault.pointer: fault for fault in profile_faults(_mine(**more))}
    assert pointer in faults, list(faults)
    assert re.search(r"[\u4e00-\u9fa5]", faults[pointer].zh)


def test_all_faults_of_recipes_come_at_once(tmp_path: Path) -> None:
    data = _mine(recipe=[{"code": "RYE", "quantity": 0.0005}, {"code": "EGG", "quantity": 0.0015}])
    del data["catalogue"][1]["recipe"]
    with pytest.raises(WorldError) as caught:
        _load(tmp_path, data)
    # What contradicts itself is looked for in parts that are sound by themselves.
    assert "1 fault;" in caught.value.en
    assert "/catalogue/0/recipe/0/quantity: " in caught.value.en
    data["catalogue"][0]["recipe"][0]["quantity"] = 1
    with pytest.raises(WorldError, match="3 faults") as caught:
        _load(tmp_path, data)
    for pointer in ("/catalogue/0/recipe/0/code", "/catalogue/0/recipe/1/quantity", "/catalogue/1"):
        assert f"{pointer}: " in caught.value.en
        assert f"{pointer}：" in caught.value.zh


def test_something_must_be_for_sale() -> None:
    data = _mine()
    del data["catalogue"][1]
    data["sizes"]["one"]["products"] = 6
    assert [fault.pointer for fault in profile_faults(data)] == ["/catalogue"]


@pytest.mark.parametrize("number", [2, 5])
def test_a_size_must_reach_what_is_for_sale(number: int) -> None:
    data = _mine()
    data["sizes"]["one"]["products"] = number
    assert [fault.pointer for fault in profile_faults(data)] == ["/sizes/one/products"]


def test_a_size_that_just_reaches_it_holds_it(tmp_path: Path) -> None:
    data = _mine()
    data["sizes"]["one"]["products"] = 6
    known, _ = _made(_load(tmp_path, data), 6)
    assert "finished" in {p.kind for p in known.values()}


def test_a_size_must_reach_what_is_for_sale_behind_the_extended_ones() -> None:
    data = _mine()
    data["catalogue"][1]["extended"] = True
    data["sizes"]["one"]["products"] = 8
    # Six dishes and materials come first, then the first that is for sale with its two materials, at most.
    assert [fault.en for fault in profile_faults(data)] == [
        "With fewer than 9 products, none may be for sale to customers."
    ]
