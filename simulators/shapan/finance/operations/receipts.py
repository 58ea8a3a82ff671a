"""Receipts (收款单), posted with their voucher; advances (预收) and reversals (冲销)."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, check_period, post_document, reverse
from shapan.finance.rules import periods
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.refusals import refusal, unknown_customer
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import receipts as store
from shapan.finance.store import refunds as refund_store
from shapan.finance.store.query import draw_number
from shapan.finance.sub_ledger import receipt_view, rest_to_advance
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


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
    return ok(views.common.page(rows, [views.receipts.receipt(row) for row in rows], changed_since, more))


def create_receipt(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a receipt and its voucher: debit the bank account, credit 1122 or, in advance, the account of advances."""
    customer = customer_store.get(ctx.db, body["customer_id"])
    day = periods.parse_date(body["business_date"])
    amount = fen_from_text(body["amount"])
    bank_account = body.get("bank_account", account_store.role(ctx.db, "bank"))
    advance = body.get("advance", False)
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
        Document(
            "receipt_advance" if advance else "receipt",
            number,
            day,
            {"amount": amount},
            Dimensions(customer_id=customer["id"]),
            {"bank_account": bank_account},
            texts={"text": "预收款" if advance else "收款", "source": body.get("bank_reference", "")},
        ),
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
            "is_advance": int(advance),
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
    )
    view = receipt_view(ctx, receipt_id)
    ctx.emit("finance.receipt.posted", str(customer["id"]), view)
    return created(view, ctx.url(f"/receipts/{receipt_id}"))


def get_receipt(ctx: Context, receipt_id: int) -> Answer:
    """One receipt, or 404."""
    return ok(receipt_view(ctx, receipt_id))


def move_receipt_to_advance(ctx: Context, receipt_id: int) -> Answer:
    """What of a receipt is neither applied nor an advance becomes an advance. Dated today."""
    row = _standing(ctx, receipt_id)
    if row["amount_fen"] == row["applied_fen"] + row["advance_fen"] + row["reversed_fen"]:
        raise conflict(
            "nothing-unapplied",
            f"All of receipt {row['number']} is applied or an advance already.",
            f"收款单 {row['number']} 已全部核销或转为预收。",
        )
    dated = day_of(ctx, {}, [date.fromisoformat(row["business_date"])])
    problem = refusal([], dated.lock)
    if problem is not None:
        raise problem
    rest_to_advance(ctx, receipt_id, dated.day)
    return ok(receipt_view(ctx, receipt_id))


def reverse_receipt(ctx: Context, receipt_id: int, body: dict[str, Any]) -> Answer:
    """Take a receipt back altogether by red-letter copies of its vouchers."""
    row = _standing(ctx, receipt_id)
    if row["opening"]:
        raise conflict(
            "opening-item",
            f"Receipt {row['number']} came in before the books opened and has no voucher; nothing can be reversed.",
            f"收款单 {row['number']} 是期初数据，没有凭证，不能冲销。",
        )
    if row["applied_fen"] > 0:
        raise conflict(
            "receipt-applied",
            f"Something of receipt {row['number']} is applied to receivables; reverse its settlements first.",
            f"收款单 {row['number']} 已有核销，请先反核销。",
        )
    refund = refund_store.standing_of(ctx.db, receipt_id)
    if refund is not None:
        raise conflict(
            "receipt-applied",
            f"Something of receipt {row['number']} was given back; reverse refund {refund} first.",
            f"收款单 {row['number']} 已有退款，请先冲销退款单 {refund}。",
        )
    moved = store.transfers(ctx.db, receipt_id)
    dated = day_of(ctx, body, (date.fromisoformat(each["business_date"]) for each in (row, *moved)))
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    source = ("receipt_reversal", row["number"])
    voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, source, ctx.timestamp)
    for transfer in moved:
        reverse(ctx.db, transfer["voucher_id"], dated.day, source, ctx.timestamp)
    store.reverse(ctx.db, receipt_id, dated.day.isoformat(), body["reason"], voucher_id)
    view = receipt_view(ctx, receipt_id)
    ctx.emit("finance.receipt.reversed", str(row["customer_id"]), view)
    return ok(view)


def _standing(ctx: Context, receipt_id: int) -> sqlite3.Row:
    """The receipt, or 404; 409 when it is reversed."""
    row = store.get(ctx.db, receipt_id)
    if row is None:
        raise not_found("receipt", "收款单", receipt_id)
    if row["state"] == "reversed":
        raise conflict(
            "receipt-reversed",
            f"Receipt {row['number']} was reversed on {row['reversed_on']}; nothing is left of it.",
            f"收款单 {row['number']} 已于 {row['reversed_on']} 冲销。",
        )
    return row
