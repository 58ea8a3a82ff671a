"""Settlement of receipts against receivables (核销): a link in the sub-ledger, with a voucher only where an advance is applied."""

from __future__ import annotations

from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.posting import Document, post_document, reverse
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.periods import period_of
from shapan.finance.rules.receivables import settlement_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import receipts as receipt_store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store import settlements as store
from shapan.finance.store.query import draw_number
from shapan.finance.sub_ledger import rest_to_advance
from shapan.kernel.errors import conflict, not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_settlements(
    ctx: Context, changed_since: int, limit: int, customer_id: int | None, receipt_id: int | None
) -> Answer:
    """Settlements changed after a watermark."""
    filters = {"customer_id": customer_id, "receipt_id": receipt_id}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    allocations = store.allocations_of(ctx.db, (row["id"] for row in rows))
    items = [views.receipts.settlement(row, allocations[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_settlement(ctx: Context, body: dict[str, Any]) -> Answer:
    """Apply a receipt, or its advance, to receivables of the same customer, never beyond the open amount of either.

    Dated today, or on a day on which both were there.
    """
    from_advance = body.get("from_advance", False)
    receipt = receipt_store.unapplied(ctx.db, body["receipt_id"], advance=from_advance)
    allocations = [(line["receivable_id"], fen_from_text(line["amount"])) for line in body["allocations"]]
    items = receivable_store.items(ctx.db, (receivable_id for receivable_id, _ in allocations))
    wrong, short = settlement_faults(receipt, allocations, items, from_advance=from_advance)
    after: list[date] = []
    if receipt is not None and (from_advance or body.get("rest_to_advance", False) or "business_date" in body):
        # These post, or are dated by the caller: nothing is taken out of an account before it was put there.
        after = [_paid_on(ctx, receipt.receipt_id), *(item.posted for item in items.values())]
        after += store.last_reversal(ctx.db, items, receipt.receipt_id)
    dated = day_of(ctx, body, after)
    problem = refusal([*wrong, *dated.wrong], dated.lock, short)
    if problem is not None:
        raise problem
    assert receipt is not None  # it is among the faults above
    day = dated.day
    number, total = draw_number(ctx.db, "HX", period_of(day)), sum(amount for _, amount in allocations)
    voucher_id = None
    if from_advance:
        dimensions = Dimensions(customer_id=receipt.customer_id)
        texts = {"text": "预收冲应收"}
        document = Document("advance_applied", number, day, {"amount": total}, dimensions, texts=texts)
        voucher_id = post_document(ctx.db, document, ctx.timestamp)
    settlement_id = _insert(
        ctx, receipt.customer_id, receipt.receipt_id, day, allocations, number, from_advance, voucher_id
    )
    view = _view(ctx, settlement_id)
    ctx.emit("finance.settlement.posted", str(receipt.customer_id), view)
    if body.get("rest_to_advance", False):
        rest_to_advance(ctx, receipt.receipt_id, day)
    return created(view, ctx.url(f"/settlements/{settlement_id}"))


def get_settlement(ctx: Context, settlement_id: int) -> Answer:
    """One settlement, or 404."""
    return ok(_view(ctx, settlement_id))


def reverse_settlement(ctx: Context, settlement_id: int, body: dict[str, Any]) -> Answer:
    """Undo a settlement by another one with negative amounts, and with a red-letter voucher where it had a voucher."""
    row = store.get(ctx.db, settlement_id)
    if row is None:
        raise not_found("settlement", "核销单", settlement_id)
    if row["reversed_by_id"] is not None or row["reverses_id"] is not None:
        raise conflict(
            "settlement-reversed",
            f"Settlement {row['number']} is reversed already, or is itself a reversal.",
            f"核销单 {row['number']} 已反核销，或本身就是反核销单。",
        )
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"])])
    problem = refusal(dated.wrong, dated.lock)
    if problem is not None:
        raise problem
    number = draw_number(ctx.db, "HX", dated.period)
    voucher_id = None
    if row["voucher_id"] is not None:
        voucher_id = reverse(ctx.db, row["voucher_id"], dated.day, ("advance_applied", number), ctx.timestamp)
    parts = store.allocations_of(ctx.db, [settlement_id])[settlement_id]
    allocations = [(part["receivable_id"], -part["amount_fen"]) for part in parts]
    reversal_id = _insert(
        ctx,
        row["customer_id"],
        row["receipt_id"],
        dated.day,
        allocations,
        number,
        bool(row["from_advance"]),
        voucher_id,
        reverses_id=settlement_id,
        reason=body["reason"],
    )
    store.note_reversal(ctx.db, settlement_id, reversal_id)
    view = _view(ctx, reversal_id)
    ctx.emit("finance.settlement.posted", str(row["customer_id"]), view)
    return created(view, ctx.url(f"/settlements/{reversal_id}"))


def _insert(
    ctx: Context,
    customer_id: int,
    receipt_id: int,
    day: date,
    allocations: list[tuple[int, int]],
    number: str,
    from_advance: bool,
    voucher_id: int | None,
    *,
    reverses_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Enter a settlement, negative where it reverses one, and note it on the receipt and the receivables; its id."""
    settlement_id = store.insert(
        ctx.db,
        {
            "number": number,
            "customer_id": customer_id,
            "receipt_id": receipt_id,
            "business_date": day.isoformat(),
            "period": period_of(day),
            "from_advance": int(from_advance),
            "voucher_id": voucher_id,
            "reverses_id": reverses_id,
            "reason": reason,
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    for receivable_id, amount in allocations:
        receivable_store.settle(ctx.db, receivable_id, amount)
    receipt_store.apply(ctx.db, receipt_id, sum(amount for _, amount in allocations), from_advance=from_advance)
    return settlement_id


def _paid_on(ctx: Context, receipt_id: int) -> date:
    row = receipt_store.get(ctx.db, receipt_id)
    assert row is not None  # the caller has it
    return date.fromisoformat(row["business_date"])


def _view(ctx: Context, settlement_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, settlement_id)
    if row is None:
        raise not_found("settlement", "核销单", settlement_id)
    return views.receipts.settlement(row, store.allocations_of(ctx.db, [settlement_id])[settlement_id])
