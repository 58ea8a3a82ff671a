"""Key figures (关键指标) and monthly summaries (月度汇总)."""

from __future__ import annotations

from datetime import date

from shapan.crm import rules, views
from shapan.crm.figures import kpis
from shapan.crm.inputs import page_answer
from shapan.crm.store import figures as store
from shapan.kernel.errors import refused
from shapan.kernel.system import Answer, Context, ok


def get_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """Key figures of a period; 422 when it ends before it begins."""
    faults = rules.figures.period_faults(from_, to)
    if faults:
        raise refused(faults)
    return ok({"from": from_, "to": to, "items": kpis(ctx.db, date.fromisoformat(from_), date.fromisoformat(to))})


def list_monthly_summaries(ctx: Context, month: str, cursor: str | None, limit: int) -> Answer:
    """One page of customers with what they ordered and gave back in a month."""
    period = rules.figures.month(month)
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.month(ctx.db, period, after=after, limit=count),
        lambda rows: [views.figures.month(month, row) for row in rows],
    )
