"""Warehouses and stores (仓库与门店)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import masters


def list_warehouses(ctx: Context, page: int, page_size: int, kind: str | None) -> Answer:
    """A page of warehouses."""
    rows, total = masters.warehouses(ctx.db, kind, page, page_size)
    return ok(views.page([views.warehouses.warehouse(row) for row in rows], page, page_size, total))


def create_warehouse(ctx: Context, body: dict[str, Any]) -> Answer:
    """Open a warehouse or a store. 409 warehouse-exists. Emits scm.warehouse.created."""
    code = body["warehouse_code"]
    if masters.warehouse(ctx.db, code) is not None:
        raise rules.warehouses.taken_refusal(code)
    masters.insert_warehouse(ctx.db, code, body["name"], body.get("kind") or "warehouse", body["address"])
    view = _view(ctx, code)
    ctx.emit("scm.warehouse.created", code, view)
    return created(view, ctx.url(f"/warehouses/{code}"))


def get_warehouse(ctx: Context, warehouse_code: str) -> Answer:
    """One warehouse. 404."""
    return ok(_view(ctx, warehouse_code))


def put_warehouse(ctx: Context, warehouse_code: str, body: dict[str, Any]) -> Answer:
    """Replace name and address. 404."""
    _view(ctx, warehouse_code)
    masters.update_warehouse(ctx.db, warehouse_code, body["name"], body["address"])
    return ok(_view(ctx, warehouse_code))


def _view(ctx: Context, code: str) -> views.Json:
    row = masters.warehouse(ctx.db, code)
    if row is None:
        raise not_found("warehouse", "仓库", code)
    return views.warehouses.warehouse(row)
