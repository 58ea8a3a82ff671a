"""Purchase orders as finance registers them (采购订单登记): no voucher, the first of the three documents that are matched."""

from __future__ import annotations

from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.registering import (
    goods_line,
    product_faults,
    rate_faults,
    source_columns,
    subject,
    unknown_supplier,
    value_faults,
)
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import purchase_orders as store
from shapan.finance.store import suppliers as supplier_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, created, ok


def list_purchase_orders(
    ctx: Context, changed_since: int, limit: int, supplier_id: int | None, source_document: str | None
) -> Answer:
    """Purchase orders changed after a watermark."""
    filters = {"supplier_id": supplier_id, "source_document": source_document}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchasing.purchase_order(row, lines[row["id"]]) for row in rows]
    return ok(views.common.page(rows, items, changed_since, more))


def create_purchase_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Register a purchase order."""
    supplier = supplier_store.get(ctx.db, body["supplier_id"])
    dated = day_of(ctx, body)
    lines = [goods_line(line) for line in body["lines"]]
    wrong = [] if supplier is not None else [unknown_supplier(body["supplier_id"])]
    placed = dict(enumerate(lines))
    wrong += [*dated.wrong, *product_faults(ctx.db, {index: line["product_code"] for index, line in placed.items()})]
    wrong += [
        *value_faults(placed),
        *rate_faults({index: line["rate_bp"] for index, line in placed.items()}, dated.day),
    ]
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    order_id = store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "CG", dated.period),
            "supplier_id": body["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            **source_columns(body),
            "registered_at": ctx.timestamp,
        },
        lines,
    )
    view = _view(ctx, order_id)
    ctx.emit("finance.purchase_order.registered", subject(body["supplier_id"]), view)
    return created(view, ctx.url(f"/purchase-orders/{order_id}"))


def get_purchase_order(ctx: Context, purchase_order_id: int) -> Answer:
    """One purchase order, or 404."""
    return ok(_view(ctx, purchase_order_id))


def _view(ctx: Context, order_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, order_id)
    if row is None:
        raise not_found("purchase order", "采购订单登记", order_id)
    return views.purchasing.purchase_order(row, store.lines_of(ctx.db, [order_id])[order_id])
