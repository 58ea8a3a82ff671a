"""Finance's key figures (关键指标) of a range of periods, for its own clients and for control."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from typing import Any

from shapan.finance import views
from shapan.finance.closing import profit_and_loss, year_end
from shapan.finance.rules import kpis as rules
from shapan.finance.rules.periods import period_of, previous_period
from shapan.finance.store import accounts, balances, period_log
from shapan.finance.store import kpis as store
from shapan.finance.store.vouchers import opening_period

TRANSFERS = (profit_and_loss.SOURCE, year_end.SOURCE)
"""Vouchers that carry results on and earn nothing."""
_STOCK = ("goods_in_transit", "raw_material", "inventory", "goods_dispatched")


def key_figures(db: sqlite3.Connection, first: str, last: str) -> list[rules.Kpi]:
    """Revenue, collection rate, receivable and stock turnover, and the time that closing took, of a range of periods."""
    roles, before = accounts.roles(db), previous_period(first)
    earned = balances.earned(db, first, last, TRANSFERS)
    revenue = _sum(earned, roles["revenue"][:4], roles["other_revenue"][:4])
    cost = -_sum(earned, roles["cost_of_sales"][:4], roles["other_cost"][:4])
    receivable = [balances.balance(db, roles["receivable"], period) for period in (before, last)]
    stock = [sum(balances.balance(db, roles[role][:4], period) for role in _STOCK) for period in (before, last)]
    took = [
        round((datetime.fromisoformat(closed) - datetime.fromisoformat(began)).total_seconds())
        for began, closed in period_log.closings(db, first, last)
    ]
    return [
        rules.revenue(revenue),
        rules.collection_rate(
            store.settled(db, first, last), store.open_before(db, first), store.charged(db, first, last)
        ),
        rules.receivable_turnover(revenue, *receivable),
        rules.stock_turnover(cost, *stock),
        rules.closing_time(took),
    ]


def kpis(db: sqlite3.Connection, first: date, last: date) -> list[dict[str, Any]]:
    """The key figures of the periods that these days lie in, those before the books opened left out; finance has no shorter time."""
    opening = opening_period(db)
    begin, end = (max(period_of(day), opening) for day in (first, last))
    return [views.statements.kpi(figure) for figure in key_figures(db, begin, end)]


def _sum(earned: dict[str, int], *prefixes: str) -> int:
    return sum(amount for code, amount in earned.items() if code.startswith(prefixes))
