"""Accounting periods and the trial balance (会计期间, 试算平衡表)."""

from __future__ import annotations

from shapan.finance import views
from shapan.finance.rules.ledger import balance_row, balance_totals, is_balanced
from shapan.finance.rules.periods import furthest_date, period_of
from shapan.finance.store import accounts as account_store
from shapan.finance.store import ledger as ledger_store
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.system import Answer, Context, ok


def list_periods(ctx: Context, changed_since: int, limit: int) -> Answer:
    """Periods changed after a watermark."""
    rows, more = store.periods(ctx.db, changed_since, limit)
    items = [views.period(row["period"], row["state"], row["voucher_count"]) for row in rows]
    return ok(views.page(rows, items, changed_since, more))


def get_period(ctx: Context, period: str) -> Answer:
    """One period, or 404. One that could be posted to but has not been yet is open and empty."""
    row = store.period(ctx.db, period)
    if row is not None:
        return ok(views.period(row["period"], row["state"], row["voucher_count"]))
    if not store.opening_period(ctx.db) <= period <= period_of(furthest_date(ctx.today)):
        raise not_found("period", "会计期间", period)
    return ok(views.period(period, "open", 0))


def get_trial_balance(ctx: Context, period: str | None) -> Answer:
    """The trial balance of a period, of the current one when none is named."""
    first, current = store.opening_period(ctx.db), period_of(ctx.today)
    last = period_of(furthest_date(ctx.today))
    wanted = period or max(current, first)
    if not first <= wanted <= last:
        raise refused(
            [
                Fault(
                    "/period",
                    f"The books have no period {wanted}; ask for {first} to {last}.",
                    f"账簿中没有会计期间 {wanted}，可查询 {first} 至 {last}。",
                    "query",
                )
            ]
        )
    rows = [balance_row(sums) for sums in ledger_store.sums(ctx.db, wanted)]
    totals = balance_totals(rows)
    titles = account_store.titles(ctx.db, (row.account_code for row in rows))
    return ok(views.trial_balance(wanted, rows, totals, is_balanced(totals), titles, ctx.timestamp))
