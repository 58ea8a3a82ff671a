"""Business dates, accounting periods (会计期间) and the document numbers that follow from them."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from shapan.kernel.errors import Fault

FURTHEST_DAYS_AHEAD = 31
"""A business date further ahead is taken for a slip: a month covers documents that are dated to the end of the month, or the next."""


def period_of(day: date) -> str:
    """The accounting period of a day: 2026-11."""
    return f"{day.year:04}-{day.month:02}"


def first_day(period: str) -> date:
    """The first day of a period."""
    return date(int(period[:4]), int(period[5:7]), 1)


def last_day(period: str) -> date:
    """The last day of a period."""
    first = first_day(period)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def previous_period(period: str) -> str:
    """The period before."""
    return period_of(first_day(period) - timedelta(days=1))


def next_period(period: str) -> str:
    """The period after."""
    return period_of(last_day(period) + timedelta(days=1))


def furthest_date(today: date) -> date:
    """The last business date that is accepted today."""
    return today + timedelta(days=FURTHEST_DAYS_AHEAD)


def parse_date(text: str) -> date | None:
    """A date that the contract let pass; None for the year 0000, which its format allows and no calendar of ours has."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def business_date_faults(pointer: str, day: date | None, today: date) -> list[Fault]:
    """What is wrong with a business date (业务日期) apart from its period being locked."""
    if day is None:
        return [Fault(pointer, "There is no such date.", "没有这个日期。")]
    furthest = furthest_date(today)
    if day > furthest:
        return [
            Fault(
                pointer,
                f"{day} lies more than {FURTHEST_DAYS_AHEAD} days ahead of today ({today}); {furthest} is the last date accepted.",
                f"{day} 晚于今天（{today}）超过 {FURTHEST_DAYS_AHEAD} 天，最晚可用 {furthest}。",
            )
        ]
    return []


def due_date_faults(pointer: str, due: date | None, business: date | None) -> list[Fault]:
    """A due date (到期日) cannot lie before the business date."""
    if due is None:
        return [Fault(pointer, "There is no such date.", "没有这个日期。")]
    if business is not None and due < business:
        return [
            Fault(
                pointer, f"{due} lies before the business date {business}.", f"到期日 {due} 早于业务日期 {business}。"
            )
        ]
    return []


def due_date(business: date, terms_days: int) -> date:
    """When a receivable is due: business date plus the customer's payment terms (账期)."""
    return business + timedelta(days=terms_days)


def lock_fault(pointer: str, period: str, opening: str, state: str | None) -> Fault | None:
    """Why nothing can be posted to `period`, or None. `opening` is where the books begin, `state` the period's own, None when it is new."""
    if period < opening:
        return Fault(
            pointer,
            f"Period {period} is locked: the books open in {opening}. Use a date in {opening} or later.",
            f"会计期间 {period} 已锁定：账簿自 {opening} 启用，请使用 {opening} 及以后的日期。",
        )
    if state == "locked":
        return Fault(
            pointer,
            f"Period {period} is locked. Use a date in an open period.",
            f"会计期间 {period} 已锁定，请使用未锁定期间的日期。",
        )
    return None


def document_number(prefix: str, period: str, number: int) -> str:
    """YS-202611-00001: kind, business month, running number; wider than five digits when it must be."""
    return f"{prefix}-{period[:4]}{period[5:]}-{number:05}"
