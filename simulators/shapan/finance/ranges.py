"""Which period, or range of periods, a question is about (会计期间范围)."""

from __future__ import annotations

from shapan.finance.rules.periods import furthest_date, period_of
from shapan.finance.store import ledger
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import Fault, refused
from shapan.kernel.system import Context


def wanted_period(ctx: Context, period: str | None) -> str:
    """The period that is asked for, the current one when none is; 422 when the books have none such."""
    first, last = _bounds(ctx)
    wanted = period or max(period_of(ctx.today), first)
    faults = _faults("/period", wanted, first, last)
    if faults:
        raise refused(faults)
    return wanted


def wanted_range(
    ctx: Context, from_period: str | None, to_period: str | None, most: int | None = None
) -> tuple[str, str]:
    """(first, last) period that are asked for; from where the books open to the current one when none is. At most `most` periods.

    422 when the books have no such periods, or they stand in the wrong order.
    """
    first, last = _bounds(ctx)
    end = to_period or max(period_of(ctx.today), first, from_period or "")
    start = from_period or first
    if from_period is None and most is not None:
        start = max(first, _back(end, most - 1))
    faults = [*_faults("/from_period", start, first, last), *_faults("/to_period", end, first, last)]
    if not faults and start > end:
        faults.append(
            Fault(
                "/from_period",
                f"{start} lies after {end}, the last period asked for.",
                f"起始期间 {start} 晚于截止期间 {end}。",
                "query",
            )
        )
    if not faults and most is not None and _back(end, most - 1) > start:
        faults.append(
            Fault(
                "/from_period",
                f"{start} to {end} are more than {most} periods; ask for fewer.",
                f"{start} 至 {end} 超过 {most} 个期间，请缩小范围。",
                "query",
            )
        )
    if faults:
        raise refused(faults)
    return start, end


def periods_between(first: str, last: str) -> list[str]:
    """Every period from `first` to `last`."""
    found = [last]
    while found[-1] > first:
        found.append(_back(found[-1], 1))
    return found[::-1]


def _bounds(ctx: Context) -> tuple[str, str]:
    # An accrual's reversal may stand a month further ahead than any business date that is accepted.
    return store.opening_period(ctx.db), max(period_of(furthest_date(ctx.today)), ledger.latest_period(ctx.db))


def _back(period: str, months: int) -> str:
    month = int(period[:4]) * 12 + int(period[5:]) - 1 - months
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _faults(pointer: str, period: str, first: str, last: str) -> list[Fault]:
    if first <= period <= last:
        return []
    return [
        Fault(
            pointer,
            f"The books have no period {period}; ask for {first} to {last}.",
            f"账簿中没有会计期间 {period}，可查询 {first} 至 {last}。",
            "query",
        )
    ]
