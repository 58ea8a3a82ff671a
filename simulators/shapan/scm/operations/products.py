"""Products and their units (物料)."""

from __future__ import annotations

from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok
from shapan.scm import views
from shapan.scm.store import masters


def list_products(ctx: Context, page: int, page_size: int) -> Answer:
    """A page of products."""
    rows, total = masters.products(ctx.db, page, page_size)
    units = masters.units_of(ctx.db, (row["code"] for row in rows))
    return ok(views.page([views.product(row, units[row["code"]]) for row in rows], page, page_size, total))


def get_product(ctx: Context, product_code: str) -> Answer:
    """One product. 404."""
    row = masters.product(ctx.db, product_code)
    if row is None:
        raise not_found("product", "物料", product_code)
    return ok(views.product(row, masters.units_of(ctx.db, [product_code])[product_code]))
