"""Settlement of receipts against receivables (核销): a link in the sub-ledger, without a voucher."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.posting import check_period
from shapan.finance.rules.periods import period_of
from shapan.finance.rules.receivables import settlement_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import receipts as store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import not_found
from shapan.kernel.money import fen_from_text
from shapan.kernel.system import Answer, Context, created, ok


def list_settlements(
    ctx: Context, changed_since: int, limit: int, customer_id: int | None, receipt_id: int | None
) -> Answer:
    """Settlements posted after a watermark."""
    filters = {"customer_id": customer_id, "receipt_id": receipt_id}
    rows, more = store.settlements(ctx.db, filters, changed_since, limit)
    allocations = store.allocations_of(ctx.db, (row["id"] for row in rows))
    return ok(views.page(rows, [views.settlement(row, allocations[row["id"]]) for row in rows], changed_since, more))


def create_settlement(ctx: Context, body: dict[str, Any]) -> Answer:
    """Apply a receipt to receivables of the same customer, never beyond the open amount of either. Dated today."""
    receipt = store.unapplied(ctx.db, body["receipt_id"])
    allocations = [(line["receivable_id"], fen_from_text(line["amount"])) for line in body["allocations"]]
    items = receivable_store.items(ctx.db, (receivable_id for receivable_id, _ in allocations))
    wrong, short = settlement_faults(receipt, allocations, items)
    problem = refusal(wrong, check_period(ctx.db, "", ctx.today), short)
    if problem is not None:
        raise problem
    assert receipt is not None  # it is among the faults above
    period = period_of(ctx.today)
    settlement_id = store.insert_settlement(
        ctx.db,
        {
            "number": draw_number(ctx.db, "HX", period),
            "customer_id": receipt.customer_id,
            "receipt_id": receipt.receipt_id,
            "business_date": ctx.today.isoformat(),
            "period": period,
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    for receivable_id, amount in allocations:
        receivable_store.settle(ctx.db, receivable_id, amount)
    store.apply(ctx.db, receipt.receipt_id, sum(amount for _, amount in allocations))
    view = _view(ctx, settlement_id)
    ctx.emit("finance.settlement.posted", str(receipt.customer_id), view)
    return created(view, ctx.url(f"/settlements/{settlement_id}"))


def get_settlement(ctx: Context, settlement_id: int) -> Answer:
    """One settlement, or 404."""
    return ok(_view(ctx, settlement_id))


def _view(ctx: Context, settlement_id: int) -> dict[str, Any]:
    row = store.settlement(ctx.db, settlement_id)
    if row is None:
        raise not_found("settlement", "核销单", settlement_id)
    return views.settlement(row, store.allocations_of(ctx.db, [settlement_id])[settlement_id])
