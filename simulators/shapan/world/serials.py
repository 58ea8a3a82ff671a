"""Numbers and months of the documents of the past year: what sales and supply have in common."""

from __future__ import annotations

from collections import Counter
from datetime import date

MONTHS = 12
"""So many months are told."""


class Serials:
    """Running numbers by prefix and month: XSDD-202511-00001."""

    def __init__(self) -> None:
        self.last: Counter[str] = Counter()

    def draw(self, prefix: str, day: date) -> str:
        """The next one."""
        series = f"{prefix}-{day.year}{day.month:02d}"
        self.last[series] += 1
        return f"{series}-{self.last[series]:05d}"


def month_start(opening: date, months: int) -> date:
    """The first day of the month that is so many months after that of the opening (before it, when negative)."""
    year, month = divmod(opening.year * 12 + opening.month - 1 + months, 12)
    return date(year, month + 1, 1)
