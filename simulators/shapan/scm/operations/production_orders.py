"""Production orders (生产订单): enter, release, complete, cancel."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import boms, masters, sales_orders
from shapan.scm.store import production_orders as store
from shapan.scm.store.query import draw_number

_WAREHOUSES = ("material_warehouse_code", "receipt_warehouse_code")


def list_production_orders(
    ctx: Context,
    page: int,
    page_size: int,
    product_code: str | None,
    state: str | None,
    sales_order_no: str | None,
) -> Answer:
    """A page of production orders."""
    rows, total = store.page(ctx.db, product_code, state, sales_order_no, page, page_size)
    materials = store.materials_of(ctx.db, (row["id"] for row in rows))
    items = [views.production.production_order(row, materials.get(row["id"], ())) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_production_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. 422 names every unknown code and a missing or unfit bill of materials."""
    code, milli = body["product_code"], milli_from_text(body["quantity"])
    start = body.get("planned_start") or ctx.today.isoformat()
    product = masters.product(ctx.db, code)
    faults: list[Fault] = []
    bom_code = None
    if product is None:
        faults.append(rules.references.missing_product(code, "/product_code"))
    else:
        faults += rules.products.stocked_faults(code, product["kind"], "/product_code")
        bom_code = body.get("bom_code") or boms.in_force(ctx.db, code, start)
        bill = None if bom_code is None else boms.get(ctx.db, bom_code)
        made_code, bom_state = (None, None) if bill is None else (bill["product_code"], bill["state"])
        unfit = rules.production.bom_faults(code, start, bom_code, made_code, bom_state)
        faults += unfit
        if bom_code is not None and not unfit:
            needs = rules.boms.required(boms.bill(ctx.db, bom_code), milli)
            faults += rules.boms.too_much_faults(needs, "/quantity")
    warehouses = {member: body.get(member) or masters.main_warehouse_code(ctx.db) or "CK01" for member in _WAREHOUSES}
    faults += [
        rules.references.missing_warehouse(warehouse_code, f"/{member}")
        for member, warehouse_code in warehouses.items()
        if masters.warehouse(ctx.db, warehouse_code) is None
    ]
    faults += rules.references.order_fault(start, body.get("planned_finish"), "/planned_finish")
    sales_order_no = body.get("sales_order_no")
    if sales_order_no is not None and sales_orders.get(ctx.db, sales_order_no) is None:
        faults.append(
            Fault("/sales_order_no", f"There is no sales order {sales_order_no}.", f"没有销售订单 {sales_order_no}。")
        )
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "SCDD", ctx.today)
    store.insert(
        ctx.db,
        {
            "number": number,
            "product_code": code,
            "bom_code": bom_code,
            "quantity_milli": milli,
            **warehouses,
            "planned_start": start,
            "planned_finish": body.get("planned_finish"),
            "sales_order_no": sales_order_no,
            "note": body.get("note"),
            **views.source_columns(body),
            "created_at": ctx.timestamp,
        },
    )
    return created(_view(ctx, number), ctx.url(f"/production-orders/{number}"))


def get_production_order(ctx: Context, production_order_no: str) -> Answer:
    """One production order. 404."""
    return ok(_view(ctx, production_order_no))


def release_production_order(ctx: Context, production_order_no: str) -> Answer:
    """draft -> released, with what it requires. 404, 409. Emits scm.production_order.released."""
    row = _load(ctx, production_order_no)
    refusal = rules.production.draft_refusal(production_order_no, row["state"])
    if refusal is not None:
        raise refusal
    bom = boms.get(ctx.db, row["bom_code"])
    if bom is None or bom["state"] == "retired":
        raise rules.boms.retired_refusal(row["bom_code"])
    materials = rules.boms.required(boms.bill(ctx.db, row["bom_code"]), row["quantity_milli"])
    store.release(ctx.db, row["id"], materials, ctx.timestamp)
    return _told(ctx, "scm.production_order.released", production_order_no)


def complete_production_order(ctx: Context, production_order_no: str) -> Answer:
    """released -> completed, short of the plan. 404, 409. Emits scm.production_order.completed."""
    row = _load(ctx, production_order_no)
    refusal = rules.production.released_refusal(production_order_no, row["state"]) or rules.production.complete_refusal(
        production_order_no, row["received_milli"], rules.production.in_progress(*_amounts(row)), _held(ctx, row)
    )
    if refusal is not None:
        raise refusal
    store.complete(ctx.db, row["id"], ctx.timestamp)
    return _told(ctx, "scm.production_order.completed", production_order_no)


def cancel_production_order(ctx: Context, production_order_no: str) -> Answer:
    """draft, or released and empty -> cancelled. 404, 409. Emits scm.production_order.cancelled."""
    row = _load(ctx, production_order_no)
    refusal = rules.production.cancel_refusal(production_order_no, row["state"], row["received_milli"], _held(ctx, row))
    if refusal is not None:
        raise refusal
    store.cancel(ctx.db, row["id"], ctx.timestamp)
    return _told(ctx, "scm.production_order.cancelled", production_order_no)


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.production.production_order(row, store.materials_of(ctx.db, [row["id"]]).get(row["id"], ()))


def _amounts(row: sqlite3.Row) -> tuple[int, int, int]:
    return row["issued_fen"], row["returned_fen"], row["absorbed_fen"]


def _held(ctx: Context, row: sqlite3.Row) -> int:
    """Material that was issued and not returned, over all lines."""
    materials = store.materials_of(ctx.db, [row["id"]]).get(row["id"], ())
    return sum(line["issued_milli"] - line["returned_milli"] for line in materials)


def _told(ctx: Context, event: str, number: str) -> Answer:
    view = _view(ctx, number)
    ctx.emit(event, number, view)
    return ok(view)


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("production order", "生产订单", number)
    return row
