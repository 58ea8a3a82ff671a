"""Deliveries (销售出库单): what may go on one, its share of the amounts, and what a state allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.kernel.errors import Fault, Problem, conflict, refused
from shapan.kernel.money import Tax, share, text_from_milli
from shapan.scm.rules.documents import STATES_ZH


def ship_date_fault(day: date, order_date: date, today: date) -> list[Fault]:
    """Goods leave neither before they were ordered nor in the future."""
    if day > today:
        return [Fault("/ship_date", f"{day} is after today, {today}.", f"出库日期 {day} 晚于今天 {today}。")]
    if day < order_date:
        return [
            Fault(
                "/ship_date",
                f"{day} is before the order date, {order_date}.",
                f"出库日期 {day} 早于订单日期 {order_date}。",
            )
        ]
    return []


@dataclass(frozen=True, slots=True)
class Deliverable:
    """What of an order line can go on a new delivery. `left_milli`: ordered, neither shipped nor on a draft delivery;
    `ready_milli`: reserved and not on a draft delivery."""

    line_no: int
    left_milli: int
    ready_milli: int


def plan_delivery(
    number: str, wanted: Sequence[tuple[int, int]] | None, lines: Sequence[Deliverable]
) -> dict[int, int] | Problem:
    """Line -> quantity of a new delivery, or the refusal that names every line at fault.

    `wanted` are (line, quantity) as asked; None asks for everything that is ready.
    """
    if wanted is None:
        ready = {line.line_no: line.ready_milli for line in lines if line.ready_milli > 0}
        return ready or conflict(
            "nothing-to-deliver",
            f"Nothing of {number} is reserved that is not on another draft delivery. Receive stock and allocate the order, "
            "or ship the drafts there are.",
            f"{number} 没有可出库的预留量（或已在其他出库单草稿上）。请先入库并重新预留，或处理已有草稿。",
        )
    known = {line.line_no: line for line in lines}
    seen: set[int] = set()
    faults: list[Fault] = []
    short: list[Fault] = []
    for index, (line_no, quantity) in enumerate(wanted):
        line = known.get(line_no)
        if line is None:
            faults.append(
                Fault(f"/lines/{index}/line_no", f"{number} has no line {line_no}.", f"{number} 没有第 {line_no} 行。")
            )
        elif line_no in seen:
            faults.append(Fault(f"/lines/{index}/line_no", f"Line {line_no} is given twice.", f"第 {line_no} 行重复。"))
        elif quantity > line.left_milli:
            left = text_from_milli(line.left_milli)
            faults.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Line {line_no} has only {left} left.",
                    f"第 {line_no} 行只剩 {left} 未出库。",
                )
            )
        elif quantity > line.ready_milli:
            ready_text = text_from_milli(line.ready_milli)
            short.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Line {line_no} has only {ready_text} reserved.",
                    f"第 {line_no} 行仅预留了 {ready_text}。",
                )
            )
        seen.add(line_no)
    if faults:
        return refused([*faults, *short])
    if short:
        return Problem(
            409,
            "insufficient-stock",
            "The current state does not allow this",
            f"{number} has less reserved than asked for; see errors. Deliver less, or receive stock and allocate the order.",
            f"{number} 的预留量不足，详见 errors。请减少数量，或先入库并重新预留。",
            tuple(short),
        )
    return dict(wanted)


def expired_refusal(number: str, parts: Sequence[tuple[str, int]], usable: Mapping[str, int]) -> Problem | None:
    """409 naming each line for which the batches that are not expired do not suffice any more, although stock was reserved.

    `parts` are (product, quantity) by line; `usable` is what may be issued of products that are kept in batches.
    """
    left = dict(usable)
    short: list[Fault] = []
    for index, (code, milli) in enumerate(parts):
        if code not in left:
            continue
        if milli > left[code]:
            fresh = text_from_milli(left[code])
            short.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"{code}: {text_from_milli(milli)} are to be shipped, only {fresh} lie in batches that are not expired.",
                    f"{code}：待出库 {text_from_milli(milli)}，未过期批次仅有 {fresh}。",
                )
            )
        left[code] = max(0, left[code] - milli)
    if not short:
        return None
    return Problem(
        409,
        "insufficient-stock",
        "The current state does not allow this",
        f"{number} cannot be shipped from batches that are not expired; see errors. Receive fresh goods, or cancel the delivery.",
        f"{number} 未过期的批次不足，无法出库，详见 errors。请先入库新批次，或作废出库单。",
        tuple(short),
    )


def shipment_share(total: Tax, whole_milli: int, shipped_before_milli: int, given_before: Tax, part_milli: int) -> Tax:
    """Net and tax of a part shipment (部分出库) of an order line; over all parts they add up to the line exactly."""
    cumulative = shipped_before_milli + part_milli
    return Tax(
        share(total.net, cumulative, whole_milli, given_before.net),
        share(total.tax, cumulative, whole_milli, given_before.tax),
    )


def delivery_refusal(number: str, state: str) -> Problem | None:
    """Only a draft delivery is shipped or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "delivery-not-draft",
        f"{number} is {state}; only a draft can be shipped or cancelled. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以出库或作废。请先查询该单据。",
    )
