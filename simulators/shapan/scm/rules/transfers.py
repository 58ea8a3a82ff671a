"""Transfers between warehouses (调拨): sent and received in two steps, in transit between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.references import doubled_line, missing_line


class InTransit(NamedTuple):
    """What of a line is on its way, of one batch where it has batches; in the order in which it is to be received."""

    line_no: int
    part_no: int
    batch_no: str | None
    milli: int


class Arrived(NamedTuple):
    """What is said to have arrived of a line."""

    pointer: str
    line_no: int
    milli: int
    batch_no: str | None


def draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is sent or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "transfer-not-draft",
        f"{number} is {state}; only a draft can be sent or cancelled. Goods on their way are received, and sent back by a transfer of their own.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以调出或作废。在途货物请先接收，再另开调拨单退回。",
    )


def sent_refusal(number: str, state: str) -> Problem | None:
    """Only what was sent can be received."""
    if state == "sent":
        return None
    return conflict(
        "transfer-not-sent",
        f"{number} is {state}, and has nothing on its way. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，没有在途货物。请先查询该单据。",
    )


def same_warehouse_fault(from_code: str, to_code: str) -> list[Fault]:
    """A transfer goes from one warehouse to another."""
    if from_code != to_code:
        return []
    return [
        Fault(
            "/to_warehouse_code",
            f"The goods are in {to_code} already; name another warehouse.",
            f"调出与调入仓库均为 {to_code}，请填写不同的仓库。",
        )
    ]


def received_parts(
    number: str, arrived: Iterable[Arrived], in_transit: Sequence[InTransit]
) -> tuple[list[tuple[InTransit, int]], list[Fault]]:
    """(part, quantity) that arrives, and every fault: unknown lines and batches, the same twice, more than is on its way."""
    left = {(part.line_no, part.part_no): part.milli for part in in_transit}
    known = {part.line_no for part in in_transit}
    seen: set[tuple[int, str | None]] = set()
    received: list[tuple[InTransit, int]] = []
    faults: list[Fault] = []
    # Those that name a batch first, so that the others take what is left.
    for line in sorted(arrived, key=lambda line: line.batch_no is None):
        at = f"{line.pointer}/line_no"
        if line.line_no not in known:
            faults.append(missing_line(number, line.line_no, at))
            continue
        if (line.line_no, line.batch_no) in seen:
            faults.append(doubled_line(line.line_no, at))
            continue
        seen.add((line.line_no, line.batch_no))
        open_milli = line.milli
        for part in in_transit:
            if part.line_no == line.line_no and line.batch_no in (None, part.batch_no):
                taken = min(open_milli, left[part.line_no, part.part_no])
                if taken > 0:
                    left[part.line_no, part.part_no] -= taken
                    open_milli -= taken
                    received.append((part, taken))
        if open_milli:
            most = text_from_milli(line.milli - open_milli)
            faults.append(
                Fault(
                    f"{line.pointer}/quantity",
                    f"Only {most} of line {line.line_no} are on their way.",
                    f"第 {line.line_no} 行的在途量只有 {most}。",
                )
            )
    return received, faults


def reason_fault(missing_milli: int, reason: str | None) -> list[Fault]:
    """Who ends a transfer of which something is missing says why."""
    if not missing_milli or reason:
        return []
    return [
        Fault(
            "/reason",
            "Something is missing and will be booked as a loss; say why.",
            "存在短缺并将记为损耗，请填写原因。",
        )
    ]


def nothing_fault(something: bool) -> list[Fault]:
    """A receipt books something in, or ends the transfer."""
    if something:
        return []
    return [
        Fault(
            "/lines",
            "Nothing arrived and the transfer is not ended; name lines, or say complete.",
            "没有接收任何货物，也未结束调拨。请填写接收行，或设置 complete。",
        )
    ]
