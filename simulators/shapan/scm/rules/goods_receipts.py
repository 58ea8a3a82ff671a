"""Goods receipts (采购入库): in part, over within the tolerance, refused; and what a state allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import Tax, milli_from_text, share, text_from_milli, text_from_rate
from shapan.scm.rules.batches import Batch
from shapan.scm.rules.documents import STATES_ZH


@dataclass(frozen=True, slots=True)
class Receivable:
    """A line of a purchase order as a receipt finds it; `taken_milli` is what posted and draft receipts take in of it."""

    line_no: int
    product_code: str
    quantity_milli: int
    taken_milli: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line of a receipt as it is kept: what enters stock, and what is refused."""

    order_line: int
    quantity_milli: int
    rejected_milli: int
    reject_reason: str | None
    batch: Batch | None


def most_milli(ordered_milli: int, tolerance_bp: int) -> int:
    """What may be taken in for an order line at most: the order and the tolerance (超收比例), rounded down."""
    return ordered_milli + ordered_milli * tolerance_bp // 10_000


def everything_open(number: str, lines: Iterable[Receivable]) -> list[Arrival] | Problem:
    """What is still to come, when a receipt names no lines."""
    arrivals = [
        Arrival(line.line_no, line.quantity_milli - line.taken_milli, 0, None, None)
        for line in lines
        if line.quantity_milli > line.taken_milli
    ]
    return arrivals or conflict(
        "nothing-to-receive",
        f"Nothing of {number} is still to come that is not on another draft receipt. Post the drafts, or name the lines.",
        f"{number} 没有未到货的数量（或已在其他入库单草稿上）。请处理已有草稿，或指明入库行。",
    )


def arrivals(
    number: str,
    given: Sequence[Mapping[str, Any]],
    batches: Sequence[Batch | None],
    lines: Iterable[Receivable],
    tolerance_bp: int,
) -> tuple[list[Arrival], list[Fault]]:
    """The lines of createGoodsReceipt -> the lines to keep, and every fault in them but those of their batches."""
    known = {line.line_no: line for line in lines}
    taken = {line.line_no: line.taken_milli for line in known.values()}
    made: list[Arrival] = []
    faults: list[Fault] = []
    for index, (body, batch) in enumerate(zip(given, batches, strict=True)):
        pointer, line_no = f"/lines/{index}", body["order_line"]
        line = known.get(line_no)
        if line is None:
            faults.append(
                Fault(f"{pointer}/order_line", f"{number} has no line {line_no}.", f"{number} 没有第 {line_no} 行。")
            )
            continue
        arrived, rejected = milli_from_text(body["quantity"]), milli_from_text(body.get("rejected_quantity") or "0")
        faults += _rejection_faults(arrived, rejected, body.get("reject_reason"), pointer)
        accepted = max(0, arrived - rejected)
        most = most_milli(line.quantity_milli, tolerance_bp)
        if taken[line_no] + accepted > most:
            room, percent = text_from_milli(max(0, most - taken[line_no])), text_from_rate(tolerance_bp)
            faults.append(
                Fault(
                    f"{pointer}/quantity",
                    f"Line {line_no} takes {room} more at most (tolerance {percent}). Refuse the rest, or order more.",
                    f"第 {line_no} 行最多还可入库 {room}（超收比例 {percent}）。请拒收超出部分，或追加采购订单。",
                )
            )
        taken[line_no] += accepted
        made.append(Arrival(line_no, accepted, rejected, body.get("reject_reason"), batch))
    return made, faults


def unnamed_batch_faults(codes: Iterable[str]) -> list[Fault]:
    """Goods that are kept in batches cannot come without being named; `codes` are those products."""
    return [
        Fault(
            "/lines",
            f"{code} is kept in batches; name the lines and their batches.",
            f"物料 {code} 按批次管理，请填写入库行和批号。",
        )
        for code in codes
    ]


def batch_refusal(product_code: str, batch: Batch, kept: Batch | None) -> Problem | None:
    """409 when the batch is there already, with other dates than the draft has."""
    if kept is None or kept == batch or (batch.production_date, batch.expiry_date) == (None, None):
        return None
    return conflict(
        "batch-differs",
        f"Batch {batch.batch_no} of {product_code} was entered with other dates meanwhile. Cancel this receipt and enter it anew.",
        f"{product_code} 的批次 {batch.batch_no} 已由其他单据登记，日期不同。请作废本入库单后重新录入。",
    )


def _rejection_faults(arrived: int, rejected: int, reason: str | None, pointer: str) -> list[Fault]:
    if rejected > arrived:
        return [
            Fault(
                f"{pointer}/rejected_quantity",
                f"Only {text_from_milli(arrived)} arrived; no more than that can be refused.",
                f"到货仅 {text_from_milli(arrived)}，拒收数量不能更多。",
            )
        ]
    if rejected and reason is None:
        return [Fault(f"{pointer}/reject_reason", "Say why something is refused.", "有拒收数量时须填写拒收原因。")]
    if reason is not None and not rejected:
        return [Fault(f"{pointer}/reject_reason", "Nothing is refused.", "没有拒收数量，不需填写拒收原因。")]
    return []


def receipt_date_faults(day: date, order_date: date, today: date) -> list[Fault]:
    """Goods come in neither before they were ordered nor in the future."""
    if day > today:
        return [Fault("/receipt_date", f"{day} is after today, {today}.", f"入库日期 {day} 晚于今天 {today}。")]
    if day < order_date:
        return [
            Fault(
                "/receipt_date",
                f"{day} is before the order date, {order_date}.",
                f"入库日期 {day} 早于订单日期 {order_date}。",
            )
        ]
    return []


def receipt_share(total: Tax, ordered_milli: int, received_before_milli: int, given_before: Tax, milli: int) -> Tax:
    """Net and tax of what is taken in of an order line; what comes to the quantity ordered adds up to the line exactly.

    What comes beyond that goes on at the order's price.
    """
    cumulative = received_before_milli + milli
    return Tax(
        share(total.net, cumulative, ordered_milli, given_before.net),
        share(total.tax, cumulative, ordered_milli, given_before.tax),
    )


def not_draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is posted or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "goods-receipt-not-draft",
        f"{number} is {state}; only a draft can be posted or cancelled. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以过账或作废。请先查询该单据。",
    )


def not_posted_refusal(number: str, state: str) -> Problem | None:
    """Only what was posted is returned and adjusted."""
    if state == "posted":
        return None
    return conflict(
        "goods-receipt-not-posted",
        f"{number} is {state}; this needs a posted goods receipt.",
        f"{number} 的状态为{STATES_ZH[state]}，该操作要求入库单已过账。",
    )
