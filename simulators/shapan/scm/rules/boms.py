"""Bills of materials (物料清单) and recipes (配方): no circles, waste on top, exploded without losing a thousandth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.scm.rules.amounts import MAX_QUANTITY_MILLI
from shapan.scm.rules.products import KINDS_ZH, STOCKED


class BomLine(NamedTuple):
    """A material: `quantity_milli` of it, waste (损耗) on top, make the bill's base quantity of the product."""

    product_code: str
    quantity_milli: int
    scrap_bp: int


class Bom(NamedTuple):
    """A bill of materials as it is exploded."""

    code: str
    product_code: str
    base_milli: int
    lines: tuple[BomLine, ...]


def made_faults(code: str, kind: str) -> list[Fault]:
    """A service is not made of anything."""
    if kind != "service":
        return []
    return [Fault("/product_code", f"{code} is a service and is made of nothing.", f"{code} 是服务，没有物料清单。")]


def line_fault(code: str, kind: str, made_kind: str, pointer: str) -> list[Fault]:
    """Materials are kept in stock; in the recipe of a dish another dish may stand, which is then made on the spot."""
    if kind in STOCKED or (kind == "dish" and made_kind == "dish"):
        return []
    return [
        Fault(
            f"{pointer}/product_code",
            f"{code} is a {kind} and cannot be a material here.",
            f"{code} 是{KINDS_ZH[kind]}，不能作为此处的子项。",
        )
    ]


def repeated_faults(lines: Sequence[BomLine]) -> list[Fault]:
    """Each material stands once."""
    codes = [line.product_code for line in lines]
    return [
        Fault(f"/lines/{index}/product_code", f"{code} is given twice; add it up.", f"子项 {code} 重复，请合并。")
        for index, code in enumerate(codes)
        if code in codes[:index]
    ]


def circle_faults(product_code: str, lines: Sequence[BomLine], made_of: Mapping[str, Iterable[str]]) -> list[Fault]:
    """No product is made of itself, directly or through others (循环引用). `made_of`: product -> materials of its active bills."""
    faults: list[Fault] = []
    for index, line in enumerate(lines):
        reached, open_codes = {line.product_code}, [line.product_code]
        while open_codes:
            for code in made_of.get(open_codes.pop(), ()):
                if code not in reached:
                    reached.add(code)
                    open_codes.append(code)
        if product_code in reached:
            faults.append(
                Fault(
                    f"/lines/{index}/product_code",
                    f"{line.product_code} is itself made of {product_code}.",
                    f"子项 {line.product_code} 本身由 {product_code} 构成，形成循环。",
                )
            )
    return faults


def retired_refusal(code: str) -> Problem:
    """409: this version is out of use."""
    return conflict(
        "bom-retired",
        f"{code} is retired. Use another version, or enter a new one.",
        f"物料清单 {code} 已停用。请使用其他版本或新建版本。",
    )


def required(bom: Bom, milli: int) -> list[tuple[str, int]]:
    """(material, quantity) for `milli` of the product, one level deep, waste included, rounded up to a thousandth so that it suffices."""
    return [(line.product_code, _up(_per_unit(bom, line) * milli)) for line in bom.lines]


def _per_unit(bom: Bom, line: BomLine) -> Fraction:
    return Fraction(line.quantity_milli, bom.base_milli) * Fraction(10_000 + line.scrap_bp, 10_000)


def _up(amount: Fraction) -> int:
    return -(-amount.numerator // amount.denominator)


def consumption(
    sold: Iterable[tuple[str, int]], kinds: Mapping[str, str], recipes: Mapping[str, Bom]
) -> dict[str, int]:
    """Product in stock -> what a sale uses of it: dishes by their recipes, through recipes within recipes; other goods themselves.

    `sold` are (product, quantity in milli). Exact over the whole sale, rounded up once for each ingredient. `recipes` has every dish that
    is reached and makes no circle; the products in the order in which the sale first needs them.
    """
    exact: dict[str, Fraction] = {}
    per_unit: dict[str, dict[str, Fraction]] = {}
    for code, milli in sold:
        _learn(code, kinds, recipes, per_unit)
        for ingredient, amount in per_unit[code].items():
            exact[ingredient] = exact.get(ingredient, Fraction(0)) + amount * milli
    return {code: _up(amount) for code, amount in exact.items()}


def _learn(
    code: str, kinds: Mapping[str, str], recipes: Mapping[str, Bom], per_unit: dict[str, dict[str, Fraction]]
) -> None:
    """Put into `per_unit` what one unit of a product uses, and of every dish below it. With a stack, so that no depth is too deep."""
    open_codes = [code]
    while open_codes:
        current = open_codes[-1]
        lines = recipes[current].lines if kinds[current] == "dish" else ()
        below = [line.product_code for line in lines if line.product_code not in per_unit]
        if current in per_unit or not below:
            open_codes.pop()
            per_unit.setdefault(current, _uses(current, kinds[current], recipes, per_unit))
        else:
            open_codes += below


def _uses(
    code: str, kind: str, recipes: Mapping[str, Bom], per_unit: Mapping[str, Mapping[str, Fraction]]
) -> dict[str, Fraction]:
    """What one unit of a product uses, when that of its ingredients is known."""
    if kind != "dish":
        return {} if kind == "service" else {code: Fraction(1)}
    uses: dict[str, Fraction] = {}
    for line in recipes[code].lines:
        for ingredient, amount in per_unit[line.product_code].items():
            uses[ingredient] = uses.get(ingredient, Fraction(0)) + amount * _per_unit(recipes[code], line)
    return uses


def too_much_faults(quantities: Iterable[tuple[str, int]], pointer: str) -> list[Fault]:
    """What a bill makes of a quantity stays within ten digits before the decimals."""
    return [
        Fault(
            pointer,
            f"This would need more than 9999999999.999 of {code}. Check quantities and the bill of materials.",
            f"{code} 的需用量超过 9999999999.999。请核对数量和物料清单。",
        )
        for code, milli in quantities
        if milli > MAX_QUANTITY_MILLI
    ]
