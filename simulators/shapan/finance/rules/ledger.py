"""The trial balance (试算平衡表) and other checks of the general ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

CONTROL_ACCOUNT = "1122"
"""Accounts receivable (应收账款): its balance per customer is what the sub-ledger shows."""


@dataclass(frozen=True, slots=True)
class AccountSums:
    """Debits less credits before a period, and the debits and credits in it, of one account."""

    account_code: str
    opening: int
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A row of the trial balance (科目余额): opening and closing on the side where they fall, movement on both."""

    account_code: str
    opening_debit: int
    opening_credit: int
    movement_debit: int
    movement_credit: int
    closing_debit: int
    closing_credit: int


def balance_row(sums: AccountSums) -> BalanceRow:
    """Opening, movement and closing of one account, netted onto the side where the balance falls."""
    closing = sums.opening + sums.debit - sums.credit
    return BalanceRow(
        sums.account_code,
        max(sums.opening, 0),
        max(-sums.opening, 0),
        sums.debit,
        sums.credit,
        max(closing, 0),
        max(-closing, 0),
    )


def balance_totals(rows: Iterable[BalanceRow]) -> BalanceRow:
    """The sums of all rows, as a row without account."""
    sums = [0, 0, 0, 0, 0, 0]
    for row in rows:
        sums = [a + b for a, b in zip(sums, dataclasses.astuple(row)[1:], strict=True)]
    return BalanceRow("", *sums)


def is_balanced(totals: BalanceRow) -> bool:
    """Whether debit equals credit in opening, movement and closing (试算平衡)."""
    return (
        totals.opening_debit == totals.opening_credit
        and totals.movement_debit == totals.movement_credit
        and totals.closing_debit == totals.closing_credit
    )


def number_gaps(label: str, numbers: Iterable[int]) -> list[str]:
    """The numbers that are missing in a series (断号), in words: 2026-11 记-0003."""
    present = set(numbers)
    return [f"{label}-{number:04}" for number in range(1, max(present, default=0) + 1) if number not in present]
