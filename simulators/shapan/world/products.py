"""True products (商品), from the profile's catalogue: code CAT-SPEC-MODEL, units, prices and cost; and what they are made of.

Products are taken in turn from every entry of the catalogue, so that small worlds have variety too, and what a recipe uses comes
before what is made of it: the first n products of a seed are a catalogue that is complete in itself, for every n.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from shapan.kernel.money import round_half_up
from shapan.world.codes import begins, lookalikes, product_code
from shapan.world.draws import between, pick, shuffled, stream
from shapan.world.entities import Bom, BomLine, Product
from shapan.world.spec import Profile

# The 60th, 160th, 260th ... product is a twin of an earlier one, which stands behind the demo products too.
_TWINS_FROM, _TWINS_EVERY, _FIRST_TWINNED = 60, 100, 30
_PRICES_SINCE_MONTHS = 18


@dataclass(frozen=True, slots=True)
class _Item:
    """A product as it is taken from the catalogue; `lines` are (place of the material in the order of products, thousandths, scrap)."""

    entry: dict[str, Any]
    spec: dict[str, Any]
    model: str
    code: str
    lines: tuple[tuple[int, int, int], ...] = ()
    twin_of: int | None = None

    @property
    def kind(self) -> str:
        """goods, material, finished or dish."""
        return str(self.entry.get("kind", "goods"))


def products(seed: int, number: int, profile: Profile, opening: date) -> tuple[Product, ...]:
    """The first `number` products of a seed. Their prices of the past 18 months are counted back from `opening`.

    A product more, or another opening, changes nothing else of those before it.
    """
    made: list[Product] = []
    for_sale = 0
    for item in itertools.islice(_items(seed, profile), number):
        entry, kind = item.entry, item.kind
        pack, price_fen, cost_e4 = _terms(seed, item, made)
        for_sale += kind in ("goods", "finished")
        spec, sales_unit = _apart(item)
        made.append(
            Product(
                key=key_of(len(made) + 1),
                code=item.code,
                name=entry["name"],
                category=entry["category"],
                spec=spec,
                model=item.model,
                base_unit=entry["base_unit"],
                sales_unit=sales_unit,
                units_per_sales_unit=pack,
                list_price_fen=price_fen,
                cost_e4=cost_e4,
                tax_rate_bp=entry["tax_rate_bp"],
                scarce=kind in ("goods", "finished") and for_sale % profile.opening["scarce_every"] == 0,
                kind=kind,
                prices=_prices(seed, item, price_fen, opening),
                twin_of=None if item.twin_of is None else made[item.twin_of].key,
                batch_managed="batch" in entry,
                shelf_life_days=entry.get("batch", {}).get("shelf_life_days"),
                stock_sales_units=0
                if kind == "dish"
                else entry.get("stock_sales_units", profile.opening["stock_sales_units"]),
            )
        )
    return tuple(made)


def boms(seed: int, number: int, profile: Profile) -> tuple[Bom, ...]:
    """What the finished goods and dishes among the first `number` products are made of, in the order of the products."""
    return tuple(
        Bom(key_of(n), tuple(BomLine(key_of(place + 1), milli, scrap_bp) for place, milli, scrap_bp in item.lines))
        for n, item in enumerate(itertools.islice(_items(seed, profile), number), 1)
        if item.lines
    )


def key_of(n: int) -> str:
    """The key of the n-th product: P0017."""
    return f"P{n:04d}"


def _items(seed: int, profile: Profile) -> Iterator[_Item]:
    """All products in their order, those of extended entries behind the others."""
    rest = [
        list(shuffled(stream(seed, "catalogue", entry["code"]), itertools.product(entry["specs"], entry["models"])))
        for entry in profile.catalogue
    ]
    taken: list[_Item] = []
    twinned: set[int] = set()
    given = [0] * len(rest)

    def put(item: _Item) -> Iterator[_Item]:
        n = len(taken) + 1
        if n >= _TWINS_FROM and (n - _TWINS_FROM) % _TWINS_EVERY == 0:
            twin = _twin(seed, n, taken, twinned)
            if twin:
                taken.append(twin)
                yield twin
        taken.append(item)
        yield item

    for extended in (False, True):
        wave = [n for n, entry in enumerate(profile.catalogue) if bool(entry.get("extended")) is extended]
        for turn in itertools.count(1):
            if not any(rest[n] for n in wave):
                break
            for n in wave:
                # What a recipe asked for counts as the turn of its entry.
                if not rest[n] or given[n] >= turn:
                    continue
                entry = profile.catalogue[n]
                spec, model = rest[n].pop(0)
                given[n] += 1
                for origin, missing in _missing(profile, rest, taken, entry):
                    given[origin] += 1
                    yield from put(missing)
                code = product_code(entry["code"], spec["code"], model)
                yield from put(_Item(entry, spec, model, code, _lines(seed, code, entry, spec, taken)))


def _missing(
    profile: Profile, rest: list[list[tuple[dict[str, Any], str]]], taken: list[_Item], entry: dict[str, Any]
) -> Iterator[tuple[int, _Item]]:
    """A material, with the place of its entry, for every line of the recipe for which none was taken yet."""
    for line in entry.get("recipe", ()):
        if any(begins(item.code, line["code"]) for item in taken):
            continue
        for n, material in enumerate(profile.catalogue):
            codes = [product_code(material["code"], spec["code"], model) for spec, model in rest[n]]
            place = next((i for i, code in enumerate(codes) if begins(code, line["code"])), None)
            if place is not None:
                spec, model = rest[n].pop(place)
                yield n, _Item(material, spec, model, codes[place])
                break


def _lines(
    seed: int, code: str, entry: dict[str, Any], spec: dict[str, Any], taken: list[_Item]
) -> tuple[tuple[int, int, int], ...]:
    """The recipe, each line with one of the materials that are there by now."""
    found = []
    for line in entry.get("recipe", ()):
        fitting = [
            place for place, item in enumerate(taken) if item.twin_of is None and begins(item.code, line["code"])
        ]
        quantity = Fraction(str(line["quantity"])) * (_factor(spec) if line.get("scales") else 1)
        milli = max(1, round_half_up(quantity * 1000))
        scrap_bp = round_half_up(Fraction(str(line.get("scrap_percent", 0))) * 100)
        found.append((pick(stream(seed, "recipe", code, line["code"]), fitting), milli, scrap_bp))
    return tuple(found)


def _twin(seed: int, n: int, taken: list[_Item], twinned: set[int]) -> _Item | None:
    """A product whose code is told from an earlier one's only by a character that looks alike; its specification and unit differ."""
    able = [
        (place, rests)
        for place, item in enumerate(taken)
        if place >= _FIRST_TWINNED and place not in twinned and item.twin_of is None and not item.lines
        # Of what follows the category; the catalogue has no such code itself, for its codes do not look alike.
        if (rests := lookalikes(f"{item.spec['code']}-{item.model}"))
    ]
    if not able:
        return None
    rng = stream(seed, "twin", n)
    place, rests = pick(rng, able)
    twinned.add(place)
    entry, spec = taken[place].entry, taken[place].spec
    spec_code, model = pick(rng, rests).split("-")
    return _Item(entry, spec, model, product_code(entry["code"], spec_code, model), (), place)


def _apart(item: _Item) -> tuple[str, str]:
    """Specification and sales unit. A twin is what is sold loose, or packed for export when its kind is sold loose anyway."""
    text, unit = str(item.spec["text"]), str(item.entry["sales_unit"])
    if item.twin_of is None:
        return text, unit
    return (f"{text} 散装", str(item.entry["base_unit"])) if item.entry["pack"] > 1 else (f"{text} 出口装", unit)


def _factor(spec: dict[str, Any]) -> Fraction:
    # By way of text, so that 9.8 is 9.8 and not the binary fraction next to it.
    return Fraction(str(spec.get("factor", 1)))


def _terms(seed: int, item: _Item, made: list[Product]) -> tuple[int, int, int]:
    """Base units in a sales unit, list price of a sales unit in fen, and cost of a base unit in 1/10000 yuan."""
    entry = item.entry
    own = item.code.split("-")[1]
    rng = stream(seed, "product", entry["code"], "*" if entry.get("price_by") == "model" else own, item.model)
    pack = 1 if item.twin_of is not None else entry["pack"]
    yuan = Fraction(str(entry["price_yuan"])) * _factor(item.spec) * pack
    # Up or down a little by model, in whole dimes (角) or other steps, as price lists have it.
    step = _step(entry)
    price_fen = max(step, step * round_half_up(yuan * between(rng, 90, 115) / step))
    if item.twin_of is not None and entry["pack"] == 1:
        price_fen += max(step, step * (price_fen // step // 20))
    if item.lines:
        cost = sum(
            Fraction(made[place].cost_e4 * milli * (10_000 + scrap_bp), 1000 * 10_000)
            for place, milli, scrap_bp in item.lines
        )
        labour = Fraction(str(entry.get("labour_yuan", 0))) * _factor(item.spec) * 10_000
        return pack, price_fen, _whole(cost + labour, pack)
    net_e4 = price_fen * 100 * 10_000 // (10_000 + entry["tax_rate_bp"]) // pack
    # Goods are bought for less than they are sold for, materials for about the price that stands in the catalogue.
    share = between(rng, 92, 100) if item.kind == "material" else between(rng, 62, 84)
    return pack, price_fen, _whole_below(net_e4 * share // 100, pack)


def _step(entry: dict[str, Any]) -> int:
    return max(1, round_half_up(Fraction(str(entry.get("price_step_yuan", "0.1"))) * 100))


def _grain(pack: int) -> int:
    """The cost of a base unit is a multiple of this, so that a sales unit costs whole fen."""
    return 100 // math.gcd(100, pack)


def _whole(cost_e4: Fraction, pack: int) -> int:
    """At least the cost; what it is more counts as labour."""
    grain = _grain(pack)
    return grain * max(1, math.ceil(cost_e4 / grain))


def _whole_below(cost_e4: int, pack: int) -> int:
    grain = _grain(pack)
    return grain * max(1, cost_e4 // grain)


def _prices(seed: int, item: _Item, price_fen: int, opening: date) -> tuple[tuple[str, int], ...]:
    """Two to four prices: the first since 18 months before the opening, then changes on the first of a month, no two the same month."""
    rng = stream(seed, "prices", item.code)
    months = sorted(shuffled(rng, range(1, _PRICES_SINCE_MONTHS))[: between(rng, 1, 3)], reverse=True)
    step = _step(item.entry)
    prices = [price_fen]
    for _ in months:
        later = prices[-1]
        earlier = max(step, step * round_half_up(Fraction(later * between(rng, 95, 102), 100 * step)))
        if earlier == later:
            # The step is much for so low a price: up and down by one, never away.
            earlier = later + (step if later <= price_fen else -step)
        prices.append(earlier)
    days = [_months_before(opening, back).isoformat() for back in (_PRICES_SINCE_MONTHS, *months)]
    return tuple(zip(days, reversed(prices), strict=True))


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
