"""Returns (退货申请): asked for, decided, received, credited."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer, uuid_key
from shapan.crm.store import orders
from shapan.crm.store import returns as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import etag
from shapan.kernel.system import Answer, Context, created, ok

_EVENTS = {
    "approved": "crm.return.approved",
    "rejected": "crm.return.rejected",
    "received": "crm.return.received",
    "credited": "crm.return.credited",
}


def list_returns(
    ctx: Context, state: str | None, order_id: str | None, customer_id: str | None, cursor: str | None, limit: int
) -> Answer:
    """One page of returns with their lines."""
    order_seq = None
    if order_id is not None:
        order = orders.find(ctx.db, uuid_key(order_id))
        # No order has the seq 0: what is unknown has no returns.
        order_seq = 0 if order is None else order["seq"]
    customer_key = None if customer_id is None else uuid_key(customer_id)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(ctx.db, state=state, order_seq=order_seq, customer_id=customer_key, after=after, limit=count)

    return page_answer(ctx, cursor, limit, None, select, lambda rows: _shown(ctx, rows))


def create_return(ctx: Context, body: dict[str, Any]) -> Answer:
    """Ask for a return; 422 for an unknown order and every line that cannot come back, 409 when nothing was delivered."""
    order = orders.find(ctx.db, uuid_key(body["orderId"]))
    if order is None:
        raise refused(
            [
                Fault(
                    "/orderId",
                    f"There is no order {body['orderId']}. Take the id of an order that was delivered.",
                    f"没有订单 {body['orderId']}，请填写已发货订单的标识。",
                )
            ]
        )
    refusal = rules.returns.undelivered_refusal(order["number"], order["state"], order["delivery_status"])
    if refusal is not None:
        raise refusal
    ordered = orders.lines_of(ctx.db, [order["seq"]])[order["seq"]]
    delivered = orders.delivered_of(order)
    lines, faults = rules.returns.price_lines(body["lines"], ordered, delivered, store.returned(ctx.db, order["seq"]))
    if faults:
        raise refused(faults)
    row = store.insert(ctx.db, order, lines, body["reason"], today=ctx.today, now=ctx.timestamp)
    [document] = _shown(ctx, [row])
    ctx.emit("crm.return.requested", order["number"], document)
    return created(document, ctx.url(f"/returns/{row['id']}"), etag=etag(row["version"]))


def get_return(ctx: Context, return_id: str) -> Answer:
    """One return with its lines."""
    row = _load(ctx, return_id)
    return ok(_shown(ctx, [row])[0], etag=etag(row["version"]))


def approve_return(ctx: Context, return_id: str, body: dict[str, Any]) -> Answer:
    """The goods may come back; 409 once the return is decided."""
    decision = {"approver": body["approver"], "comment": body.get("comment"), "decided_at": ctx.timestamp}
    return _step(ctx, return_id, "approved", decision)


def reject_return(ctx: Context, return_id: str, body: dict[str, Any]) -> Answer:
    """The goods stay where they are; 409 once the return is decided."""
    decision = {"approver": body["approver"], "comment": body["comment"], "decided_at": ctx.timestamp}
    return _step(ctx, return_id, "rejected", decision)


def receive_return(ctx: Context, return_id: str, body: dict[str, Any] | None) -> Answer:
    """The goods are back in the warehouse; 409 unless the return is approved."""
    return _step(
        ctx, return_id, "received", {"receipt_reference": (body or {}).get("reference"), "received_at": ctx.timestamp}
    )


def credit_return(ctx: Context, return_id: str, body: dict[str, Any] | None) -> Answer:
    """Finance has credited it; 409 unless the goods are back."""
    return _step(
        ctx, return_id, "credited", {"credit_reference": (body or {}).get("reference"), "credited_at": ctx.timestamp}
    )


def _step(ctx: Context, return_id: str, state: str, values: dict[str, str | None]) -> Answer:
    row = _load(ctx, return_id)
    refusal = rules.returns.step_refusal(row["number"], row["state"], state)
    if refusal is not None:
        raise refusal
    row = store.step(ctx.db, row["seq"], state, values, ctx.timestamp)
    [document] = _shown(ctx, [row])
    ctx.emit(_EVENTS[state], document["orderNumber"], document)
    return ok(document, etag=etag(row["version"]))


def _load(ctx: Context, return_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(return_id))
    if row is None:
        raise not_found("return", "退货申请", return_id)
    return row


def _shown(ctx: Context, rows: Sequence[sqlite3.Row]) -> list[dict[str, Any]]:
    lines = store.lines_of(ctx.db, [row["seq"] for row in rows])
    of = store.orders_of(ctx.db, {row["order_seq"] for row in rows})
    return [views.returns.return_(row, of[row["order_seq"]], lines[row["seq"]]) for row in rows]
