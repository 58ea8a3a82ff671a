"""Issues of several lines at once (批量出库): what each may take, from which batches, and every line that is short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem
from shapan.kernel.money import text_from_milli
from shapan.scm.rules.batches import BatchBalance, expired, first_expiry_first_out


class Wanted(NamedTuple):
    """What a line asks for; `batch_no` None means first expiry, first out."""

    line_no: int
    pointer: str
    product_code: str
    milli: int
    batch_no: str | None


class Holding(NamedTuple):
    """What a warehouse has of a product: on hand less reserved, and its batches; None for a product that is not kept in batches."""

    unreserved_milli: int
    batches: tuple[BatchBalance, ...] | None


Batches = list[tuple[str, int]] | None


def plan_issue(
    wanted: Iterable[Wanted], holdings: Mapping[str, Holding], day: date
) -> tuple[dict[int, Batches], list[Fault]]:
    """Line -> the batches to take (None for a product without), and a fault for each line that cannot be served.

    Reserved goods stay, and expired batches are never taken for orders: without a batch number a line takes of what is neither. A batch
    that is named goes even when it has expired, so that it can be scrapped or sent back. Lines that name a batch are served first.
    """
    lines = sorted(wanted, key=lambda line: line.batch_no is None)
    left = {code: _Left(holding, day) for code, holding in holdings.items()}
    plan: dict[int, Batches] = {}
    faults: list[Fault] = []
    for line in lines:
        stock = left.setdefault(line.product_code, _Left(Holding(0, None), day))
        free = stock.free(line.batch_no)
        if line.milli > free:
            faults.append(_short(line, max(free, 0)))
        else:
            plan[line.line_no] = stock.take(line.milli, line.batch_no)
    return plan, sorted(faults, key=lambda fault: [line.pointer for line in lines].index(fault.pointer))


def free(holding: Holding, day: date, batch_no: str | None) -> int:
    """What one line alone may take of a holding, of a batch when that is named, in milli; as `plan_issue` has it."""
    return max(0, _Left(holding, day).free(batch_no))


class _Left:
    """What is left of a holding while lines take of it."""

    def __init__(self, holding: Holding, day: date) -> None:
        self.unreserved = holding.unreserved_milli
        self.batches = None if holding.batches is None else {batch.batch_no: batch for batch in holding.batches}
        self.day = day

    def free(self, batch_no: str | None) -> int:
        if self.batches is None:
            return self.unreserved
        old = sum(batch.milli for batch in self.batches.values() if expired(batch.expiry_date, self.day))
        if batch_no is None:
            return self.unreserved - old
        batch = self.batches.get(batch_no)
        if batch is None:
            return 0
        return min(batch.milli, self.unreserved if expired(batch.expiry_date, self.day) else self.unreserved - old)

    def take(self, milli: int, batch_no: str | None) -> Batches:
        self.unreserved -= milli
        if self.batches is None:
            return None
        parts = (
            first_expiry_first_out(self.batches.values(), milli, self.day) if batch_no is None else [(batch_no, milli)]
        )
        for taken_no, taken in parts or ():
            batch = self.batches[taken_no]
            self.batches[taken_no] = batch._replace(milli=batch.milli - taken)
        return parts


def _short(line: Wanted, free_milli: int) -> Fault:
    wanted, free = text_from_milli(line.milli), text_from_milli(free_milli)
    batch_en = f" in batch {line.batch_no}" if line.batch_no else ""
    batch_zh = f"（批次 {line.batch_no}）" if line.batch_no else ""
    return Fault(
        line.pointer,
        f"{wanted} of {line.product_code}{batch_en} are needed, {free} are available.",
        f"{line.product_code}{batch_zh}需要 {wanted}，可用量为 {free}。",
    )


def short_refusal(what: str, warehouse_code: str, faults: Iterable[Fault]) -> Problem | None:
    """409 that names every line for which the warehouse has too little; None when there is none. `what` is a document or an action."""
    found = tuple(faults)
    if not found:
        return None
    return Problem(
        409,
        "insufficient-stock",
        "The current state does not allow this",
        f"Warehouse {warehouse_code} has less available than {what} needs; see errors. "
        "Receive stock, transfer it there, release reservations, or take less. Nothing was booked.",
        f"仓库 {warehouse_code} 的可用量不足以办理 {what}，详见 errors。请先入库、调入或释放预留，或减少数量。本次未记账。",
        found,
    )
