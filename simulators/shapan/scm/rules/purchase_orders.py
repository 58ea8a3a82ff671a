"""Purchase orders (采购订单): what a line takes of a requisition, and what a state allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.sales_orders import OrderLine

Reference = tuple[str, int]
"""Number and line of a requisition."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A line of a requisition as an order finds it; `open_milli` is what no other order has taken."""

    state: str
    product_code: str
    open_milli: int


def reference(line: Mapping[str, Any]) -> Reference | None:
    """The requisition line that an order line names, or None."""
    number, line_no = line.get("purchase_requisition_no"), line.get("requisition_line")
    return None if number is None or line_no is None else (number, line_no)


def requisition_faults(
    given: Sequence[Mapping[str, Any]], lines: Sequence[OrderLine | None], known: Mapping[Reference, Requested]
) -> list[Fault]:
    """Every order line that names a requisition line which it cannot have.

    `lines` are the order lines as they will be kept, None for one that has faults of its own.
    """
    faults: list[Fault] = []
    left = {at: requested.open_milli for at, requested in known.items()}
    for index, (body, line) in enumerate(zip(given, lines, strict=True)):
        pointer = f"/lines/{index}"
        at = reference(body)
        if at is None:
            if (body.get("purchase_requisition_no") is None) != (body.get("requisition_line") is None):
                faults.append(
                    Fault(
                        f"{pointer}/purchase_requisition_no",
                        "A requisition is named by its number and its line together.",
                        "采购申请单号与申请行号须同时填写。",
                    )
                )
            continue
        number, line_no = at
        requested = known.get(at)
        if requested is None:
            en, zh = (
                f"There is no line {line_no} of a requisition {number}.",
                f"没有采购申请 {number} 的第 {line_no} 行。",
            )
            faults.append(Fault(f"{pointer}/requisition_line", en, zh))
            continue
        if requested.state != "approved":
            faults.append(
                Fault(
                    f"{pointer}/purchase_requisition_no",
                    f"{number} is {requested.state}, and only an approved requisition is ordered.",
                    f"{number} 的状态为{STATES_ZH[requested.state]}，只有已审核的申请可以下单。",
                )
            )
        if requested.product_code != body["product_code"]:
            faults.append(
                Fault(
                    f"{pointer}/product_code",
                    f"Line {line_no} of {number} asks for {requested.product_code}.",
                    f"{number} 第 {line_no} 行申请的物料是 {requested.product_code}。",
                )
            )
        elif line is not None:
            if line.quantity_milli > left[at]:
                rest = text_from_milli(left[at])
                faults.append(
                    Fault(
                        f"{pointer}/quantity",
                        f"Only {rest} in base units of line {line_no} of {number} are still to be ordered.",
                        f"{number} 第 {line_no} 行未下单量仅剩 {rest}（基本单位）。",
                    )
                )
            left[at] = max(0, left[at] - line.quantity_milli)
    return faults


def open_milli(state: str, quantity_milli: int, received_milli: int) -> int:
    """What of a line is still to come (未到货量)."""
    return max(0, quantity_milli - received_milli) if state == "approved" else 0


def approve_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is approved."""
    if state == "draft":
        return None
    return conflict(
        "purchase-order-not-draft",
        f"{number} is {state}, and only a draft can be approved. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以审核。请先查询该单据。",
    )


def not_approved_refusal(number: str, state: str) -> Problem | None:
    """Only an approved order is received for and closed."""
    if state == "approved":
        return None
    return conflict(
        "purchase-order-not-approved",
        f"{number} is {state}; this needs an approved purchase order.",
        f"{number} 的状态为{STATES_ZH[state]}，该操作要求采购订单已审核。",
    )


def cancel_refusal(number: str, state: str, received: bool) -> Problem | None:
    """A draft, or an approved order for which no receipt was posted, can be cancelled."""
    if state == "draft" or (state == "approved" and not received):
        return None
    because_en = "goods were received for it; close it instead" if state == "approved" else f"it is {state}"
    because_zh = "已有入库，可改为关闭" if state == "approved" else f"状态为{STATES_ZH[state]}"
    return conflict(
        "purchase-order-not-cancellable",
        f"{number} cannot be cancelled: {because_en}.",
        f"{number} 不能作废：{because_zh}。",
    )
