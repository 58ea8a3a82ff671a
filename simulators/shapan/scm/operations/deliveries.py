"""Deliveries (销售出库单): make, ship, cancel."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, not_found, refused
from shapan.kernel.money import Tax, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import deliveries as store
from shapan.scm.store import sales_orders, stock
from shapan.scm.store.query import draw_number


def list_deliveries(
    ctx: Context, page: int, page_size: int, sales_order_no: str | None, state: str | None, source_document: str | None
) -> Answer:
    """A page of deliveries."""
    rows, total = store.page(ctx.db, sales_order_no, state, source_document, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    return ok(views.page([views.deliveries.delivery(row, lines[row["id"]]) for row in rows], page, page_size, total))


def create_delivery(ctx: Context, body: dict[str, Any]) -> Answer:
    """Make a draft of the lines given, or of all that is reserved. 409 and 422 as rules.deliveries.plan_delivery says."""
    order_number = body["sales_order_no"]
    order = sales_orders.get(ctx.db, order_number)
    if order is None:
        raise refused(
            [Fault("/sales_order_no", f"There is no sales order {order_number}.", f"没有销售订单 {order_number}。")]
        )
    refusal = rules.sales_orders.not_approved_refusal(order_number, order["state"])
    if refusal is not None:
        raise refusal
    lines = {line["line_no"]: line for line in sales_orders.lines_of(ctx.db, [order["id"]])[order["id"]]}
    wanted = None
    if body.get("lines") is not None:
        wanted = [(line["line_no"], milli_from_text(line["quantity"])) for line in body["lines"]]
    parts = rules.deliveries.plan_delivery(
        order_number,
        wanted,
        [
            rules.deliveries.Deliverable(
                line["line_no"],
                line["quantity_milli"] - line["shipped_milli"] - line["drafted_milli"],
                line["reserved_milli"] - line["drafted_milli"],
            )
            for line in lines.values()
        ],
    )
    if isinstance(parts, Problem):
        raise parts
    number = draw_number(ctx.db, "XSCK", ctx.today)
    provisional = {line_no: (part, _share(lines[line_no], part)) for line_no, part in parts.items()}
    store.insert(ctx.db, number, order["id"], provisional, ctx.timestamp)
    return created(_view(ctx, number), ctx.url(f"/deliveries/{number}"))


def get_delivery(ctx: Context, delivery_no: str) -> Answer:
    """One delivery. 404."""
    return ok(_view(ctx, delivery_no))


def ship_delivery(ctx: Context, delivery_no: str, body: dict[str, Any] | None) -> Answer:
    """draft -> shipped: stock out, reservation used up, shares fixed, the order closed with its last part. 404, 409, 422.

    Emits scm.delivery.shipped under the number of the sales order.
    """
    delivery = _load(ctx, delivery_no)
    refusal = rules.deliveries.delivery_refusal(delivery_no, delivery["state"])
    if refusal is not None:
        raise refusal
    given = (body or {}).get("ship_date")
    ship_date = date.fromisoformat(given) if given else ctx.today
    faults = rules.deliveries.ship_date_fault(ship_date, date.fromisoformat(delivery["order_date"]), ctx.today)
    if faults:
        raise refused(faults)
    order_id = delivery["order_id"]
    lines = {line["line_no"]: line for line in sales_orders.lines_of(ctx.db, [order_id])[order_id]}
    parts = store.lines_of(ctx.db, [delivery["id"]])[delivery["id"]]
    short = rules.deliveries.expired_refusal(
        delivery_no,
        [(part["product_code"], part["quantity_milli"]) for part in parts],
        stock.unexpired(ctx.db, delivery["warehouse_code"], (part["product_code"] for part in parts), ship_date),
    )
    if short is not None:
        raise short
    for part in parts:
        line_no, milli = part["line_no"], part["quantity_milli"]
        amount = _share(lines[line_no], milli)
        booked = stock.book(
            ctx.db,
            "sales_issue",
            delivery["warehouse_code"],
            part["product_code"],
            -milli,
            ship_date,
            ctx.timestamp,
            unreserve_milli=milli,
            source_document=delivery_no,
            source_line=line_no,
        )
        sales_orders.ship_line(ctx.db, order_id, line_no, milli, amount)
        store.fix_amounts(ctx.db, delivery["id"], line_no, amount, -booked.value_change_fen)
    store.ship(ctx.db, delivery["id"], ship_date.isoformat(), ctx.timestamp)
    if all(
        line["shipped_milli"] == line["quantity_milli"] for line in sales_orders.lines_of(ctx.db, [order_id])[order_id]
    ):
        sales_orders.close(ctx.db, order_id, ctx.timestamp)
    else:
        sales_orders.touch(ctx.db, order_id, ctx.timestamp)
    view = _view(ctx, delivery_no)
    ctx.emit("scm.delivery.shipped", delivery["order_number"], view)
    return ok(view)


def cancel_delivery(ctx: Context, delivery_no: str) -> Answer:
    """draft -> cancelled; the stock stays reserved for the order. 404, 409."""
    delivery = _load(ctx, delivery_no)
    refusal = rules.deliveries.delivery_refusal(delivery_no, delivery["state"])
    if refusal is not None:
        raise refusal
    store.cancel(ctx.db, delivery["id"], ctx.timestamp)
    return ok(_view(ctx, delivery_no))


def _share(line: sqlite3.Row, part_milli: int) -> Tax:
    """What a part takes of an order line, as things stand."""
    return rules.deliveries.shipment_share(
        Tax(line["net_fen"], line["tax_fen"]),
        line["quantity_milli"],
        line["shipped_milli"],
        Tax(line["shipped_net_fen"], line["shipped_tax_fen"]),
        part_milli,
    )


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("delivery", "出库单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.deliveries.delivery(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
