"""Customers (客户) and their balances."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.store import customers as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import fen_from_number
from shapan.kernel.system import Answer, Context, created, ok

_COLUMN_OF = {
    "name": "name",
    "unifiedSocialCreditCode": "uscc",
    "region": "region",
    "industry": "industry",
    "phone": "phone",
    "email": "email",
    "paymentTerms": "payment_terms",
}
_ADDRESS = ("province", "city", "district", "street", "postcode")


def list_customers(
    ctx: Context,
    cursor: str | None,
    limit: int,
    name: str | None,
    code: str | None,
    unified_social_credit_code: str | None,
    updated_since: str | None,
) -> Answer:
    """One page of customers."""

    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(
            ctx.db,
            name=name,
            code=code,
            uscc=unified_social_credit_code,
            updated_since=since,
            after=after,
            limit=count,
        )

    return page_answer(ctx, cursor, limit, since, select, lambda rows: [views.customer(row) for row in rows])


def create_customer(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a customer; 422 for a credit code with wrong check characters."""
    _check(body)
    row = store.insert(ctx.db, _values(body, {**dict.fromkeys(store.COLUMNS), "payment_terms": "NET30"}), ctx.timestamp)
    customer = views.customer(row)
    ctx.emit("crm.customer.created", row["code"], customer)
    return created(customer, ctx.url(f"/customers/{row['id']}"), etag=etag(row["version"]))


def get_customer(ctx: Context, customer_id: str) -> Answer:
    """One customer."""
    row = _load(ctx, customer_id)
    return ok(views.customer(row), etag=etag(row["version"]))


def update_customer(ctx: Context, customer_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change master data; a change that changes nothing leaves the version alone."""
    row = _load(ctx, customer_id)
    check_if_match(if_match, row["version"])
    _check(body)
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(body, before)
    if values == before:
        return ok(views.customer(row), etag=etag(row["version"]))
    row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    customer = views.customer(row)
    ctx.emit("crm.customer.updated", row["code"], customer)
    return ok(customer, etag=etag(row["version"]))


def put_customer_balance(ctx: Context, customer_id: str, body: dict[str, Any]) -> Answer:
    """Store what finance reports; 409 when the report is older than the stored one."""
    row = _load(ctx, customer_id)
    as_of = moment(body["asOf"])
    refusal = rules.balance_refusal(row["code"], row["balance_as_of"], as_of)
    if refusal is not None:
        raise refusal
    figures = fen_from_number(body["openAmount"]), fen_from_number(body["overdueAmount"])
    return ok(views.balance(store.set_balance(ctx.db, row["seq"], *figures, as_of, ctx.timestamp)))


def _load(ctx: Context, customer_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(customer_id))
    if row is None:
        raise not_found("customer", "客户", customer_id)
    return row


def _check(body: Mapping[str, Any]) -> None:
    faults = rules.customer_faults(body)
    if faults:
        raise refused(faults)


def _values(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a customer: those that the body names, the others as before."""
    values = dict(before)
    values.update({_COLUMN_OF[member]: value for member, value in body.items() if member in _COLUMN_OF})
    if "address" in body:
        values.update({part: (body["address"] or {}).get(part) for part in _ADDRESS})
    return values
