"""What is charged to a customer, and its value added tax by the kind of taxpayer (税率, 征收率, 简易计税)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance import tax_rates
from shapan.finance.rules.receivables import ReceivableLine, rate_faults
from shapan.finance.store import books as book_store
from shapan.kernel.errors import Fault
from shapan.kernel.money import fen_from_text, rate_from_text


def charged_lines(db: sqlite3.Connection, lines: Iterable[Mapping[str, Any]], day: date | None) -> list[ReceivableLine]:
    """The lines of a body as rules see them. A general taxpayer's levy rates (3 %, 5 %) mean the simplified method."""
    simplified = frozenset[int]()
    if day is not None and book_store.books(db).general_taxpayer:
        simplified = frozenset(r.rate_bp for r in tax_rates.rates_on(day, "general") if r.kind == "vat_simplified")
    made = []
    for line in lines:
        rate = rate_from_text(line["tax_rate"])
        net, tax = fen_from_text(line["net_amount"]), fen_from_text(line["tax_amount"])
        made.append(ReceivableLine(line["description"], net, rate, tax, rate in simplified))
    return made


def rate_check(db: sqlite3.Connection, lines: Sequence[ReceivableLine], day: date | None) -> list[Fault]:
    """Rates that the company cannot charge on this day."""
    if day is None:
        return []
    return rate_faults(lines, tax_rates.value_added_tax_rates(day, book_store.books(db).taxpayer_kind), day)


def figures(lines: Sequence[ReceivableLine], invoiced: bool) -> dict[str, int]:
    """The figures of the posting rule of a receivable: tax whose invoice is not issued yet is deferred (待转销项税额)."""
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    simplified = sum(line.tax for line in lines if line.simplified)
    return {
        "net": net,
        "output_tax": tax - simplified if invoiced else 0,
        "simplified_tax": simplified if invoiced else 0,
        "deferred_tax": 0 if invoiced else tax,
        "tax": tax,
        "gross": net + tax,
    }
