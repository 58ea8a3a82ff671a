"""Receipts (收款单), posted with their voucher."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.posting import Document, check_period, post_document
from shapan.finance.rules import periods
from shapan.finance.rules.refusals import refusal, unknown_customer
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import receipts as store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok

DEFAULT_BANK_ACCOUNT = "100201"


def list_receipts(
    ctx: Context,
    changed_since: int,
    limit: int,
    customer_id: int | None,
    state: str | None,
    bank_reference: str | None,
) -> Answer:
    """Receipts changed after a watermark."""
    filters = {"customer_id": customer_id, "state": state, "bank_reference": bank_reference}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    return ok(views.page(rows, [views.receipt(row) for row in rows], changed_since, more))


def create_receipt(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a receipt and its voucher: debit the bank account, credit 1122, as the posting rule has it."""
    customer = customer_store.get(ctx.db, body["customer_id"])
    day = periods.parse_date(body["business_date"])
    amount = fen_from_text(body["amount"])
    bank_account = body.get("bank_account", DEFAULT_BANK_ACCOUNT)
    wrong = [] if customer is not None else [unknown_customer("/customer_id", body["customer_id"])]
    wrong += periods.business_date_faults("/business_date", day, ctx.today)
    wrong += bank_account_faults("/bank_account", bank_account, account_store.family(ctx.db, BANK_DEPOSITS))
    problem = refusal(wrong, check_period(ctx.db, "/business_date", day))
    if problem is not None:
        raise problem
    # A missing customer or date is among the faults above.
    assert customer is not None
    assert day is not None
    period = periods.period_of(day)
    number = draw_number(ctx.db, "SK", period)
    voucher_id = post_document(
        ctx.db,
        Document("receipt", customer["id"], {"amount": amount}, {"bank_account": bank_account}),
        number,
        {"text": "收款", "source": body.get("bank_reference", "")},
        day,
        ctx.timestamp,
    )
    receipt_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": customer["id"],
            "business_date": day.isoformat(),
            "period": period,
            "amount_fen": amount,
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
    )
    view = _view(ctx, receipt_id)
    ctx.emit("finance.receipt.posted", str(customer["id"]), view)
    return created(view, ctx.url(f"/receipts/{receipt_id}"))


def get_receipt(ctx: Context, receipt_id: int) -> Answer:
    """One receipt, or 404."""
    return ok(_view(ctx, receipt_id))


def _view(ctx: Context, receipt_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, receipt_id)
    if row is None:
        raise not_found("receipt", "收款单", receipt_id)
    return views.receipt(row)
