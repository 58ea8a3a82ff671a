"""The price list (价目表)."""

from __future__ import annotations

from shapan.crm import views
from shapan.crm.inputs import page_answer
from shapan.crm.store import products as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok


def list_products(ctx: Context, cursor: str | None, limit: int) -> Answer:
    """One page of products."""
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, after=after, limit=count),
        lambda rows: [views.product(row) for row in rows],
    )


def get_product(ctx: Context, product_code: str) -> Answer:
    """One product."""
    row = store.find(ctx.db, product_code)
    if row is None:
        raise not_found("product", "商品", product_code)
    return ok(views.product(row))
