"""True companies (企业): legal names as 企业名称登记管理规定 has them, credit codes, coherent addresses, telephones and people.

Name = region + trade name (字号) + industry + legal form; the region may stand in brackets behind the trade name (L1) or behind
the industry's place (L2). The brackets of registered names are full-width, U+FF08 and U+FF09.
"""

from __future__ import annotations

import functools
import itertools
import json
from random import Random
from typing import Any

from shapan.kernel.uscc import ALPHABET, complete
from shapan.world.draws import between, digest, pick, stream, weighted
from shapan.world.entities import Address, Company, Person
from shapan.world.spec import HERE

OPEN, CLOSE = "\uff08", "\uff09"
LAYOUTS = (("L0", 86), ("L1", 9), ("L2", 5))
FORMS = (("有限公司", 80), ("有限责任公司", 6), ("股份有限公司", 7), ("集团有限公司", 4), ("厂", 2), ("商行", 1))
TERMS = ((30, 55), (60, 25), (90, 10), (0, 10))
# 5 characters of the credit code's body are ours; MAY begins a range that no registered company has.
_BODIES = 31**5


@functools.cache
def names() -> dict[str, Any]:
    """The word lists of names."""
    return dict(json.loads((HERE / "data" / "names.json").read_text("utf-8")))


@functools.cache
def regions() -> tuple[dict[str, Any], ...]:
    """The regions with their districts."""
    return tuple(json.loads((HERE / "data" / "regions.json").read_text("utf-8")))


def companies(seed: int, number: int) -> tuple[Company, ...]:
    """The first `number` companies of a seed; more of them leave the ones before as they are."""
    taken: set[str] = set()
    return tuple(_company(seed, n, taken) for n in range(1, number + 1))


def _company(seed: int, n: int, taken: set[str]) -> Company:
    attempt = 0
    while True:
        rng = stream(seed, "company", n, "name", attempt)
        region, trade_name, industry, form, layout = _words(rng)
        # Distinct without form and layout too: the short names of SCM and finance leave these out.
        words = f"{region['name']}{trade_name}{industry[0]}"
        if words not in taken and _allowed(region["name"], trade_name, industry[0]):
            break
        attempt += 1
    taken.add(words)
    rng = stream(seed, "company", n, "rest")
    district = pick(rng, region["districts"])
    domain = "".join(names()["pinyin"][character] for character in trade_name)
    return Company(
        key=f"C{n:04d}",
        legal_name=legal(region["name"], trade_name, industry[0], form, layout),
        region_name=region["name"],
        region=region["code"],
        trade_name=trade_name,
        industry_name=industry[0],
        industry=industry[1],
        form=form,
        layout=layout,
        uscc=credit_code(seed, n, district[1]),
        address=_address(rng, region, district),
        phone=_landline(rng, region),
        email=f"office@{domain}.example",
        contacts=_people(seed, n, domain),
        payment_terms_days=weighted(rng, TERMS),
        credit_limit_fen=between(rng, 1, 50) * 1_000_000,
    )


def _words(rng: Random) -> tuple[dict[str, Any], str, list[str], str, str]:
    lists = names()
    region = pick(rng, regions())
    length = weighted(rng, ((2, 72), (3, 20), (4, 8)))
    trade_name = pick(rng, lists["first"]) + "".join(pick(rng, lists["second"]) for _ in range(length - 1))
    form = weighted(rng, FORMS)
    industry = pick(rng, lists["industries"])
    if form in lists["small_forms"]:
        # A workshop makes things and a shop sells them; neither puts its region in brackets.
        wanted = lists["small_forms"][form]
        industry = pick(rng, [entry for entry in lists["industries"] if entry[0] in wanted])
        return region, trade_name, industry, form, "L0"
    return region, trade_name, industry, form, weighted(rng, LAYOUTS)


def legal(region: str, trade_name: str, industry: str, form: str, layout: str) -> str:
    """The registered name from its words."""
    if layout == "L1":
        return f"{trade_name}{industry}{OPEN}{region}{CLOSE}{form}"
    if layout == "L2":
        return f"{trade_name}{OPEN}{region}{CLOSE}{industry}{form}"
    return f"{region}{trade_name}{industry}{form}"


def _allowed(region: str, trade_name: str, industry: str) -> bool:
    """No doubled character, not across the seams either, and no well-known brand, reserved word or city in the trade name.

    Reserved are 中国, 中华 and the like, which 企业名称登记管理规定 article 12 keeps for names approved by the State Council.
    """
    if any(a == b for a, b in itertools.pairwise(f"{region}{trade_name}{industry}")):
        return False
    return not any(word in trade_name for word in _denied())


@functools.cache
def _denied() -> tuple[str, ...]:
    lists = names()
    return (*lists["brands"], *lists["reserved"], *(region["name"] for region in regions()))


def credit_code(seed: int, n: int, division: str) -> str:
    """The unified social credit code of the n-th company: distinct for distinct n (7919 and 31 have no common factor)."""
    value = (n * 7919 + digest(seed, "uscc")) % _BODIES
    body = ""
    for _ in range(5):
        value, place = divmod(value, 31)
        body = ALPHABET[place] + body
    return complete("91", division, "MAY" + body)


def _address(rng: Random, region: dict[str, Any], district: list[str]) -> Address:
    lists = names()
    street = f"{pick(rng, lists['streets'])}{between(rng, 1, 288)}号"
    if rng.random() < 0.6:
        street += (
            f"{pick(rng, lists['buildings'])}{between(rng, 1, 9)}号楼{between(rng, 1, 28)}{between(rng, 1, 12):02d}室"
        )
    return Address(region["province"], region["city"], district[0], street, district[2], district[1])


def _landline(rng: Random, region: dict[str, Any]) -> str:
    digits = region["landline_digits"]
    first = pick(rng, "5678")
    return f"{region['area_code']}-{first}" + "".join(pick(rng, "0123456789") for _ in range(digits - 1))


@functools.cache
def _faker() -> Any:
    # Imported here, because Faker takes a tenth of a second and only who builds a world needs it. Of its providers only people's
    # names are used: its Chinese companies and addresses are few and do not hang together, and it knows no credit codes.
    from faker.generator import Generator
    from faker.providers.person.zh_CN import Provider

    generator = Generator()
    generator.add_provider(Provider)
    return generator


def _people(seed: int, n: int, domain: str) -> tuple[Person, ...]:
    rng = stream(seed, "company", n, "people")
    fake = _faker()
    fake.seed_instance(digest(seed, "company", n, "names"))
    lists = names()
    number = weighted(rng, ((1, 60), (2, 30), (3, 10)))
    start = between(rng, 0, len(lists["titles"]) - 1)
    people = []
    for place in range(number):
        title, box = lists["titles"][(start + place) % len(lists["titles"])]
        phone = pick(rng, lists["mobile_prefixes"]) + "".join(pick(rng, "0123456789") for _ in range(8))
        people.append(Person(fake.name(), title, phone, f"{box}@{domain}.example"))
    return tuple(people)
