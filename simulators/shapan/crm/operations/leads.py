"""Leads (线索): entered, qualified, converted into customer, contact and opportunity, or lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import allow, moment, page_answer, uuid_key
from shapan.crm.parties import enter_customer, named_customer, refuse_merged
from shapan.crm.store import activities, contacts, customers, opportunities
from shapan.crm.store import leads as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import fen_from_number
from shapan.kernel.system import Answer, Context, created, ok

_COLUMN_OF = {"companyName": "company_name", "contactName": "contact_name"}


def list_leads(
    ctx: Context,
    state: str | None,
    company_name: str | None,
    updated_since: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of leads."""
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(ctx.db, state=state, company_name=company_name, updated_since=since, after=after, limit=count)

    return page_answer(ctx, cursor, limit, since, select, lambda rows: [views.sales.lead(row) for row in rows])


def create_lead(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a lead."""
    values = _values({**dict.fromkeys(store.COLUMNS), "source": "other"}, body)
    row = store.insert(ctx.db, values, ctx.today, ctx.timestamp)
    lead = views.sales.lead(row)
    ctx.emit("crm.lead.created", row["number"], lead)
    return created(lead, ctx.url(f"/leads/{row['id']}"), etag=etag(row["version"]))


def get_lead(ctx: Context, lead_id: str) -> Answer:
    """One lead."""
    return _answer(_load(ctx, lead_id))


def update_lead(ctx: Context, lead_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a lead; a change that changes nothing leaves the version alone. 409 once it is converted or lost."""
    row = _load(ctx, lead_id)
    check_if_match(if_match, row["version"])
    allow(rules.leads.closed_refusal(row["number"], row["state"]))
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(before, body)
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return _answer(row)


def qualify_lead(ctx: Context, lead_id: str) -> Answer:
    """From new to qualified; 409 in any other state."""
    row = _load(ctx, lead_id)
    allow(rules.leads.qualify_refusal(row["number"], row["state"]))
    return _answer(store.update(ctx.db, row["seq"], {"state": "qualified"}, ctx.timestamp))


def convert_lead(ctx: Context, lead_id: str, body: dict[str, Any]) -> Answer:
    """Customer, contact and opportunity of a qualified lead; 409 in any other state, 422 when too little is known of a new customer."""
    row = _load(ctx, lead_id)
    allow(rules.leads.convert_refusal(row["number"], row["state"]))
    faults = rules.leads.conversion_faults(dict(row), body)
    known = named_customer(ctx, body["customerId"], faults) if "customerId" in body else None
    if faults:
        raise refused(faults)
    if known is not None:
        refuse_merged(known)
    customer = known or enter_customer(ctx, _customer_values(row, body.get("customer", {})))
    person = {"name": row["contact_name"], "title": row["title"], "phone": row["phone"], "email": row["email"]}
    contact = contacts.insert(
        ctx.db, customer["id"], {**person, "state": "active", "is_primary": int(known is None)}, ctx.timestamp
    )
    opportunity = _open_opportunity(ctx, row, customer, contact, body["opportunity"])
    activities.give_to_customer(ctx.db, row["id"], customer["id"], ctx.timestamp)
    ends = {"customer_id": customer["id"], "contact_id": contact["id"], "opportunity_id": opportunity["id"]}
    row = store.update(ctx.db, row["seq"], {"state": "converted", "closed_at": ctx.timestamp, **ends}, ctx.timestamp)
    return _answer_and_emit(ctx, "crm.lead.converted", row)


def _open_opportunity(
    ctx: Context, lead: sqlite3.Row, customer: sqlite3.Row, contact: sqlite3.Row, wanted: Mapping[str, Any]
) -> sqlite3.Row:
    opportunity = opportunities.insert(
        ctx.db,
        customer["id"],
        {
            "contact_id": contact["id"],
            "name": wanted["name"],
            "amount_fen": fen_from_number(wanted["amount"]),
            "probability": rules.opportunities.USUAL["prospecting"],
            "expected_close_date": wanted["expectedCloseDate"],
            "owner": lead["owner"],
            "note": lead["note"],
        },
        lead_id=lead["id"],
        today=ctx.today,
        now=ctx.timestamp,
    )
    stages = opportunities.stages_of(ctx.db, [opportunity["seq"]])[opportunity["seq"]]
    ctx.emit("crm.opportunity.created", opportunity["number"], views.sales.opportunity(opportunity, stages))
    return opportunity


def _customer_values(lead: sqlite3.Row, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **customers.DEFAULTS,
        "name": given.get("name", lead["company_name"]),
        "uscc": given.get("unifiedSocialCreditCode"),
        "region": given.get("region", lead["region"]),
        "industry": given.get("industry", lead["industry"]),
        "payment_terms": given.get("paymentTerms", customers.DEFAULTS["payment_terms"]),
    }


def lose_lead(ctx: Context, lead_id: str, body: dict[str, Any]) -> Answer:
    """Give a lead up; 409 once it is converted or lost."""
    row = _load(ctx, lead_id)
    allow(rules.leads.closed_refusal(row["number"], row["state"]))
    row = store.update(
        ctx.db,
        row["seq"],
        {"state": "lost", "lost_reason": body["reason"], "closed_at": ctx.timestamp},
        ctx.timestamp,
    )
    return _answer_and_emit(ctx, "crm.lead.lost", row)


def _load(ctx: Context, lead_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(lead_id))
    if row is None:
        raise not_found("lead", "线索", lead_id)
    return row


def _values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a lead: those that the body names, the others as before."""
    return {**before, **{_COLUMN_OF.get(member, member): value for member, value in body.items()}}


def _answer(row: sqlite3.Row) -> Answer:
    return ok(views.sales.lead(row), etag=etag(row["version"]))


def _answer_and_emit(ctx: Context, event: str, row: sqlite3.Row) -> Answer:
    lead = views.sales.lead(row)
    ctx.emit(event, row["number"], lead)
    return ok(lead, etag=etag(row["version"]))
