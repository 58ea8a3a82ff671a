"""How a room declares its scheduled work (定时任务), and instants that recur. kernel/schedule does it when its time comes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import SHANGHAI, rfc3339

if TYPE_CHECKING:
    from shapan.kernel.system import Context


@dataclass(frozen=True, slots=True)
class Done:
    """What scheduled work did, in a sentence of each language, and in numbers for programs."""

    en: str
    zh: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A kind of work that is done when its time comes.

    name      what programs call it, such as quotations.expire
    next_due  the earliest instant (aware) after another at which there is something to do; None when there is nothing ahead
    run       does it, with `ctx.now` at that instant; None when nothing was to be done after all
    """

    name: str
    en: str
    zh: str
    next_due: Callable[[sqlite3.Connection, datetime], datetime | None]
    run: Callable[[Context], Done | None]


@dataclass(frozen=True, slots=True)
class Due:
    """Work and when it is due."""

    at: datetime
    work: Scheduled

    def as_json(self) -> dict[str, Any]:
        """As contracts/operator/clock.yaml has it."""
        return {"at": rfc3339(self.at), "work": self.work.name, "en": self.work.en, "zh": self.work.zh}


def day_after(last: str) -> datetime:
    """The midnight that ends a day (ISO date), in Asia/Shanghai: when something that is good until that day no longer is."""
    return datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(0), SHANGHAI)


def day_of(moment: datetime) -> str:
    """The business day of an instant, as ISO date: the first day that `day_after` puts behind it."""
    return moment.astimezone(SHANGHAI).date().isoformat()


def next_monthly(after: datetime, day: int, at: time) -> datetime:
    """The first instant after another that is on this day of a month (1 to 28) at this time, in Asia/Shanghai."""
    local = after.astimezone(SHANGHAI)
    this = datetime.combine(local.date().replace(day=day), at, SHANGHAI)
    if this > local:
        return this
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime.combine(date(year, month, day), at, SHANGHAI)
