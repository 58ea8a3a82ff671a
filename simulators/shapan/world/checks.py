"""What is wrong with a world file: what no JSON can say, what the schema refuses, and what contradicts itself.

Each check gives every fault that it finds, with a JSON Pointer.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema_rs

from shapan.kernel.bundle import escape
from shapan.kernel.errors import Fault
from shapan.kernel.validation import faults
from shapan.world.codes import begins, product_code, skeleton

_SCHEMA = Path(__file__).parent / "profiles" / "profile.schema.json"
# A world file is a page or two; far more values come from aliases that repeat each other (the "billion laughs").
_MOST_VALUES = 100_000
MADE = ("finished", "dish")
"""Kinds that have a recipe."""
FOR_SALE = ("goods", "finished")
"""Kinds that customers order; dishes are sold in stores."""


def profile_faults(data: Any) -> list[Fault]:
    """Every fault of a profile's data as YAML gave it; empty when a world can be built from it."""
    found = list(_unlike_json(data))
    if found:
        return found
    found = list(_against_schema(data))
    # The parts contradict each other only as far as they are what the schema says.
    unsound = {fault.pointer.split("/")[1] for fault in found}
    if "" in unsound:
        return found
    if unsound.isdisjoint({"sizes", "warehouses", "catalogue"}):
        found += _too_small(data)
    if "warehouses" not in unsound:
        found += _warehouses(data["warehouses"])
    if "catalogue" not in unsound:
        found += _catalogue(data["catalogue"])
        found += _recipes(data["catalogue"])
    if "history" not in unsound:
        found += _ranges(data.get("history", {}))
    return found


@functools.cache
def _schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(_SCHEMA.read_text("utf-8")))


def _against_schema(data: Any) -> Iterator[Fault]:
    for fault in faults(_schema(), data, "file"):
        # The kernel speaks of contracts; here it is a file that somebody wrote.
        en, zh = fault.en.replace("The contract", "A world file"), fault.zh.replace("接口契约", "世界文件")
        yield Fault(fault.pointer, en, zh, "file") if fault.pointer else _whole(en, zh)


def _whole(en: str, zh: str) -> Fault:
    return Fault("/", en, zh, "file")


def _unlike_json(data: Any) -> Iterator[Fault]:
    """Keys that are no text, numbers that are not finite, values of YAML's own types, structures without end."""
    rest: list[tuple[str, Any]] = [("", data)]
    seen = 0
    while rest:
        pointer, value = rest.pop()
        seen += 1
        if seen > _MOST_VALUES:
            yield _whole("It holds too much, or aliases without end.", "内容过多，或别名无限嵌套。")
            return
        if isinstance(value, dict):
            for key, member in value.items():
                if isinstance(key, str):
                    rest.append((f"{pointer}/{escape(key)}", member))
                else:
                    yield Fault(
                        f"{pointer}/{key}",
                        f"The key {key} must be quoted text.",
                        f"键 {key} 必须是加引号的文本。",
                        "file",
                    )
        elif isinstance(value, list):
            rest += [(f"{pointer}/{n}", item) for n, item in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            yield Fault(pointer, "Must be a finite number.", "必须是有限的数。", "file")
        elif value is not None and not isinstance(value, str | int | float):
            kind = type(value).__name__
            yield Fault(pointer, f"Must be text or a number, not {kind}.", f"必须是文本或数字，不能是 {kind}。", "file")


def combinations(entry: dict[str, Any]) -> int:
    """How many products a catalogue entry can give."""
    return len(entry["specs"]) * len(entry["models"])


def _too_small(data: dict[str, Any]) -> Iterator[Fault]:
    """Sizes that the file itself cannot fill."""
    products = sum(combinations(entry) for entry in data["catalogue"])
    least = _least_products(data["catalogue"])
    warehouses = len(data["warehouses"])
    for name, size in data["sizes"].items():
        if size["products"] < least:
            en = f"With fewer than {least} products, none may be for sale to customers."
            zh = f"商品数少于 {least} 时，可能没有可销售给客户的商品。"
            yield Fault(f"/sizes/{name}/products", en, zh, "file")
        if size["products"] > products:
            en, zh = f"The catalogue gives only {products} products.", f"商品目录最多只有 {products} 种商品。"
            yield Fault(f"/sizes/{name}/products", en, zh, "file")
        if size["warehouses"] > warehouses:
            en, zh = f"Only {warehouses} warehouses are listed.", f"只列出了 {warehouses} 个仓库。"
            yield Fault(f"/sizes/{name}/warehouses", en, zh, "file")


def _least_products(catalogue: list[dict[str, Any]]) -> int:
    """So many products bring one that customers order, whatever the seed; 0 when none ever comes."""
    waves: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for entry in catalogue:
        waves[bool(entry.get("extended"))].append(entry)
    needed = 0
    for wave in waves.values():
        before = 0
        for entry in wave:
            # Every entry before it gives one product in the first turn, and what that is made of.
            before += 1 + len(entry.get("recipe", ()))
            if entry.get("kind", "goods") in FOR_SALE:
                needed += before
                # One in a hundred is a twin.
                return needed + (needed + 40) // 99
        needed += sum(map(combinations, wave))
    return 0


def _warehouses(warehouses: list[dict[str, str]]) -> Iterator[Fault]:
    """Codes that stand twice, and a store where the main warehouse should be."""
    if warehouses[0].get("kind") == "store":
        en, zh = "The first is the main warehouse and cannot be a store.", "第一个是主仓库，不能是门店。"
        yield Fault("/warehouses/0/kind", en, zh, "file")
    codes = [warehouse["code"] for warehouse in warehouses]
    for n, code in enumerate(codes):
        if code in codes[:n]:
            yield Fault(f"/warehouses/{n}/code", f"{code} stands twice.", f"{code} 重复。", "file")


def _catalogue(catalogue: list[dict[str, Any]]) -> Iterator[Fault]:
    """Codes that look alike, and packs without a unit of their own."""
    first: dict[str, str] = {}
    for n, entry in enumerate(catalogue):
        if entry["base_unit"] == entry["sales_unit"] and entry["pack"] != 1:
            en, zh = "The pack of a product sold by its base unit must be 1.", "按基本单位销售的商品，pack 必须为 1。"
            yield Fault(f"/catalogue/{n}/pack", en, zh, "file")
        for place, spec in enumerate(entry["specs"]):
            for model in entry["models"]:
                code = product_code(entry["code"], spec["code"], model)
                bones = skeleton(code)
                if bones in first:
                    en = f"{code} cannot be told from {first[bones]}."
                    zh = f"{code} 与 {first[bones]} 无法区分。"
                    yield Fault(f"/catalogue/{n}/specs/{place}/code", en, zh, "file")
                first.setdefault(bones, code)


def _recipes(catalogue: list[dict[str, Any]]) -> Iterator[Fault]:
    """Recipes where none can be, or missing, or of what is no material; nothing that customers could order."""
    if all(entry.get("kind", "goods") not in FOR_SALE for entry in catalogue):
        en, zh = "Something must be for sale: goods or finished.", "至少要有一种可销售的商品（goods 或 finished）。"
        yield Fault("/catalogue", en, zh, "file")
    materials = [
        product_code(entry["code"], spec["code"], model)
        for entry in catalogue
        if entry.get("kind") == "material"
        for spec in entry["specs"]
        for model in entry["models"]
    ]
    others = {entry["code"] for entry in catalogue if entry.get("kind", "goods") != "material"}
    for n, entry in enumerate(catalogue):
        kind, made = entry.get("kind", "goods"), entry.get("kind") in MADE
        if made and "recipe" not in entry:
            yield Fault(
                f"/catalogue/{n}", f"What is {kind} needs a recipe.", f"{kind} 类商品需要 recipe（配方）。", "file"
            )
        if not made:
            for member in ("recipe", "labour_yuan"):
                if member in entry:
                    en = f"Only finished goods and dishes have it, and this is {kind}."
                    zh = f"只有 finished 和 dish 类商品才有此项，而这里是 {kind}。"
                    yield Fault(f"/catalogue/{n}/{member}", en, zh, "file")
            continue
        lines = entry.get("recipe", ())
        for place, line in enumerate(lines):
            at, code = f"/catalogue/{n}/recipe/{place}", line["code"]
            if not any(begins(material, code) for material in materials):
                en, zh = f"There is no material {code}.", f"没有物料 {code}。"
                yield Fault(f"{at}/code", en, zh, "file")
            elif code.split("-")[0] in others:
                en = f"Some of {code} is no material; give the material a code of its own."
                zh = f"{code} 中有的不是物料，请为物料使用单独的编码。"
                yield Fault(f"{at}/code", en, zh, "file")
            if any(begins(code, other["code"]) or begins(other["code"], code) for other in lines[:place]):
                en, zh = f"{code} stands twice in the recipe.", f"配方中 {code} 重复。"
                yield Fault(f"{at}/code", en, zh, "file")
            for member, places in (("quantity", 3), ("scrap_percent", 2)):
                if (Fraction(str(line.get(member, 0))) * 10**places).denominator != 1:
                    en, zh = f"At most {places} decimals.", f"最多 {places} 位小数。"
                    yield Fault(f"{at}/{member}", en, zh, "file")


def _ranges(history: dict[str, Any]) -> Iterator[Fault]:
    """Ranges that end before they begin."""
    for name, value in history.items():
        if name != "months" and isinstance(value, list) and value[0] > value[1]:
            en, zh = f"From {value[0]} to {value[1]} there is nothing.", f"从 {value[0]} 到 {value[1]} 没有任何值。"
            yield Fault(f"/history/{name}", en, zh, "file")
