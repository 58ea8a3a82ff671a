"""Offsets of red receivables against blue ones (红蓝对冲): a link in the sub-ledger, without a voucher."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.rules.receivables import allocation_faults
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import offsets as store
from shapan.finance.store import receivables as receivable_store
from shapan.finance.store import settlements as settlement_store
from shapan.finance.sub_ledger import offset_against, offset_view
from shapan.kernel.errors import Fault, conflict, not_found
from shapan.kernel.money import fen_from_text, text_from_fen
from shapan.kernel.system import Answer, Context, created, ok


def list_offsets(ctx: Context, changed_since: int, limit: int, customer_id: int | None) -> Answer:
    """Offsets posted after a watermark."""
    rows, more = store.page(ctx.db, {"customer_id": customer_id}, changed_since, limit)
    parts = store.allocations_of(ctx.db, (row["id"] for row in rows))
    items = [views.receivables.offset(row, parts[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def get_offset(ctx: Context, offset_id: int) -> Answer:
    """One offset, or 404."""
    return ok(offset_view(ctx, offset_id))


def offset_receivable(ctx: Context, receivable_id: int, body: dict[str, Any]) -> Answer:
    """Offset what is open of a red receivable against blue ones of the same customer. Dated today, or on a day on which all were there."""
    row = receivable_store.get(ctx.db, receivable_id)
    if row is None:
        raise not_found("receivable", "应收单", receivable_id)
    if row["red_of_id"] is None:
        raise conflict(
            "receivable-not-red",
            f"Receivable {row['number']} is not red; only a red one is offset against others.",
            f"应收单 {row['number']} 不是红字单，只有红字应收单可以对冲。",
        )
    red = receivable_store.items(ctx.db, [receivable_id])[receivable_id]
    allocations = [(line["receivable_id"], fen_from_text(line["amount"])) for line in body["allocations"]]
    items = receivable_store.items(ctx.db, (blue for blue, _ in allocations))
    wrong, short = allocation_faults(red.customer_id, ("the red one", "红字应收单"), allocations, items)
    total = sum(amount for _, amount in allocations)
    if total > -red.open:
        rest, asked = text_from_fen(-red.open), text_from_fen(total)
        short.append(
            Fault(
                "/allocations",
                f"Only {rest} of red receivable {red.number} is open, {asked} is asked for.",
                f"红字应收单 {red.number} 未对冲金额只有 {rest}，本次合计 {asked}。",
            )
        )
    after = [red.posted, *(item.posted for item in items.values())] if "business_date" in body else []
    after += settlement_store.last_reversal(ctx.db, [receivable_id, *items]) if after else []
    dated = day_of(ctx, body, after)
    problem = refusal([*wrong, *dated.wrong], dated.lock, short)
    if problem is not None:
        raise problem
    offset_id = offset_against(ctx, red, allocations, dated.day)
    return created(offset_view(ctx, offset_id), ctx.url(f"/offsets/{offset_id}"))
