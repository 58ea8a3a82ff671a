"""Receivables (应收单), what is open of them, and their settlement by receipts (核销)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, text_from_fen, text_from_rate

TAX_TOLERANCE_FEN = 2
"""How far the tax of a line may be from net x rate, in fen.

A delivery in parts carries shares of an order line's net and tax, each rounded: the tax is up to 1 fen off its exact share, the net
likewise (x rate), and the order line's own tax, split from a gross amount, up to (1 + rate) / 2 fen. At 13 % that is 1.7 fen.
"""


@dataclass(frozen=True, slots=True)
class ReceivableLine:
    """A line of a receivable or of a cash sale. `simplified`: taxed by the simplified method (简易计税), which has an account of its own."""

    description: str
    net: int
    rate_bp: int
    tax: int
    simplified: bool = False

    @property
    def gross(self) -> int:
        """Net and tax together."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A receivable as settlement and ageing see it; `posted` is when it was recognised. Negative on a red one."""

    receivable_id: int
    number: str
    customer_id: int
    open: int
    due_date: date
    posted: date = date.min


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A receipt as settlement sees it; `unapplied` is what can be used of it."""

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


def rate_faults(lines: Sequence[ReceivableLine], rates: Collection[int], day: date) -> list[Fault]:
    """Rates that the company cannot charge on a day; `rates` are those that it can, in basis points (税率, 征收率)."""
    allowed = [text_from_rate(rate) for rate in sorted(rates, reverse=True)]
    return [
        Fault(
            f"/lines/{index}/tax_rate",
            f"{text_from_rate(line.rate_bp)} is no rate of value added tax that this company can charge on {day}; use one of {', '.join(allowed)}.",
            f"{day} 本企业没有 {text_from_rate(line.rate_bp)} 这一增值税税率或征收率，可用：{'、'.join(allowed)}。",
        )
        for index, line in enumerate(lines)
        if line.rate_bp not in rates
    ]


def allocation_faults(
    customer_id: int | None,
    owner: tuple[str, str],
    allocations: Sequence[tuple[int, int]],
    items: Mapping[int, OpenItem],
) -> tuple[list[Fault], list[Fault]]:
    """(what is wrong with allocations (receivable id, fen), where open amounts do not suffice). `items` exist.

    `customer_id` is whose receivables may be named, None when that is not known; `owner` says in both languages what is his.
    """
    wrong: list[Fault] = []
    short: list[Fault] = []
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
        if customer_id is not None and item.customer_id != customer_id:
            wrong.append(
                Fault(
                    f"{pointer}/receivable_id",
                    f"Receivable {item.number} belongs to customer {item.customer_id}, {owner[0]} to {customer_id}.",
                    f"应收单 {item.number} 属于往来单位 {item.customer_id}，{owner[1]}属于 {customer_id}。",
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
    return wrong, short


def settlement_faults(
    receipt: Unapplied | None,
    allocations: Sequence[tuple[int, int]],
    items: Mapping[int, OpenItem],
    *,
    from_advance: bool = False,
) -> tuple[list[Fault], list[Fault]]:
    """(what is wrong with a settlement, where open amounts do not suffice) for allocations (receivable id, fen). `items` exist."""
    customer_id = None if receipt is None else receipt.customer_id
    wrong, short = allocation_faults(customer_id, ("the receipt", "收款单"), allocations, items)
    if receipt is None:
        wrong.insert(0, Fault("/receipt_id", "There is no such receipt.", "没有该收款单。"))
        return wrong, short
    total = sum(amount for _, amount in allocations)
    if total > receipt.unapplied:
        en, zh = ("an advance", "预收余额") if from_advance else ("unapplied", "未核销金额")
        rest, asked = text_from_fen(receipt.unapplied), text_from_fen(total)
        short.append(
            Fault(
                "/allocations",
                f"Only {rest} of receipt {receipt.number} is {en}, {asked} is asked for.",
                f"收款单 {receipt.number} {zh}只有 {rest}，本次合计 {asked}。",
            )
        )
    return wrong, short


def receivable_state(gross: int, settled: int) -> str:
    """open, partly_settled or settled (核销状态); both amounts are negative on a red one."""
    return "settled" if abs(settled) >= abs(gross) else "partly_settled" if settled else "open"


def receipt_state(amount: int, applied: int) -> str:
    """unapplied, partly_applied or applied (核销状态)."""
    return "applied" if applied >= amount else "partly_applied" if applied > 0 else "unapplied"


def open_and_overdue(items: Iterable[OpenItem], today: date) -> tuple[int, int]:
    """(open, overdue) in fen. A receivable is overdue (逾期) from the day after its due date; a red one never is."""
    listed = list(items)
    return sum(item.open for item in listed), sum(
        item.open for item in listed if item.open > 0 and item.due_date < today
    )
