"""Activities (跟进记录): calls, visits, mails and notes about a customer, a lead or an opportunity."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.parties import named_customer, refuse_merged
from shapan.crm.store import activities as store
from shapan.crm.store import customers, leads, opportunities
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok

_COLUMN_OF = {"occurredAt": "occurred_at", "nextDate": "next_date"}
_OTHERS = {
    "leadId": ("lead_id", leads.find, "lead", "线索"),
    "opportunityId": ("opportunity_id", opportunities.find, "opportunity", "商机"),
}
_MEMBERS = ("kind", "subject", "detail", "owner", "occurredAt", "nextDate")


def list_activities(
    ctx: Context,
    customer_id: str | None,
    lead_id: str | None,
    opportunity_id: str | None,
    kind: str | None,
    updated_since: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of activities."""
    wanted = {"customer_id": customer_id, "lead_id": lead_id, "opportunity_id": opportunity_id}
    about = {column: None if key is None else uuid_key(key) for column, key in wanted.items()}
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(ctx.db, about=about, kind=kind, updated_since=since, after=after, limit=count)

    return page_answer(ctx, cursor, limit, since, select, lambda rows: [views.sales.activity(row) for row in rows])


def create_activity(ctx: Context, body: dict[str, Any]) -> Answer:
    """Log an activity; 422 unless it is about exactly one thing that is there, 409 for a merged customer."""
    faults = rules.activities.about_faults(body)
    about = _about(ctx, body, faults)
    if faults:
        raise refused(faults)
    customer = None if about["customer_id"] is None else customers.find(ctx.db, about["customer_id"])
    if customer is not None:
        refuse_merged(customer)
    values = _values({**dict.fromkeys(store.COLUMNS), "occurred_at": ctx.timestamp}, body)
    row = store.insert(ctx.db, about, values, ctx.timestamp)
    return created(views.sales.activity(row), ctx.url(f"/activities/{row['id']}"), etag=etag(row["version"]))


def get_activity(ctx: Context, activity_id: str) -> Answer:
    """One activity."""
    row = _load(ctx, activity_id)
    return ok(views.sales.activity(row), etag=etag(row["version"]))


def update_activity(ctx: Context, activity_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Correct an activity; a change that changes nothing leaves the version alone."""
    row = _load(ctx, activity_id)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(before, body)
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return ok(views.sales.activity(row), etag=etag(row["version"]))


def _load(ctx: Context, activity_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(activity_id))
    if row is None:
        raise not_found("activity", "跟进记录", activity_id)
    return row


def _about(ctx: Context, body: Mapping[str, Any], faults: list[Fault]) -> dict[str, str | None]:
    """What the activity is about, with the customer behind it; a fault when it is not there. Of several things the first counts."""
    about: dict[str, str | None] = dict.fromkeys(store.ABOUT)
    member = next((member for member in rules.activities.ABOUT if member in body), None)
    if member == "customerId":
        customer = named_customer(ctx, body[member], faults)
        about["customer_id"] = None if customer is None else customer["id"]
    elif member is not None:
        column, find, en, zh = _OTHERS[member]
        row = find(ctx.db, uuid_key(body[member]))
        if row is None:
            faults.append(rules.activities.unknown(member, body[member], en, zh))
        else:
            about[column], about["customer_id"] = row["id"], row["customer_id"]
    return about


def _values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of an activity: those that the body names, the others as before; times in the form of the tables."""
    values = {**before, **{_COLUMN_OF.get(m, m): body[m] for m in _MEMBERS if m in body}}
    if "occurredAt" in body:
        values["occurred_at"] = moment(body["occurredAt"])
    return values
