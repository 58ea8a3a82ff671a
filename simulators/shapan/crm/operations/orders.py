"""Sales orders (销售订单): entered, changed, submitted, cancelled."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.store import customers, products
from shapan.crm.store import orders as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import Tax
from shapan.kernel.system import Answer, Context, created, ok


def list_orders(
    ctx: Context,
    state: str | None,
    customer_id: str | None,
    number: str | None,
    updated_since: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of orders with their lines."""
    customer_key = None if customer_id is None else uuid_key(customer_id)
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(
            ctx.db,
            state=state,
            customer_id=customer_key,
            number=number,
            updated_since=since,
            after=after,
            limit=count,
        )

    def view(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
        lines = store.lines_of(ctx.db, [row["seq"] for row in rows])
        return [views.order(row, lines[row["seq"]]) for row in rows]

    return page_answer(ctx, cursor, limit, since, select, view)


def create_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter an order, and confirm it at once with `submit`; 422 for an unknown customer, unknown products, and a sum too large."""
    customer = customers.find(ctx.db, uuid_key(body["customerId"]))
    lines, faults = _price(ctx, body["lines"])
    if customer is None:
        unknown = Fault(
            "/customerId",
            f"There is no customer {body['customerId']}. Enter the customer first.",
            f"没有客户 {body['customerId']}，请先新建客户。",
        )
        raise refused([unknown, *faults])
    if faults:
        raise refused(faults)
    row = store.insert(
        ctx.db,
        customer_id=customer["id"],
        customer_name=customer["name"],
        requested_delivery_date=body.get("requestedDeliveryDate"),
        note=body.get("note"),
        lines=lines,
        amount=rules.total(lines),
        confirmed=body.get("submit", False),
        today=ctx.today,
        now=ctx.timestamp,
    )
    order = views.order(row, lines)
    if row["state"] == "confirmed":
        ctx.emit("crm.order.confirmed", row["number"], order)
    return created(order, ctx.url(f"/orders/{row['id']}"), etag=etag(row["version"]))


def get_order(ctx: Context, order_id: str) -> Answer:
    """One order with its lines."""
    row = _load(ctx, order_id)
    return _answer(row, _lines(ctx, row))


def update_order(ctx: Context, order_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change what the state allows; 422 names every member that may not change, 409 when the order is cancelled.

    A change that changes nothing leaves the version alone.
    """
    row = _load(ctx, order_id)
    check_if_match(if_match, row["version"])
    refusal = rules.change_problem(row["number"], row["state"])
    if refusal is not None:
        raise refusal
    faults = rules.change_faults(row["state"], body)
    if faults:
        raise refused(faults)
    lines = _lines(ctx, row)
    if row["state"] == "confirmed":
        if body["deliveryStatus"] != row["delivery_status"]:
            row = store.set_delivery_status(ctx.db, row["seq"], body["deliveryStatus"], ctx.timestamp)
        return _answer(row, lines)
    return _update_draft(ctx, row, lines, body)


def _update_draft(ctx: Context, row: sqlite3.Row, lines: list[rules.Line], body: dict[str, Any]) -> Answer:
    before = (row["requested_delivery_date"], row["note"], lines)
    if "lines" in body:
        lines, faults = _price(ctx, body["lines"])
        if faults:
            raise refused(faults)
    day = body.get("requestedDeliveryDate", row["requested_delivery_date"])
    note = body.get("note", row["note"])
    if (day, note, lines) == before:
        return _answer(row, lines)
    if lines != before[2]:
        store.replace_lines(ctx.db, row["seq"], lines)
    amount: Tax = rules.total(lines)
    row = store.update_draft(
        ctx.db, row["seq"], requested_delivery_date=day, note=note, amount=amount, now=ctx.timestamp
    )
    return _answer(row, lines)


def submit_order(ctx: Context, order_id: str) -> Answer:
    """Confirm a draft; 409 in any other state."""
    row = _load(ctx, order_id)
    refusal = rules.submit_refusal(row["number"], row["state"])
    if refusal is not None:
        raise refusal
    row = store.confirm(ctx.db, row["seq"], ctx.timestamp)
    return _answer_and_emit(ctx, "crm.order.confirmed", row)


def cancel_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Cancel an order of which nothing is delivered; 409 otherwise."""
    row = _load(ctx, order_id)
    refusal = rules.cancel_refusal(row["number"], row["state"], row["delivery_status"])
    if refusal is not None:
        raise refusal
    row = store.cancel(ctx.db, row["seq"], body["reason"], ctx.timestamp)
    return _answer_and_emit(ctx, "crm.order.cancelled", row)


def _load(ctx: Context, order_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(order_id))
    if row is None:
        raise not_found("order", "订单", order_id)
    return row


def _lines(ctx: Context, row: sqlite3.Row) -> list[rules.Line]:
    return store.lines_of(ctx.db, [row["seq"]])[row["seq"]]


def _price(ctx: Context, wanted: Sequence[dict[str, Any]]) -> tuple[list[rules.Line], list[Fault]]:
    price_list = products.price_list(ctx.db, {line["productCode"] for line in wanted})
    return rules.price_lines(wanted, price_list)


def _answer(row: sqlite3.Row, lines: Sequence[rules.Line]) -> Answer:
    return ok(views.order(row, lines), etag=etag(row["version"]))


def _answer_and_emit(ctx: Context, event: str, row: sqlite3.Row) -> Answer:
    order = views.order(row, _lines(ctx, row))
    ctx.emit(event, row["number"], order)
    return ok(order, etag=etag(row["version"]))
