"""Sales orders (销售订单): enter, approve, allocate, close, cancel."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import deliveries, masters, stock
from shapan.scm.store import sales_orders as store
from shapan.scm.store.query import draw_number


def list_sales_orders(
    ctx: Context, page: int, page_size: int, state: str | None, partner_code: str | None, source_document: str | None
) -> Answer:
    """A page of sales orders."""
    rows, total = store.page(ctx.db, state, partner_code, source_document, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    return ok(
        views.page([views.sales_orders.sales_order(row, lines[row["id"]]) for row in rows], page, page_size, total)
    )


def create_sales_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. 422 names every unknown code, unit that does not fit and amount that does not agree."""
    faults: list[Fault] = []
    if masters.partner(ctx.db, body["partner_code"]) is None:
        faults.append(
            Fault(
                "/partner_code",
                f"There is no partner {body['partner_code']}.",
                f"没有往来单位 {body['partner_code']}。",
            )
        )
    warehouse_code = body.get("warehouse_code") or masters.main_warehouse_code(ctx.db)
    if warehouse_code is None or masters.warehouse(ctx.db, warehouse_code) is None:
        name = warehouse_code or "CK01"
        faults.append(Fault("/warehouse_code", f"There is no warehouse {name}.", f"没有仓库 {name}。"))
    order_date = date.fromisoformat(body["order_date"]) if body.get("order_date") else ctx.today
    faults += rules.sales_orders.order_date_fault(order_date, ctx.today)
    codes = [line["product_code"] for line in body["lines"]]
    products, units = masters.products_of(ctx.db, codes), masters.units_of(ctx.db, codes)
    lines: list[rules.sales_orders.OrderLine] = []
    for index, given in enumerate(body["lines"]):
        code, pointer = given["product_code"], f"/lines/{index}"
        if code in products:
            faults += rules.products.stocked_faults(code, products[code]["kind"], f"{pointer}/product_code")
        line, found = rules.sales_orders.order_line(given, units.get(code), pointer)
        faults += found
        if line is not None:
            lines.append(line)
    faults += rules.sales_orders.order_total_faults(lines)
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "XSDD", order_date)
    order = {
        "number": number,
        "partner_code": body["partner_code"],
        "warehouse_code": warehouse_code,
        "order_date": order_date.isoformat(),
        "requested_date": body.get("requested_date"),
        "note": body.get("note"),
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    store.insert(ctx.db, order, lines)
    return created(_view(ctx, number), ctx.url(f"/sales-orders/{number}"))


def get_sales_order(ctx: Context, sales_order_no: str) -> Answer:
    """One sales order. 404."""
    return ok(_view(ctx, sales_order_no))


def approve_sales_order(ctx: Context, sales_order_no: str) -> Answer:
    """draft -> approved, reserving what is available. 404, 409. Emits scm.sales_order.approved."""
    order = _load(ctx, sales_order_no)
    refusal = rules.sales_orders.approve_refusal(sales_order_no, order["state"])
    if refusal is not None:
        raise refusal
    store.approve(ctx.db, order["id"], ctx.timestamp)
    _reserve(ctx, order)
    view = _view(ctx, sales_order_no)
    ctx.emit("scm.sales_order.approved", sales_order_no, view)
    return ok(view)


def allocate_sales_order(ctx: Context, sales_order_no: str) -> Answer:
    """Reserve what has become available for the back-ordered part. 404, 409."""
    order = _load(ctx, sales_order_no)
    refusal = rules.sales_orders.not_approved_refusal(sales_order_no, order["state"])
    if refusal is not None:
        raise refusal
    if _reserve(ctx, order):
        store.touch(ctx.db, order["id"], ctx.timestamp)
    return ok(_view(ctx, sales_order_no))


def cancel_sales_order(ctx: Context, sales_order_no: str) -> Answer:
    """Cancel it, release its reservations and cancel its draft deliveries. 404, 409. Emits scm.sales_order.cancelled."""
    order = _load(ctx, sales_order_no)
    lines = store.lines_of(ctx.db, [order["id"]])[order["id"]]
    refusal = rules.sales_orders.cancel_refusal(
        sales_order_no, order["state"], any(line["shipped_milli"] for line in lines)
    )
    if refusal is not None:
        raise refusal
    _release(ctx, order, lines)
    store.cancel(ctx.db, order["id"], ctx.timestamp)
    view = _view(ctx, sales_order_no)
    ctx.emit("scm.sales_order.cancelled", sales_order_no, view)
    return ok(view)


def close_sales_order(ctx: Context, sales_order_no: str, body: dict[str, Any]) -> Answer:
    """Close it with a rest that is not delivered any more: reservations and draft deliveries go. 404, 409. Emits scm.sales_order.closed."""
    order = _load(ctx, sales_order_no)
    lines = store.lines_of(ctx.db, [order["id"]])[order["id"]]
    refusal = rules.sales_orders.close_refusal(
        sales_order_no, order["state"], any(line["shipped_milli"] for line in lines)
    )
    if refusal is not None:
        raise refusal
    _release(ctx, order, lines)
    store.close_short(ctx.db, order["id"], body["reason"], ctx.timestamp)
    view = _view(ctx, sales_order_no)
    ctx.emit("scm.sales_order.closed", sales_order_no, view)
    return ok(view)


def _release(ctx: Context, order: sqlite3.Row, lines: Iterable[sqlite3.Row]) -> None:
    """Give back what is reserved for an order, and cancel the deliveries that would have taken it."""
    deliveries.cancel_drafts_of(ctx.db, order["id"], ctx.timestamp)
    for line in lines:
        stock.reserve(ctx.db, order["warehouse_code"], line["product_code"], -line["reserved_milli"])


def _reserve(ctx: Context, order: sqlite3.Row) -> bool:
    """Reserve for the lines of an approved order what its warehouse has available; whether that was anything."""
    lines = store.lines_of(ctx.db, [order["id"]])[order["id"]]
    waiting = [
        rules.stock.Demand(
            line["line_no"],
            line["product_code"],
            rules.stock.backorder("approved", line["quantity_milli"], line["reserved_milli"], line["shipped_milli"]),
        )
        for line in lines
    ]
    available = stock.available(ctx.db, order["warehouse_code"], (demand.product_code for demand in waiting), ctx.today)
    granted = rules.stock.allocate(waiting, available)
    by_product: Counter[str] = Counter()
    for demand in waiting:
        if demand.line_no in granted:
            store.reserve_line(ctx.db, order["id"], demand.line_no, granted[demand.line_no])
            by_product[demand.product_code] += granted[demand.line_no]
    for product_code, milli in by_product.items():
        stock.reserve(ctx.db, order["warehouse_code"], product_code, milli)
    return bool(granted)


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("sales order", "销售订单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.sales_orders.sales_order(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
