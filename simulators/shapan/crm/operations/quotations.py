"""Quotations (报价单): entered, sent, and accepted (which makes an order) or rejected, before they expire."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.crm import ordering, rules, views
from shapan.crm.inputs import allow, moment, page_answer, uuid_key
from shapan.crm.parties import named_customer, refuse_merged
from shapan.crm.rules.orders import Line
from shapan.crm.store import customers, opportunities, orders
from shapan.crm.store import quotations as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def list_quotations(
    ctx: Context,
    state: str | None,
    customer_id: str | None,
    opportunity_id: str | None,
    number: str | None,
    updated_since: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of quotations with their lines."""
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(
            ctx.db,
            state=state,
            customer_id=None if customer_id is None else uuid_key(customer_id),
            opportunity_id=None if opportunity_id is None else uuid_key(opportunity_id),
            number=number,
            updated_since=since,
            today=ctx.today,
            after=after,
            limit=count,
        )

    def view(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
        lines = store.lines_of(ctx.db, [row["seq"] for row in rows])
        return [views.sales.quotation(row, lines[row["seq"]], ctx.today) for row in rows]

    return page_answer(ctx, cursor, limit, since, select, view)


def create_quotation(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft; 422 for an unknown customer, an opportunity of somebody else, and faults of the lines; 409 for a merged customer."""
    faults: list[Fault] = []
    customer = named_customer(ctx, body["customerId"], faults)
    opportunity = _opportunity_key(ctx, body.get("opportunityId"), customer, faults)
    lines, wrong = ordering.priced(ctx, customer, body["lines"])
    faults += wrong
    if customer is None or faults:
        raise refused(faults)
    refuse_merged(customer)
    row = store.insert(
        ctx.db,
        customer,
        opportunity_id=opportunity,
        valid_until=body["validUntil"],
        note=body.get("note"),
        lines=lines,
        amount=rules.orders.total(lines),
        today=ctx.today,
        now=ctx.timestamp,
    )
    quotation = views.sales.quotation(row, lines, ctx.today)
    return created(quotation, ctx.url(f"/quotations/{row['id']}"), etag=etag(row["version"]))


def get_quotation(ctx: Context, quotation_id: str) -> Answer:
    """One quotation with its lines."""
    row = _load(ctx, quotation_id)
    return _answer(ctx, row, _lines(ctx, row))


def update_quotation(ctx: Context, quotation_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a draft; a change that changes nothing leaves the version alone. 409 in any other state."""
    row = _load(ctx, quotation_id)
    check_if_match(if_match, row["version"])
    allow(rules.quotations.draft_refusal(row["number"], _state(ctx, row)))
    before = {
        "opportunity_id": row["opportunity_id"],
        "valid_until": row["valid_until"],
        "note": row["note"],
        "lines": _lines(ctx, row),
    }
    values, faults = dict(before), list[Fault]()
    customer = customers.find(ctx.db, row["customer_id"])
    for member, column in (("validUntil", "valid_until"), ("note", "note")):
        values[column] = body.get(member, row[column])
    if "opportunityId" in body:
        values["opportunity_id"] = _opportunity_key(ctx, body["opportunityId"], customer, faults)
    if "lines" in body:
        values["lines"], wrong = ordering.priced(ctx, customer, body["lines"])
        faults += wrong
    if faults:
        raise refused(faults)
    if values != before:
        amount = rules.orders.total(values["lines"])
        row = store.update_draft(ctx.db, row["seq"], **values, amount=amount, now=ctx.timestamp)
    return _answer(ctx, row, values["lines"])


def send_quotation(ctx: Context, quotation_id: str) -> Answer:
    """From draft to sent; 409 in any other state, 422 when its date is past already."""
    row = _load(ctx, quotation_id)
    allow(rules.quotations.draft_refusal(row["number"], _state(ctx, row)))
    faults = rules.quotations.send_faults(row["valid_until"], ctx.today)
    if faults:
        raise refused(faults)
    return _answer_and_emit(ctx, "crm.quotation.sent", store.send(ctx.db, row["seq"], ctx.timestamp))


def accept_quotation(ctx: Context, quotation_id: str) -> Answer:
    """Make a draft order with the lines as quoted; accepted already: the same answer again. 409 unless it is sent and still valid."""
    row = _load(ctx, quotation_id)
    lines = _lines(ctx, row)
    if row["state"] == "accepted":
        return _answer(ctx, row, lines)
    allow(rules.quotations.decision_refusal(row["number"], _state(ctx, row), row["valid_until"]))
    customer = customers.find(ctx.db, row["customer_id"])
    assert customer is not None  # a foreign key; and a merged customer's quotations have moved to the one that goes on
    order = orders.insert(
        ctx.db,
        customer_id=customer["id"],
        customer_name=customer["name"],
        requested_delivery_date=None,
        note=row["note"],
        lines=lines,
        amount=rules.orders.total(lines),
        today=ctx.today,
        now=ctx.timestamp,
    )
    return _answer_and_emit(ctx, "crm.quotation.accepted", store.accept(ctx.db, row["seq"], order["id"], ctx.timestamp))


def reject_quotation(ctx: Context, quotation_id: str, body: dict[str, Any]) -> Answer:
    """The customer declines; 409 unless it is sent and still valid."""
    row = _load(ctx, quotation_id)
    allow(rules.quotations.decision_refusal(row["number"], _state(ctx, row), row["valid_until"]))
    return _answer_and_emit(
        ctx, "crm.quotation.rejected", store.reject(ctx.db, row["seq"], body["reason"], ctx.timestamp)
    )


def _load(ctx: Context, quotation_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(quotation_id))
    if row is None:
        raise not_found("quotation", "报价单", quotation_id)
    return row


def _state(ctx: Context, row: sqlite3.Row) -> str:
    return rules.quotations.shown_state(row["state"], row["valid_until"], ctx.today)


def _lines(ctx: Context, row: sqlite3.Row) -> list[Line]:
    return store.lines_of(ctx.db, [row["seq"]])[row["seq"]]


def _opportunity_key(
    ctx: Context, opportunity_id: str | None, customer: sqlite3.Row | None, faults: list[Fault]
) -> str | None:
    """The key of the opportunity that a body names; when the customer has none such, a fault more."""
    if opportunity_id is None:
        return None
    row = opportunities.find(ctx.db, uuid_key(opportunity_id))
    if row is None or (customer is not None and row["customer_id"] != customer["id"]):
        faults.append(rules.quotations.unknown_opportunity(opportunity_id))
        return None
    return str(row["id"])


def _answer(ctx: Context, row: sqlite3.Row, lines: Sequence[Line]) -> Answer:
    return ok(views.sales.quotation(row, lines, ctx.today), etag=etag(row["version"]))


def _answer_and_emit(ctx: Context, event: str, row: sqlite3.Row) -> Answer:
    quotation = views.sales.quotation(row, _lines(ctx, row), ctx.today)
    ctx.emit(event, row["number"], quotation)
    return ok(quotation, etag=etag(row["version"]))
