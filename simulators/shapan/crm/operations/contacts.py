"""Contacts (联系人) of customers."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer, uuid_key
from shapan.crm.parties import load_customer, refuse_merged
from shapan.crm.store import contacts as store
from shapan.kernel.errors import not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def list_contacts(ctx: Context, customer_id: str, cursor: str | None, limit: int) -> Answer:
    """One page of a customer's contacts."""
    key = str(load_customer(ctx, customer_id)["id"])
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, key, after=after, limit=count),
        lambda rows: [views.customers.contact(row) for row in rows],
    )


def create_contact(ctx: Context, customer_id: str, body: dict[str, Any]) -> Answer:
    """Add a contact to a customer; as the primary one it takes the place of the one before.

    422 for a primary one who left, 409 for a merged customer.
    """
    customer = load_customer(ctx, customer_id)
    before = {**dict.fromkeys(store.COLUMNS), "state": "active", "is_primary": 0}
    faults = rules.contacts.faults(before, body)
    if faults:
        raise refused(faults)
    refuse_merged(customer)
    values = rules.contacts.values(before, body)
    row = store.insert(ctx.db, customer["id"], values, ctx.timestamp)
    return created(views.customers.contact(row), ctx.url(f"/contacts/{row['id']}"), etag=etag(row["version"]))


def get_contact(ctx: Context, contact_id: str) -> Answer:
    """One contact."""
    row = _load(ctx, contact_id)
    return ok(views.customers.contact(row), etag=etag(row["version"]))


def update_contact(ctx: Context, contact_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a contact; a change that changes nothing leaves the version alone. 422 for a primary one who left."""
    row = _load(ctx, contact_id)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    faults = rules.contacts.faults(before, body)
    if faults:
        raise refused(faults)
    values = rules.contacts.values(before, body)
    if values != before:
        row = store.update(ctx.db, row, values, ctx.timestamp)
    return ok(views.customers.contact(row), etag=etag(row["version"]))


def _load(ctx: Context, contact_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(contact_id))
    if row is None:
        raise not_found("contact", "联系人", contact_id)
    return row
