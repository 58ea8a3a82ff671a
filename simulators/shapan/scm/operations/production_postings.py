"""What is booked for production orders: material issues and returns (领料、退料), finished-goods receipts (产成品入库)."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, not_found, refused
from shapan.kernel.money import fen_from_text, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_batch
from shapan.scm.rules.production import Asked, Material
from shapan.scm.store import batches, parts, production_orders, stock
from shapan.scm.store import production_postings as store
from shapan.scm.store.query import draw_number


def list_material_issues(ctx: Context, page: int, page_size: int, production_order_no: str | None) -> Answer:
    """A page of material issues."""
    return _list(ctx, "issue", production_order_no, page, page_size)


def create_material_issue(ctx: Context, body: dict[str, Any]) -> Answer:
    """Material out of stock into an order, at the average. 409, 422. Emits scm.material_issue.posted under the order's number."""
    order = _released(ctx, body)
    day, faults = _day(ctx, body, "issue_date")
    materials = _materials(ctx, order)
    asked = None if body.get("lines") is None else _asked(body["lines"])
    found = rules.production.issue_parts(
        order["number"], asked, materials.values(), beyond=body.get("allow_over_issue", False)
    )
    if isinstance(found, Problem):
        raise found
    wanted, unfit = found
    faults += unfit
    named: dict[int, tuple[str, str | None]] = {}
    for index, line in enumerate(body.get("lines") or ()):
        named[line["line_no"]] = (f"/lines/{index}", line.get("batch_no"))
        faults += _batch_faults(ctx, line, materials, f"/lines/{index}")
    if faults:
        raise refused(faults)
    warehouse_code, number = order["material_warehouse_code"], draw_number(ctx.db, "SCLL", day)
    plan, short = rules.issues.plan_issue(
        [
            rules.issues.Wanted(line_no, pointer, materials[line_no].product_code, milli, batch_no)
            for line_no, milli in wanted.items()
            for pointer, batch_no in [named.get(line_no, ("/production_order_no", None))]
        ],
        parts.holdings(ctx.db, warehouse_code, (materials[line_no].product_code for line_no in wanted)),
        ctx.today,
    )
    refusal = rules.issues.short_refusal(order["number"], warehouse_code, short)
    if refusal is not None:
        raise refusal
    for line_no, milli in sorted(wanted.items()):
        booked = stock.book(
            ctx.db,
            "material_issue",
            warehouse_code,
            materials[line_no].product_code,
            -milli,
            day,
            ctx.timestamp,
            batches=plan[line_no],
            source_document=number,
            source_line=line_no,
        )
        production_orders.issue(ctx.db, order["id"], line_no, milli, -booked.value_change_fen, ctx.timestamp)
    return _posted(ctx, "issue", number, order, warehouse_code, day, body)


def get_material_issue(ctx: Context, material_issue_no: str) -> Answer:
    """One material issue. 404."""
    return ok(_view(ctx, "issue", material_issue_no))


def list_material_returns(ctx: Context, page: int, page_size: int, production_order_no: str | None) -> Answer:
    """A page of material returns."""
    return _list(ctx, "return", production_order_no, page, page_size)


def create_material_return(ctx: Context, body: dict[str, Any]) -> Answer:
    """Material of an order back into stock, at the cost of its issue. 409, 422. Emits scm.material_return.posted under the order's number."""
    order = _released(ctx, body)
    day, faults = _day(ctx, body, "return_date")
    materials = _materials(ctx, order)
    wanted, unfit = rules.production.return_parts(order["number"], _asked(body["lines"]), materials.values())
    faults += unfit
    if faults:
        raise refused(faults)
    left = {
        row["line_no"]: row["issued_fen"] - row["returned_fen"]
        for row in production_orders.materials_of(ctx.db, [order["id"]])[order["id"]]
    }
    values = {
        line_no: rules.parts.part_of_rest(left[line_no], materials[line_no].held_milli, milli)
        for line_no, milli in wanted.items()
    }
    refusal = rules.production.return_refusal(order["number"], sum(values.values()), _in_progress(order))
    if refusal is not None:
        raise refusal
    warehouse_code, number = order["material_warehouse_code"], draw_number(ctx.db, "SCTL", day)
    went = parts.parts_of(ctx.db, store.numbers_of(ctx.db, "issue", order["id"]), "material_issue")
    came = parts.parts_of(ctx.db, store.numbers_of(ctx.db, "return", order["id"]), "material_return")
    for line_no, milli in sorted(wanted.items()):
        stock.book(
            ctx.db,
            "material_return",
            warehouse_code,
            materials[line_no].product_code,
            milli,
            day,
            ctx.timestamp,
            value_fen=values[line_no],
            batches=rules.parts.batches_back(
                [part for part in went if part.source_line == line_no],
                [part for part in came if part.source_line == line_no],
                milli,
            ),
            source_document=number,
            source_line=line_no,
        )
        production_orders.give_back(ctx.db, order["id"], line_no, milli, values[line_no], ctx.timestamp)
    return _posted(ctx, "return", number, order, warehouse_code, day, body)


def get_material_return(ctx: Context, material_return_no: str) -> Answer:
    """One material return. 404."""
    return ok(_view(ctx, "return", material_return_no))


def list_production_receipts(ctx: Context, page: int, page_size: int, production_order_no: str | None) -> Answer:
    """A page of finished-goods receipts."""
    rows, total = store.receipts(ctx.db, production_order_no, page, page_size)
    return ok(views.page([views.production.receipt(row) for row in rows], page, page_size, total))


def create_production_receipt(ctx: Context, body: dict[str, Any]) -> Answer:
    """Finished goods into stock, at what they cost. 409, 422.

    Emits scm.production_receipt.posted and, when it is the last one, scm.production_order.completed, under the order's number.
    """
    order = _released(ctx, body)
    day, faults = _day(ctx, body, "receipt_date")
    milli, left = milli_from_text(body["quantity"]), order["quantity_milli"] - order["received_milli"]
    faults += rules.production.receipt_faults(milli, left)
    number = draw_number(ctx.db, "CPRK", day)
    batch, unfit = _made_batch(ctx, body, order, number, day)
    faults += unfit
    if faults:
        raise refused(faults)
    final = body.get("final", False) or milli == left
    taken = [dict(line) for line in production_orders.materials_of(ctx.db, [order["id"]]).get(order["id"], ())]
    refusal = rules.production.no_material_refusal(order["number"], taken)
    if refusal is not None:
        raise refusal
    material = rules.production.absorbed(_in_progress(order), left, milli, final=final)
    labour, overhead = (fen_from_text(body.get(name) or "0") for name in ("labour_amount", "overhead_amount"))
    if batch is not None:
        batches.enter(ctx.db, order["product_code"], batch, ctx.timestamp)
    stock.book(
        ctx.db,
        "production_receipt",
        order["receipt_warehouse_code"],
        order["product_code"],
        milli,
        day,
        ctx.timestamp,
        value_fen=material + labour + overhead,
        batches=None if batch is None else [(batch.batch_no, milli)],
        source_document=number,
    )
    store.insert_receipt(
        ctx.db,
        {
            "number": number,
            "order_id": order["id"],
            "warehouse_code": order["receipt_warehouse_code"],
            "business_date": day.isoformat(),
            "quantity_milli": milli,
            "batch_no": None if batch is None else batch.batch_no,
            "final": int(final),
            "material_fen": material,
            "labour_fen": labour,
            "overhead_fen": overhead,
            "note": body.get("note"),
            "created_at": ctx.timestamp,
        },
    )
    production_orders.receive(ctx.db, order["id"], milli, material, labour, overhead, ctx.timestamp)
    view = _receipt(ctx, number)
    ctx.emit("scm.production_receipt.posted", order["number"], view)
    if final:
        production_orders.complete(ctx.db, order["id"], ctx.timestamp)
        ctx.emit("scm.production_order.completed", order["number"], _order(ctx, order["number"]))
    return created(view, ctx.url(f"/production-receipts/{number}"))


def get_production_receipt(ctx: Context, production_receipt_no: str) -> Answer:
    """One finished-goods receipt. 404."""
    return ok(_receipt(ctx, production_receipt_no))


def _released(ctx: Context, body: dict[str, Any]) -> sqlite3.Row:
    """The released order that a body names. 422 when there is none, 409 in another state."""
    number = body["production_order_no"]
    order = production_orders.get(ctx.db, number)
    if order is None:
        raise refused(
            [Fault("/production_order_no", f"There is no production order {number}.", f"没有生产订单 {number}。")]
        )
    refusal = rules.production.released_refusal(number, order["state"])
    if refusal is not None:
        raise refusal
    return order


def _in_progress(order: sqlite3.Row) -> int:
    return rules.production.in_progress(order["issued_fen"], order["returned_fen"], order["absorbed_fen"])


def _order(ctx: Context, number: str) -> views.Json:
    order = production_orders.get(ctx.db, number)
    assert order is not None
    return views.production.production_order(order, production_orders.materials_of(ctx.db, [order["id"]])[order["id"]])


def _day(ctx: Context, body: dict[str, Any], member: str) -> tuple[date, list[Fault]]:
    day = body.get(member) or ctx.today.isoformat()
    return date.fromisoformat(day), rules.references.future_fault(day, ctx.today.isoformat(), f"/{member}")


def _asked(lines: list[dict[str, Any]]) -> list[Asked]:
    return [
        Asked(f"/lines/{index}", line["line_no"], milli_from_text(line["quantity"])) for index, line in enumerate(lines)
    ]


def _materials(ctx: Context, order: sqlite3.Row) -> dict[int, Material]:
    return {
        row["line_no"]: Material(
            row["line_no"], row["product_code"], row["required_milli"], row["issued_milli"], row["returned_milli"]
        )
        for row in production_orders.materials_of(ctx.db, [order["id"]])[order["id"]]
    }


def _batch_faults(ctx: Context, line: dict[str, Any], materials: dict[int, Material], pointer: str) -> list[Fault]:
    """A line may name a batch that is there."""
    material, batch_no = materials.get(line["line_no"]), line.get("batch_no")
    if material is None or batch_no is None:
        return []
    kept = batches.get(ctx.db, material.product_code, batch_no)
    return rules.batches.issue_faults(material.product_code, rules.batches.Batch(batch_no, None, None), kept, pointer)


def _made_batch(
    ctx: Context, body: dict[str, Any], order: sqlite3.Row, number: str, day: date
) -> tuple[rules.batches.Batch | None, list[Fault]]:
    """The batch of what was made: the one named, or a new one with the number of the receipt, made on its day."""
    managed = bool(order["batch_managed"])
    batch_no = body.get("batch_no") or (number if managed else None)
    kept = None if batch_no is None else batches.get(ctx.db, order["product_code"], batch_no)
    made_on = body.get("production_date") or (day.isoformat() if kept is None else None)
    batch = given_batch({**body, "batch_no": batch_no, "production_date": made_on}, order)
    return batch, rules.batches.batch_faults(order["product_code"], managed, batch, kept, "")


def _posted(
    ctx: Context,
    kind: str,
    number: str,
    order: sqlite3.Row,
    warehouse_code: str,
    day: date,
    body: dict[str, Any],
) -> Answer:
    store.insert(
        ctx.db,
        {
            "number": number,
            "kind": kind,
            "order_id": order["id"],
            "warehouse_code": warehouse_code,
            "business_date": day.isoformat(),
            "note": body.get("note"),
            "created_at": ctx.timestamp,
        },
    )
    view = _view(ctx, kind, number)
    ctx.emit(f"scm.material_{kind}.posted", order["number"], view)
    return created(view, ctx.url(f"/material-{kind}s/{number}"))


def _list(ctx: Context, kind: str, order_number: str | None, page: int, page_size: int) -> Answer:
    rows, total = store.page(ctx.db, kind, order_number, page, page_size)
    lines = store.lines_of(ctx.db, (row["number"] for row in rows))
    return ok(views.page([views.production.posting(row, lines[row["number"]]) for row in rows], page, page_size, total))


def _view(ctx: Context, kind: str, number: str) -> views.Json:
    row = store.get(ctx.db, kind, number)
    if row is None:
        raise not_found(f"material {kind}", "领料单" if kind == "issue" else "退料单", number)
    return views.production.posting(row, store.lines_of(ctx.db, [number])[number])


def _receipt(ctx: Context, number: str) -> views.Json:
    row = store.receipt(ctx.db, number)
    if row is None:
        raise not_found("production receipt", "产成品入库单", number)
    return views.production.receipt(row)
