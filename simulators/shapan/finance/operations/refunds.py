"""Refunds to customers (退款): money given back of a receipt that settles nothing, of an advance, or for a red receivable."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.refusals import not_left, refusal
from shapan.finance.rules.vouchers import BANK_DEPOSITS, bank_account_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import receipts as receipt_store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store import refunds as store
from shapan.finance.store import settlements as settlement_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


class _Source(NamedTuple):
    """What is given back: the document's number, its customer, what is left of it in fen, and the day from which on that is so."""

    number: str
    customer_id: int
    rest: int
    day: date


def list_refunds(ctx: Context, changed_since: int, limit: int, customer_id: int | None) -> Answer:
    """Refunds changed after a watermark."""
    rows, more = store.page(ctx.db, {"customer_id": customer_id}, changed_since, limit)
    return ok(views.common.page(rows, [views.refunds.refund(row) for row in rows], changed_since, more))


def get_refund(ctx: Context, refund_id: int) -> Answer:
    """One refund, or 404."""
    return ok(_view(ctx, refund_id))


def create_refund(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post a refund with its voucher: debit 1122, or the account of advances, credit the bank account."""
    amount, from_advance = fen_from_text(body["amount"]), body.get("from_advance", False)
    bank_account = body.get("bank_account", account_store.role(ctx.db, "bank"))
    source, wrong = _source(ctx, body, from_advance)
    dated = day_of(ctx, body, [] if source is None else [source.day])
    wrong += [
        *dated.wrong,
        *bank_account_faults("/bank_account", bank_account, account_store.family(ctx.db, BANK_DEPOSITS)),
    ]
    problem = refusal(wrong, dated.lock, [] if source is None else not_left(source.number, source.rest, amount))
    if problem is not None:
        raise problem
    assert source is not None  # it is among the faults above
    number = draw_number(ctx.db, "TK", dated.period)
    document = Document(
        "advance_refund" if from_advance else "customer_refund",
        number,
        dated.day,
        {"amount": amount},
        Dimensions(customer_id=source.customer_id),
        {"bank_account": bank_account},
        texts={"text": "退预收款" if from_advance else "退款", "source": body.get("bank_reference", "")},
    )
    refund_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": source.customer_id,
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "amount_fen": amount,
            "receipt_id": body.get("receipt_id"),
            "from_advance": int(from_advance),
            "receivable_id": body.get("receivable_id"),
            "bank_account": bank_account,
            "bank_reference": body.get("bank_reference"),
            "reason": body["reason"],
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
    )
    _give_back(ctx, body.get("receipt_id"), body.get("receivable_id"), amount, from_advance=from_advance)
    view = _view(ctx, refund_id)
    ctx.emit("finance.refund.posted", str(source.customer_id), view)
    return created(view, ctx.url(f"/refunds/{refund_id}"))


def reverse_refund(ctx: Context, refund_id: int, body: dict[str, Any]) -> Answer:
    """The money did not leave, or came back: a red-letter voucher, and what was given back is there again."""
    row = store.get(ctx.db, refund_id)
    if row is None:
        raise not_found("refund", "退款单", refund_id)
    if row["state"] == "reversed":
        raise conflict(
            "refund-reversed",
            f"Refund {row['number']} was reversed on {row['reversed_on']}.",
            f"退款单 {row['number']} 已于 {row['reversed_on']} 冲销。",
        )
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, ("refund_reversal", row["number"]), ctx.timestamp)
    store.reverse(ctx.db, refund_id, dated.day.isoformat(), body["reason"], voucher_id)
    _give_back(ctx, row["receipt_id"], row["receivable_id"], -row["amount_fen"], from_advance=bool(row["from_advance"]))
    view = _view(ctx, refund_id)
    ctx.emit("finance.refund.reversed", str(row["customer_id"]), view)
    return ok(view)


def _source(ctx: Context, body: dict[str, Any], from_advance: bool) -> tuple[_Source | None, list[Fault]]:
    """What a body names, or what is wrong with that."""
    receipt_id, receivable_id = body.get("receipt_id"), body.get("receivable_id")
    if (receipt_id is None) == (receivable_id is None):
        en = "Name what is given back: a receipt (receipt_id) or a red receivable (receivable_id), one of them."
        return None, [Fault("", en, "请填写退款依据：收款单 receipt_id 或红字应收单 receivable_id，只能填一个。")]
    if receipt_id is not None:
        receipt = receipt_store.unapplied(ctx.db, receipt_id, advance=from_advance)
        row = receipt_store.get(ctx.db, receipt_id)
        if receipt is None or row is None:
            return None, [Fault("/receipt_id", f"There is no receipt {receipt_id}.", f"没有收款单 {receipt_id}。")]
        moved = [each["business_date"] for each in receipt_store.transfers(ctx.db, receipt_id)] if from_advance else []
        days = [date.fromisoformat(day) for day in (row["business_date"], *moved)]
        day = max([*days, *settlement_store.last_reversal(ctx.db, [], receipt_id)])
        return _Source(receipt.number, receipt.customer_id, receipt.unapplied, day), []
    red_id = int(body["receivable_id"])
    item = receivable_store.items(ctx.db, [red_id]).get(red_id)
    if item is None:
        return None, [
            Fault("/receivable_id", f"There is no receivable {receivable_id}.", f"没有应收单 {receivable_id}。")
        ]
    faults = []
    if from_advance:
        en = "A red receivable is not an advance. Leave from_advance away."
        faults.append(Fault("/from_advance", en, "红字应收单不是预收款，请去掉 from_advance。"))
    if item.open > 0:
        en = f"Receivable {item.number} is owed by the customer; only what is open of a red one is given back."
        zh = f"应收单 {item.number} 没有应退金额，只能对未对冲的红字应收单退款。"
        faults.append(Fault("/receivable_id", en, zh))
    day = max([item.posted, *settlement_store.last_reversal(ctx.db, [red_id])])
    return None if faults else _Source(item.number, item.customer_id, -item.open, day), faults


def _give_back(
    ctx: Context, receipt_id: int | None, receivable_id: int | None, amount: int, *, from_advance: bool
) -> None:
    if receipt_id is not None:
        receipt_store.give_back(ctx.db, receipt_id, amount, from_advance=from_advance)
    if receivable_id is not None:
        receivable_store.settle(ctx.db, receivable_id, -amount)


def _view(ctx: Context, refund_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, refund_id)
    if row is None:
        raise not_found("refund", "退款单", refund_id)
    return views.refunds.refund(row)
