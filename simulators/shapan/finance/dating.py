"""On which day something is posted (业务日期): the day that was asked for, else today, and never before what it follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.finance.posting import check_period
from shapan.finance.rules import periods
from shapan.kernel.errors import Fault
from shapan.kernel.system import Context


@dataclass(frozen=True, slots=True)
class Dated:
    """A day with what is wrong with it; `day` is today's stand-in when there are faults, which refuse the request anyway."""

    day: date
    wrong: list[Fault]
    lock: Fault | None

    @property
    def period(self) -> str:
        """Its accounting period."""
        return periods.period_of(self.day)


def day_of(
    ctx: Context, body: Mapping[str, Any], after: Iterable[date] = (), *, member: str = "business_date"
) -> Dated:
    """The day in `member` of a body; when absent today, or the latest of `after` when that lies ahead.

    `after` are the days of the documents that this one follows. A period that is locked stands apart (423).
    """
    earliest = max(after, default=date.min)
    if member not in body:
        day = max(ctx.today, earliest)
        return Dated(day, [], check_period(ctx.db, "", day))
    pointer, asked = f"/{member}", periods.parse_date(body[member])
    wrong = periods.business_date_faults(pointer, asked, ctx.today)
    if asked is not None and asked < earliest:
        wrong.append(
            Fault(
                pointer,
                f"{asked} lies before the document that it follows ({earliest}).",
                f"{asked} 早于所依据单据的日期 {earliest}。",
            )
        )
    return Dated(asked or ctx.today, wrong, check_period(ctx.db, pointer, asked))
