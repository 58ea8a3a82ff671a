"""Returns of sold goods (销售退货单): enter, receive, cancel."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.rules.batches import Batch
from shapan.scm.rules.sales_returns import Figures, Returnable
from shapan.scm.store import batches, deliveries, masters, parts, stock
from shapan.scm.store import sales_returns as store
from shapan.scm.store.query import draw_number


def list_sales_returns(
    ctx: Context,
    page: int,
    page_size: int,
    state: str | None,
    delivery_no: str | None,
    sales_order_no: str | None,
) -> Answer:
    """A page of returns."""
    rows, total = store.page(ctx.db, state, delivery_no, sales_order_no, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.sales_returns.sales_return(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_sales_return(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. 409 delivery-not-shipped, 422 for what cannot come back."""
    delivery_no = body["delivery_no"]
    delivery = deliveries.get(ctx.db, delivery_no)
    if delivery is None:
        raise refused([Fault("/delivery_no", f"There is no delivery {delivery_no}.", f"没有出库单 {delivery_no}。")])
    refusal = rules.sales_returns.shipped_refusal(delivery_no, delivery["state"])
    if refusal is not None:
        raise refusal
    warehouse_code = body.get("warehouse_code") or delivery["warehouse_code"]
    faults: list[Fault] = []
    if masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(rules.references.missing_warehouse(warehouse_code, "/warehouse_code"))
    shipped = store.shipped_lines(ctx.db, delivery["id"])
    wanted = [(line["line_no"], milli_from_text(line["quantity"])) for line in body["lines"]]
    faults += rules.sales_returns.return_faults(
        delivery_no,
        wanted,
        [Returnable(line_no, _left_milli(row) - row["drafted_milli"]) for line_no, row in shipped.items()],
    )
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "XSTH", ctx.today)
    header = {
        "number": number,
        "delivery_id": delivery["id"],
        "warehouse_code": warehouse_code,
        "reason": body["reason"],
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    store.insert(ctx.db, header, {line_no: (milli, _share(shipped[line_no], milli)) for line_no, milli in wanted})
    return created(_view(ctx, number), ctx.url(f"/sales-returns/{number}"))


def get_sales_return(ctx: Context, sales_return_no: str) -> Answer:
    """One return. 404."""
    return ok(_view(ctx, sales_return_no))


def receive_sales_return(ctx: Context, sales_return_no: str, body: dict[str, Any] | None) -> Answer:
    """draft -> received: back in stock at its cost. 404, 409, 422. Emits scm.sales_return.received under the sales order's number."""
    row = _draft(ctx, sales_return_no)
    day = (body or {}).get("receive_date") or ctx.today.isoformat()
    faults = rules.references.future_fault(day, ctx.today.isoformat(), "/receive_date")
    faults += rules.references.order_fault(row["ship_date"], day, "/receive_date")
    if faults:
        raise refused(faults)
    shipped = store.shipped_lines(ctx.db, row["delivery_id"])
    went = parts.parts_of(ctx.db, [row["delivery_number"]], "sales_issue")
    came = parts.parts_of(ctx.db, store.numbers_of(ctx.db, row["delivery_id"]), "sales_return")
    for line in store.lines_of(ctx.db, [row["id"]])[row["id"]]:
        line_no, milli = line["line_no"], line["quantity_milli"]
        figures = _share(shipped[line_no], milli)
        back = rules.parts.batches_back(
            [part for part in went if part.source_line == line_no],
            [part for part in came if part.source_line == line_no],
            milli,
        )
        if back is None and line["batch_managed"]:
            # Sold before batches were kept: nobody knows of which one it was, so what comes back is one of its own.
            batches.enter(ctx.db, line["product_code"], Batch(sales_return_no, None, None), ctx.timestamp)
            back = [(sales_return_no, milli)]
        stock.book(
            ctx.db,
            "sales_return",
            row["warehouse_code"],
            line["product_code"],
            milli,
            date.fromisoformat(day),
            ctx.timestamp,
            value_fen=figures.cost_fen,
            batches=back,
            source_document=sales_return_no,
            source_line=line_no,
        )
        store.receive_line(ctx.db, row, line_no, milli, figures)
    store.receive(ctx.db, row["id"], day, ctx.timestamp)
    view = _view(ctx, sales_return_no)
    ctx.emit("scm.sales_return.received", row["order_number"], view)
    return ok(view)


def cancel_sales_return(ctx: Context, sales_return_no: str) -> Answer:
    """draft -> cancelled. 404, 409."""
    row = _draft(ctx, sales_return_no)
    store.cancel(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, sales_return_no))


def _left_milli(row: sqlite3.Row) -> int:
    return int(row["quantity_milli"] - row["returned_milli"])


def _share(row: sqlite3.Row, milli: int) -> Figures:
    """What a part of a shipped line takes of what has not come back yet."""
    left = Figures(
        row["net_fen"] - row["returned_net_fen"],
        row["tax_fen"] - row["returned_tax_fen"],
        row["cost_fen"] - row["returned_cost_fen"],
    )
    return rules.sales_returns.share_of(left, _left_milli(row), milli)


def _draft(ctx: Context, number: str) -> sqlite3.Row:
    row = _load(ctx, number)
    refusal = rules.sales_returns.draft_refusal(number, row["state"])
    if refusal is not None:
        raise refusal
    return row


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("sales return", "销售退货单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.sales_returns.sales_return(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
