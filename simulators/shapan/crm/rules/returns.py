"""Returns (退货申请): what may come back of an order, what it is worth, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapan.crm.rules.deliveries import Delivered, of_line
from shapan.crm.rules.orders import Line
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import share

STATE_NAMES = {
    "requested": "已申请",
    "approved": "已批准",
    "rejected": "已驳回",
    "received": "已签收",
    "credited": "已冲账",
}
"""State of a return (退货状态), in Chinese."""

BEFORE: Mapping[str, str] = {
    "approved": "requested",
    "rejected": "requested",
    "received": "approved",
    "credited": "received",
}
"""State that is to be reached -> the only state from which it is."""


class ReturnLine(NamedTuple):
    """What comes back of a line of an order (退货行), or what is on returns already."""

    line_number: int
    quantity_milli: int
    net_fen: int
    tax_fen: int


def undelivered_refusal(number: str, state: str, delivery_status: str) -> Problem | None:
    """Why nothing of an order can come back, or None: something of it must have been delivered."""
    if state == "confirmed" and delivery_status != "none":
        return None
    return conflict(
        "order-not-delivered",
        f"Nothing of order {number} is delivered (it is {state}, deliveryStatus {delivery_status}), so nothing can come back. "
        "Cancel or change the order instead.",
        f"订单 {number} 尚未发货，没有可退的商品；请取消或变更该订单。",
    )


def price_lines(
    wanted: Sequence[Mapping[str, Any]],
    ordered: Sequence[Line],
    delivered: Delivered,
    returned: Mapping[int, ReturnLine],
) -> tuple[list[ReturnLine], list[Fault]]:
    """The lines of a return (wire form of `ReturnLineNew`, already valid) with their amounts, and every fault in them.

    `returned` has what is on other returns that were not rejected, by line. Amounts are the share of the order line, so that what comes
    back in parts adds up to the line exactly when all of it is back. Faults: lines that the order does not have, a line that is named
    twice, more than was delivered and is on no other return; where a part was delivered and nobody said of what, more than was ordered.
    """
    return lines_back(wanted, ordered, returned, lambda line: _most(line, delivered), ("order", "订单"))


def _most(line: Line, delivered: Delivered) -> Most:
    known = of_line(line, delivered)
    return Most(line.quantity_milli, "ordered", "订购") if known is None else Most(known, "delivered", "已发货")


class Most(NamedTuple):
    """How much of a line can come back at most, in thousandths, and the word for what was done with it."""

    milli: int
    en: str
    zh: str


def lines_back(
    wanted: Sequence[Mapping[str, Any]],
    gone: Iterable[Line],
    returned: Mapping[int, ReturnLine],
    most: Callable[[Line], Most],
    document: tuple[str, str],
) -> tuple[list[ReturnLine], list[Fault]]:
    """What comes back of the lines of a `document` (its name in English and Chinese), as `price_lines` has it for orders."""
    lines: list[ReturnLine] = []
    faults: list[Fault] = []
    by_number = {line.line_number: line for line in gone}
    seen: set[int] = set()
    for index, one in enumerate(wanted):
        number, quantity = one["lineNumber"], one["quantity"]
        line = by_number.get(number)
        if line is None:
            faults.append(
                Fault(
                    f"/lines/{index}/lineNumber",
                    f"The {document[0]} has no line {number}. Take the number from the {document[0]}.",
                    f"{document[1]}没有第 {number} 行，请核对行号。",
                )
            )
            continue
        if number in seen:
            faults.append(
                Fault(
                    f"/lines/{index}/lineNumber",
                    f"Line {number} stands in this return twice. Put both quantities into one line.",
                    f"第 {number} 行在本退货申请中重复，请合并为一行。",
                )
            )
            continue
        seen.add(number)
        before = returned.get(number, ReturnLine(number, 0, 0, 0))
        limit = most(line)
        left = (limit.milli - before.quantity_milli) // 1000
        if quantity > left:
            faults.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"{quantity} of line {number} cannot come back: {limit.milli // 1000} were {limit.en}, and "
                    f"{before.quantity_milli // 1000} are on returns already. At most {left} are left.",
                    f"第 {number} 行最多还可退 {left}（{limit.zh} {limit.milli // 1000}，已退 {before.quantity_milli // 1000}），"
                    f"不能退 {quantity}。",
                )
            )
            continue
        lines.append(portion(line, before, quantity * 1000))
    return lines, faults


def portion(line: Line, before: ReturnLine, quantity_milli: int) -> ReturnLine:
    """What comes back of a line, as its share of the amounts; `before` is what came back of it already."""

    def of(total: int, already: int) -> int:
        part = share(total, before.quantity_milli + quantity_milli, line.quantity_milli, already)
        # Returns that were rejected leave roundings behind: a part is never less than nothing, nor more than what is left.
        return max(0, min(part, total - already))

    return ReturnLine(
        line.line_number, quantity_milli, of(line.net_fen, before.net_fen), of(line.tax_fen, before.tax_fen)
    )


def step_refusal(number: str, state: str, wanted: str) -> Problem | None:
    """Why a return in `state` cannot become `wanted`, or None."""
    before = BEFORE[wanted]
    if state == before:
        return None
    en = f"Return {number} is {state}; only a {before} one can be {wanted}. Read it to see what happened to it."
    zh = (
        f"退货申请 {number} 的状态是“{STATE_NAMES[state]}”，只有“{STATE_NAMES[before]}”的才能变为“{STATE_NAMES[wanted]}”；"
        "请重新读取。"
    )
    if before == "requested":
        return conflict("return-not-requested", en, zh)
    if before == "approved":
        return conflict("return-not-approved", en, zh)
    return conflict("return-not-received", en, zh)
