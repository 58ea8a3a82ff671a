"""Adjustments of the cost of receipts (入库成本调整单)."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import not_found, refused
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_day
from shapan.scm.received import posted_receipt, received_lines
from shapan.scm.rules.costing import Adjustment
from shapan.scm.rules.purchase_returns import Recosted
from shapan.scm.store import goods_receipts, stock
from shapan.scm.store import purchase_returns as store
from shapan.scm.store.query import draw_number


def list_cost_adjustments(
    ctx: Context, page: int, page_size: int, goods_receipt_no: str | None, source_document: str | None
) -> Answer:
    """A page of adjustments."""
    rows, total = store.adjustments(ctx.db, goods_receipt_no, source_document, page, page_size)
    lines = store.adjustment_lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchase_returns.cost_adjustment(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_cost_adjustment(ctx: Context, body: dict[str, Any]) -> Answer:
    """Post an adjustment: what is on hand takes its share, the rest is told as cost of sales. 422, 409.

    Emits scm.cost_adjustment.posted under the number of the purchase order.
    """
    receipt = posted_receipt(ctx, body["goods_receipt_no"])
    day = given_day(body.get("adjustment_date")) or ctx.today
    faults = rules.purchase_returns.date_faults(
        "adjustment_date", day, date.fromisoformat(receipt["receipt_date"]), ctx.today
    )
    received = received_lines(ctx.db, receipt["id"]).values()
    lines, found = rules.purchase_returns.recosted(receipt["number"], body["lines"], received)
    if faults or found:
        raise refused([*faults, *found])
    number = draw_number(ctx.db, "TZCB", day)
    made = {
        "number": number,
        "receipt_id": receipt["id"],
        "adjustment_date": day.isoformat(),
        "reason": body.get("reason"),
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    parts = [(line, _adjust(ctx, number, receipt, line, day)) for line in lines]
    store.insert_adjustment(ctx.db, made, parts)
    goods_receipts.touch(ctx.db, receipt["id"], ctx.timestamp)
    view = _view(ctx, number)
    ctx.emit("scm.cost_adjustment.posted", receipt["order_number"], view)
    return created(view, ctx.url(f"/cost-adjustments/{number}"))


def _adjust(ctx: Context, number: str, receipt: sqlite3.Row, line: Recosted, day: date) -> Adjustment:
    """One line: the value of stock, the receipt line; what fell where."""
    difference = line.after_fen - line.before_fen
    parts = rules.costing.adjustment(stock.cost(ctx.db, line.product_code), line.quantity_milli, difference)
    if parts.to_stock_fen:
        stock.revalue(
            ctx.db,
            "cost_adjustment",
            receipt["warehouse_code"],
            line.product_code,
            parts.to_stock_fen,
            day,
            ctx.timestamp,
            source_document=number,
        )
    goods_receipts.adjust_line(ctx.db, receipt["id"], line.receipt_line, difference)
    return parts


def get_cost_adjustment(ctx: Context, cost_adjustment_no: str) -> Answer:
    """One adjustment. 404."""
    return ok(_view(ctx, cost_adjustment_no))


def _view(ctx: Context, number: str) -> views.Json:
    row = store.adjustment(ctx.db, number)
    if row is None:
        raise not_found("cost adjustment", "入库成本调整单", number)
    return views.purchase_returns.cost_adjustment(row, store.adjustment_lines_of(ctx.db, [row["id"]])[row["id"]])
