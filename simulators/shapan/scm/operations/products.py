"""Products with their units, and categories (物料、类别)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import catalogue, masters


def list_products(ctx: Context, page: int, page_size: int, category: str | None, kind: str | None) -> Answer:
    """A page of products."""
    rows, total = masters.products(ctx.db, category, kind, page, page_size)
    units = masters.units_of(ctx.db, (row["code"] for row in rows))
    return ok(views.page([views.products.product(row, units[row["code"]]) for row in rows], page, page_size, total))


def create_product(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a product. 409 product-exists, 422. Emits scm.product.created."""
    code = body["product_code"]
    product = _checked(ctx, body)
    if masters.product(ctx.db, code) is not None:
        raise rules.products.taken_refusal(code)
    catalogue.insert_product(ctx.db, code, product)
    view = _product(ctx, code)
    ctx.emit("scm.product.created", code, view)
    return created(view, ctx.url(f"/products/{code}"))


def get_product(ctx: Context, product_code: str) -> Answer:
    """One product. 404."""
    return ok(_product(ctx, product_code))


def put_product(ctx: Context, product_code: str, body: dict[str, Any]) -> Answer:
    """Replace what is known of it. 404, 422, 409 product-in-use."""
    before = masters.product(ctx.db, product_code)
    if before is None:
        raise not_found("product", "物料", product_code)
    product = _checked(ctx, body)
    if catalogue.in_use(ctx.db, product_code):
        units = masters.units_of(ctx.db, [product_code])[product_code]
        refusal = rules.products.in_use_refusal(product_code, dict(before), units, product)
        if refusal is not None:
            raise refusal
    catalogue.replace_product(ctx.db, product_code, product)
    return ok(_product(ctx, product_code))


def list_categories(ctx: Context, page: int, page_size: int) -> Answer:
    """A page of categories."""
    rows, total = catalogue.categories(ctx.db, page, page_size)
    return ok(views.page([views.products.category(row) for row in rows], page, page_size, total))


def create_category(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a category. 409 category-exists, 422."""
    code, parent_code = body["category_code"], body.get("parent_code")
    if parent_code is not None and catalogue.category(ctx.db, parent_code) is None:
        raise refused([Fault("/parent_code", f"There is no category {parent_code}.", f"没有物料类别 {parent_code}。")])
    if catalogue.category(ctx.db, code) is not None:
        raise rules.products.category_taken_refusal(code)
    catalogue.insert_category(ctx.db, code, body["name"], parent_code)
    return created(_category(ctx, code), ctx.url(f"/categories/{code}"))


def get_category(ctx: Context, category_code: str) -> Answer:
    """One category. 404."""
    return ok(_category(ctx, category_code))


def _checked(ctx: Context, body: dict[str, Any]) -> rules.products.Product:
    """The product of a body. 422."""
    product, faults = rules.products.product(body, catalogue.category(ctx.db, body["category"]) is not None)
    if faults:
        raise refused(faults)
    return product


def _product(ctx: Context, code: str) -> views.Json:
    row = masters.product(ctx.db, code)
    if row is None:
        raise not_found("product", "物料", code)
    return views.products.product(row, masters.units_of(ctx.db, [code])[code])


def _category(ctx: Context, code: str) -> views.Json:
    row = catalogue.category(ctx.db, code)
    if row is None:
        raise not_found("category", "物料类别", code)
    return views.products.category(row)
