"""Stock counts (盘点): book against count, gains (盘盈) and losses (盘亏)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli
from shapan.scm.rules.documents import STATES_ZH


class CountLine(NamedTuple):
    """A line that is to be posted: the book when it was entered and now, and what was counted."""

    line_no: int
    product_code: str
    batch_no: str | None
    book_milli: int
    book_now_milli: int
    counted_milli: int | None


def draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is entered, posted and cancelled."""
    if state == "draft":
        return None
    return conflict(
        "stock-count-not-draft",
        f"{number} is {state}; only a draft can be entered, posted or cancelled. Begin another count.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以录入、过账或作废。请另开盘点单。",
    )


def nothing_refusal(warehouse_code: str) -> Problem:
    """409: there is nothing to be counted."""
    return conflict(
        "nothing-to-count",
        f"Warehouse {warehouse_code} holds nothing of it. Name the products that are to be counted, or another warehouse.",
        f"仓库 {warehouse_code} 没有可盘点的库存。请指定要盘点的物料，或换一个仓库。",
    )


def post_refusal(number: str, lines: Iterable[CountLine]) -> Problem | None:
    """Every line is counted, and no stock has moved since. The refusal names each line at fault."""
    kept = list(lines)
    open_lines = tuple(
        Fault(
            f"/lines/{line.line_no - 1}",
            f"Line {line.line_no}, {_what(line)}, has not been counted.",
            f"第 {line.line_no} 行 {_what(line)} 尚未录入实盘数。",
        )
        for line in kept
        if line.counted_milli is None
    )
    if open_lines:
        return Problem(
            409,
            "stock-count-incomplete",
            "The current state does not allow this",
            f"{number} has lines without a counted quantity; see errors. Enter them, zero where nothing is there.",
            f"{number} 有未录入实盘数的行，详见 errors。请补录，没有实物的填 0。",
            open_lines,
        )
    moved = tuple(
        Fault(
            f"/lines/{line.line_no - 1}",
            f"{_what(line)} moved from {text_from_milli(line.book_milli)} to {text_from_milli(line.book_now_milli)} since it was entered.",
            f"{_what(line)} 录入后账面由 {text_from_milli(line.book_milli)} 变为 {text_from_milli(line.book_now_milli)}。",
        )
        for line in kept
        if line.book_milli != line.book_now_milli
    )
    if moved:
        return Problem(
            409,
            "stock-count-moved",
            "The current state does not allow this",
            f"Stock of {number} has moved since it was counted; see errors. Count these lines and enter them again.",
            f"{number} 的库存在盘点后有变动，详见 errors。请重新盘点并录入这些行。",
            moved,
        )
    return None


def _what(line: CountLine) -> str:
    return line.product_code if line.batch_no is None else f"{line.product_code} {line.batch_no}"


def reserved_faults(lines: Iterable[CountLine], unreserved: dict[str, int]) -> list[Fault]:
    """What is lost must not be reserved: a fault for each line whose loss, with those before it, passes what is free."""
    faults: list[Fault] = []
    left = dict(unreserved)
    gains_first = sorted(lines, key=lambda line: (line.counted_milli or 0) < line.book_milli)
    for line in gains_first:
        left[line.product_code] = left.get(line.product_code, 0) + (line.counted_milli or 0) - line.book_milli
        if left[line.product_code] < 0:
            faults.append(
                Fault(
                    f"/lines/{line.line_no - 1}",
                    f"{_what(line)} is reserved for orders; release {text_from_milli(-left[line.product_code])} first.",
                    f"{_what(line)} 已被订单预留，请先释放 {text_from_milli(-left[line.product_code])}。",
                )
            )
    return faults
