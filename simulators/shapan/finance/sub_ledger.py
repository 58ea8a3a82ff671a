"""What the documents of the sub-ledger do for each other (应收明细账): show a receivable, offset a red one, move a rest to advances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.posting import Document, post_document
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.periods import period_of
from shapan.finance.rules.posting import Part
from shapan.finance.rules.receivables import OpenItem
from shapan.finance.store import offsets as offset_store
from shapan.finance.store import receipts as receipt_store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import not_found
from shapan.kernel.system import Context

Costs = Sequence[tuple[str, int, int | None]]
"""(product code, fen, thousandths or None) of goods that are dispatched and not accepted yet."""


def receivable_view(ctx: Context, receivable_id: int) -> dict[str, Any]:
    """The receivable as a GET shows it, or 404."""
    row = receivable_store.get(ctx.db, receivable_id)
    if row is None:
        raise not_found("receivable", "应收单", receivable_id)
    lines = receivable_store.lines_of(ctx.db, [receivable_id]).get(receivable_id, [])
    costs = receivable_store.costs_of(ctx.db, [receivable_id]).get(receivable_id, [])
    return views.receivables.receivable(row, lines, costs)


def post_costs(
    ctx: Context, kind: str, number: str, day: date, customer_id: int, costs: Costs, texts: Mapping[str, str]
) -> int | None:
    """Post what goods cost, by product, as a kind of document; the id of the voucher, None when nothing is known of it."""
    if not costs:
        return None
    parts = [Part({"cost": amount}, Dimensions(product_code=product), quantity) for product, amount, quantity in costs]
    document = Document(
        kind,
        number,
        day,
        {"cost": sum(amount for _, amount, _ in costs)},
        Dimensions(customer_id=customer_id),
        parts=parts,
        texts=texts,
    )
    return post_document(ctx.db, document, ctx.timestamp)


def receipt_view(ctx: Context, receipt_id: int) -> dict[str, Any]:
    """The receipt as a GET shows it, or 404."""
    row = receipt_store.get(ctx.db, receipt_id)
    if row is None:
        raise not_found("receipt", "收款单", receipt_id)
    return views.receipts.receipt(row)


def rest_to_advance(ctx: Context, receipt_id: int, day: date) -> None:
    """Move what is unapplied of a receipt, if anything, to its advance (转预收) on a day that was checked, and tell of it."""
    rest = receipt_store.unapplied(ctx.db, receipt_id)
    assert rest is not None  # the caller has it
    if rest.unapplied == 0:
        return
    document = Document(
        "advance_transfer",
        rest.number,
        day,
        {"amount": rest.unapplied},
        Dimensions(customer_id=rest.customer_id),
        texts={"text": "应收转预收"},
    )
    receipt_store.to_advance(
        ctx.db,
        {
            "receipt_id": receipt_id,
            "amount_fen": rest.unapplied,
            "business_date": day.isoformat(),
            "voucher_id": post_document(ctx.db, document, ctx.timestamp),
            "posted_at": ctx.timestamp,
        },
    )
    ctx.emit("finance.receipt.advanced", str(rest.customer_id), receipt_view(ctx, receipt_id))


def offset_view(ctx: Context, offset_id: int) -> dict[str, Any]:
    """The offset as a GET shows it, or 404."""
    row = offset_store.get(ctx.db, offset_id)
    if row is None:
        raise not_found("offset", "对冲单", offset_id)
    return views.receivables.offset(row, offset_store.allocations_of(ctx.db, [offset_id])[offset_id])


def offset_against(ctx: Context, red: OpenItem, allocations: Sequence[tuple[int, int]], day: date) -> int:
    """Offset a red receivable against blue ones (id, fen) that were checked, and tell of it; the id of the offset."""
    period = period_of(day)
    offset_id = offset_store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "DC", period),
            "customer_id": red.customer_id,
            "red_receivable_id": red.receivable_id,
            "business_date": day.isoformat(),
            "period": period,
            "posted_at": ctx.timestamp,
        },
        allocations,
    )
    for receivable_id, amount in allocations:
        receivable_store.settle(ctx.db, receivable_id, amount)
    receivable_store.settle(ctx.db, red.receivable_id, -sum(amount for _, amount in allocations))
    ctx.emit("finance.offset.posted", str(red.customer_id), offset_view(ctx, offset_id))
    return offset_id
