"""What a document refers to and is not there (引用检查)."""

from __future__ import annotations

from shapan.kernel.errors import Fault


def missing_product(code: str, pointer: str) -> Fault:
    """There is no such product."""
    return Fault(pointer, f"There is no product {code}.", f"没有物料 {code}。")


def missing_warehouse(code: str, pointer: str) -> Fault:
    """There is no such warehouse."""
    return Fault(pointer, f"There is no warehouse {code}.", f"没有仓库 {code}。")


def missing_line(number: str, line_no: int, pointer: str) -> Fault:
    """The document has no such line."""
    return Fault(pointer, f"{number} has no line {line_no}.", f"{number} 没有第 {line_no} 行。")


def doubled_line(line_no: int, pointer: str) -> Fault:
    """A line is given twice."""
    return Fault(pointer, f"Line {line_no} is given twice.", f"第 {line_no} 行重复。")


def future_fault(day: str | None, today: str, pointer: str) -> list[Fault]:
    """Nothing is booked with a date after today, nor before the last year: that is a slip of the hand. Days as ISO text."""
    if day is not None and day < (first := f"{int(today[:4]) - 1:04d}-01-01"):
        return [Fault(pointer, f"{day} is before {first}, the last year.", f"日期 {day} 早于上一年度首日 {first}。")]
    if day is None or day <= today:
        return []
    return [Fault(pointer, f"{day} is after today, {today}.", f"日期 {day} 晚于今天 {today}。")]


def order_fault(earlier: str | None, later: str | None, pointer: str) -> list[Fault]:
    """`later`, at `pointer`, is not before `earlier`. Days as ISO text; one that is not given is no fault."""
    if earlier is None or later is None or earlier <= later:
        return []
    return [Fault(pointer, f"{later} is before {earlier}.", f"日期 {later} 早于 {earlier}。")]
