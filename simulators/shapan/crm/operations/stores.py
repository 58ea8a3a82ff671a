"""Stores (门店)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer
from shapan.crm.store import stores as store
from shapan.kernel.errors import not_found
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def list_stores(ctx: Context, cursor: str | None, limit: int) -> Answer:
    """One page of stores."""
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, after=after, limit=count),
        lambda rows: [views.shops.store(row) for row in rows],
    )


def create_store(ctx: Context, body: dict[str, Any]) -> Answer:
    """Open a store; 409 when its code is in use."""
    if store.find(ctx.db, body["code"]) is not None:
        raise rules.store_sales.code_taken(body["code"])
    row = store.insert(ctx.db, body["code"], body, ctx.timestamp)
    return created(views.shops.store(row), ctx.url(f"/stores/{row['code']}"), etag=etag(row["version"]))


def get_store(ctx: Context, store_code: str) -> Answer:
    """One store."""
    row = _load(ctx, store_code)
    return ok(views.shops.store(row), etag=etag(row["version"]))


def update_store(ctx: Context, store_code: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change, close or reopen a store; a change that changes nothing leaves the version alone."""
    row = _load(ctx, store_code)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = {**before, **body}
    if values != before:
        row = store.update(ctx.db, row["seq"], values, ctx.timestamp)
    return ok(views.shops.store(row), etag=etag(row["version"]))


def _load(ctx: Context, store_code: str) -> sqlite3.Row:
    row = store.find(ctx.db, store_code)
    if row is None:
        raise not_found("store", "门店", store_code)
    return row
