"""Stock balances, and receipts and issues without an order (库存、其他出入库)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import e4_from_text, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_batch
from shapan.scm.store import batches, masters, parts
from shapan.scm.store import stock as store


def list_stock(ctx: Context, page: int, page_size: int, product_code: str | None, warehouse_code: str | None) -> Answer:
    """A page of balances."""
    rows, total = store.balances(ctx.db, product_code, warehouse_code, page, page_size)
    expired = store.expired(ctx.db, (row["product_code"] for row in rows), ctx.today)
    items = [views.stock.stock(row, expired.get((row["product_code"], row["warehouse_code"]), 0)) for row in rows]
    return ok(views.page(items, page, page_size, total))


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
    return ok(views.page([views.stock.movement(row) for row in rows], page, page_size, total))


def create_stock_movement(ctx: Context, body: dict[str, Any]) -> Answer:
    """Book a receipt or an issue. 422 for an unknown product, warehouse or batch, 409 insufficient-stock beyond what is available."""
    product_code, warehouse_code = body["product_code"], body["warehouse_code"]
    faults = []
    if masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(
            Fault("/warehouse_code", f"There is no warehouse {warehouse_code}.", f"没有仓库 {warehouse_code}。")
        )
    product = masters.product(ctx.db, product_code)
    if product is None:
        faults.append(Fault("/product_code", f"There is no product {product_code}.", f"没有物料 {product_code}。"))
    else:
        faults += rules.products.stocked_faults(product_code, product["kind"], "/product_code")
        faults += _movement_faults(ctx, body, product)
    if product is None or faults:
        raise refused(faults)
    receipt = body["kind"] == "other_receipt"
    book = _receipt if receipt else _issue
    return created(view := _movement(ctx, book(ctx, body, product)), ctx.url(f"/stock-movements/{view['movement_no']}"))


def _movement_faults(ctx: Context, body: dict[str, Any], product: sqlite3.Row) -> list[Fault]:
    """What is wrong with cost and batch of a movement."""
    code, batch = product["code"], given_batch(body, product)
    kept = None if batch is None else batches.get(ctx.db, code, batch.batch_no)
    if body["kind"] == "other_receipt":
        return rules.batches.batch_faults(code, bool(product["batch_managed"]), batch, kept, "")
    return rules.batches.issue_faults(code, batch, kept, "") + rules.stock.receipt_only_faults(
        body, ("unit_cost", "production_date", "expiry_date")
    )


def _receipt(ctx: Context, body: dict[str, Any], product: sqlite3.Row) -> str:
    """Stock in, at the cost given or at the average; the number of the movement."""
    milli, batch = milli_from_text(body["quantity"]), given_batch(body, product)
    cost = body.get("unit_cost")
    value = (
        store.value_in(ctx.db, product["code"], milli)
        if cost is None
        else rules.amounts.line_amount(milli, e4_from_text(cost))
    )
    if value is None:
        en = f"Nothing is known of what {product['code']} costs: it is not on hand and never was. Say unit_cost."
        zh = f"物料 {product['code']} 无库存也无历史成本，请填写单位成本 unit_cost。"
        raise refused([Fault("/unit_cost", en, zh)])
    if batch is not None:
        batches.enter(ctx.db, product["code"], batch, ctx.timestamp)
    return store.book(
        ctx.db,
        body["kind"],
        body["warehouse_code"],
        product["code"],
        milli,
        ctx.today,
        ctx.timestamp,
        value_fen=value,
        batches=None if batch is None else [(batch.batch_no, milli)],
        note=body.get("note"),
    ).number


def _issue(ctx: Context, body: dict[str, Any], product: sqlite3.Row) -> str:
    """Stock out of what is available, first expiry first out unless a batch is named; the number of the first movement. 409."""
    milli, code, warehouse_code = milli_from_text(body["quantity"]), product["code"], body["warehouse_code"]
    batch_no = body.get("batch_no")
    # A named batch may be expired: this is how it is scrapped (报废).
    free = rules.issues.free(parts.holdings(ctx.db, warehouse_code, [code])[code], ctx.today, batch_no)
    refusal = rules.stock.issue_refusal(code, warehouse_code, milli, free)
    if refusal is not None:
        raise refusal
    return store.book(
        ctx.db,
        body["kind"],
        warehouse_code,
        code,
        -milli,
        ctx.today,
        ctx.timestamp,
        batches=None if batch_no is None else [(batch_no, milli)],
        note=body.get("note"),
    ).number


def get_stock_movement(ctx: Context, movement_no: str) -> Answer:
    """One line of the ledger. 404."""
    return ok(_movement(ctx, movement_no))


def _movement(ctx: Context, number: str) -> views.Json:
    row = store.movement(ctx.db, number)
    if row is None:
        raise not_found("stock movement", "库存流水", number)
    return views.stock.movement(row)
