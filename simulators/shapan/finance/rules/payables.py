"""Payables (应付单), and their settlement by payments and red payables (付款核销, 红蓝对冲). Amounts are fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.kernel.errors import Fault
from shapan.kernel.money import text_from_fen


@dataclass(frozen=True, slots=True)
class OpenPayable:
    """A payable as settlement sees it; what is open of a red one is negative."""

    payable_id: int
    number: str
    supplier_id: int
    open: int
    day: date


@dataclass(frozen=True, slots=True)
class Source:
    """What a settlement takes from, a payment or a red payable, and how much of it there still is."""

    kind: str
    number: str
    supplier_id: int
    rest: int
    day: date


def source_faults(
    payment_id: int | None, red_payable_id: int | None, payment: Source | None, red: Source | None
) -> list[Fault]:
    """What is wrong with what a settlement takes from: exactly one that exists."""
    if (payment_id is None) == (red_payable_id is None):
        return [
            Fault(
                "",
                "Give payment_id or red_payable_id, and only one of the two.",
                "payment_id 与 red_payable_id 必须且只能填一个。",
            )
        ]
    if payment_id is not None and payment is None:
        return [Fault("/payment_id", f"There is no payment {payment_id}.", f"没有付款单 {payment_id}。")]
    if red_payable_id is not None and red is None:
        return [
            Fault("/red_payable_id", f"There is no red payable {red_payable_id}.", f"没有红字应付单 {red_payable_id}。")
        ]
    return []


def settlement_faults(
    source: Source | None, allocations: Sequence[tuple[int, int]], items: Mapping[int, OpenPayable]
) -> tuple[list[Fault], list[Fault]]:
    """(what is wrong with a settlement, where open amounts do not suffice) for allocations (payable id, fen). `items` exist."""
    wrong: list[Fault] = []
    short: list[Fault] = []
    seen: Counter[int] = Counter()
    for index, (payable_id, amount) in enumerate(allocations):
        pointer = f"/allocations/{index}"
        item = items.get(payable_id)
        seen[payable_id] += 1
        if item is None:
            wrong.append(
                Fault(f"{pointer}/payable_id", f"There is no payable {payable_id}.", f"没有应付单 {payable_id}。")
            )
            continue
        if seen[payable_id] == 2:
            wrong.append(
                Fault(
                    f"{pointer}/payable_id",
                    f"Payable {item.number} is named twice; give it once with the whole amount.",
                    f"应付单 {item.number} 重复，请合并为一行。",
                )
            )
        if source is not None and item.supplier_id != source.supplier_id:
            wrong.append(
                Fault(
                    f"{pointer}/payable_id",
                    f"Payable {item.number} belongs to supplier {item.supplier_id}, {source.number} to {source.supplier_id}.",
                    f"应付单 {item.number} 属于供应商 {item.supplier_id}，{source.number} 属于 {source.supplier_id}。",
                )
            )
        if amount > max(item.open, 0):
            rest = text_from_fen(max(item.open, 0))
            short.append(
                Fault(
                    f"{pointer}/amount",
                    f"Only {rest} of payable {item.number} is open.",
                    f"应付单 {item.number} 未核销金额只有 {rest}。",
                )
            )
    total = sum(amount for _, amount in allocations)
    if source is not None and total > source.rest:
        rest = text_from_fen(source.rest)
        short.append(
            Fault(
                "/allocations",
                f"Only {rest} of {source.number} is left, {text_from_fen(total)} is asked for.",
                f"{source.number} 未核销金额只有 {rest}，本次合计 {text_from_fen(total)}。",
            )
        )
    return wrong, short


def payable_state(gross: int, settled: int) -> str:
    """open, partly_settled or settled (核销状态); both amounts are negative for a red payable."""
    return "settled" if settled == gross else "partly_settled" if settled else "open"


def payment_state(amount: int, applied: int) -> str:
    """unapplied, partly_applied or applied (核销状态) of a payment that is not reversed."""
    return "applied" if applied >= amount else "partly_applied" if applied else "unapplied"
