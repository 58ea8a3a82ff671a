"""Balance sheet and income statement (资产负债表, 利润表) from balances, by a format that is data.

A balance is debits less credits, in fen. Each line of the balance sheet takes accounts as they stand, or only the groups of them that
have a debit (or credit) balance: so an advance of a customer is shown as a liability though it stands in 应收账款 (重分类). Each account
is taken whole by exactly one line, or group by group by one line of either side; then both sides of the sheet are equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account for one customer and supplier: debits less credits."""

    account_code: str
    customer_id: int | None
    supplier_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Split:
    """Groups of accounts' balances of which those on one side are taken: by customer, supplier or account (six digits)."""

    accounts: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the balance sheet: accounts (by prefix) and splits, or the sum of the lines of these groups."""

    section: str
    name: str
    english_name: str
    group: str
    accounts: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()
    total_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomeLine:
    """A line of the income statement: accounts, told on `side`; what it adds to the result is +1 or -1 of that. A total sums up."""

    name: str
    english_name: str
    side: str = "credit"
    sign: int = 1
    accounts: tuple[str, ...] = ()
    total: bool = False


def sheet_amounts(lines: Sequence[SheetLine], balances: Iterable[Balance]) -> list[int]:
    """The amount of each line, assets as debits less credits, liabilities and equity as credits less debits."""
    listed = list(balances)
    amounts: list[int] = []
    groups: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.total_of:
            amount = sum(groups[group] for group in line.total_of)
        else:
            debit = sum(each.amount for each in listed if each.account_code.startswith(line.accounts or ("-",)))
            debit += sum(_one_side(split, listed, line.section == "assets") for split in line.splits)
            amount = debit if line.section == "assets" else -debit
        groups[line.group] += amount
        amounts.append(amount)
    return amounts


def _one_side(split: Split, balances: Iterable[Balance], debit: bool) -> int:
    sums: dict[object, int] = defaultdict(int)
    for each in balances:
        if each.account_code.startswith(split.accounts):
            sums[_key(split.by, each)] += each.amount
    return sum(amount for amount in sums.values() if (amount > 0) == debit)


def _key(by: str, balance: Balance) -> object:
    if by == "customer":
        return balance.account_code, balance.customer_id
    if by == "supplier":
        return balance.account_code, balance.supplier_id
    return balance.account_code[:6]


def income_amounts(lines: Sequence[IncomeLine], movements: Mapping[str, int]) -> list[int]:
    """The amount of each line. `movements` are credits less debits by account, without the transfers of profit and loss."""
    amounts: list[int] = []
    result = 0
    for line in lines:
        if line.total:
            amounts.append(result)
            continue
        credit = sum(amount for code, amount in movements.items() if code.startswith(line.accounts))
        amount = credit if line.side == "credit" else -credit
        result += line.sign * amount
        amounts.append(amount)
    return amounts
