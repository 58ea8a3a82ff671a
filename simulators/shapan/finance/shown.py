"""Vouchers and periods as a GET shows them (单据展示), for the operations that make or change them and for their events."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.rules.periods import furthest_date, period_of
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Context


def shown_voucher(ctx: Context, voucher_id: int) -> dict[str, Any]:
    """A voucher, or 404."""
    row = store.get(ctx.db, voucher_id)
    if row is None:
        raise not_found("voucher", "凭证", voucher_id)
    return views.vouchers.voucher(row, store.lines_of(ctx.db, [voucher_id])[voucher_id])


def shown_period(ctx: Context, period: str) -> dict[str, Any]:
    """A period, or 404. One that could be posted to but has not been yet is open and empty."""
    row = store.period(ctx.db, period)
    if row is not None:
        return views.periods.period(row["period"], row["state"], row["voucher_count"], row["closed_at"])
    if not store.opening_period(ctx.db) <= period <= period_of(furthest_date(ctx.today)):
        raise not_found("period", "会计期间", period)
    return views.periods.period(period, "open", 0, None)
