"""Members (会员)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer, uuid_key
from shapan.crm.store import members as store
from shapan.kernel.errors import not_found
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def list_members(ctx: Context, phone: str | None, cursor: str | None, limit: int) -> Answer:
    """One page of members."""
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, phone=phone, after=after, limit=count),
        lambda rows: [views.shops.member(row) for row in rows],
    )


def create_member(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a member; 409 when another one has the telephone."""
    if store.find_by_phone(ctx.db, body["phone"]) is not None:
        raise rules.store_sales.phone_taken(body["phone"])
    row = store.insert(ctx.db, {"level": "regular", **body}, ctx.timestamp)
    return created(views.shops.member(row), ctx.url(f"/members/{row['id']}"), etag=etag(row["version"]))


def get_member(ctx: Context, member_id: str) -> Answer:
    """One member."""
    row = _load(ctx, member_id)
    return ok(views.shops.member(row), etag=etag(row["version"]))


def update_member(ctx: Context, member_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a member; 409 when another one has the telephone. A change that changes nothing leaves the version alone."""
    row = _load(ctx, member_id)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = {**before, **body}
    if values["phone"] != row["phone"] and store.find_by_phone(ctx.db, values["phone"]) is not None:
        raise rules.store_sales.phone_taken(values["phone"])
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return ok(views.shops.member(row), etag=etag(row["version"]))


def _load(ctx: Context, member_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(member_id))
    if row is None:
        raise not_found("member", "会员", member_id)
    return row
