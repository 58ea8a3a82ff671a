"""True products (商品), from the profile's catalogue: code CAT-SPEC-MODEL, units, price and cost."""

from __future__ import annotations

import itertools
from fractions import Fraction

from shapan.kernel.money import round_half_up
from shapan.world.codes import product_code
from shapan.world.draws import between, shuffled, stream
from shapan.world.entities import Product
from shapan.world.spec import Profile


def products(seed: int, number: int, profile: Profile) -> tuple[Product, ...]:
    """The first `number` products of a seed, taken in turn from every category, so that small worlds have variety too."""
    lines = [
        shuffled(stream(seed, "catalogue", entry["code"]), itertools.product(entry["specs"], entry["models"]))
        for entry in profile.catalogue
    ]
    drawn = [
        (entry, line[turn])
        for turn in range(max(map(len, lines)))
        for entry, line in zip(profile.catalogue, lines, strict=True)
        if turn < len(line)
    ]
    made = []
    for n, (entry, (spec, model)) in enumerate(drawn[:number], 1):
        rng = stream(seed, "product", entry["code"], spec["code"], model)
        # By way of text, so that 9.8 is 9.8 and not the binary fraction next to it. Up or down a little by model.
        yuan = Fraction(str(entry["price_yuan"])) * Fraction(str(spec.get("factor", 1))) * entry["pack"]
        # Whole dimes (角), as price lists have it.
        price_fen = max(10, 10 * round_half_up(yuan * between(rng, 90, 115) / 10))
        net_e4 = price_fen * 100 * 10000 // (10000 + entry["tax_rate_bp"]) // entry["pack"]
        made.append(
            Product(
                key=f"P{n:04d}",
                code=product_code(entry["code"], spec["code"], model),
                name=entry["name"],
                category=entry["category"],
                spec=spec["text"],
                model=model,
                base_unit=entry["base_unit"],
                sales_unit=entry["sales_unit"],
                units_per_sales_unit=entry["pack"],
                list_price_fen=price_fen,
                cost_e4=max(1, net_e4 * between(rng, 62, 84) // 100),
                tax_rate_bp=entry["tax_rate_bp"],
                scarce=n % profile.opening["scarce_every"] == 0,
            )
        )
    return tuple(made)
