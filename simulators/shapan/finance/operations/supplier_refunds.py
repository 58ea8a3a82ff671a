"""Refunds from suppliers (供应商退款): money that comes back for a payment nothing was applied to, or for a red payable."""

from __future__ import annotations

from datetime import date
from typing import Any

from shapan.finance import refunds, views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document
from shapan.finance.registering import subject
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.payables import Source
from shapan.finance.rules.refusals import not_left, refusal
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import payables as payable_store
from shapan.finance.store import payments as store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created


def refund_payment(ctx: Context, payment_id: int, body: dict[str, Any]) -> Answer:
    """Post what a supplier gives back of a payment or prepayment that is not applied."""
    row = store.get(ctx.db, payment_id)
    if row is None:
        raise not_found("payment", "付款单", payment_id)
    rest = 0 if row["state"] == "reversed" else row["amount_fen"] - row["applied_fen"]
    source = Source(row["kind"], row["number"], row["supplier_id"], rest, date.fromisoformat(row["business_date"]))
    return _refund(ctx, source, body, payment_id, None)


def refund_payable(ctx: Context, payable_id: int, body: dict[str, Any]) -> Answer:
    """Post what a supplier pays back for a red payable."""
    row = payable_store.get(ctx.db, payable_id)
    if row is None:
        raise not_found("payable", "应付单", payable_id)
    if row["gross_fen"] >= 0:
        raise conflict(
            "payable-not-red",
            f"Payable {row['number']} is not red: it is owed to the supplier, who has nothing to pay back for it.",
            f"应付单 {row['number']} 不是红字应付单，供应商无款可退。",
        )
    rest = row["settled_fen"] - row["gross_fen"]
    source = Source("payment", row["number"], row["supplier_id"], rest, date.fromisoformat(row["business_date"]))
    return _refund(ctx, source, body, None, payable_id)


def _refund(
    ctx: Context, source: Source, body: dict[str, Any], payment_id: int | None, payable_id: int | None
) -> Answer:
    amount = fen_from_text(body["amount"])
    bank_account = body.get("bank_account", account_store.role(ctx.db, "bank"))
    dated = day_of(ctx, body, [source.day, *payable_store.last_reversal(ctx.db, [], payment_id, payable_id)])
    wrong = [*dated.wrong]
    wrong += bank_account_faults("/bank_account", bank_account, account_store.family(ctx.db, BANK_DEPOSITS))
    problem = refusal(wrong, dated.lock, not_left(source.number, source.rest, amount))
    if problem is not None:
        raise problem
    number = draw_number(ctx.db, "FT", dated.period)
    document = Document(
        f"{source.kind}_refund",
        number,
        dated.day,
        {"amount": amount},
        Dimensions(supplier_id=source.supplier_id),
        {"bank_account": bank_account},
        texts={"text": "供应商退款", "source": body.get("bank_reference", "")},
    )
    refund_id = store.insert(
        ctx.db,
        {
            "number": number,
            "supplier_id": source.supplier_id,
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "kind": source.kind,
            "amount_fen": -amount,
            "applied_fen": -amount,
            "state": "applied",
            "opening": 0,
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "reason": body.get("reason"),
            "refunded_payment_id": payment_id,
            "refunded_payable_id": payable_id,
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
    )
    refunds.give_back(ctx, payment_id, payable_id, amount)
    row = store.get(ctx.db, refund_id)
    assert row is not None  # it was added just now
    view = views.payables.payment(row)
    ctx.emit("finance.payment.refunded", subject(source.supplier_id), view)
    return created(view, ctx.url(f"/payments/{refund_id}"))
