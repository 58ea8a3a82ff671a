"""Warehouses (仓库)."""

from __future__ import annotations

from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok
from shapan.scm import views
from shapan.scm.store import masters


def list_warehouses(ctx: Context, page: int, page_size: int) -> Answer:
    """A page of warehouses."""
    rows, total = masters.warehouses(ctx.db, page, page_size)
    return ok(views.page([views.warehouse(row) for row in rows], page, page_size, total))


def get_warehouse(ctx: Context, warehouse_code: str) -> Answer:
    """One warehouse. 404."""
    row = masters.warehouse(ctx.db, warehouse_code)
    if row is None:
        raise not_found("warehouse", "仓库", warehouse_code)
    return ok(views.warehouse(row))
