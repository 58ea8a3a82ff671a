"""People (人员): names as they are common, mobile numbers, and the contacts of a company.

The lists are our own rather than Faker's, so that the same seed gives the same names with every version of Faker.
"""

from __future__ import annotations

import functools
import itertools
import json
from bisect import bisect_right
from typing import Any

from shapan.world.draws import Rng, digits, pick, stream, weighted
from shapan.world.entities import Person
from shapan.world.names import names
from shapan.world.spec import HERE


@functools.cache
def _lists() -> tuple[list[str], list[int], str, str, str]:
    data: dict[str, Any] = json.loads((HERE / "data" / "people.json").read_text("utf-8"))
    totals = list(itertools.accumulate(data["surnames"].values()))
    return list(data["surnames"]), totals, data["women"], data["men"], data["second"]


def person_name(rng: Rng) -> str:
    """A name (姓名): surname by how common it is, given name of one character (one in six) or two."""
    surnames, totals, women, men, second = _lists()
    surname = surnames[bisect_right(totals, int(rng.random() * totals[-1]))]
    last = pick(rng, women if rng.random() < 0.48 else men)
    if len(surname) > 1 or rng.random() < 0.17:
        return f"{surname}{last}"
    middle = pick(rng, second)
    return f"{surname}{last}" if middle == last else f"{surname}{middle}{last}"


def mobile(rng: Rng) -> str:
    """A mobile number (手机号) of 11 digits with a prefix that is in use. It may be somebody's: never send to it."""
    return f"{pick(rng, names()['mobile_prefixes'])}{digits(rng, 8)}"


def contacts(domain: str, *path: object) -> tuple[Person, ...]:
    """One to three people of a company (联系人), with different duties and mailboxes in its domain."""
    rng = stream(*path, "people")
    titles = names()["titles"]
    number = weighted(rng, ((1, 60), (2, 30), (3, 10)))
    start = int(rng.random() * len(titles))
    people = []
    for place in range(number):
        title, box = titles[(start + place) % len(titles)]
        people.append(Person(person_name(rng), title, mobile(rng), f"{box}@{domain}"))
    return tuple(people)
