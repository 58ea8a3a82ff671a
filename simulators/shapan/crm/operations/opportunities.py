"""Opportunities (商机): entered, changed, moved from stage to stage until they are won or lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import allow, moment, page_answer, uuid_key
from shapan.crm.parties import named_contact, named_customer, refuse_merged
from shapan.crm.store import customers
from shapan.crm.store import opportunities as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import fen_from_number
from shapan.kernel.system import Answer, Context, created, ok

_COLUMN_OF = {"expectedCloseDate": "expected_close_date"}
_AS_THEY_ARE = ("name", "probability", "expectedCloseDate", "owner", "note")


def list_opportunities(
    ctx: Context,
    stage: str | None,
    customer_id: str | None,
    updated_since: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of opportunities with their stages."""
    customer_key = None if customer_id is None else uuid_key(customer_id)
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(ctx.db, stage=stage, customer_id=customer_key, updated_since=since, after=after, limit=count)

    def view(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
        stages = store.stages_of(ctx.db, [row["seq"] for row in rows])
        return [views.sales.opportunity(row, stages[row["seq"]]) for row in rows]

    return page_answer(ctx, cursor, limit, since, select, view)


def create_opportunity(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter an opportunity; 422 for an unknown customer and a contact of somebody else, 409 for a merged customer."""
    faults: list[Fault] = []
    customer = named_customer(ctx, body["customerId"], faults)
    contact = named_contact(ctx, body.get("contactId"), customer, faults)
    if customer is None or faults:
        raise refused(faults)
    refuse_merged(customer)
    usual = rules.opportunities.USUAL["prospecting"]
    before = {**dict.fromkeys(store.COLUMNS), "probability": usual, "contact_id": contact}
    row = store.insert(ctx.db, customer["id"], _values(before, body), today=ctx.today, now=ctx.timestamp)
    opportunity = _shown(ctx, row)
    ctx.emit("crm.opportunity.created", row["number"], opportunity)
    return created(opportunity, ctx.url(f"/opportunities/{row['id']}"), etag=etag(row["version"]))


def get_opportunity(ctx: Context, opportunity_id: str) -> Answer:
    """One opportunity with its stages."""
    return _answer(ctx, _load(ctx, opportunity_id))


def update_opportunity(ctx: Context, opportunity_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change an open opportunity; a change that changes nothing leaves the version alone. 409 once it is won or lost."""
    row = _load(ctx, opportunity_id)
    check_if_match(if_match, row["version"])
    allow(rules.opportunities.closed_refusal(row["number"], row["stage"]))
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(before, body)
    if "contactId" in body:
        faults: list[Fault] = []
        customer = customers.find(ctx.db, row["customer_id"])
        values["contact_id"] = named_contact(ctx, body["contactId"], customer, faults)
        if faults:
            raise refused(faults)
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return _answer(ctx, row)


def move_opportunity(ctx: Context, opportunity_id: str, body: dict[str, Any]) -> Answer:
    """Bring an opportunity to another stage; 409 once it is won or lost, 422 when it is lost for no reason."""
    row = _load(ctx, opportunity_id)
    allow(rules.opportunities.closed_refusal(row["number"], row["stage"]))
    stage, reason = body["stage"], body.get("reason")
    faults = rules.opportunities.move_faults(stage, reason)
    if faults:
        raise refused(faults)
    if stage == row["stage"]:
        return _answer(ctx, row)
    row = store.move(
        ctx.db,
        row["seq"],
        stage,
        rules.opportunities.probability_in(stage, body.get("probability")),
        reason,
        closed=stage in rules.opportunities.CLOSED,
        now=ctx.timestamp,
    )
    opportunity = _shown(ctx, row)
    ctx.emit("crm.opportunity.stage_changed", row["number"], opportunity)
    return ok(opportunity, etag=etag(row["version"]))


def _load(ctx: Context, opportunity_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(opportunity_id))
    if row is None:
        raise not_found("opportunity", "商机", opportunity_id)
    return row


def _values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of an opportunity but its contact: those that the body names, the others as before."""
    values = {**before, **{_COLUMN_OF.get(m, m): body[m] for m in _AS_THEY_ARE if m in body}}
    if "amount" in body:
        values["amount_fen"] = fen_from_number(body["amount"])
    return values


def _shown(ctx: Context, row: sqlite3.Row) -> dict[str, Any]:
    return views.sales.opportunity(row, store.stages_of(ctx.db, [row["seq"]])[row["seq"]])


def _answer(ctx: Context, row: sqlite3.Row) -> Answer:
    return ok(_shown(ctx, row), etag=etag(row["version"]))
