"""Purchase returns (采购退货) and adjustments of the cost of receipts (入库成本调整)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import Tax, e4_from_text, fen_from_text, milli_from_text, text_from_fen, text_from_milli
from shapan.scm.rules.amounts import MAX_ORDER_FEN, line_amount
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.parts import part_of_rest


@dataclass(frozen=True, slots=True)
class Received:
    """A line of a posted receipt as a return or an adjustment finds it.

    left_milli, left        what was taken in and not sent back, and its cost and tax, adjustments included
    free_milli              of it, what no draft return has taken
    free_rejected_milli     of what was refused, what was not sent back and no draft return has taken
    """

    line_no: int
    product_code: str
    left_milli: int
    left: Tax
    free_milli: int
    free_rejected_milli: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A line of a return as it is kept."""

    receipt_line: int
    quantity_milli: int
    rejected: bool


def returned(
    number: str, given: Sequence[Mapping[str, Any]], lines: Iterable[Received]
) -> tuple[list[Returned], list[Fault]]:
    """The lines of createPurchaseReturn -> the lines to keep, and every fault in them."""
    known = {line.line_no: line for line in lines}
    free = {(line.line_no, False): line.free_milli for line in known.values()}
    free |= {(line.line_no, True): line.free_rejected_milli for line in known.values()}
    made: list[Returned] = []
    faults: list[Fault] = []
    for index, body in enumerate(given):
        line_no, rejected, milli = body["receipt_line"], bool(body.get("rejected")), milli_from_text(body["quantity"])
        if line_no not in known:
            faults.append(
                Fault(
                    f"/lines/{index}/receipt_line",
                    f"{number} has no line {line_no}.",
                    f"{number} 没有第 {line_no} 行。",
                )
            )
            continue
        rest = free[line_no, rejected]
        if milli > rest:
            what_en, what_zh = ("refused goods", "拒收品") if rejected else ("goods taken in", "已入库数量")
            faults.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Of the {what_en} of line {line_no} only {text_from_milli(rest)} can go back.",
                    f"第 {line_no} 行的{what_zh}可退 {text_from_milli(rest)}。",
                )
            )
        free[line_no, rejected] = max(0, rest - milli)
        made.append(Returned(line_no, milli, rejected))
    return made, faults


def return_amount(line: Received, milli: int) -> Tax:
    """What the supplier gives back for `milli` of a line: its share of what is left, and all of it with the last piece."""
    return Tax(part_of_rest(line.left.net, line.left_milli, milli), part_of_rest(line.left.tax, line.left_milli, milli))


def date_faults(member: str, day: date, receipt_date: date, today: date) -> list[Fault]:
    """Nothing is sent back or adjusted before it was received, nor in the future."""
    if day > today:
        return [Fault(f"/{member}", f"{day} is after today, {today}.", f"日期 {day} 晚于今天 {today}。")]
    if day < receipt_date:
        return [
            Fault(
                f"/{member}",
                f"{day} is before the receipt, {receipt_date}.",
                f"日期 {day} 早于入库日期 {receipt_date}。",
            )
        ]
    return []


def not_draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is posted or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "purchase-return-not-draft",
        f"{number} is {state}; only a draft can be posted or cancelled. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以过账或作废。请先查询该单据。",
    )


def short_refusal(number: str, short: Iterable[tuple[int, str, int, int]]) -> Problem | None:
    """409 naming each line (its index, product, quantity wanted, quantity there) for which there is not enough to send back."""
    faults = tuple(
        Fault(
            f"/lines/{index}/quantity",
            f"{code}: {text_from_milli(wanted)} are to go back, {text_from_milli(there)} are available.",
            f"{code}：待退 {text_from_milli(wanted)}，可用 {text_from_milli(there)}。",
        )
        for index, code, wanted, there in short
    )
    if not faults:
        return None
    return Problem(
        409,
        "insufficient-stock",
        "The current state does not allow this",
        f"{number} asks for more than is available; see errors. Return less, or release reservations first.",
        f"{number} 的退货数量超过可用量，详见 errors。请减少数量或先释放预留。",
        faults,
    )


@dataclass(frozen=True, slots=True)
class Recosted:
    """A line of an adjustment before it falls on stock: what is left of the receipt line, its cost before and after."""

    receipt_line: int
    product_code: str
    quantity_milli: int
    before_fen: int
    after_fen: int


def recosted(
    number: str, given: Sequence[Mapping[str, Any]], lines: Iterable[Received]
) -> tuple[list[Recosted], list[Fault]]:
    """The lines of createCostAdjustment -> what changes, and every fault in them."""
    known = {line.line_no: line for line in lines}
    made: dict[int, Recosted] = {}
    faults: list[Fault] = []
    for index, body in enumerate(given):
        pointer, line_no = f"/lines/{index}", body["receipt_line"]
        line, price, amount = known.get(line_no), body.get("unit_price"), body.get("amount")
        if line is None:
            faults.append(
                Fault(f"{pointer}/receipt_line", f"{number} has no line {line_no}.", f"{number} 没有第 {line_no} 行。")
            )
            continue
        if line_no in made:
            faults.append(Fault(f"{pointer}/receipt_line", f"Line {line_no} is given twice.", f"第 {line_no} 行重复。"))
        if (price is None) == (amount is None):
            faults.append(
                Fault(
                    f"{pointer}/amount",
                    "Give either unit_price or amount.",
                    "unit_price 与 amount 须填写其一且仅其一。",
                )
            )
            continue
        if not line.left_milli:
            faults.append(
                Fault(
                    f"{pointer}/receipt_line",
                    f"Nothing of line {line_no} is left to be adjusted.",
                    f"第 {line_no} 行已全部退货或未入库，无可调整。",
                )
            )
            continue
        after = line_amount(line.left_milli, e4_from_text(price)) if price else fen_from_text(amount or "0")
        if after > MAX_ORDER_FEN:
            most = text_from_fen(MAX_ORDER_FEN)
            faults.append(
                Fault(f"{pointer}/amount", f"At most {most} yuan is taken.", f"金额超过上限 {most} 元，请核对单价。")
            )
        if after == line.left.net:
            faults.append(
                Fault(f"{pointer}", f"Line {line_no} costs that already.", f"第 {line_no} 行的成本没有变化。")
            )
        made[line_no] = Recosted(line_no, line.product_code, line.left_milli, line.left.net, after)
    return list(made.values()), faults
