"""Products (商品) and their list prices."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer
from shapan.crm.store import products as store
from shapan.kernel.errors import not_found
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import fen_from_number, rate_from_number
from shapan.kernel.system import Answer, Context, created, ok


def list_products(ctx: Context, cursor: str | None, limit: int) -> Answer:
    """One page of products."""
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, after=after, limit=count),
        lambda rows: [views.products.product(row) for row in rows],
    )


def create_product(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a product; 409 when its code is taken."""
    if store.find(ctx.db, body["code"]) is not None:
        raise rules.products.taken(body["code"])
    row = store.insert(ctx.db, body["code"], _values({"state": "active"}, body))
    product = views.products.product(row)
    ctx.emit("crm.product.created", row["code"], product)
    return created(product, ctx.url(f"/products/{row['code']}"), etag=etag(row["version"]))


def get_product(ctx: Context, product_code: str) -> Answer:
    """One product."""
    row = _load(ctx, product_code)
    return ok(views.products.product(row), etag=etag(row["version"]))


def update_product(ctx: Context, product_code: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a product; a change that changes nothing leaves the version alone."""
    row = _load(ctx, product_code)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(before, body)
    if values == before:
        return ok(views.products.product(row), etag=etag(row["version"]))
    row = store.update(ctx.db, row["seq"], values)
    product = views.products.product(row)
    ctx.emit("crm.product.updated", row["code"], product)
    return ok(product, etag=etag(row["version"]))


def _load(ctx: Context, product_code: str) -> sqlite3.Row:
    row = store.find(ctx.db, product_code)
    if row is None:
        raise not_found("product", "商品", product_code)
    return row


def _values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a product: those that the body names, the others as before."""
    values = {**before, **{column: body[column] for column in ("name", "spec", "unit", "state") if column in body}}
    if "listPrice" in body:
        values["list_price_fen"] = fen_from_number(body["listPrice"])
    if "taxRate" in body:
        values["tax_rate_bp"] = rate_from_number(body["taxRate"])
    return values
