"""Vouchers (记账凭证): manual ones are posted and reversed here, all are read here."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.manual import checked_entries
from shapan.finance.posting import check_period, post, reverse
from shapan.finance.rules import periods
from shapan.finance.rules.refusals import refusal
from shapan.finance.rules.vouchers import reversal_refusal
from shapan.finance.shown import shown_voucher
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import Fault, not_found
from shapan.kernel.system import Answer, Context, created, ok


def list_vouchers(ctx: Context, changed_since: int, limit: int, period: str | None, word: str | None) -> Answer:
    """Vouchers posted after a watermark."""
    rows, more = store.page(ctx.db, {"period": period, "word": word}, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.vouchers.voucher(row, lines[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_voucher(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a manual voucher."""
    day, entries, wrong = checked_entries(ctx, body)
    problem = refusal(wrong, check_period(ctx.db, "/date", day))
    if problem is not None:
        raise problem
    assert day is not None  # it is among the faults above
    maker = body.get("maker", ctx.client_id)
    voucher_id = post(ctx.db, day, body.get("word", "记"), ("manual", None), entries, ctx.timestamp, maker=maker)
    view = shown_voucher(ctx, voucher_id)
    ctx.emit("finance.voucher.posted", view["period"], view)
    return created(view, ctx.url(f"/vouchers/{voucher_id}"))


def get_voucher(ctx: Context, voucher_id: int) -> Answer:
    """One voucher, or 404."""
    return ok(shown_voucher(ctx, voucher_id))


def reverse_voucher(ctx: Context, voucher_id: int, body: dict[str, Any]) -> Answer:
    """Post the red-letter copy of a manual voucher."""
    row = store.get(ctx.db, voucher_id)
    if row is None:
        raise not_found("voucher", "凭证", voucher_id)
    refused = reversal_refusal(row["source_kind"], row["source_number"], row["reversed_by"])
    if refused is not None:
        raise refused
    day = periods.parse_date(body["date"]) if "date" in body else ctx.today
    wrong = periods.business_date_faults("/date", day, ctx.today)
    closed = check_period(ctx.db, "/date", day)
    if day is not None and closed is None and day.isoformat() < row["date"]:
        wrong.append(
            Fault(
                "/date",
                f"{day} lies before the date of the voucher that is reversed, {row['date']}.",
                f"{day} 早于被冲销凭证的日期 {row['date']}。",
            )
        )
    problem = refusal(wrong, closed)
    if problem is not None:
        raise problem
    assert day is not None  # it is among the faults above
    maker = body.get("maker", ctx.client_id)
    red = reverse(ctx.db, voucher_id, day, ("reversal", None), ctx.timestamp, maker=maker)
    view = shown_voucher(ctx, red)
    ctx.emit("finance.voucher.posted", view["period"], view)
    return created(view, ctx.url(f"/vouchers/{red}"))
