"""Purchase requisitions (采购申请): their lines, and what a state allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import milli_from_text
from shapan.scm.rules.amounts import to_base_quantity
from shapan.scm.rules.documents import STATES_ZH
from shapan.scm.rules.products import stocked_faults


@dataclass(frozen=True, slots=True)
class Needed:
    """A line as it is kept."""

    product_code: str
    quantity_milli: int


def needed(
    line: Mapping[str, Any], kind: str | None, units: Mapping[str, int], pointer: str
) -> tuple[Needed | None, list[Fault]]:
    """A line of createPurchaseRequisition -> the line to keep, and every fault in it. `kind` is None for a product that does not exist."""
    code = line["product_code"]
    if kind is None:
        return None, [Fault(f"{pointer}/product_code", f"There is no product {code}.", f"没有物料 {code}。")]
    faults = stocked_faults(code, kind, f"{pointer}/product_code")
    factor, unit = 1000, line.get("unit")
    if unit is not None:
        factor = units.get(unit, 0)
        if not factor:
            known = "、".join(units)
            faults.append(
                Fault(
                    f"{pointer}/unit",
                    f"Product {code} has no unit {unit}; it has {known}.",
                    f"物料 {code} 没有单位“{unit}”，可用单位：{known}。",
                )
            )
    base = to_base_quantity(milli_from_text(line["quantity"]), factor)
    if base is None:
        faults.append(
            Fault(
                f"{pointer}/quantity",
                f"{line['quantity']} {unit} are no quantity in base units with at most ten digits and three decimals.",
                f"{line['quantity']} {unit}换算成基本单位后超过十位整数或三位小数。",
            )
        )
    if faults or base is None:
        return None, faults
    return Needed(code, base), []


def open_milli(state: str, quantity_milli: int, ordered_milli: int) -> int:
    """What of a line is still to be ordered (未下单量)."""
    return 0 if state == "closed" else quantity_milli - ordered_milli


def approve_refusal(number: str, state: str) -> Problem | None:
    """Only a draft is approved."""
    if state == "draft":
        return None
    return conflict(
        "purchase-requisition-not-draft",
        f"{number} is {state}, and only a draft can be approved. Read it to see what was done.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿可以审核。请先查询该单据。",
    )


def close_refusal(number: str, state: str) -> Problem | None:
    """A draft or an approved one is closed."""
    if state in ("draft", "approved"):
        return None
    return conflict(
        "purchase-requisition-not-open",
        f"{number} is {state}, and only a draft or an approved requisition can be closed.",
        f"{number} 的状态为{STATES_ZH[state]}，只有草稿或已审核的申请单可以关闭。",
    )
