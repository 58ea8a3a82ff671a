"""Purchase requisitions (采购申请单): enter, approve, close."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.store import masters
from shapan.scm.store import requisitions as store
from shapan.scm.store.query import draw_number


def list_purchase_requisitions(ctx: Context, page: int, page_size: int, state: str | None) -> Answer:
    """A page of requisitions."""
    rows, total = store.page(ctx.db, state, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.requisitions.requisition(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_purchase_requisition(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. 422 names every unknown code and every product that is never in stock."""
    faults: list[Fault] = []
    warehouse_code = body.get("warehouse_code") or masters.main_warehouse_code(ctx.db)
    if warehouse_code is None or masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(rules.references.missing_warehouse(warehouse_code or "CK01", "/warehouse_code"))
    codes = [line["product_code"] for line in body["lines"]]
    products, units = masters.products_of(ctx.db, codes), masters.units_of(ctx.db, codes)
    lines = []
    for index, given in enumerate(body["lines"]):
        code = given["product_code"]
        kind = products[code]["kind"] if code in products else None
        line, found = rules.requisitions.needed(given, kind, units.get(code, {}), f"/lines/{index}")
        faults += found
        if line is not None:
            lines.append(line)
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "CGSQ", ctx.today)
    requisition = {
        "number": number,
        "warehouse_code": warehouse_code,
        **{member: body.get(member) for member in ("requested_by", "needed_date", "note")},
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    store.insert(ctx.db, requisition, lines)
    return created(_view(ctx, number), ctx.url(f"/purchase-requisitions/{number}"))


def get_purchase_requisition(ctx: Context, purchase_requisition_no: str) -> Answer:
    """One requisition. 404."""
    return ok(_view(ctx, purchase_requisition_no))


def approve_purchase_requisition(ctx: Context, purchase_requisition_no: str) -> Answer:
    """draft -> approved. 404, 409."""
    row = _load(ctx, purchase_requisition_no)
    refusal = rules.requisitions.approve_refusal(purchase_requisition_no, row["state"])
    if refusal is not None:
        raise refusal
    store.approve(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, purchase_requisition_no))


def close_purchase_requisition(ctx: Context, purchase_requisition_no: str) -> Answer:
    """draft or approved -> closed. 404, 409."""
    row = _load(ctx, purchase_requisition_no)
    refusal = rules.requisitions.close_refusal(purchase_requisition_no, row["state"])
    if refusal is not None:
        raise refusal
    store.close(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, purchase_requisition_no))


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("purchase requisition", "采购申请单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.requisitions.requisition(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
