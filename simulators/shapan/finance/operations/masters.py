"""Stores and inventory items (门店, 存货档案)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance import views
from shapan.finance.store import masters as store
from shapan.kernel.errors import Problem, conflict, not_found
from shapan.kernel.system import Answer, Context, created, ok


def list_stores(ctx: Context, changed_since: int, limit: int, code: str | None) -> Answer:
    """Stores changed after a watermark."""
    rows, more = store.stores(ctx.db, {"code": code}, changed_since, limit)
    return ok(views.common.page(rows, [views.masters.store(row) for row in rows], changed_since, more))


def create_store(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a store; 409 when its code exists."""
    if store.store(ctx.db, body["code"]) is not None:
        raise _taken("store", "门店", body["code"])
    store.insert_store(ctx.db, {"code": body["code"], "name": body["name"], "created_at": ctx.timestamp})
    view = views.masters.store(_store(ctx, body["code"]))
    ctx.emit("finance.store.created", body["code"], view)
    return created(view, ctx.url(f"/stores/{body['code']}"))


def get_store(ctx: Context, store_code: str) -> Answer:
    """One store, or 404."""
    return ok(views.masters.store(_store(ctx, store_code)))


def list_inventory_items(ctx: Context, changed_since: int, limit: int, code: str | None) -> Answer:
    """Inventory items changed after a watermark."""
    rows, more = store.items(ctx.db, {"code": code}, changed_since, limit)
    return ok(views.common.page(rows, [views.masters.inventory_item(row) for row in rows], changed_since, more))


def create_inventory_item(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter an inventory item; 409 when its code exists."""
    if store.item(ctx.db, body["code"]) is not None:
        raise _taken("inventory item", "存货", body["code"])
    item = {
        "code": body["code"],
        "name": body["name"],
        "unit": body.get("unit", "件"),
        "category": body.get("category", "库存商品"),
        "created_at": ctx.timestamp,
    }
    store.insert_item(ctx.db, item)
    view = views.masters.inventory_item(_item(ctx, body["code"]))
    ctx.emit("finance.inventory_item.created", body["code"], view)
    return created(view, ctx.url(f"/inventory-items/{body['code']}"))


def get_inventory_item(ctx: Context, item_code: str) -> Answer:
    """One inventory item, or 404."""
    return ok(views.masters.inventory_item(_item(ctx, item_code)))


def _taken(en: str, zh: str, code: str) -> Problem:
    return conflict(
        "code-exists",
        f"The code {code} is that of another {en}. Read it, or choose another code.",
        f"{zh} {code} 已存在，请查询该记录或改用其他编码。",
    )


def _store(ctx: Context, code: str) -> sqlite3.Row:
    row = store.store(ctx.db, code)
    if row is None:
        raise not_found("store", "门店", code)
    return row


def _item(ctx: Context, code: str) -> sqlite3.Row:
    row = store.item(ctx.db, code)
    if row is None:
        raise not_found("inventory item", "存货", code)
    return row
