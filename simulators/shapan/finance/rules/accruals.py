"""What is to be accrued of goods received and not invoiced (暂估). Amounts are fen, quantities thousandths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shapan.finance.rules.purchasing import Key, ReceiptLine


@dataclass(frozen=True, slots=True)
class AccrualLine:
    """What is to be accrued of a receipt line beyond what is accrued already: thousandths and fen, below zero in red."""

    receipt: ReceiptLine
    quantity: int
    amount: int


def accrual_lines(
    receipts: Iterable[ReceiptLine], accrued: Mapping[Key, tuple[int, int]], tax_is_cost: bool
) -> list[AccrualLine]:
    """What a period still has to accrue (暂估) of receipt lines as they stood at its end, less what it has accrued: (thousandths, fen).

    Without tax, because input tax is deducted only by an invoice (财会[2016]22号); a small-scale taxpayer deducts none, so that the
    tax is part of its cost.
    """
    found = []
    for line in receipts:
        quantity, amount = accrued.get(line.key, (0, 0))
        rest = line.open_net + (line.open_tax if tax_is_cost else 0) - amount
        if rest:
            found.append(AccrualLine(line, line.open - quantity, rest))
    return found


def vouchers_of(lines: Sequence[AccrualLine]) -> list[list[AccrualLine]]:
    """The lines of one supplier, as they go into vouchers: one for all, unless that would come to zero; then red ones apart."""
    if sum(line.amount for line in lines):
        return [list(lines)]
    return [[line for line in lines if line.amount > 0], [line for line in lines if line.amount < 0]]
