"""KPIs (指标) of finance, with their formulas."""

from __future__ import annotations

from datetime import datetime

from shapan.finance import views
from shapan.finance.operations.statements import TRANSFERS
from shapan.finance.ranges import wanted_range
from shapan.finance.rules import kpis
from shapan.finance.rules.periods import previous_period
from shapan.finance.store import accounts, balances, period_log
from shapan.finance.store import kpis as store
from shapan.kernel.system import Answer, Context, ok

_STOCK = ("goods_in_transit", "raw_material", "inventory", "goods_dispatched")


def get_kpis(ctx: Context, from_period: str | None, to_period: str | None) -> Answer:
    """Revenue, collection rate, receivable and stock turnover, and the time that closing took, of a range of periods."""
    first, last = wanted_range(ctx, from_period, to_period)
    roles, before = accounts.roles(ctx.db), previous_period(first)
    earned = balances.earned(ctx.db, first, last, TRANSFERS)
    revenue = _sum(earned, roles["revenue"][:4], roles["other_revenue"][:4])
    cost = -_sum(earned, roles["cost_of_sales"][:4], roles["other_cost"][:4])
    receivable = [balances.balance(ctx.db, roles["receivable"], period) for period in (before, last)]
    stock = [sum(balances.balance(ctx.db, roles[role][:4], period) for role in _STOCK) for period in (before, last)]
    took = [
        round((datetime.fromisoformat(closed) - datetime.fromisoformat(began)).total_seconds())
        for began, closed in period_log.closings(ctx.db, first, last)
    ]
    found = [
        kpis.revenue(revenue),
        kpis.collection_rate(
            store.settled(ctx.db, first, last), store.open_before(ctx.db, first), store.charged(ctx.db, first, last)
        ),
        kpis.receivable_turnover(revenue, *receivable),
        kpis.stock_turnover(cost, *stock),
        kpis.closing_time(took),
    ]
    return ok(views.statements.kpis(first, last, found, ctx.timestamp))


def _sum(earned: dict[str, int], *prefixes: str) -> int:
    return sum(amount for code, amount in earned.items() if code.startswith(prefixes))
