"""Registered names (企业名称) as 企业名称登记管理规定 has them: region + trade name (字号) + industry + legal form.

The region may stand in brackets before the form (layout L1) or behind the trade name (L2). The brackets of registered names are
full-width, U+FF08 and U+FF09.
"""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import Any

from shapan.world.draws import Rng, place_of, weighted
from shapan.world.spec import HERE

OPEN, CLOSE = "\uff08", "\uff09"
LAYOUTS = (("L0", 86), ("L1", 9), ("L2", 5))
FORMS = (("有限公司", 80), ("有限责任公司", 6), ("股份有限公司", 7), ("集团有限公司", 4))
SMALL_FORMS = (("厂", 2), ("商行", 1))
LENGTHS = ((2, 72), (3, 20), (4, 8))
NUMBERS = 1_000_000
"""As many names as can be told apart by number alone; see `words`."""


@functools.cache
def names() -> dict[str, Any]:
    """The word lists of names."""
    return dict(json.loads((HERE / "data" / "names.json").read_text("utf-8")))


@functools.cache
def _region_names() -> tuple[str, ...]:
    return tuple(region["name"] for region in json.loads((HERE / "data" / "regions.json").read_text("utf-8")))


@functools.cache
def _second() -> str:
    # Five colours must come out even, see `Words.colour`.
    second = names()["second"]
    return str(second[: len(second) // 5 * 5])


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a name as places in the lists; `rest` holds the third and fourth character of longer trade names.

    `colour` keeps families of names apart by construction: what is drawn freely has colour 0, and whoever is made to look like
    another by a shift of one word gets one of the others. So no two names are the same, and none needs to know of any other.
    """

    region: int
    industry: int
    first: int
    second: int
    rest: str

    @property
    def colour(self) -> int:
        """0 to 4."""
        return (self.region + self.industry + self.first + self.second) % 5

    @property
    def region_name(self) -> str:
        """北京"""
        return _region_names()[self.region]

    @property
    def trade_name(self) -> str:
        """华信"""
        return f"{names()['first'][self.first]}{_second()[self.second]}{self.rest}"

    @property
    def industry_name(self) -> str:
        """电子科技"""
        return str(names()["industries"][self.industry][0])

    def moved(self, word: str, key: int, colour: int) -> Words:
        """The same words but for one ("region", "industry" or "second"), moved by an amount of that colour that only `key` decides."""
        sizes = {"region": len(_region_names()), "industry": len(names()["industries"]), "second": len(_second())}
        size = sizes[word]
        step = 5 * (key % (size // 5)) + colour
        parts = {name: getattr(self, name) for name in ("region", "industry", "first", "second", "rest")}
        parts[word] = (parts[word] + step) % size
        return Words(**parts)


def words(rng: Rng, key: int, number: int) -> Words:
    """The words of the name with this number (1 to 1,000,000): different for different numbers under the same key.

    The trade name has two characters, three (one in five) or four. Of all combinations of a length a permutation gives each number its
    own; one that is not allowed is left for the next million, and after three of these a longer name is taken.
    """
    length = weighted(rng, LENGTHS)
    first, second = len(names()["first"]), len(_second())
    industries, regions = len(names()["industries"]), len(_region_names()) // 5
    longer = len(names()["second"])
    attempt = 0
    while True:
        characters = max(length, 3) if attempt >= 3 else length
        rows, columns = first * industries, second * regions * longer ** (characters - 2)
        row, column = place_of(key + characters, number - 1 + attempt * NUMBERS, rows, columns)
        initial, industry = divmod(row, industries)
        column, quotient = divmod(column, regions)
        column, follower = divmod(column, second)
        rest = ""
        for _ in range(characters - 2):
            column, place = divmod(column, longer)
            rest += names()["second"][place]
        # The rest of the division by five is what gives the name colour 0.
        found = Words(5 * quotient + -(industry + initial + follower) % 5, industry, initial, follower, rest)
        if allowed(found):
            return found
        attempt += 1


def legal(region: str, trade_name: str, industry: str, form: str, layout: str) -> str:
    """The registered name from its words."""
    if layout == "L1":
        return f"{trade_name}{industry}{OPEN}{region}{CLOSE}{form}"
    if layout == "L2":
        return f"{trade_name}{OPEN}{region}{CLOSE}{industry}{form}"
    return f"{region}{trade_name}{industry}{form}"


def form_of(rng: Rng, industry: str) -> tuple[str, str]:
    """Form and layout for an industry. A workshop makes things and a shop sells them; neither puts its region in brackets."""
    small = names()["small_forms"]
    # So that two and one of a hundred over all industries are such.
    share = [
        (form, weight * len(names()["industries"]) // len(small[form]))
        for form, weight in SMALL_FORMS
        if industry in small[form]
    ]
    usual = weighted(rng, FORMS)
    form = weighted(rng, (*share, (usual, 100 - sum(weight for _, weight in share))))
    return form, "L0" if form in small else weighted(rng, LAYOUTS)


def allowed(found: Words) -> bool:
    """No doubled character, not across the seams either; no well-known brand, reserved word or city in the trade name.

    Reserved are 中国, 中华 and the like, which 企业名称登记管理规定 article 12 keeps for names approved by the State Council. And it
    must be plain where the trade name ends: 智能 + 科技 would read as the industry 智能科技.
    """
    trade_name, industry = found.trade_name, found.industry_name
    if any(a == b for a, b in itertools.pairwise(f"{found.region_name}{trade_name}{industry}")):
        return False
    if any(trade_name[-length:] + industry in _industries() for length in (1, 2, 3)):
        return False
    grams = (trade_name[at : at + length] for length in (2, 3, 4) for at in range(len(trade_name) - length + 1))
    return _denied().isdisjoint(grams)


@functools.cache
def _industries() -> frozenset[str]:
    return frozenset(entry[0] for entry in names()["industries"])


@functools.cache
def _denied() -> frozenset[str]:
    lists = names()
    denied = frozenset((*lists["brands"], *lists["reserved"], *_region_names()))
    if wrong := sorted(word for word in denied if not 2 <= len(word) <= 4):
        raise ValueError(
            f"data/names.json: words that are kept out of trade names have two to four characters, not {wrong}"
        )
    return denied
