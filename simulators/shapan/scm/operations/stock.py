"""Stock balances, and receipts and issues without an order (库存、其他出入库)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import masters
from shapan.scm.store import stock as store


def list_stock(ctx: Context, page: int, page_size: int, product_code: str | None, warehouse_code: str | None) -> Answer:
    """A page of balances."""
    rows, total = store.balances(ctx.db, product_code, warehouse_code, page, page_size)
    return ok(views.page([views.stock(row) for row in rows], page, page_size, total))


def list_stock_movements(
    ctx: Context,
    page: int,
    page_size: int,
    product_code: str | None,
    warehouse_code: str | None,
    kind: str | None,
    source_document: str | None,
) -> Answer:
    """A page of the movement ledger."""
    rows, total = store.movements(ctx.db, product_code, warehouse_code, kind, source_document, page, page_size)
    return ok(views.page([views.movement(row) for row in rows], page, page_size, total))


def create_stock_movement(ctx: Context, body: dict[str, Any]) -> Answer:
    """Book a receipt or an issue. 422 for an unknown product or warehouse, 409 insufficient-stock beyond what is available."""
    product_code, warehouse_code = body["product_code"], body["warehouse_code"]
    faults = []
    if masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(
            Fault("/warehouse_code", f"There is no warehouse {warehouse_code}.", f"没有仓库 {warehouse_code}。")
        )
    if masters.product(ctx.db, product_code) is None:
        faults.append(Fault("/product_code", f"There is no product {product_code}.", f"没有物料 {product_code}。"))
    if faults:
        raise refused(faults)
    change = milli_from_text(body["quantity"])
    if body["kind"] == "other_issue":
        available = store.available(ctx.db, warehouse_code, [product_code]).get(product_code, 0)
        refusal = rules.issue_refusal(product_code, warehouse_code, change, available)
        if refusal is not None:
            raise refusal
        change = -change
    number = store.book(
        ctx.db, body["kind"], warehouse_code, product_code, change, ctx.today, ctx.timestamp, note=body.get("note")
    )
    return created(_movement(ctx, number), ctx.url(f"/stock-movements/{number}"))


def get_stock_movement(ctx: Context, movement_no: str) -> Answer:
    """One line of the ledger. 404."""
    return ok(_movement(ctx, movement_no))


def _movement(ctx: Context, number: str) -> views.Json:
    row = store.movement(ctx.db, number)
    if row is None:
        raise not_found("stock movement", "库存流水", number)
    return views.movement(row)
