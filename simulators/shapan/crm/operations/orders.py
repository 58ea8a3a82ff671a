"""Sales orders (销售订单): entered, changed, submitted, cancelled, changed again once they are confirmed, closed with a rest."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import ordering, parties, rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.store import approvals, customers, revisions
from shapan.crm.store import orders as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created

_SUBMITTED = {"confirmed": "crm.order.confirmed", "pendingApproval": "crm.order.approval_requested"}


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
        steps = approvals.steps_of(ctx.db, rows)
        return [
            views.orders.order(row, lines[row["seq"]], store.delivered_of(row), steps.get(row["seq"], ()))
            for row in rows
        ]

    return page_answer(ctx, cursor, limit, since, select, view)


def create_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter an order, and submit it at once with `submit`.

    422 for an unknown customer, unknown products, and a sum too large; 409 for a customer that was merged into another one.
    """
    customer = customers.find(ctx.db, uuid_key(body["customerId"]))
    lines, faults = ordering.priced(ctx, customer, body["lines"])
    if customer is None:
        unknown = Fault(
            "/customerId",
            f"There is no customer {body['customerId']}. Enter the customer first.",
            f"没有客户 {body['customerId']}，请先新建客户。",
        )
        raise refused([unknown, *faults])
    if faults:
        raise refused(faults)
    parties.refuse_merged(customer)
    submit = body.get("submit", False)
    needed = ordering.approval_needed(ctx, customer, lines) if submit else []
    row = store.insert(
        ctx.db,
        customer_id=customer["id"],
        customer_name=customer["name"],
        requested_delivery_date=body.get("requestedDeliveryDate"),
        note=body.get("note"),
        lines=lines,
        amount=rules.orders.total(lines),
        state=("pendingApproval" if needed else "confirmed") if submit else "draft",
        today=ctx.today,
        now=ctx.timestamp,
    )
    if needed:
        approvals.insert(ctx.db, row["seq"], row["approval_round"], needed, ctx.timestamp)
    order = ordering.shown(ctx, row, lines)
    if submit:
        ctx.emit(_SUBMITTED[row["state"]], row["number"], order)
    return created(order, ctx.url(f"/orders/{row['id']}"), etag=etag(row["version"]))


def get_order(ctx: Context, order_id: str) -> Answer:
    """One order with its lines."""
    return ordering.answered(ctx, ordering.load(ctx, order_id))


def update_order(ctx: Context, order_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change what the state allows; 422 names every member that may not change, 409 when the order takes no change at all.

    A change that changes nothing leaves the version alone, but a rejected order becomes a draft with any change that is allowed.
    """
    row = ordering.load(ctx, order_id)
    check_if_match(if_match, row["version"])
    refusal = rules.orders.change_refusal(row["number"], row["state"])
    if refusal is not None:
        raise refusal
    faults = rules.orders.change_faults(row["state"], body)
    if faults:
        raise refused(faults)
    if row["state"] != "confirmed":
        return _update_draft(ctx, row, body)
    return _report_delivery(ctx, row, body)


def _report_delivery(ctx: Context, row: sqlite3.Row, body: dict[str, Any]) -> Answer:
    before, lines = store.delivered_of(row), store.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    after, faults, refusal = rules.deliveries.reported(before, lines, body)
    if faults:
        raise refused(faults)
    if refusal is not None:
        raise refusal
    if after != before:
        fen = rules.deliveries.delivered_fen(lines, after)
        row = store.set_delivered(ctx.db, row["seq"], after, fen, ctx.timestamp)
    return ordering.answered(ctx, row, lines)


def _update_draft(ctx: Context, row: sqlite3.Row, body: dict[str, Any]) -> Answer:
    change = ordering.change(ctx, row, body)
    if row["state"] == "draft" and not change.differs:
        return ordering.answered(ctx, row, change.lines)
    if change.lines_differ:
        store.replace_lines(ctx.db, row["seq"], change.lines)
    row = store.update_draft(
        ctx.db,
        row["seq"],
        requested_delivery_date=change.requested_delivery_date,
        note=change.note,
        amount=rules.orders.total(change.lines),
        now=ctx.timestamp,
    )
    return ordering.answered(ctx, row, change.lines)


def submit_order(ctx: Context, order_id: str) -> Answer:
    """Confirm a draft, or ask for its approval where the policy wants one; 409 in any other state."""
    row = ordering.load(ctx, order_id)
    refusal = rules.orders.submit_refusal(row["number"], row["state"])
    if refusal is not None:
        raise refusal
    lines = store.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    needed = ordering.approval_needed(ctx, ordering.customer_of(ctx, row), lines)
    approval_round = ordering.ask(ctx, row["seq"], needed)
    row = store.submit(ctx.db, row["seq"], approval_round=approval_round, now=ctx.timestamp)
    return ordering.answered(ctx, row, lines, _SUBMITTED[row["state"]])


def cancel_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Cancel an order of which nothing is delivered; 409 otherwise. An approval under way is withdrawn."""
    row = ordering.load(ctx, order_id)
    refusal = rules.orders.cancel_refusal(row["number"], row["state"], row["delivery_status"])
    if refusal is not None:
        raise refusal
    approvals.withdraw(ctx.db, row["seq"], row["approval_round"])
    row = store.cancel(ctx.db, row["seq"], body["reason"], ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.cancelled")


def close_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Nothing more of a part-delivered order is to come; 409 otherwise. It stays confirmed, for what was delivered was agreed."""
    row = ordering.load(ctx, order_id)
    refusal = rules.orders.close_refusal(row["number"], row["state"], row["delivery_status"], row["closed_at"])
    if refusal is not None:
        raise refusal
    row = store.close(ctx.db, row["seq"], body["reason"], ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.closed")


def change_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """A new revision of a confirmed order, with approval anew where the policy wants one; 409 in any other state or once goods are delivered.

    A change that changes nothing makes no revision.
    """
    row = ordering.load(ctx, order_id)
    refusal = rules.orders.revise_refusal(row["number"], row["state"], row["delivery_status"])
    if refusal is not None:
        raise refusal
    change = ordering.change(ctx, row, body)
    if not change.differs:
        return ordering.answered(ctx, row, change.lines)
    former = views.orders.former_revision(row, change.former_lines)
    revisions.insert(ctx.db, row["seq"], row["revision"], former, body["reason"], ctx.timestamp)
    needed = []
    approval_round = row["approval_round"]
    if change.lines_differ:  # whoever approved the lines need not approve them again for another date or note
        needed = ordering.approval_needed(ctx, ordering.customer_of(ctx, row), change.lines, row["seq"])
        approval_round = ordering.ask(ctx, row["seq"], needed)
        store.replace_lines(ctx.db, row["seq"], change.lines)
    row = store.revise(
        ctx.db,
        row["seq"],
        requested_delivery_date=change.requested_delivery_date,
        note=change.note,
        amount=rules.orders.total(change.lines),
        approval_round=approval_round,
        pending=bool(needed),
        now=ctx.timestamp,
    )
    events = ["crm.order.changed", *(["crm.order.approval_requested"] if needed else [])]
    return ordering.answered(ctx, row, change.lines, *events)


def list_order_revisions(ctx: Context, order_id: str, cursor: str | None, limit: int) -> Answer:
    """One page of an order's former revisions."""
    order = ordering.load(ctx, order_id)
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: revisions.page(ctx.db, order["seq"], after=after, limit=count),
        lambda rows: [views.orders.revision(order["id"], row) for row in rows],
    )
