"""Payables (应付单) and their ageing (应付账龄)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shapan.finance import views
from shapan.finance.rules import periods
from shapan.finance.rules.ageing import BUCKETS, bucket_key
from shapan.finance.store import payables as store
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.system import Answer, Context, ok


def list_payables(
    ctx: Context,
    changed_since: int,
    limit: int,
    supplier_id: int | None,
    state: str | None,
    invoice_number: str | None,
) -> Answer:
    """Payables changed after a watermark."""
    filters: dict[str, Any] = {"supplier_id": supplier_id, "state": state}
    rows, more = store.page(ctx.db, filters, invoice_number, changed_since, limit)
    return ok(views.common.page(rows, [views.payables.payable(row) for row in rows], changed_since, more))


def get_payable(ctx: Context, payable_id: int) -> Answer:
    """One payable, or 404."""
    row = store.get(ctx.db, payable_id)
    if row is None:
        raise not_found("payable", "应付单", payable_id)
    return ok(views.payables.payable(row))


def get_payable_ageing(ctx: Context, basis: str, as_of: str | None, supplier_id: int | None) -> Answer:
    """Open payables by age at the end of a day, by supplier."""
    day = ctx.today if as_of is None else periods.parse_date(as_of)
    if day is None or day > ctx.today:
        raise refused(
            [
                Fault(
                    "/as_of",
                    f"Ask for a day that exists, today ({ctx.today}) at the latest.",
                    f"请使用存在的日期，最晚为今天（{ctx.today}）。",
                    "query",
                )
            ]
        )
    suppliers: dict[int, str] = {}
    amounts: dict[int, Counter[str]] = {}
    for item in store.aged(ctx.db, day, supplier_id):
        start = item.due if basis == "due_date" else item.posted
        suppliers[item.supplier_id] = item.short_name
        spread = amounts.setdefault(item.supplier_id, Counter())
        spread[bucket_key(BUCKETS[basis], (day - start).days)] += item.open
    return ok(views.payables.payable_ageing(basis, day, suppliers, amounts))
