"""Payments to suppliers (付款单), posted with their voucher, and their reversal."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance import refunds, views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.registering import subject, unknown_supplier
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.refusals import refusal
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import payments as store
from shapan.finance.store import suppliers as supplier_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok

_TEXTS = {"payment": "付款", "prepayment": "预付款"}


def list_payments(
    ctx: Context,
    changed_since: int,
    limit: int,
    supplier_id: int | None,
    state: str | None,
    bank_reference: str | None,
) -> Answer:
    """Payments changed after a watermark."""
    filters = {"supplier_id": supplier_id, "state": state, "bank_reference": bank_reference}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    return ok(views.common.page(rows, [views.payables.payment(row) for row in rows], changed_since, more))


def create_payment(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a payment and its voucher: credit the bank account, debit 220201, or 1123 when it is in advance."""
    supplier = supplier_store.get(ctx.db, body["supplier_id"])
    dated = day_of(ctx, body)
    amount, kind = fen_from_text(body["amount"]), body.get("kind", "payment")
    bank_account = body.get("bank_account", account_store.role(ctx.db, "bank"))
    wrong = [] if supplier is not None else [unknown_supplier(body["supplier_id"])]
    wrong += dated.wrong
    wrong += bank_account_faults("/bank_account", bank_account, account_store.family(ctx.db, BANK_DEPOSITS))
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    number = draw_number(ctx.db, "FK", dated.period)
    document = Document(
        kind,
        number,
        dated.day,
        {"amount": amount},
        Dimensions(supplier_id=body["supplier_id"]),
        {"bank_account": bank_account},
        texts={"text": _TEXTS[kind], "source": body.get("bank_reference", "")},
    )
    payment_id = store.insert(
        ctx.db,
        {
            "number": number,
            "supplier_id": body["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "kind": kind,
            "amount_fen": amount,
            "state": "unapplied",
            "opening": 0,
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
    )
    view = views.payables.payment(_payment(ctx, payment_id))
    ctx.emit("finance.payment.posted", subject(body["supplier_id"]), view)
    return created(view, ctx.url(f"/payments/{payment_id}"))


def get_payment(ctx: Context, payment_id: int) -> Answer:
    """One payment, or 404."""
    return ok(views.payables.payment(_payment(ctx, payment_id)))


def reverse_payment(ctx: Context, payment_id: int, body: dict[str, Any]) -> Answer:
    """Take a payment back of which nothing is applied: a negative payment with a red voucher."""
    row = _payment(ctx, payment_id)
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    if row["state"] == "reversed":
        raise conflict(
            "already-reversed",
            f"Payment {row['number']} has been reversed, or is itself a reversal.",
            f"付款单 {row['number']} 已红冲，或本身就是红冲单。",
        )
    if row["opening"]:
        raise conflict(
            "opening-item",
            f"{row['number']} is an opening item without a voucher; nothing can be reversed.",
            f"{row['number']} 是期初数据，没有凭证，不能红冲。",
        )
    refund = row["refunded_payment_id"] is not None or row["refunded_payable_id"] is not None
    if row["applied_fen"] and not refund:
        raise conflict(
            "payment-applied",
            f"Payment {row['number']} is applied to payables, or came back; reverse its settlements and refunds first.",
            f"付款单 {row['number']} 已有核销或退款，请先反核销、红冲退款。",
        )
    number = draw_number(ctx.db, "FK", dated.period)
    reversal_id = store.insert(
        ctx.db,
        {
            "number": number,
            "supplier_id": row["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "kind": row["kind"],
            "amount_fen": -row["amount_fen"],
            "state": "reversed",
            "opening": 0,
            "bank_account": row["bank_account"],
            "bank_reference": row["bank_reference"],
            "reverses_id": payment_id,
            "reason": body["reason"],
            "refunded_payment_id": row["refunded_payment_id"],
            "refunded_payable_id": row["refunded_payable_id"],
            "voucher_id": reverse(
                ctx.db,
                row["voucher_id"],
                dated.day,
                (f"{row['kind']}_refund" if refund else row["kind"], number),
                ctx.timestamp,
            ),
            "posted_at": ctx.timestamp,
        },
    )
    store.mark_reversed(ctx.db, payment_id)
    refunds.give_back(ctx, row["refunded_payment_id"], row["refunded_payable_id"], row["amount_fen"])
    view = views.payables.payment(_payment(ctx, reversal_id))
    ctx.emit("finance.payment.reversed", subject(row["supplier_id"]), view)
    return created(view, ctx.url(f"/payments/{reversal_id}"))


def _payment(ctx: Context, payment_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, payment_id)
    if row is None:
        raise not_found("payment", "付款单", payment_id)
    return row
