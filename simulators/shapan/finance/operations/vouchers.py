"""Vouchers (记账凭证): manual ones are posted here, all are read here."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.posting import check_period, post
from shapan.finance.rules import periods
from shapan.finance.rules.refusals import refusal
from shapan.finance.rules.vouchers import Entry, voucher_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_vouchers(ctx: Context, changed_since: int, limit: int, period: str | None, word: str | None) -> Answer:
    """Vouchers posted after a watermark."""
    rows, more = store.page(ctx.db, {"period": period, "word": word}, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    return ok(views.page(rows, [views.voucher(row, lines[row["id"]]) for row in rows], changed_since, more))


def create_voucher(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a manual voucher."""
    day = periods.parse_date(body["date"])
    entries = [_entry(line) for line in body["lines"]]
    chart = account_store.chart(ctx.db, (entry.account_code for entry in entries))
    customers = customer_store.known(ctx.db, (e.customer_id for e in entries if e.customer_id is not None))
    wrong = periods.business_date_faults("/date", day, ctx.today)
    wrong += voucher_faults(entries, chart, customers, manual=True)
    problem = refusal(wrong, check_period(ctx.db, "/date", day))
    if problem is not None:
        raise problem
    assert day is not None  # it is among the faults above
    voucher_id = post(ctx.db, day, body.get("word", "记"), ("manual", None), entries, ctx.timestamp)
    return created(_view(ctx, voucher_id), ctx.url(f"/vouchers/{voucher_id}"))


def get_voucher(ctx: Context, voucher_id: int) -> Answer:
    """One voucher, or 404."""
    return ok(_view(ctx, voucher_id))


def _entry(line: dict[str, Any]) -> Entry:
    debit = fen_from_text(line.get("debit", "0.00"))
    credit = fen_from_text(line.get("credit", "0.00"))
    return Entry(line["summary"], line["account_code"], line.get("customer_id"), debit, credit)


def _view(ctx: Context, voucher_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, voucher_id)
    if row is None:
        raise not_found("voucher", "凭证", voucher_id)
    return views.voucher(row, store.lines_of(ctx.db, [voucher_id])[voucher_id])
