"""What was delivered of an order (发货情况), as the warehouse system reports it: how much of it, and of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from shapan.crm.rules.orders import Line
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import share

_RANK = {"none": 0, "partial": 1, "complete": 2}


class Delivered(NamedTuple):
    """`status` of the whole order, and thousandths of the sales unit by line, all of them since the beginning; `quantities` are empty where
    a part was reported without saying of what."""

    status: str
    quantities: Mapping[int, int] = MappingProxyType({})


def reported(
    before: Delivered, lines: Sequence[Line], body: Mapping[str, Any]
) -> tuple[Delivered, list[Fault], Problem | None]:
    """What a report (`deliveryStatus`, `deliveredLines` or both, wire form) makes of an order; every fault in it, or why it is refused.

    Quantities are sums since the beginning, so that a report that comes twice counts once. Lines that are not named stay. The status
    follows from the quantities; alone, `complete` is all of every line. Deliveries are not undone: goods come back as a return.
    """
    status, told = body.get("deliveryStatus"), body.get("deliveredLines")
    if told is None:
        quantities = dict(before.quantities)
        if status == "complete":
            quantities = {line.line_number: line.quantity_milli for line in lines}
        after = Delivered(str(status), quantities)
    else:
        quantities, faults = _quantities(before, lines, told)
        after = Delivered(_status(lines, quantities), quantities)
        if status not in (None, after.status):
            en = f"The quantities make the order {after.status}, not {status}. Leave deliveryStatus away, or tell all lines."
            zh = f"按行数量计算的发货状态是 {after.status}，而不是 {status}；请去掉 deliveryStatus，或填写所有行。"
            faults.append(Fault("/deliveryStatus", en, zh))
        if faults:
            return before, faults, None
    return after, [], _backwards(before, after)


def _quantities(
    before: Delivered, lines: Sequence[Line], told: Sequence[Mapping[str, Any]]
) -> tuple[dict[int, int], list[Fault]]:
    ordered = {line.line_number: line.quantity_milli for line in lines}
    found = {line.line_number: milli for line in lines if (milli := of_line(line, before))}
    faults = []
    seen: set[int] = set()
    for index, one in enumerate(told):
        number, milli = one["lineNumber"], one["quantity"] * 1000
        if number not in ordered:
            en, zh = f"The order has no line {number}.", f"订单没有第 {number} 行。"
            faults.append(Fault(f"/deliveredLines/{index}/lineNumber", en, zh))
        elif number in seen:
            en, zh = f"Line {number} stands here twice.", f"第 {number} 行重复。"
            faults.append(Fault(f"/deliveredLines/{index}/lineNumber", en, zh))
        elif milli > ordered[number]:
            most = ordered[number] // 1000
            en = f"{one['quantity']} of line {number} cannot be delivered: {most} were ordered. Tell sums in sales units."
            zh = f"第 {number} 行订购 {most}，不能发货 {one['quantity']}；请按销售单位填写累计数量。"
            faults.append(Fault(f"/deliveredLines/{index}/quantity", en, zh))
        else:
            found[number] = milli
            if not milli:
                del found[number]  # as where nothing was ever reported
        seen.add(number)
    return found, faults


def _status(lines: Sequence[Line], quantities: Mapping[int, int]) -> str:
    if all(quantities.get(line.line_number, 0) == line.quantity_milli for line in lines):
        return "complete"
    return "partial" if any(quantities.values()) else "none"


def _backwards(before: Delivered, after: Delivered) -> Problem | None:
    less = [number for number, milli in before.quantities.items() if after.quantities.get(number, 0) < milli]
    if _RANK[after.status] >= _RANK[before.status] and not less:
        return None
    return conflict(
        "delivery-backwards",
        f"More was reported before: deliveryStatus {before.status}"
        + (f", lines {', '.join(map(str, sorted(less)))}" if less else "")
        + ". A delivery is not undone; what comes back is a return. A report that comes late can be dropped.",
        f"此前已报告的发货更多（发货状态 {before.status}"
        + (f"，行 {'、'.join(map(str, sorted(less)))}" if less else "")
        + "）。发货不能撤回，退回的商品请走退货流程；迟到的报告可以忽略。",
    )


def delivered_fen(lines: Sequence[Line], delivered: Delivered) -> int:
    """What was delivered is worth, tax included, in fen: the share of each line; a part of which nobody said of what counts as nothing."""
    if delivered.status == "complete":
        return sum(line.gross_fen for line in lines)
    return sum(
        share(line.gross_fen, delivered.quantities.get(line.line_number, 0), line.quantity_milli, 0) for line in lines
    )


def of_line(line: Line, delivered: Delivered) -> int | None:
    """Thousandths of a line that were delivered; None where a part of the order was, and nobody said of what."""
    if delivered.status == "complete":
        return line.quantity_milli
    if delivered.status == "none":
        return 0
    return delivered.quantities.get(line.line_number, 0) if delivered.quantities else None
