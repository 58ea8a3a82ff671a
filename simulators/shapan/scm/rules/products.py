"""Products (物料): what kinds there are, and which of them lie in a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import milli_from_text, rate_from_text, text_from_milli

# Goods (商品), material (原材料), finished goods (产成品), dish (菜品), service (服务). The last two are sold and never stored: a dish
# uses up its ingredients, a service nothing.
KINDS_ZH = {"goods": "商品", "material": "原材料", "finished": "产成品", "dish": "菜品", "service": "服务"}
STOCKED = ("goods", "material", "finished")


def stocked_faults(code: str, kind: str, pointer: str) -> list[Fault]:
    """A dish or a service is never in stock."""
    if kind in STOCKED:
        return []
    return [Fault(pointer, f"{code} is a {kind} and is not kept in stock.", f"{code} 是{KINDS_ZH[kind]}，没有库存。")]


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it is kept. `units` are unit -> factor in milli, the base unit first."""

    name: str
    spec: str
    model: str
    category: str
    kind: str
    base_unit: str
    units: Mapping[str, int]
    rate_bp: int
    batch_managed: bool
    shelf_life_days: int | None
    safety_stock_milli: int


def product(body: Mapping[str, Any], category_known: bool) -> tuple[Product, list[Fault]]:
    """A body -> the product to keep, and every fault in it."""
    kind, managed, shelf_life = (
        body.get("kind") or "goods",
        bool(body.get("batch_managed")),
        body.get("shelf_life_days"),
    )
    faults: list[Fault] = []
    if not category_known:
        faults.append(
            Fault("/category", f"There is no category {body['category']}.", f"没有物料类别 {body['category']}。")
        )
    units = {body["base_unit"]: 1000}
    for index, unit in enumerate(body.get("units") or []):
        name = unit["unit"]
        if index == 0 and name == body["base_unit"] and milli_from_text(unit["factor"]) == 1000:
            continue  # as the product is shown
        if name in units:
            faults.append(
                Fault(f"/units/{index}/unit", f"The unit {name} is given twice.", f"单位“{name}”重复（含基本单位）。")
            )
        units[name] = milli_from_text(unit["factor"])
    if managed and kind not in STOCKED:
        faults.append(
            Fault(
                "/batch_managed",
                f"A {kind} is never in stock, so not in batches.",
                f"{KINDS_ZH[kind]}没有库存，不能按批次管理。",
            )
        )
    if shelf_life is not None and not managed:
        faults.append(
            Fault(
                "/shelf_life_days",
                "Only what is kept in batches has a shelf life here; set batch_managed as well.",
                "只有按批次管理的物料才有保质期，请同时设置 batch_managed。",
            )
        )
    made = Product(
        body["name"],
        body.get("spec") or "",
        body.get("model") or "",
        body["category"],
        kind,
        body["base_unit"],
        units,
        rate_from_text(body["tax_rate"]),
        managed,
        shelf_life,
        milli_from_text(body.get("safety_stock") or "0"),
    )
    return made, faults


def taken_refusal(code: str) -> Problem:
    """409: a product has this code already."""
    return conflict(
        "product-exists",
        f"There is a product {code} already. Choose another code, or change that one with PUT.",
        f"物料编码 {code} 已被使用。请更换编码，或用 PUT 修改该物料。",
    )


def category_taken_refusal(code: str) -> Problem:
    """409: a category has this code already."""
    return conflict(
        "category-exists",
        f"There is a category {code} already. Choose another code.",
        f"类别编码 {code} 已被使用，请更换编码。",
    )


def in_use_refusal(code: str, before: Mapping[str, Any], units: Mapping[str, int], after: Product) -> Problem | None:
    """409 when a product of which documents or stock speak would get another base unit, kind, way of keeping, or factor of a unit.

    `before` is the row as it is, `units` its factors.
    """
    faults: list[Fault] = []
    for member, was, will in (
        ("base_unit", before["base_unit"], after.base_unit),
        ("kind", before["kind"], after.kind),
        ("batch_managed", bool(before["batch_managed"]), after.batch_managed),
    ):
        if was != will:
            faults.append(Fault(f"/{member}", f"It is {was} and stays so.", f"当前为 {was}，已有业务，不能修改。"))
    for unit, factor in units.items():
        if unit in after.units and after.units[unit] != factor and before["base_unit"] == after.base_unit:
            kept = text_from_milli(factor)
            faults.append(
                Fault(
                    "/units",
                    f"The factor of {unit} is {kept} and stays so.",
                    f"单位“{unit}”的换算率为 {kept}，不能修改。",
                )
            )
        elif unit not in after.units and unit != before["base_unit"]:
            en = f"The unit {unit} stays: documents may speak of it."
            faults.append(Fault("/units", en, f"单位“{unit}”已有业务，不能删除。"))
    if not faults:
        return None
    return Problem(
        409,
        "product-in-use",
        "The current state does not allow this",
        f"There are documents or stock of {code}, so some of it cannot be changed; see errors. Enter a new product instead.",
        f"{code} 已有单据或库存，部分资料不能修改，详见 errors。请另建物料。",
        tuple(faults),
    )
