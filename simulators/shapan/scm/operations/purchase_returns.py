"""Purchase returns (采购退货单): enter, post, cancel."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import date
from typing import Any

from shapan.kernel.errors import not_found, refused
from shapan.kernel.money import Tax
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_day
from shapan.scm.received import posted_receipt, received_lines
from shapan.scm.rules.purchase_returns import Received
from shapan.scm.store import goods_receipts, parts, purchase_orders, stock
from shapan.scm.store import purchase_returns as store
from shapan.scm.store.query import draw_number


def list_purchase_returns(
    ctx: Context, page: int, page_size: int, goods_receipt_no: str | None, state: str | None, supplier_code: str | None
) -> Answer:
    """A page of returns."""
    rows, total = store.page(ctx.db, goods_receipt_no, state, supplier_code, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchase_returns.purchase_return(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_purchase_return(ctx: Context, body: dict[str, Any]) -> Answer:
    """Make a draft. 422 and 409 goods-receipt-not-posted."""
    receipt = posted_receipt(ctx, body["goods_receipt_no"])
    day = given_day(body.get("return_date")) or ctx.today
    faults = rules.purchase_returns.date_faults(
        "return_date", day, date.fromisoformat(receipt["receipt_date"]), ctx.today
    )
    received = received_lines(ctx.db, receipt["id"])
    lines, found = rules.purchase_returns.returned(receipt["number"], body["lines"], received.values())
    if faults or found:
        raise refused([*faults, *found])
    number = draw_number(ctx.db, "CGTH", day)
    made = {
        "number": number,
        "receipt_id": receipt["id"],
        "return_date": day.isoformat(),
        "reason": body["reason"],
        "created_at": ctx.timestamp,
    }
    provisional = [(line, _amount(received[line.receipt_line], line.quantity_milli, line.rejected)) for line in lines]
    store.insert(ctx.db, made, provisional)
    return created(_view(ctx, number), ctx.url(f"/purchase-returns/{number}"))


def get_purchase_return(ctx: Context, purchase_return_no: str) -> Answer:
    """One return. 404."""
    return ok(_view(ctx, purchase_return_no))


def post_purchase_return(ctx: Context, purchase_return_no: str) -> Answer:
    """draft -> posted: stock out, amounts fixed. 404, 409. Emits scm.purchase_return.posted under the number of the purchase order."""
    made = _load(ctx, purchase_return_no)
    lines = store.lines_of(ctx.db, [made["id"]])[made["id"]]
    for refusal in (
        rules.purchase_returns.not_draft_refusal(purchase_return_no, made["state"]),
        rules.purchase_returns.short_refusal(purchase_return_no, _short(ctx, made["warehouse_code"], lines)),
    ):
        if refusal is not None:
            raise refusal
    for line in lines:
        _post_line(ctx, made, line)
    store.post(ctx.db, made["id"], ctx.timestamp)
    goods_receipts.touch(ctx.db, made["receipt_id"], ctx.timestamp)
    purchase_orders.touch(ctx.db, made["order_id"], ctx.timestamp)
    view = _view(ctx, purchase_return_no)
    ctx.emit("scm.purchase_return.posted", made["order_number"], view)
    return ok(view)


def cancel_purchase_return(ctx: Context, purchase_return_no: str) -> Answer:
    """draft -> cancelled. 404, 409."""
    made = _load(ctx, purchase_return_no)
    refusal = rules.purchase_returns.not_draft_refusal(purchase_return_no, made["state"])
    if refusal is not None:
        raise refusal
    store.cancel(ctx.db, made["id"], ctx.timestamp)
    return ok(_view(ctx, purchase_return_no))


def _short(ctx: Context, warehouse_code: str, lines: list[sqlite3.Row]) -> list[tuple[int, str, int, int]]:
    """(index, product, quantity wanted, quantity there) of each line for which too little is unreserved, or in its batch."""
    taken: Counter[tuple[str, str | None]] = Counter()
    short = []
    for index, line in enumerate(lines):
        if line["rejected"]:
            continue
        code, batch_no, milli = line["product_code"], line["batch_no"], line["quantity_milli"]
        holding = parts.holdings(ctx.db, warehouse_code, [code])[code]
        there = rules.issues.free(holding, ctx.today, batch_no) - taken[code, None]
        if batch_no is not None:
            held = sum(b.milli for b in holding.batches or () if b.batch_no == batch_no)
            there = min(there, held - taken[code, batch_no])
            taken[code, batch_no] += milli
        if milli > there:
            short.append((index, code, milli, max(0, there)))
        taken[code, None] += milli
    return short


def _post_line(ctx: Context, made: sqlite3.Row, line: sqlite3.Row) -> None:
    """One line: stock, the receipt line, the order line."""
    milli, rejected, receipt_line = line["quantity_milli"], bool(line["rejected"]), line["receipt_line"]
    amount = _amount(received_lines(ctx.db, made["receipt_id"])[receipt_line], milli, rejected)
    cost = 0
    if not rejected:
        booked = stock.book(
            ctx.db,
            "purchase_return",
            made["warehouse_code"],
            line["product_code"],
            -milli,
            date.fromisoformat(made["return_date"]),
            ctx.timestamp,
            value_fen=amount.net,
            batches=None if line["batch_no"] is None else [(line["batch_no"], milli)],
            source_document=made["number"],
            source_line=line["line_no"],
        )
        cost = -booked.value_change_fen
        purchase_orders.return_line(ctx.db, made["order_id"], line["order_line"], milli)
    goods_receipts.return_line(
        ctx.db, made["receipt_id"], receipt_line, 0 if rejected else milli, milli if rejected else 0, amount
    )
    store.fix_amounts(ctx.db, made["id"], line["line_no"], amount, cost)


def _amount(line: Received, milli: int, rejected: bool) -> Tax:
    """What the supplier gives back; what was refused was never to be paid."""
    return Tax(0, 0) if rejected else rules.purchase_returns.return_amount(line, milli)


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("purchase return", "采购退货单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.purchase_returns.purchase_return(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
