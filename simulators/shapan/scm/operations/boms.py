"""Bills of materials and recipes (物料清单与配方)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text, rate_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.rules.boms import BomLine
from shapan.scm.store import boms as store
from shapan.scm.store import masters


def list_boms(
    ctx: Context, page: int, page_size: int, product_code: str | None, state: str | None, effective_on: str | None
) -> Answer:
    """A page of bills of materials."""
    rows, total = store.page(ctx.db, product_code, state, effective_on, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    return ok(views.page([views.production.bom(row, lines[row["id"]]) for row in rows], page, page_size, total))


def create_bom(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a version. 422 for unknown products, doubled lines and circles. Emits scm.bom.created."""
    code = body["product_code"]
    made = masters.product(ctx.db, code)
    faults: list[Fault] = []
    if made is None:
        faults.append(rules.references.missing_product(code, "/product_code"))
    else:
        faults += rules.boms.made_faults(code, made["kind"])
    lines = [_line(line) for line in body["lines"]]
    for index, line in enumerate(lines):
        material = masters.product(ctx.db, line.product_code)
        if material is None:
            faults.append(rules.references.missing_product(line.product_code, f"/lines/{index}/product_code"))
        elif made is not None:
            faults += rules.boms.line_fault(line.product_code, material["kind"], made["kind"], f"/lines/{index}")
    faults += rules.boms.repeated_faults(lines)
    faults += rules.boms.circle_faults(code, lines, store.made_of(ctx.db))
    start = body.get("effective_from") or ctx.today.isoformat()
    faults += rules.references.order_fault(start, body.get("effective_to"), "/effective_to")
    if faults:
        raise refused(faults)
    bom_code = store.insert(
        ctx.db,
        {
            "product_code": code,
            "base_milli": milli_from_text(body.get("base_quantity") or "1"),
            "effective_from": start,
            "effective_to": body.get("effective_to"),
            "note": body.get("note"),
            "created_at": ctx.timestamp,
        },
        lines,
    )
    view = _view(ctx, bom_code)
    ctx.emit("scm.bom.created", code, view)
    return created(view, ctx.url(f"/boms/{bom_code}"))


def get_bom(ctx: Context, bom_code: str) -> Answer:
    """One bill of materials. 404."""
    return ok(_view(ctx, bom_code))


def retire_bom(ctx: Context, bom_code: str) -> Answer:
    """active -> retired. 404, 409. Emits scm.bom.retired."""
    row = _load(ctx, bom_code)
    if row["state"] == "retired":
        raise rules.boms.retired_refusal(bom_code)
    store.retire(ctx.db, row["id"], ctx.timestamp)
    view = _view(ctx, bom_code)
    ctx.emit("scm.bom.retired", row["product_code"], view)
    return ok(view)


def _line(line: dict[str, Any]) -> BomLine:
    # Per cent with two decimals are whole basis points.
    scrap_bp = rate_from_text(line.get("scrap_percent") or "0") // 100
    return BomLine(line["product_code"], milli_from_text(line["quantity"]), scrap_bp)


def _load(ctx: Context, code: str) -> sqlite3.Row:
    row = store.get(ctx.db, code)
    if row is None:
        raise not_found("bill of materials", "物料清单", code)
    return row


def _view(ctx: Context, code: str) -> views.Json:
    row = _load(ctx, code)
    return views.production.bom(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
