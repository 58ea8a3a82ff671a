"""The SCM's key figures (关键指标) of a period, for its own clients and for control."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import Any

from shapan.scm import rules, views
from shapan.scm.store import ledger


def kpis(db: sqlite3.Connection, first: date, last: date) -> list[dict[str, Any]]:
    """`Kpi` of the contract, one for each figure; both days count."""
    after = last + timedelta(days=1)
    found = rules.figures.stock_figures(
        ledger.cost_of_sales(db, rules.figures.SOLD, first, last),
        ledger.stock_value(db, first),
        ledger.stock_value(db, after),
        (after - first).days,
    )
    return [views.figures.kpi(figure) for figure in found]
