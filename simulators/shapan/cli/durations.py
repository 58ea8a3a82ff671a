"""Spans of time as people type them (时长): 90s, 15min, 2h, 30d, 2w, 1mo, 1y, and several in a row."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from shapan.kernel.clock import SHANGHAI

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_MONTHS = {"mo": 1, "y": 12}
_PART = re.compile(r"(\d{1,12})(s|min|h|d|w|mo|y)")


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar months, and seconds behind them."""

    months: int
    seconds: int

    def after(self, moment: datetime) -> datetime:
        """The instant so much later, in Asia/Shanghai; of a shorter month the last day. OverflowError beyond the calendar."""
        local = moment.astimezone(SHANGHAI)
        months = local.year * 12 + local.month - 1 + self.months
        year, month = months // 12, months % 12 + 1
        if year > 9999:
            raise OverflowError("beyond the year 9999")
        day = min(local.day, calendar.monthrange(year, month)[1])
        return local.replace(year=year, month=month, day=day) + timedelta(seconds=self.seconds)


def parse_span(text: str) -> Span:
    """The span that a text says. ValueError for any other text."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(text)
    return Span(
        sum(int(number) * _MONTHS[unit] for number, unit in parts if unit in _MONTHS),
        sum(int(number) * _SECONDS[unit] for number, unit in parts if unit in _SECONDS),
    )


def parse_moment(text: str) -> datetime:
    """An instant, 2026-12-01T09:00; without an offset it is Asia/Shanghai. ValueError for any other text."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
