"""The CRM's key figures (关键指标) of a period, for its own clients and for control."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.crm import rules
from shapan.crm.store import figures as store


def kpis(db: sqlite3.Connection, first: date, last: date) -> list[dict[str, Any]]:
    """`Kpi` of the contract, one for each figure; both days count."""
    return rules.figures.kpis(store.figures(db, rules.figures.period(first, last)))
