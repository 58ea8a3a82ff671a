"""Customers (客户) and their balances."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.parties import enter_customer, load_customer, refuse_merged
from shapan.crm.store import customer_history, price_lists
from shapan.crm.store import customers as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, refused
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
    "priceListId": "price_list_id",
    "creditHold": "credit_hold",
}


def list_customers(
    ctx: Context,
    cursor: str | None,
    limit: int,
    name: str | None,
    code: str | None,
    unified_social_credit_code: str | None,
    state: str | None,
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
            state=state,
            updated_since=since,
            after=after,
            limit=count,
        )

    return page_answer(ctx, cursor, limit, since, select, lambda rows: [views.customers.customer(row) for row in rows])


def create_customer(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a customer; 422 for a credit code with wrong check characters and an unknown price list."""
    _check(ctx, body)
    row = enter_customer(ctx, _values(body, store.DEFAULTS))
    return created(views.customers.customer(row), ctx.url(f"/customers/{row['id']}"), etag=etag(row["version"]))


def get_customer(ctx: Context, customer_id: str) -> Answer:
    """One customer."""
    row = load_customer(ctx, customer_id)
    return ok(views.customers.customer(row), etag=etag(row["version"]))


def update_customer(ctx: Context, customer_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change master data; a change that changes nothing leaves the version alone. 409 for a merged customer."""
    row = load_customer(ctx, customer_id)
    check_if_match(if_match, row["version"])
    _check(ctx, body)
    refuse_merged(row)
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(body, before)
    if values == before:
        return ok(views.customers.customer(row), etag=etag(row["version"]))
    renamed = values["name"] != row["name"]
    if renamed:
        former = rules.merging.with_former_name(row["former_names"], row["name"], ctx.timestamp)
        store.set_former_names(ctx.db, row["seq"], former)
    row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    changes = rules.merging.changes(before, values, store.COLUMNS)
    kind = "renamed" if renamed else "changed"
    customer_history.insert(ctx.db, row["seq"], kind, client_id=ctx.client_id, now=ctx.timestamp, changes=changes)
    customer = views.customers.customer(row)
    ctx.emit("crm.customer.updated", row["code"], customer)
    if renamed:
        ctx.emit("crm.customer.renamed", row["code"], customer)
    return ok(customer, etag=etag(row["version"]))


def put_customer_balance(ctx: Context, customer_id: str, body: dict[str, Any]) -> Answer:
    """Store what finance reports; 422 when it is of the future, 409 when it is older than the stored one, and for a merged customer."""
    row = load_customer(ctx, customer_id)
    faults = rules.customers.balance_faults(datetime.fromisoformat(body["asOf"]), ctx.now)
    if faults:
        raise refused(faults)
    refuse_merged(row)
    as_of = moment(body["asOf"])
    refusal = rules.customers.balance_refusal(row["code"], row["balance_as_of"], as_of)
    if refusal is not None:
        raise refusal
    figures = fen_from_number(body["openAmount"]), fen_from_number(body["overdueAmount"])
    return ok(views.customers.balance(store.set_balance(ctx.db, row["seq"], *figures, as_of, ctx.timestamp)))


def _check(ctx: Context, body: Mapping[str, Any]) -> None:
    faults = rules.customers.customer_faults(body)
    wanted = body.get("priceListId")
    if wanted is not None and price_lists.find(ctx.db, uuid_key(wanted)) is None:
        faults.append(
            Fault(
                "/priceListId",
                f"There is no price list {wanted}. Enter the price list first, or take the id of one that is there.",
                f"没有价目表 {wanted}，请先新建价目表，或填写已有价目表的标识。",
            )
        )
    if faults:
        raise refused(faults)


def _values(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a customer: those that the body names, the others as before."""
    values = dict(before)
    values.update({_COLUMN_OF[member]: value for member, value in body.items() if member in _COLUMN_OF})
    if body.get("priceListId") is not None:
        values["price_list_id"] = uuid_key(body["priceListId"])
    if "creditLimit" in body:
        limit = body["creditLimit"]
        values["credit_limit_fen"] = None if limit is None else fen_from_number(limit)
    if "address" in body:
        values.update({part: (body["address"] or {}).get(part) for part in rules.merging.ADDRESS})
    return values
