"""Dated tax rates (税率表), from data/tax_rates.csv.

Sources: 13 %, 9 % and 6 % stand in 增值税法 as before it; 3 %, reduced to 1 % from 2023 to 2027, 财政部 税务总局公告2023年第19号. Whether a
later notice changes the reduced levy is a matter of a line in the file.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shapan.kernel.money import rate_from_text

_FILE = Path(__file__).parent / "data" / "tax_rates.csv"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate in basis points, for a kind of taxpayer (empty: both), valid from a day to a day (None: until further notice)."""

    kind: str
    taxpayer_kind: str
    rate_bp: int
    valid_from: date
    valid_to: date | None
    name: str
    english_name: str

    def holds(self, day: date) -> bool:
        """Whether it is valid on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@functools.cache
def all_rates() -> tuple[TaxRate, ...]:
    """Every rate of the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            TaxRate(
                row["kind"],
                row["taxpayer_kind"],
                rate_from_text(row["rate"]),
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                row["name"],
                row["english_name"],
            )
            for row in csv.DictReader(file)
        )


def rates_on(day: date, taxpayer_kind: str | None = None) -> list[TaxRate]:
    """The rates that hold on a day, for a kind of taxpayer when one is named."""
    return [
        rate
        for rate in all_rates()
        if rate.holds(day) and (taxpayer_kind is None or rate.taxpayer_kind in ("", taxpayer_kind))
    ]


def rate_on(kind: str, day: date) -> int:
    """The rate of a kind on a day in basis points; 0 when there was none."""
    return next((rate.rate_bp for rate in rates_on(day) if rate.kind == kind), 0)


def value_added_tax_rates(day: date, taxpayer_kind: str) -> frozenset[int]:
    """The rates of value added tax that a taxpayer can charge on a day, in basis points."""
    return frozenset(rate.rate_bp for rate in rates_on(day, taxpayer_kind) if rate.kind.startswith("vat_"))
