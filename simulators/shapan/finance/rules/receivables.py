"""Receivables (应收单), what is open of them, and their settlement by receipts (核销)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, text_from_fen

TAX_TOLERANCE_FEN = 2
"""How far the tax of a line may be from net x rate, in fen.

A delivery in parts carries shares of an order line's net and tax, each rounded: the tax is up to 1 fen off its exact share, the net
likewise (x rate), and the order line's own tax, split from a gross amount, up to (1 + rate) / 2 fen. At 13 % that is 1.7 fen.
"""


@dataclass(frozen=True, slots=True)
class ReceivableLine:
    """A line of a receivable."""

    description: str
    net: int
    rate_bp: int
    tax: int

    @property
    def gross(self) -> int:
        """Net and tax together."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A receivable as settlement and ageing see it."""

    receivable_id: int
    number: str
    customer_id: int
    open: int
    due_date: date


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A receipt as settlement sees it."""

    receipt_id: int
    number: str
    customer_id: int
    unapplied: int


def receivable_faults(lines: Sequence[ReceivableLine]) -> list[Fault]:
    """What is wrong with the lines of a receivable (应收单): tax that does not follow from net and rate, nothing to charge."""
    found = []
    for index, line in enumerate(lines):
        # Compared in 1/10000 fen, so that nothing is rounded before it is judged.
        if abs(line.tax * 10000 - line.net * line.rate_bp) > TAX_TOLERANCE_FEN * 10000:
            exact = text_from_fen(divide_half_up(line.net * line.rate_bp, 10000))
            found.append(
                Fault(
                    f"/lines/{index}/tax_amount",
                    f"Tax {text_from_fen(line.tax)} is not that of net amount and rate ({exact}, at most 0.02 apart).",
                    f"税额 {text_from_fen(line.tax)} 与不含税金额乘税率（{exact}）相差超过 0.02。",
                )
            )
    if sum(line.gross for line in lines) == 0:
        found.append(
            Fault("/lines", "There is nothing to charge: all amounts are zero.", "各行金额均为零，没有应收金额。")
        )
    return found


def settlement_faults(
    receipt: Unapplied | None, allocations: Sequence[tuple[int, int]], items: Mapping[int, OpenItem]
) -> tuple[list[Fault], list[Fault]]:
    """(what is wrong with a settlement, where open amounts do not suffice) for allocations (receivable id, fen). `items` exist."""
    wrong: list[Fault] = []
    short: list[Fault] = []
    if receipt is None:
        wrong.append(Fault("/receipt_id", "There is no such receipt.", "没有该收款单。"))
    seen: Counter[int] = Counter()
    for index, (receivable_id, amount) in enumerate(allocations):
        pointer = f"/allocations/{index}"
        item = items.get(receivable_id)
        seen[receivable_id] += 1
        if item is None:
            wrong.append(
                Fault(
                    f"{pointer}/receivable_id",
                    f"There is no receivable {receivable_id}.",
                    f"没有应收单 {receivable_id}。",
                )
            )
            continue
        if seen[receivable_id] == 2:
            wrong.append(
                Fault(
                    f"{pointer}/receivable_id",
                    f"Receivable {item.number} is named twice; give it once with the whole amount.",
                    f"应收单 {item.number} 重复，请合并为一行。",
                )
            )
        if receipt is not None and item.customer_id != receipt.customer_id:
            wrong.append(
                Fault(
                    f"{pointer}/receivable_id",
                    f"Receivable {item.number} belongs to customer {item.customer_id}, the receipt to {receipt.customer_id}.",
                    f"应收单 {item.number} 属于往来单位 {item.customer_id}，收款单属于 {receipt.customer_id}。",
                )
            )
        if amount > item.open:
            short.append(
                Fault(
                    f"{pointer}/amount",
                    f"Only {text_from_fen(item.open)} of receivable {item.number} is open.",
                    f"应收单 {item.number} 未核销金额只有 {text_from_fen(item.open)}。",
                )
            )
    total = sum(amount for _, amount in allocations)
    if receipt is not None and total > receipt.unapplied:
        short.append(
            Fault(
                "/allocations",
                f"Only {text_from_fen(receipt.unapplied)} of receipt {receipt.number} is unapplied, {text_from_fen(total)} is asked for.",
                f"收款单 {receipt.number} 未核销金额只有 {text_from_fen(receipt.unapplied)}，本次合计 {text_from_fen(total)}。",
            )
        )
    return wrong, short


def receivable_state(gross: int, settled: int) -> str:
    """open, partly_settled or settled (核销状态)."""
    return "settled" if settled >= gross else "partly_settled" if settled > 0 else "open"


def receipt_state(amount: int, applied: int) -> str:
    """unapplied, partly_applied or applied (核销状态)."""
    return "applied" if applied >= amount else "partly_applied" if applied > 0 else "unapplied"


def open_and_overdue(items: Iterable[OpenItem], today: date) -> tuple[int, int]:
    """(open, overdue) in fen. A receivable is overdue (逾期) from the day after its due date."""
    listed = list(items)
    return sum(item.open for item in listed), sum(item.open for item in listed if item.due_date < today)
