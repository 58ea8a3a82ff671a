"""Bank accounts (银行账户), bank cards and invoice numbers. The banks are made up."""

from __future__ import annotations

import functools
import json
from typing import Any

from shapan.world.draws import Rng, between, digits, pick
from shapan.world.entities import Address, BankAccount
from shapan.world.spec import HERE


@functools.cache
def _banks() -> tuple[str, ...]:
    data: dict[str, Any] = json.loads((HERE / "data" / "banks.json").read_text("utf-8"))
    return tuple(data["banks"])


def bank_account(rng: Rng, where: Address) -> BankAccount:
    """A corporate account (对公账户) at a branch in the district: 15 to 19 digits without check digit."""
    bank = pick(rng, _banks())
    length = between(rng, 15, 19)
    # In two parts: a draw has 53 bits, which are not enough for 18 digits.
    number = f"{between(rng, 1, 9)}{digits(rng, 9)}{digits(rng, length - 10)}"
    return BankAccount(bank, f"{bank}{where.city}{where.district}支行", number)


def luhn_check(body: str) -> str:
    """The last digit of a card number after its others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def bank_card(rng: Rng) -> str:
    """A debit card number (银行卡号): 62, 19 digits, the last one by Luhn. It may be somebody's: never charge it."""
    body = f"6299{digits(rng, 14)}"
    return body + luhn_check(body)


def invoice_number(rng: Rng, year: int, division: str) -> str:
    """The number of a fully digitised invoice (数电票号码), 20 digits: year, province, channel, serial number."""
    return f"{year % 100:02d}{division[:2]}{between(rng, 1, 5)}{digits(rng, 15)}"
