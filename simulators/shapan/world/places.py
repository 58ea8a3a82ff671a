"""Places (地点): regions with their districts, and addresses and landlines that belong to them."""

from __future__ import annotations

import functools
import json
from typing import Any

from shapan.world.draws import Rng, between, digits, pick
from shapan.world.entities import Address
from shapan.world.names import names
from shapan.world.spec import HERE


@functools.cache
def regions() -> tuple[dict[str, Any], ...]:
    """The regions with their districts."""
    return tuple(json.loads((HERE / "data" / "regions.json").read_text("utf-8")))


def address(rng: Rng, region: dict[str, Any], district: list[str]) -> Address:
    """An address (地址) in a district: street and number, in three of five cases a building with its room."""
    lists = names()
    street = f"{pick(rng, lists['streets'])}{between(rng, 1, 288)}号"
    if rng.random() < 0.6:
        street += (
            f"{pick(rng, lists['buildings'])}{between(rng, 1, 9)}号楼{between(rng, 1, 28)}{between(rng, 1, 12):02d}室"
        )
    return Address(region["province"], region["city"], district[0], street, district[2], district[1])


def landline(rng: Rng, region: dict[str, Any]) -> str:
    """A landline (固定电话) with the area code of the region: 010-62345678."""
    return f"{region['area_code']}-{pick(rng, '5678')}{digits(rng, region['landline_digits'] - 1)}"
