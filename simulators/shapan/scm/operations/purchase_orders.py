"""Purchase orders (采购订单): enter, approve, close, cancel."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import text_from_rate
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_day
from shapan.scm.store import goods_receipts, masters, requisitions, suppliers
from shapan.scm.store import purchase_orders as store
from shapan.scm.store.query import draw_number


def list_purchase_orders(
    ctx: Context, page: int, page_size: int, state: str | None, supplier_code: str | None, source_document: str | None
) -> Answer:
    """A page of purchase orders."""
    rows, total = store.page(ctx.db, state, supplier_code, source_document, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.purchase_orders.purchase_order(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_purchase_order(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft, which takes of the requisitions that it names. 422 names every fault."""
    faults: list[Fault] = []
    supplier = suppliers.get(ctx.db, body["supplier_code"])
    if supplier is None:
        code = body["supplier_code"]
        faults.append(Fault("/supplier_code", f"There is no supplier {code}.", f"没有供应商 {code}。"))
    warehouse_code = body.get("warehouse_code") or masters.main_warehouse_code(ctx.db)
    if warehouse_code is None or masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(rules.references.missing_warehouse(warehouse_code or "CK01", "/warehouse_code"))
    order_date = given_day(body.get("order_date")) or ctx.today
    faults += rules.sales_orders.order_date_fault(order_date, ctx.today)
    lines, found = _lines(ctx, body["lines"])
    faults += found
    references = [rules.purchase_orders.reference(line) for line in body["lines"]]
    known = requisitions.requested(ctx.db, (at for at in references if at is not None))
    faults += rules.purchase_orders.requisition_faults(body["lines"], lines, known)
    whole = [line for line in lines if line is not None]
    faults += rules.sales_orders.order_total_faults(whole)
    if supplier is None or faults:
        raise refused(faults)
    number = draw_number(ctx.db, "CGDD", order_date)
    order = {
        "number": number,
        "supplier_code": body["supplier_code"],
        "warehouse_code": warehouse_code,
        "payment_terms": supplier["payment_terms"],
        "tolerance_bp": supplier["tolerance_bp"],
        "order_date": order_date.isoformat(),
        "expected_date": body.get("expected_date"),
        "note": body.get("note"),
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    store.insert(ctx.db, order, whole, references)
    for line, at in zip(whole, references, strict=True):
        if at is not None:
            requisitions.take(ctx.db, *at, line.quantity_milli, ctx.timestamp)
    return created(_view(ctx, number), ctx.url(f"/purchase-orders/{number}"))


def _lines(ctx: Context, given: list[dict[str, Any]]) -> tuple[list[rules.sales_orders.OrderLine | None], list[Fault]]:
    """The lines of a body, None for one that has faults, and the faults."""
    codes = [line["product_code"] for line in given]
    products, units = masters.products_of(ctx.db, codes), masters.units_of(ctx.db, codes)
    lines: list[rules.sales_orders.OrderLine | None] = []
    faults: list[Fault] = []
    for index, body in enumerate(given):
        code, pointer = body["product_code"], f"/lines/{index}"
        product = products.get(code)
        if product is not None:
            faults += rules.products.stocked_faults(code, product["kind"], f"{pointer}/product_code")
        if body.get("tax_rate") is None:
            body = {**body, "tax_rate": text_from_rate(0 if product is None else product["rate_bp"])}
        line, found = rules.sales_orders.order_line(body, units.get(code), pointer)
        lines.append(line)
        faults += found
    return lines, faults


def get_purchase_order(ctx: Context, purchase_order_no: str) -> Answer:
    """One purchase order. 404."""
    return ok(_view(ctx, purchase_order_no))


def approve_purchase_order(ctx: Context, purchase_order_no: str) -> Answer:
    """draft -> approved. 404, 409. Emits scm.purchase_order.approved."""
    order = _load(ctx, purchase_order_no)
    refusal = rules.purchase_orders.approve_refusal(purchase_order_no, order["state"])
    if refusal is not None:
        raise refusal
    store.approve(ctx.db, order["id"], ctx.timestamp)
    return _told(ctx, "scm.purchase_order.approved", purchase_order_no)


def close_purchase_order(ctx: Context, purchase_order_no: str) -> Answer:
    """approved -> closed, its draft receipts cancelled and what did not come given back to its requisitions. 404, 409.

    Emits scm.purchase_order.closed.
    """
    order = _load(ctx, purchase_order_no)
    refusal = rules.purchase_orders.not_approved_refusal(purchase_order_no, order["state"])
    if refusal is not None:
        raise refusal
    goods_receipts.cancel_drafts_of(ctx.db, order["id"], ctx.timestamp)
    for line in store.lines_of(ctx.db, [order["id"]])[order["id"]]:
        rest = line["quantity_milli"] - line["received_milli"]
        if line["requisition_no"] is not None and rest > 0:
            requisitions.take(ctx.db, line["requisition_no"], line["requisition_line"], -rest, ctx.timestamp)
    store.close(ctx.db, order["id"], ctx.timestamp)
    return _told(ctx, "scm.purchase_order.closed", purchase_order_no)


def cancel_purchase_order(ctx: Context, purchase_order_no: str) -> Answer:
    """Cancel it with its draft receipts and give back what it took of requisitions. 404, 409. Emits scm.purchase_order.cancelled."""
    order = _load(ctx, purchase_order_no)
    lines = store.lines_of(ctx.db, [order["id"]])[order["id"]]
    came = any(line["received_milli"] or line["rejected_milli"] for line in lines)
    refusal = rules.purchase_orders.cancel_refusal(purchase_order_no, order["state"], came)
    if refusal is not None:
        raise refusal
    goods_receipts.cancel_drafts_of(ctx.db, order["id"], ctx.timestamp)
    for line in lines:
        if line["requisition_no"] is not None:
            requisitions.take(
                ctx.db, line["requisition_no"], line["requisition_line"], -line["quantity_milli"], ctx.timestamp
            )
    store.cancel(ctx.db, order["id"], ctx.timestamp)
    return _told(ctx, "scm.purchase_order.cancelled", purchase_order_no)


def _told(ctx: Context, event: str, number: str) -> Answer:
    """The order as it is now, told as an event and answered."""
    view = _view(ctx, number)
    ctx.emit(event, number, view)
    return ok(view)


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("purchase order", "采购订单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.purchase_orders.purchase_order(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
