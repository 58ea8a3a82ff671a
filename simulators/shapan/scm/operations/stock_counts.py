"""Stock counts (盘点单): begin, enter, post, cancel."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import e4_from_text, milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.bodies import given_batch
from shapan.scm.rules.stock_counts import CountLine
from shapan.scm.store import batches, masters, parts, stock
from shapan.scm.store import stock_counts as store
from shapan.scm.store.query import draw_number


def list_stock_counts(ctx: Context, page: int, page_size: int, state: str | None, warehouse_code: str | None) -> Answer:
    """A page of stock counts."""
    rows, total = store.page(ctx.db, state, warehouse_code, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    items = [views.stock_counts.stock_count(row, lines[row["id"]]) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_stock_count(ctx: Context, body: dict[str, Any]) -> Answer:
    """Make a draft from the book. 422 for unknown codes, 409 nothing-to-count."""
    warehouse_code, codes = body["warehouse_code"], body.get("product_codes")
    faults: list[Fault] = []
    if masters.warehouse(ctx.db, warehouse_code) is None:
        faults.append(rules.references.missing_warehouse(warehouse_code, "/warehouse_code"))
    for index, code in enumerate(codes or ()):
        faults += _product_faults(masters.product(ctx.db, code), code, f"/product_codes/{index}")
    if faults:
        raise refused(faults)
    lines = store.book_lines(ctx.db, warehouse_code, codes)
    if not lines:
        raise rules.stock_counts.nothing_refusal(warehouse_code)
    number = draw_number(ctx.db, "PDDD", ctx.today)
    header = {
        "number": number,
        "warehouse_code": warehouse_code,
        "count_date": ctx.today.isoformat(),
        "note": body.get("note"),
        "created_at": ctx.timestamp,
    }
    store.insert(ctx.db, header, lines)
    return created(_view(ctx, number), ctx.url(f"/stock-counts/{number}"))


def get_stock_count(ctx: Context, stock_count_no: str) -> Answer:
    """One stock count. 404."""
    return ok(_view(ctx, stock_count_no))


def enter_stock_count(ctx: Context, stock_count_no: str, body: dict[str, Any]) -> Answer:
    """Set counted quantities, with the book of this moment. 404, 409, 422."""
    row = _draft(ctx, stock_count_no)
    faults: list[Fault] = []
    seen: set[tuple[str, str | None]] = set()
    for index, line in enumerate(body["lines"]):
        pointer, key = f"/lines/{index}", (line["product_code"], line.get("batch_no"))
        faults += _entry_faults(ctx, line, pointer)
        if key in seen:
            faults.append(Fault(f"{pointer}/product_code", f"{key[0]} is given twice.", f"{key[0]} 重复录入。"))
        seen.add(key)
    if faults:
        raise refused(faults)
    book = _book(ctx, row["warehouse_code"])
    for line in body["lines"]:
        code, cost = line["product_code"], line.get("unit_cost")
        product = masters.product(ctx.db, code)
        assert product is not None
        batch = given_batch(line, product)
        if batch is not None:
            batches.enter(ctx.db, code, batch, ctx.timestamp)
        batch_no = None if batch is None else batch.batch_no
        store.enter(
            ctx.db,
            row["id"],
            code,
            batch_no,
            book.get((code, batch_no), 0),
            milli_from_text(line["counted_quantity"]),
            None if cost is None else e4_from_text(cost),
            line.get("note"),
        )
    store.touch(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, stock_count_no))


def post_stock_count(ctx: Context, stock_count_no: str) -> Answer:
    """draft -> posted: gains and losses are booked. 404, 409. Emits scm.stock_count.posted."""
    row = _draft(ctx, stock_count_no)
    book = _book(ctx, row["warehouse_code"])
    kept = store.lines_of(ctx.db, [row["id"]])[row["id"]]
    lines = [
        CountLine(
            line["line_no"],
            line["product_code"],
            line["batch_no"],
            line["book_milli"],
            book.get((line["product_code"], line["batch_no"]), 0),
            line["counted_milli"],
        )
        for line in kept
    ]
    refusal = rules.stock_counts.post_refusal(stock_count_no, lines)
    if refusal is None:
        held = parts.holdings(ctx.db, row["warehouse_code"], (line.product_code for line in lines))
        refusal = rules.issues.short_refusal(
            stock_count_no,
            row["warehouse_code"],
            rules.stock_counts.reserved_faults(
                lines, {code: holding.unreserved_milli for code, holding in held.items()}
            ),
        )
    if refusal is not None:
        raise refusal
    costs = {line["line_no"]: line["unit_cost_e4"] for line in kept}
    # Gains first: a loss of one batch may be reserved goods that were found in another.
    for line in sorted(lines, key=lambda line: (line.counted_milli or 0) < line.book_milli):
        _post_line(ctx, row, line, costs[line.line_no])
    store.post(ctx.db, row["id"], ctx.today.isoformat(), ctx.timestamp)
    view = _view(ctx, stock_count_no)
    ctx.emit("scm.stock_count.posted", stock_count_no, view)
    return ok(view)


def cancel_stock_count(ctx: Context, stock_count_no: str) -> Answer:
    """draft -> cancelled. 404, 409."""
    row = _draft(ctx, stock_count_no)
    store.cancel(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, stock_count_no))


def _post_line(ctx: Context, row: sqlite3.Row, line: CountLine, unit_cost_e4: int | None) -> None:
    difference = (line.counted_milli or 0) - line.book_milli
    value = 0
    if difference:
        given = None
        if difference > 0 and unit_cost_e4 is not None:
            given = rules.amounts.line_amount(difference, unit_cost_e4)
        elif difference > 0:  # as other receipts; nothing at all where nobody ever knew a cost
            given = stock.value_in(ctx.db, line.product_code, difference)
        value = stock.book(
            ctx.db,
            "count_gain" if difference > 0 else "count_loss",
            row["warehouse_code"],
            line.product_code,
            difference,
            ctx.today,
            ctx.timestamp,
            value_fen=given,
            batches=None if line.batch_no is None else [(line.batch_no, abs(difference))],
            source_document=row["number"],
            source_line=line.line_no,
        ).value_change_fen
    store.set_difference(ctx.db, row["id"], line.line_no, value)


def _product_faults(product: sqlite3.Row | None, code: str, pointer: str) -> list[Fault]:
    """A product that is counted exists and is kept in stock."""
    if product is None:
        return [rules.references.missing_product(code, pointer)]
    return rules.products.stocked_faults(code, product["kind"], pointer)


def _entry_faults(ctx: Context, line: dict[str, Any], pointer: str) -> list[Fault]:
    code = line["product_code"]
    product = masters.product(ctx.db, code)
    faults = _product_faults(product, code, f"{pointer}/product_code")
    if product is None or faults:
        return faults
    batch = given_batch(line, product)
    kept = None if batch is None else batches.get(ctx.db, code, batch.batch_no)
    if kept is not None and line.get("expiry_date") is None:
        # The shelf life only fills in the date of a batch that is new.
        batch = batch and batch._replace(expiry_date=None)
    return rules.batches.batch_faults(code, bool(product["batch_managed"]), batch, kept, pointer)


def _book(ctx: Context, warehouse_code: str) -> dict[tuple[str, str | None], int]:
    """(product, batch) -> on hand, of what the warehouse has."""
    return {(code, batch_no): milli for code, batch_no, milli in store.book_lines(ctx.db, warehouse_code, None)}


def _draft(ctx: Context, number: str) -> sqlite3.Row:
    row = _load(ctx, number)
    refusal = rules.stock_counts.draft_refusal(number, row["state"])
    if refusal is not None:
        raise refusal
    return row


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("stock count", "盘点单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    return views.stock_counts.stock_count(row, store.lines_of(ctx.db, [row["id"]])[row["id"]])
