"""KPIs (指标) of finance, with their formulas."""

from __future__ import annotations

from shapan.finance import views
from shapan.finance.figures import key_figures
from shapan.finance.ranges import wanted_range
from shapan.kernel.system import Answer, Context, ok


def get_kpis(ctx: Context, from_period: str | None, to_period: str | None) -> Answer:
    """Revenue, collection rate, receivable and stock turnover, and the time that closing took, of a range of periods."""
    first, last = wanted_range(ctx, from_period, to_period)
    return ok(views.statements.kpis(first, last, key_figures(ctx.db, first, last), ctx.timestamp))
