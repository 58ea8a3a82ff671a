"""Purchase returns as finance registers them (采购退货登记)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.registering import source_columns, subject, unknown_supplier
from shapan.finance.rules.purchasing import Key, ReceiptLine
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import goods_receipts as store
from shapan.finance.store import suppliers as supplier_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, not_found
from shapan.kernel.money import milli_from_text, text_from_milli
from shapan.kernel.system import Answer, Context, created, ok


def list_purchase_returns(
    ctx: Context, changed_since: int, limit: int, supplier_id: int | None, source_document: str | None
) -> Answer:
    """Purchase returns registered after a watermark."""
    filters = {"supplier_id": supplier_id, "source_document": source_document}
    rows, more = store.returns(ctx.db, filters, changed_since, limit)
    lines = store.return_lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchasing.purchase_return(row, lines[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_purchase_return(ctx: Context, body: dict[str, Any]) -> Answer:
    """Register goods that went back, never more than came in."""
    supplier = supplier_store.get(ctx.db, body["supplier_id"])
    wanted: list[tuple[Key, int]] = [
        ((line["goods_receipt_id"], line["goods_receipt_line_no"]), milli_from_text(line["quantity"]))
        for line in body["lines"]
    ]
    lines = store.receipt_lines(ctx.db, (key for key, _ in wanted))
    came = [store.get(ctx.db, receipt_id) for receipt_id in sorted({receipt_id for receipt_id, _ in lines})]
    dated = day_of(ctx, body, [date.fromisoformat(row["business_date"]) for row in came if row is not None])
    wrong = [] if supplier is not None else [unknown_supplier(body["supplier_id"])]
    wrong += [*dated.wrong, *_faults(body["supplier_id"], wanted, lines)]
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    return_id = store.insert_return(
        ctx.db,
        {
            "number": draw_number(ctx.db, "TH", dated.period),
            "supplier_id": body["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            **source_columns(body),
            "reason": body.get("reason"),
            "registered_at": ctx.timestamp,
        },
        [(lines[key], quantity) for key, quantity in wanted],
    )
    view = _view(ctx, return_id)
    ctx.emit("finance.purchase_return.registered", subject(body["supplier_id"]), view)
    return created(view, ctx.url(f"/purchase-returns/{return_id}"))


def get_purchase_return(ctx: Context, purchase_return_id: int) -> Answer:
    """One purchase return, or 404."""
    return ok(_view(ctx, purchase_return_id))


def _faults(supplier_id: int, wanted: Sequence[tuple[Key, int]], lines: dict[Key, ReceiptLine]) -> list[Fault]:
    found = []
    asked: Counter[Key] = Counter()
    for index, (key, quantity) in enumerate(wanted):
        pointer = f"/lines/{index}"
        line = lines.get(key)
        if line is None:
            found.append(
                Fault(
                    f"{pointer}/goods_receipt_id",
                    f"There is no line {key[1]} of goods receipt {key[0]}.",
                    f"入库单 {key[0]} 没有第 {key[1]} 行。",
                )
            )
            continue
        if line.supplier_id != supplier_id:
            found.append(
                Fault(
                    f"{pointer}/goods_receipt_id",
                    f"Goods receipt {line.receipt_number} belongs to supplier {line.supplier_id}, the return to {supplier_id}.",
                    f"入库单 {line.receipt_number} 属于供应商 {line.supplier_id}，退货单属于 {supplier_id}。",
                )
            )
        asked[key] += quantity
        left = line.quantity - line.returned
        if asked[key] > left:
            found.append(
                Fault(
                    f"{pointer}/quantity",
                    f"Only {text_from_milli(left)} of line {key[1]} of {line.receipt_number} can still go back.",
                    f"入库单 {line.receipt_number} 第 {key[1]} 行最多还可退 {text_from_milli(left)}。",
                )
            )
    return found


def _view(ctx: Context, return_id: int) -> dict[str, Any]:
    row = store.get_return(ctx.db, return_id)
    if row is None:
        raise not_found("purchase return", "采购退货登记", return_id)
    return views.purchasing.purchase_return(row, store.return_lines_of(ctx.db, [return_id])[return_id])
