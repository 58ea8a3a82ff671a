"""Cells other than names that are wrong (字段错误): credit codes, phones, mails, placeholders, swaps, product codes and units.

Each function takes the right value and a stream and gives a wrong one, which always differs from the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapan.kernel.uscc import ALPHABET, check
from shapan.world.draws import Rng, between, digits, pick
from shapan.world.people import mobile

_CODE_CONFUSIONS = {"0": "O", "1": "I", "5": "S", "2": "Z", "8": "B", "B": "8"}
"""What is typed for a character of a credit code. O, I, S and Z are not even of its alphabet."""
_PRODUCT_CONFUSIONS = {"0": "O", "O": "0", "1": "I", "I": "1", "5": "S", "S": "5"}
_MADE_UP_PHONES = ("12345678901", "13800138000", "11111111111", "无", "000000")
PLACEHOLDERS = ("测试", "无", "暂无", "123456", "aaa", "N/A", "1900-01-01", "-", "不详", "待补")
"""What people type into a cell that must not stay empty (占位值)."""
_LEFT = ("{}(已离职)", "{}\uff08离职\uff09", "{}-已离职", "【离职】{}", "{}(已调岗)")
_RETIRED = ("{}-OLD", "X{}", "{}_1", "T-{}")


def bad_uscc(code: str, rng: Rng) -> str:
    """A credit code (统一社会信用代码) with one slip that its check characters always give away.

    A character typed as one that looks like it, two neighbours exchanged, or another character anywhere.
    """
    wrong = _slip(code, rng)
    # Of a code that was wrong before, one slip may happen to be the cure.
    return wrong[:-1] if check(wrong) else wrong


def _slip(code: str, rng: Rng) -> str:
    chance = rng.random()
    places = [at for at, character in enumerate(code) if character in _CODE_CONFUSIONS]
    if chance < 0.5 and places:
        at = pick(rng, places)
        return _replaced(code, at, _CODE_CONFUSIONS[code[at]])
    neighbours = [at for at in range(len(code) - 1) if code[at] != code[at + 1]]
    if chance < 0.8 and neighbours:
        at = pick(rng, neighbours)
        return code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    at = between(rng, 0, len(code) - 1)
    return _replaced(code, at, pick(rng, ALPHABET.replace(code[at], "")))


def other_phone(phone: str, rng: Rng) -> str:
    """Another telephone of the same company (另一号码): a number under the same area code, or somebody's mobile."""
    area, dash, number = phone.partition("-")
    if dash and rng.random() < 0.6:
        other = f"{area}-{pick(rng, '5678')}{digits(rng, max(len(number), 7) - 1)}"
    else:
        other = mobile(rng)
    return other if other != phone else phone[:-1] + ("1" if phone[-1] != "1" else "2")


def bad_phone(phone: str, rng: Rng) -> str:
    """A telephone that cannot be rung as it stands (无效号码): a digit short, made up, or written so that only people can read it."""
    bare = "".join(character for character in phone if character in "0123456789")
    chance = rng.random()
    if chance < 0.35:
        at = between(rng, 3, max(3, len(bare) - 1))
        wrong = bare[:at] + bare[at + 1 :]
    elif chance < 0.60:
        wrong = pick(rng, [made for made in _MADE_UP_PHONES if made != phone])
    elif chance < 0.80:
        foreign = bare.removeprefix("0") if "-" in phone else bare
        wrong = pick(rng, ("+86 {}", "+86-{}", "0086{}", "(+86){}")).format(foreign)
    else:
        wrong = pick(rng, ("{}转{}", "{}-{}", "{} ext.{}", "{}分机{}")).format(phone, between(rng, 801, 888))
    # What has hardly any digits cannot lose one.
    return wrong if wrong not in ("", phone) else "无" if phone != "无" else "000000"


def bad_mail(email: str, rng: Rng) -> str:
    """A mail address that nothing can be sent to (无效邮箱): zhang@@mail,example, without its domain, with a blank or a full-width @."""
    box, _, domain = email.partition("@")
    forms = (
        f"{box}@@{domain.replace('.', ',')}",
        f"{box}@{domain.replace('.', ',')}",
        f"{box}@",
        f"{box}{domain}",
        f"{box}#{domain}",
        f"{box} @{domain}",
        f"{box}\uff20{domain}",
        f"{box}@{domain.replace('.', '')}",
    )
    return pick(rng, [form for form in forms if form != email])


def left_company(name: str, rng: Rng) -> str:
    """The name of somebody who has left the company (已离职), noted where there was room: in the name."""
    return pick(rng, _LEFT).format(name)


def placeholder(rng: Rng) -> str:
    """What stands in a cell that nobody knew what to put into (占位值)."""
    return pick(rng, PLACEHOLDERS)


def product_code(code: str, rng: Rng) -> tuple[str, str]:
    """A product code (物料编码) as somebody typed it: the rule and the wrong code.

    confused: O for 0, I for 1, S for 5 or the other way; no_dash: one dash is missing; lower_case; parts_swapped: specification and model
    the wrong way round; space: a blank for a dash, or behind the code, for which the other rules find nothing.
    """
    found = [(rule, wrong) for rule, spoil in _CODE_RULES if (wrong := spoil(code, rng)) is not None]
    return pick(rng, found) if found else ("space", code + " ")


def retired_code(code: str, rng: Rng) -> str:
    """An old code (停用编码) under which the same product still stands in the list."""
    return pick(rng, _RETIRED).format(code)


def wrong_unit(unit: str, units: Sequence[tuple[str, int]], rng: Rng) -> str | None:
    """Another unit of the product than the one in which the quantity is (单位错配): 箱 for 件. None when it has no other.

    `units` are (unit, thousandths of the base unit in one), as `ScmProduct` has them.
    """
    others = [name for name, _ in units if name != unit]
    return pick(rng, others) if others else None


def price_of_other_unit(price: int, unit: str, units: Sequence[tuple[str, int]], rng: Rng) -> int | None:
    """The price of another unit of the product beside a quantity in `unit` (单价与数量单位不一致).

    Whole in the same fraction of a yuan as `price`; None when no other unit has such a price, or the price is 0. KeyError for a unit
    that the product does not have.
    """
    size = dict(units)[unit]
    others = [price * other // size for _, other in units if other != size and price * other % size == 0]
    return pick(rng, others) if price and others else None


def _replaced(text: str, at: int, by: str) -> str:
    return text[:at] + by + text[at + 1 :]


def _confused(code: str, rng: Rng) -> str | None:
    places = [at for at, character in enumerate(code) if character in _PRODUCT_CONFUSIONS]
    if not places:
        return None
    at = pick(rng, places)
    return _replaced(code, at, _PRODUCT_CONFUSIONS[code[at]])


def _no_dash(code: str, rng: Rng) -> str | None:
    return _dash(code, "", rng)


def _space(code: str, rng: Rng) -> str | None:
    return _dash(code, " ", rng)


def _dash(code: str, by: str, rng: Rng) -> str | None:
    places = [at for at, character in enumerate(code) if character == "-"]
    return _replaced(code, pick(rng, places), by) if places else None


def _lower_case(code: str, rng: Rng) -> str | None:
    return None if code.lower() == code else code.lower()


def _parts_swapped(code: str, rng: Rng) -> str | None:
    parts = code.split("-")
    if len(parts) != 3 or parts[1] == parts[2]:
        return None
    return f"{parts[0]}-{parts[2]}-{parts[1]}"


_CODE_RULES: tuple[tuple[str, Callable[[str, Rng], str | None]], ...] = (
    ("confused", _confused),
    ("no_dash", _no_dash),
    ("lower_case", _lower_case),
    ("parts_swapped", _parts_swapped),
    ("space", _space),
)
