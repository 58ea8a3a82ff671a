"""Accruals of goods received and not invoiced (暂估单); the closing of a period makes them."""

from __future__ import annotations

from shapan.finance import views
from shapan.finance.store import accruals as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok


def list_accruals(ctx: Context, changed_since: int, limit: int, supplier_id: int | None, period: str | None) -> Answer:
    """Accruals posted after a watermark."""
    rows, more = store.page(ctx.db, {"supplier_id": supplier_id, "period": period}, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchasing.accrual(row, lines[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def get_accrual(ctx: Context, accrual_id: int) -> Answer:
    """One accrual, or 404."""
    row = store.get(ctx.db, accrual_id)
    if row is None:
        raise not_found("accrual", "暂估单", accrual_id)
    return ok(views.purchasing.accrual(row, store.lines_of(ctx.db, [accrual_id])[accrual_id]))
