"""Accounting periods and the trial balance (会计期间, 试算平衡表)."""

from __future__ import annotations

from shapan.finance import views
from shapan.finance.ranges import wanted_period
from shapan.finance.rules.ledger import balance_row, balance_totals, is_balanced
from shapan.finance.shown import shown_period
from shapan.finance.store import accounts as account_store
from shapan.finance.store import ledger as ledger_store
from shapan.finance.store import vouchers as store
from shapan.kernel.system import Answer, Context, ok


def list_periods(ctx: Context, changed_since: int, limit: int) -> Answer:
    """Periods changed after a watermark."""
    rows, more = store.periods(ctx.db, changed_since, limit)
    items = [views.periods.period(row["period"], row["state"], row["voucher_count"], row["closed_at"]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def get_period(ctx: Context, period: str) -> Answer:
    """One period, or 404. One that could be posted to but has not been yet is open and empty."""
    return ok(shown_period(ctx, period))


def get_trial_balance(ctx: Context, period: str | None) -> Answer:
    """The trial balance of a period, of the current one when none is named."""
    wanted = wanted_period(ctx, period)
    rows = [balance_row(sums) for sums in ledger_store.sums(ctx.db, wanted)]
    totals = balance_totals(rows)
    titles = account_store.titles(ctx.db, (row.account_code for row in rows))
    return ok(views.periods.trial_balance(wanted, rows, totals, is_balanced(totals), titles, ctx.timestamp))
