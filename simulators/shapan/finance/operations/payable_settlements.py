"""Settlement of payables by payments and red payables (付款核销, 红蓝对冲), and its reversal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.registering import subject
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.payables import Source, settlement_faults, source_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import payables as payable_store
from shapan.finance.store import payments as store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_payable_settlements(
    ctx: Context, changed_since: int, limit: int, supplier_id: int | None, payment_id: int | None
) -> Answer:
    """Settlements of payables changed after a watermark."""
    filters = {"supplier_id": supplier_id, "payment_id": payment_id}
    rows, more = store.settlements(ctx.db, filters, changed_since, limit)
    allocations = store.allocations_of(ctx.db, (row["id"] for row in rows))
    items = [views.payables.payable_settlement(row, allocations[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_payable_settlement(ctx: Context, body: dict[str, Any]) -> Answer:
    """Apply a payment, or offset a red payable, against payables of the same supplier. Dated as asked, else today, and never before them."""
    payment_id, red_id = body.get("payment_id"), body.get("red_payable_id")
    payment = None if payment_id is None else _payment_source(ctx, payment_id)
    red = None if red_id is None else _red_source(ctx, red_id)
    wrong = source_faults(payment_id, red_id, payment, red)
    source = None if wrong else payment or red
    allocations = [(line["payable_id"], fen_from_text(line["amount"])) for line in body["allocations"]]
    items = payable_store.items(ctx.db, (payable_id for payable_id, _ in allocations))
    more_wrong, short = settlement_faults(source, allocations, items)
    days = [item.day for item in items.values()] + ([] if source is None else [source.day])
    if "business_date" in body:
        days += payable_store.last_reversal(ctx.db, items, payment_id, red_id)
    dated = day_of(ctx, body, days)
    problem = refusal([*wrong, *more_wrong, *dated.wrong], dated.lock, short)
    if problem is not None:
        raise problem
    assert source is not None  # it is among the faults above
    number = draw_number(ctx.db, "FH", dated.period)
    total = sum(amount for _, amount in allocations)
    voucher_id = None
    if source.kind == "prepayment":
        document = Document(
            "prepayment_applied",
            number,
            dated.day,
            {"amount": total},
            Dimensions(supplier_id=source.supplier_id),
            texts={"text": "预付冲应付", "source": source.number},
        )
        voucher_id = post_document(ctx.db, document, ctx.timestamp)
    settlement_id = store.insert_settlement(
        ctx.db,
        {
            "number": number,
            "supplier_id": source.supplier_id,
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "payment_id": payment_id,
            "red_payable_id": red_id,
            "reverses_id": None,
            "reason": None,
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    _move(ctx, payment_id, red_id, allocations)
    view = _view(ctx, settlement_id)
    ctx.emit("finance.payable_settlement.posted", subject(source.supplier_id), view)
    return created(view, ctx.url(f"/payable-settlements/{settlement_id}"))


def get_payable_settlement(ctx: Context, payable_settlement_id: int) -> Answer:
    """One settlement of payables, or 404."""
    return ok(_view(ctx, payable_settlement_id))


def reverse_payable_settlement(ctx: Context, payable_settlement_id: int, body: dict[str, Any]) -> Answer:
    """Take a settlement back: negative allocations, and a red voucher where it had one."""
    row = _settlement(ctx, payable_settlement_id)
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    if row["reversed_by_id"] is not None or row["reverses_id"] is not None:
        raise conflict(
            "already-reversed",
            f"Settlement {row['number']} has been reversed, or is itself a reversal.",
            f"核销单 {row['number']} 已反核销，或本身就是反核销单。",
        )
    allocations = [
        (allocation["payable_id"], -allocation["amount_fen"])
        for allocation in store.allocations_of(ctx.db, [row["id"]])[row["id"]]
    ]
    number = draw_number(ctx.db, "FH", dated.period)
    voucher_id = None
    if row["voucher_id"] is not None:
        source = ("prepayment_applied", number)
        voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, source, ctx.timestamp)
    reversal_id = store.insert_settlement(
        ctx.db,
        {
            "number": number,
            "supplier_id": row["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            "payment_id": row["payment_id"],
            "red_payable_id": row["red_payable_id"],
            "reverses_id": row["id"],
            "reason": body["reason"],
            "voucher_id": voucher_id,
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    _move(ctx, row["payment_id"], row["red_payable_id"], allocations)
    store.touch_settlement(ctx.db, row["id"])
    view = _view(ctx, reversal_id)
    ctx.emit("finance.payable_settlement.reversed", subject(row["supplier_id"]), view)
    return created(view, ctx.url(f"/payable-settlements/{reversal_id}"))


def _payment_source(ctx: Context, payment_id: int) -> Source | None:
    row = store.get(ctx.db, payment_id)
    if row is None:
        return None
    # Neither a reversed payment nor its reversal can be applied.
    rest = 0 if row["state"] == "reversed" else row["amount_fen"] - row["applied_fen"]
    return Source(row["kind"], row["number"], row["supplier_id"], rest, date.fromisoformat(row["business_date"]))


def _red_source(ctx: Context, payable_id: int) -> Source | None:
    row = payable_store.get(ctx.db, payable_id)
    if row is None or row["gross_fen"] >= 0:
        return None
    rest = row["settled_fen"] - row["gross_fen"]
    return Source("red_payable", row["number"], row["supplier_id"], rest, date.fromisoformat(row["business_date"]))


def _move(
    ctx: Context, payment_id: int | None, red_payable_id: int | None, allocations: Sequence[tuple[int, int]]
) -> None:
    total = sum(amount for _, amount in allocations)
    for payable_id, amount in allocations:
        payable_store.settle(ctx.db, payable_id, amount)
    if payment_id is not None:
        store.apply(ctx.db, payment_id, total)
    if red_payable_id is not None:
        payable_store.settle(ctx.db, red_payable_id, -total)


def _settlement(ctx: Context, settlement_id: int) -> sqlite3.Row:
    row = store.settlement(ctx.db, settlement_id)
    if row is None:
        raise not_found("settlement of payables", "付款核销单", settlement_id)
    return row


def _view(ctx: Context, settlement_id: int) -> dict[str, Any]:
    row = _settlement(ctx, settlement_id)
    return views.payables.payable_settlement(row, store.allocations_of(ctx.db, [settlement_id])[settlement_id])
