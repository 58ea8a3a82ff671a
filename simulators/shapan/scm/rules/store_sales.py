"""Store sales (门店销售): posted at once, taken back as a whole."""

from __future__ import annotations

from shapan.kernel.errors import Fault, Problem, conflict


def voided_refusal(number: str, state: str) -> Problem | None:
    """A sale is taken back once."""
    if state == "posted":
        return None
    return conflict(
        "store-sale-voided",
        f"{number} was voided before. Read it to see when and why.",
        f"{number} 已作废。请查询该单据了解时间与原因。",
    )


def store_faults(code: str, kind: str | None) -> list[Fault]:
    """Only a store sells. `kind` is None for a warehouse that does not exist."""
    if kind == "store":
        return []
    if kind is None:
        return [Fault("/warehouse_code", f"There is no store {code}.", f"没有门店 {code}。")]
    return [Fault("/warehouse_code", f"{code} is a warehouse and sells nothing.", f"{code} 是仓库，不是门店。")]


def recipe_faults(missing: dict[str, str], day: str) -> list[Fault]:
    """`missing`: dish without a recipe on `day` -> pointer to the line that needs it."""
    return [
        Fault(
            pointer,
            f"Dish {code} has no recipe that is in force on {day}. Enter a bill of materials for it.",
            f"菜品 {code} 在 {day} 没有生效的配方，请先建立物料清单。",
        )
        for code, pointer in missing.items()
    ]
