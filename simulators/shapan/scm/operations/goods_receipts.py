"""Goods receipts (采购入库单): enter, post, cancel."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, Problem, not_found, refused
from shapan.kernel.money import Tax, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_batch, given_day
from shapan.scm.rules.batches import Batch
from shapan.scm.rules.goods_receipts import Arrival
from shapan.scm.store import batches, masters, purchase_orders, stock
from shapan.scm.store import goods_receipts as store
from shapan.scm.store.query import draw_number


def list_goods_receipts(
    ctx: Context, page: int, page_size: int, purchase_order_no: str | None, state: str | None, supplier_code: str | None
) -> Answer:
    """A page of receipts."""
    rows, total = store.page(ctx.db, purchase_order_no, state, supplier_code, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.goods_receipts.goods_receipt(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_goods_receipt(ctx: Context, body: dict[str, Any]) -> Answer:
    """Make a draft of the lines given, or of all that is still to come. 409 and 422 as rules.goods_receipts says."""
    order_number = body["purchase_order_no"]
    order = purchase_orders.get(ctx.db, order_number)
    if order is None:
        en, zh = f"There is no purchase order {order_number}.", f"没有采购订单 {order_number}。"
        raise refused([Fault("/purchase_order_no", en, zh)])
    refusal = rules.purchase_orders.not_approved_refusal(order_number, order["state"])
    if refusal is not None:
        raise refusal
    day = given_day(body.get("receipt_date")) or ctx.today
    faults = rules.goods_receipts.receipt_date_faults(day, date.fromisoformat(order["order_date"]), ctx.today)
    lines = {line["line_no"]: line for line in purchase_orders.lines_of(ctx.db, [order["id"]])[order["id"]]}
    arrivals, found = _arrivals(ctx, body, order, lines)
    faults += found
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "CGRK", day)
    receipt = {
        "number": number,
        "order_id": order["id"],
        "receipt_date": day.isoformat(),
        "delivery_note": body.get("delivery_note"),
        "note": body.get("note"),
        "created_at": ctx.timestamp,
    }
    provisional = [(arrival, _share(lines[arrival.order_line], arrival.quantity_milli)) for arrival in arrivals]
    store.insert(ctx.db, receipt, provisional)
    return created(_view(ctx, number), ctx.url(f"/goods-receipts/{number}"))


def _arrivals(
    ctx: Context, body: dict[str, Any], order: sqlite3.Row, lines: dict[int, sqlite3.Row]
) -> tuple[list[Arrival], list[Fault]]:
    """What arrives by a body, and what is wrong with it. 409 nothing-to-receive."""
    receivable = [
        rules.goods_receipts.Receivable(
            line["line_no"],
            line["product_code"],
            line["quantity_milli"],
            line["received_milli"] + line["drafted_milli"],
        )
        for line in lines.values()
    ]
    products = masters.products_of(ctx.db, (line["product_code"] for line in lines.values()))
    given = body.get("lines")
    if given is None:
        found = rules.goods_receipts.everything_open(order["number"], receivable)
        if isinstance(found, Problem):
            raise found
        coming = [products[lines[arrival.order_line]["product_code"]] for arrival in found]
        return found, rules.goods_receipts.unnamed_batch_faults(row["code"] for row in coming if row["batch_managed"])
    named: list[Batch | None] = []
    faults = []
    for index, line in enumerate(given):
        kept = lines.get(line["order_line"])
        batch = None if kept is None else given_batch(line, products[kept["product_code"]])
        named.append(batch)
        if kept is not None and milli_from_text(line["quantity"]) > milli_from_text(
            line.get("rejected_quantity") or "0"
        ):
            faults += _batch_faults(ctx, products[kept["product_code"]], batch, f"/lines/{index}")
    arrivals, wrong = rules.goods_receipts.arrivals(order["number"], given, named, receivable, order["tolerance_bp"])
    return arrivals, [*wrong, *faults]


def _batch_faults(ctx: Context, product: sqlite3.Row, batch: Batch | None, pointer: str) -> list[Fault]:
    kept = None if batch is None else batches.get(ctx.db, product["code"], batch.batch_no)
    return rules.batches.batch_faults(product["code"], bool(product["batch_managed"]), batch, kept, pointer)


def get_goods_receipt(ctx: Context, goods_receipt_no: str) -> Answer:
    """One receipt. 404."""
    return ok(_view(ctx, goods_receipt_no))


def post_goods_receipt(ctx: Context, goods_receipt_no: str) -> Answer:
    """draft -> posted: stock in at the order's net price, shares fixed, the order closed with its last part. 404, 409.

    Emits scm.goods_receipt.posted under the number of the purchase order, then scm.purchase_order.closed when it is.
    """
    receipt = _load(ctx, goods_receipt_no)
    for refusal in (
        rules.goods_receipts.not_draft_refusal(goods_receipt_no, receipt["state"]),
        rules.purchase_orders.not_approved_refusal(receipt["order_number"], receipt["order_state"]),
    ):
        if refusal is not None:
            raise refusal
    for line in store.lines_of(ctx.db, [receipt["id"]])[receipt["id"]]:
        _post_line(ctx, receipt, line)
    store.post(ctx.db, receipt["id"], ctx.timestamp)
    order_id, order_number = receipt["order_id"], receipt["order_number"]
    complete = all(
        line["received_milli"] >= line["quantity_milli"]
        for line in purchase_orders.lines_of(ctx.db, [order_id])[order_id]
    )
    (purchase_orders.close if complete else purchase_orders.touch)(ctx.db, order_id, ctx.timestamp)
    view = _view(ctx, goods_receipt_no)
    ctx.emit("scm.goods_receipt.posted", order_number, view)
    if complete:
        order = purchase_orders.get(ctx.db, order_number)
        assert order is not None
        lines = purchase_orders.lines_of(ctx.db, [order_id])[order_id]
        ctx.emit("scm.purchase_order.closed", order_number, views.purchase_orders.purchase_order(order, lines))
    return ok(view)


def _post_line(ctx: Context, receipt: sqlite3.Row, line: sqlite3.Row) -> None:
    """One line: stock, its share of the order line, the order line."""
    # Read anew for each line: two lines of a receipt may be of one order line.
    ordered = next(
        row
        for row in purchase_orders.lines_of(ctx.db, [receipt["order_id"]])[receipt["order_id"]]
        if row["line_no"] == line["order_line"]
    )
    milli, batch_no = line["quantity_milli"], line["batch_no"]
    amount = _share(ordered, milli)
    if milli:
        if batch_no is not None:
            batch = Batch(batch_no, given_day(line["production_date"]), given_day(line["expiry_date"]))
            _enter_batch(ctx, line["product_code"], batch)
        stock.book(
            ctx.db,
            "purchase_receipt",
            receipt["warehouse_code"],
            line["product_code"],
            milli,
            date.fromisoformat(receipt["receipt_date"]),
            ctx.timestamp,
            value_fen=amount.net,
            batches=None if batch_no is None else [(batch_no, milli)],
            source_document=receipt["number"],
            source_line=line["line_no"],
        )
    purchase_orders.receive_line(ctx.db, receipt["order_id"], line["order_line"], milli, line["rejected_milli"], amount)
    store.fix_amounts(ctx.db, receipt["id"], line["line_no"], amount)


def _enter_batch(ctx: Context, product_code: str, batch: Batch) -> None:
    """The batch is there from now on. 409 when another receipt has entered it meanwhile, with other dates."""
    refusal = rules.goods_receipts.batch_refusal(product_code, batch, batches.get(ctx.db, product_code, batch.batch_no))
    if refusal is not None:
        raise refusal
    batches.enter(ctx.db, product_code, batch, ctx.timestamp)


def cancel_goods_receipt(ctx: Context, goods_receipt_no: str) -> Answer:
    """draft -> cancelled. 404, 409."""
    receipt = _load(ctx, goods_receipt_no)
    refusal = rules.goods_receipts.not_draft_refusal(goods_receipt_no, receipt["state"])
    if refusal is not None:
        raise refusal
    store.cancel(ctx.db, receipt["id"], ctx.timestamp)
    return ok(_view(ctx, goods_receipt_no))


def _share(line: sqlite3.Row, milli: int) -> Tax:
    """What of an order line's amounts falls to goods that come now."""
    return rules.goods_receipts.receipt_share(
        Tax(line["net_fen"], line["tax_fen"]),
        line["quantity_milli"],
        line["received_milli"],
        Tax(line["received_net_fen"], line["received_tax_fen"]),
        milli,
    )


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("goods receipt", "采购入库单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.goods_receipts.goods_receipt(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
