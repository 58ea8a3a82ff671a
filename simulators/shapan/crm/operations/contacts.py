"""Contacts (联系人) of customers."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import views
from shapan.crm.inputs import page_answer, uuid_key
from shapan.crm.store import contacts as store
from shapan.crm.store import customers
from shapan.kernel.errors import not_found
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def list_contacts(ctx: Context, customer_id: str, cursor: str | None, limit: int) -> Answer:
    """One page of a customer's contacts."""
    key = _customer_key(ctx, customer_id)
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, key, after=after, limit=count),
        lambda rows: [views.contact(row) for row in rows],
    )


def create_contact(ctx: Context, customer_id: str, body: dict[str, Any]) -> Answer:
    """Add a contact to a customer."""
    row = store.insert(ctx.db, _customer_key(ctx, customer_id), body, ctx.timestamp)
    return created(views.contact(row), ctx.url(f"/contacts/{row['id']}"), etag=etag(row["version"]))


def get_contact(ctx: Context, contact_id: str) -> Answer:
    """One contact."""
    row = _load(ctx, contact_id)
    return ok(views.contact(row), etag=etag(row["version"]))


def update_contact(ctx: Context, contact_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a contact; a change that changes nothing leaves the version alone."""
    row = _load(ctx, contact_id)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = {**before, **body}
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return ok(views.contact(row), etag=etag(row["version"]))


def _load(ctx: Context, contact_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(contact_id))
    if row is None:
        raise not_found("contact", "联系人", contact_id)
    return row


def _customer_key(ctx: Context, customer_id: str) -> str:
    row = customers.find(ctx.db, uuid_key(customer_id))
    if row is None:
        raise not_found("customer", "客户", customer_id)
    return str(row["id"])
