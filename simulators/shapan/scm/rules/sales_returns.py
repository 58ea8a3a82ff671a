"""Returns of sold goods (销售退货): never more than was shipped, back at the cost at which they left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.parts import part_of_rest
from shapan.scm.rules.references import doubled_line, missing_line


class Returnable(NamedTuple):
    """What of a shipped line may come back: shipped less returned, less what stands on draft returns."""

    line_no: int
    left_milli: int


class Figures(NamedTuple):
    """What a line, or a part of it, is worth: net, tax and cost in fen."""

    net_fen: int
    tax_fen: int
    cost_fen: int


def shipped_refusal(number: str, state: str) -> Problem | None:
    """Only what was shipped comes back."""
    if state == "shipped":
        return None
    return conflict(
        "delivery-not-shipped",
        f"{number} is {state}: nothing of it left the house, and nothing can come back.",
        f"{number} 的状态为{STATES_ZH[state]}，尚未出库，不能退货。",
    )


def draft_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is received or cancelled."""
    if state == "draft":
        return None
    return conflict(
        "sales-return-not-draft",
        f"{number} is {state}; only a draft can be received or cancelled. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以入库或作废。请先查询该单据。",
    )


def return_faults(number: str, wanted: Iterable[tuple[int, int]], lines: Sequence[Returnable]) -> list[Fault]:
    """`wanted` are (line, quantity) as asked: a fault for each that is unknown, doubled or more than may come back."""
    left: Mapping[int, int] = {line.line_no: line.left_milli for line in lines}
    seen: set[int] = set()
    faults: list[Fault] = []
    for index, (line_no, milli) in enumerate(wanted):
        if line_no not in left:
            faults.append(missing_line(number, line_no, f"/lines/{index}/line_no"))
        elif line_no in seen:
            faults.append(doubled_line(line_no, f"/lines/{index}/line_no"))
        elif milli > left[line_no]:
            most = text_from_milli(left[line_no])
            faults.append(
                Fault(
                    f"/lines/{index}/quantity",
                    f"Only {most} of line {line_no} can still come back.",
                    f"第 {line_no} 行最多可退 {most}。",
                )
            )
        seen.add(line_no)
    return faults


def share_of(left: Figures, left_milli: int, milli: int) -> Figures:
    """What `milli` takes of a line of which `left` and `left_milli` are not returned yet; the last return takes the rest."""
    return Figures(*(part_of_rest(fen, left_milli, milli) for fen in left))
