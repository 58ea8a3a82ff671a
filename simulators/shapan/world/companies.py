"""True companies (企业): whoever knows the seed and a number knows the company, without any other.

One in eight resembles another one that came shortly before it (hard negatives): another city, trade, form or layout, one other
character, or its branch. The first thirty are the demo set and resemble others only in ways that all three naming styles can show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from shapan.kernel.uscc import ALPHABET, complete
from shapan.world.banking import bank_account
from shapan.world.draws import Rng, between, digest, pick, stream, weighted
from shapan.world.entities import Company, Supplier
from shapan.world.names import NUMBERS, Words, allowed, form_of, legal, names, words
from shapan.world.people import contacts
from shapan.world.places import address, landline, regions

DEMO = 30
"""The first so many customers are the demo set (演示集): all three systems have them, each in its own naming style, without errors."""
MOST_CUSTOMERS = 900_000
TERMS = ((30, 55), (60, 25), (90, 10), (0, 10))
# 5 characters of the credit code's body are ours; MAY begins a range that no registered company has.
_BODIES = 31**5
# In each block of 25 these resemble one of the eight or seven before them, each another one: 12 of 100.
_BLOCK = 25
_LOOKALIKES = {8: (0, 7), 16: (9, 15), 24: (17, 23)}
_LIKENESSES = (
    ("region", 39),
    ("industry", 20),
    ("branch", 12),
    ("subsidiary", 8),
    ("near", 12),
    ("form", 5),
    ("layout", 4),
)
_DEMO_LIKENESSES = (("region", 55), ("industry", 25), ("near", 20))
_RENAMED_PERCENT = 3
_FIRST_RENAMING, _RENAMING_DAYS = date(2019, 1, 7), 2200
_GOODS = frozenset(
    (
        "贸易",
        "商贸",
        "进出口",
        "供应链管理",
        "机械设备",
        "机电设备",
        "自动化设备",
        "精密制造",
        "五金制品",
        "电子",
        "电子科技",
        "新材料",
    )
)
_GRADES = (("A", 20), ("B", 50), ("C", 30))


@dataclass(frozen=True, slots=True)
class _Name:
    words: Words
    form: str
    layout: str
    branch: str | None = None
    lookalike_of: int | None = None
    likeness: str | None = None
    owned: bool = False

    @property
    def legal(self) -> str:
        found = self.words
        name = legal(found.region_name, found.trade_name, found.industry_name, self.form, self.layout)
        return name + (self.branch or "")


def companies(seed: int, number: int) -> tuple[Company, ...]:
    """The first `number` companies of a seed; more of them leave the ones before as they are."""
    return tuple(company(seed, n) for n in range(1, number + 1))


def company(seed: int, n: int) -> Company:
    """The n-th customer (1 to 900,000) of a seed."""
    return _company(seed, "C", n, n, _name(seed, n))


def registered_name(seed: int, n: int) -> str:
    """The legal name of the n-th customer, without making the rest of it."""
    return _name(seed, n).legal


def supplier(seed: int, n: int, categories: tuple[str, ...]) -> Supplier:
    """The n-th supplier (1 to 9,999) of a seed, in an industry that makes or trades goods, which sells one to three neighbouring ones of `categories`.

    The first suppliers take the categories in turn, so that as many suppliers as categories sell everything.
    """
    rng = stream(seed, "supplier", n)
    # One of ten numbers of its own, the first whose name is that of such a company.
    numbers = [MOST_CUSTOMERS + n + 10_000 * i for i in range(10)]
    number, name = next(
        ((one, name) for one in numbers if (name := _drawn(seed, one)).words.industry_name in _GOODS),
        (numbers[0], _drawn(seed, numbers[0])),
    )
    first = (n - 1) % len(categories)
    sold = tuple(categories[(first + i) % len(categories)] for i in range(min(between(rng, 1, 3), len(categories))))
    grade = weighted(rng, _GRADES)
    return Supplier(_company(seed, "S", n, number, name), f"GY{n:05d}", grade, sold)


def key_of(n: int) -> str:
    """The key of the n-th customer: C0017."""
    return f"C{n:04d}"


def _drawn(seed: int, number: int) -> _Name:
    rng = stream(seed, "name", number)
    found = words(rng, digest(seed, "names"), number)
    form, layout = form_of(rng, found.industry_name)
    return _Name(found, form, layout)


def _name(seed: int, n: int) -> _Name:
    place = (n - 1) % _BLOCK
    if place not in _LOOKALIKES:
        return _drawn(seed, n)
    rng = stream(seed, "lookalike", n)
    low, high = _LOOKALIKES[place]
    other = n - place + between(rng, low, high)
    likeness = weighted(rng, _DEMO_LIKENESSES if n <= DEMO else _LIKENESSES)
    return replace(_resembling(seed, _drawn(seed, other), likeness), lookalike_of=other)


def _resembling(seed: int, base: _Name, likeness: str) -> _Name:
    """A name like `base`. The amount of a shift depends on everything but the word that it shifts, so that no two can meet."""
    small = base.form in names()["small_forms"]
    shifts = {"region": ("region", 1), "industry": ("industry", 2), "near": ("second", 3), "subsidiary": ("region", 4)}
    if likeness in shifts:
        word, colour = shifts[likeness]
        other = {name: getattr(base.words, name) for name in ("region", "industry", "first", "second", "rest")}
        del other[word]
        moved = base.words.moved(word, digest(seed, likeness, *other.values()), colour)
        if allowed(moved):
            form = "有限公司" if small and likeness != "near" and likeness != "region" else base.form
            if likeness == "subsidiary":
                return _Name(moved, form, "L2", likeness="branch", owned=True)
            return _Name(moved, form, base.layout, likeness=likeness)
    if likeness == "branch" and not small:
        city = pick(stream(seed, "branch", base.legal), regions())["name"]
        if city != base.words.region_name:
            return replace(base, branch=f"{city}分公司", likeness="branch", owned=True)
    if likeness == "layout" and not small:
        return replace(base, layout="L1" if base.layout == "L0" else "L0", likeness="layout")
    return replace(base, form="集团有限公司" if base.form == "有限公司" else "有限公司", likeness="form")


def _company(seed: int, kind: str, n: int, number: int, name: _Name) -> Company:
    found = name.words
    city = name.branch.removesuffix("分公司") if name.branch else found.region_name
    region = next(one for one in regions() if one["name"] == city)
    rng = stream(seed, kind, n)
    district = pick(rng, region["districts"])
    domain = "".join(map(names()["pinyin"].__getitem__, found.trade_name)) + f"-{region['code'].lower()}.example"
    where = address(rng, region, district)
    industry = names()["industries"][found.industry]
    terms, limit = weighted(rng, TERMS), between(rng, 1, 50) * 1_000_000
    former, renamed = _former(seed, kind, n, name)
    like = name.lookalike_of
    return Company(
        key=f"{kind}{n:04d}",
        number=n,
        legal_name=name.legal,
        region_name=found.region_name,
        region=region["code"],
        trade_name=found.trade_name,
        industry_name=found.industry_name,
        industry=industry[1],
        industry_short=industry[2],
        form=name.form,
        layout=name.layout,
        uscc=credit_code(seed, number, district[1]),
        address=where,
        phone=landline(rng, region),
        email=f"office@{domain}",
        bank=bank_account(rng, where),
        contacts=contacts(domain, seed, kind, n),
        payment_terms_days=terms,
        credit_limit_fen=limit,
        lookalike_of=key_of(like) if like else None,
        likeness=name.likeness,
        parent=key_of(like) if like and name.owned else None,
        branch=name.branch,
        former_name=former,
        renamed_on=renamed,
    )


def _former(seed: int, kind: str, n: int, name: _Name) -> tuple[str | None, str | None]:
    """What it was called before (曾用名): another trade name, trade or form. Branches and the demo set keep their names."""
    rng = stream(seed, kind, n, "former")
    if between(rng, 1, 100) > _RENAMED_PERCENT or name.branch or (kind == "C" and n <= DEMO):
        return None, None
    word = weighted(rng, (("second", 5), ("form", 3), ("industry", 2)))
    day = (_FIRST_RENAMING + timedelta(days=between(rng, 0, _RENAMING_DAYS))).isoformat()
    if word != "form":
        moved = name.words.moved(word, digest(seed, "former", kind, n), 4)
        if allowed(moved):
            return replace(name, words=moved).legal, day
    return replace(name, form="有限责任公司" if name.form != "有限责任公司" else "有限公司").legal, day


def credit_code(seed: int, number: int, division: str) -> str:
    """The unified social credit code of the company with this number: distinct for distinct ones (7919 and 31 have no common factor)."""
    value = (number * 7919 + digest(seed, "uscc")) % _BODIES
    body = ""
    for _ in range(5):
        value, place = divmod(value, 31)
        body = ALPHABET[place] + body
    return complete("91", division, "MAY" + body)


def random_code(rng: Rng, division: str) -> str:
    """A credit code by chance, of the same unused range."""
    return complete("91", division, "MAY" + "".join(pick(rng, ALPHABET) for _ in range(5)))


assert MOST_CUSTOMERS < NUMBERS
