"""Transfers between warehouses (调拨单): enter, send, receive, cancel."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.rules.transfers import Arrived, InTransit
from shapan.scm.store import batches, masters, parts, stock
from shapan.scm.store import transfers as store
from shapan.scm.store.query import draw_number


def list_transfers(
    ctx: Context,
    page: int,
    page_size: int,
    state: str | None,
    from_warehouse_code: str | None,
    to_warehouse_code: str | None,
) -> Answer:
    """A page of transfers."""
    rows, total = store.page(ctx.db, state, from_warehouse_code, to_warehouse_code, page, page_size)
    return ok(views.page(_views(ctx, rows), page, page_size, total))


def create_transfer(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. 422 names every unknown warehouse, product and batch."""
    from_code, to_code = body["from_warehouse_code"], body["to_warehouse_code"]
    faults = [
        rules.references.missing_warehouse(body[member], f"/{member}")
        for member in ("from_warehouse_code", "to_warehouse_code")
        if masters.warehouse(ctx.db, body[member]) is None
    ]
    faults += rules.transfers.same_warehouse_fault(from_code, to_code)
    for index, line in enumerate(body["lines"]):
        faults += _line_faults(ctx, line, f"/lines/{index}")
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "DBDD", ctx.today)
    store.insert(
        ctx.db,
        {
            "number": number,
            "from_warehouse_code": from_code,
            "to_warehouse_code": to_code,
            "note": body.get("note"),
            **views.source_columns(body),
            "created_at": ctx.timestamp,
        },
        [(line["product_code"], milli_from_text(line["quantity"]), line.get("batch_no")) for line in body["lines"]],
    )
    return created(_view(ctx, number), ctx.url(f"/transfers/{number}"))


def get_transfer(ctx: Context, transfer_no: str) -> Answer:
    """One transfer. 404."""
    return ok(_view(ctx, transfer_no))


def send_transfer(ctx: Context, transfer_no: str, body: dict[str, Any] | None) -> Answer:
    """draft -> sent: out of the sending warehouse, still the company's. 404, 409, 422. Emits scm.transfer.sent."""
    row = _load(ctx, transfer_no)
    refusal = rules.transfers.draft_refusal(transfer_no, row["state"])
    if refusal is not None:
        raise refusal
    day = (body or {}).get("send_date") or ctx.today.isoformat()
    faults = rules.references.future_fault(day, ctx.today.isoformat(), "/send_date")
    if faults:
        raise refused(faults)
    lines = store.lines_of(ctx.db, [row["id"]])[row["id"]]
    warehouse_code = row["from_warehouse_code"]
    plan, short = rules.issues.plan_issue(
        [
            rules.issues.Wanted(
                line["line_no"],
                f"/lines/{line['line_no'] - 1}",
                line["product_code"],
                line["quantity_milli"],
                line["batch_no"],
            )
            for line in lines
        ],
        parts.holdings(ctx.db, warehouse_code, (line["product_code"] for line in lines)),
        ctx.today,
    )
    refusal = rules.issues.short_refusal(transfer_no, warehouse_code, short)
    if refusal is not None:
        raise refusal
    for line in lines:
        line_no, milli = line["line_no"], line["quantity_milli"]
        taken = plan[line_no]
        worth = rules.costing.at_average(stock.cost(ctx.db, line["product_code"]), milli)
        _move(ctx, row, "transfer_out", warehouse_code, line["product_code"], -milli, day, line_no, taken)
        store.send_line(ctx.db, row["id"], line_no, worth, taken or [(None, milli)])
    store.send(ctx.db, row["id"], day, ctx.timestamp)
    return _told(ctx, "scm.transfer.sent", transfer_no)


def receive_transfer(ctx: Context, transfer_no: str, body: dict[str, Any] | None) -> Answer:
    """Book in what arrived; with `complete`, the rest as a loss. 404, 409, 422. Emits scm.transfer.received."""
    body = body or {}
    row = _load(ctx, transfer_no)
    refusal = rules.transfers.sent_refusal(transfer_no, row["state"])
    if refusal is not None:
        raise refusal
    day, complete = body.get("receive_date") or ctx.today.isoformat(), body.get("complete", False)
    in_transit = store.in_transit(ctx.db, row["id"])
    arrived, faults = _arrived(transfer_no, body, in_transit)
    missing = sum(part.milli for part in in_transit) - sum(milli for _, milli in arrived)
    faults += rules.references.future_fault(day, ctx.today.isoformat(), "/receive_date")
    faults += rules.references.order_fault(row["send_date"], day, "/receive_date")
    faults += rules.transfers.reason_fault(missing if complete else 0, body.get("reason"))
    faults += rules.transfers.nothing_fault(bool(arrived) or complete or bool(faults))
    if faults:
        raise refused(faults)
    products = {line["line_no"]: line["product_code"] for line in store.lines_of(ctx.db, [row["id"]])[row["id"]]}
    _receive(ctx, row, products, arrived, day)
    if complete:
        _lose(ctx, row, products, day)
    store.receive(
        ctx.db,
        row["id"],
        day,
        ctx.timestamp,
        done=complete or not missing,
        loss_reason=body.get("reason") if complete and missing else row["loss_reason"],
    )
    return _told(ctx, "scm.transfer.received", transfer_no)


def cancel_transfer(ctx: Context, transfer_no: str) -> Answer:
    """draft -> cancelled. 404, 409."""
    row = _load(ctx, transfer_no)
    refusal = rules.transfers.draft_refusal(transfer_no, row["state"])
    if refusal is not None:
        raise refusal
    store.cancel(ctx.db, row["id"], ctx.timestamp)
    return ok(_view(ctx, transfer_no))


def _line_faults(ctx: Context, line: dict[str, Any], pointer: str) -> list[Fault]:
    """What is wrong with a line that is entered."""
    code, batch_no = line["product_code"], line.get("batch_no")
    product = masters.product(ctx.db, code)
    if product is None:
        return [rules.references.missing_product(code, f"{pointer}/product_code")]
    batch = None if batch_no is None else rules.batches.Batch(batch_no, None, None)
    kept = None if batch_no is None else batches.get(ctx.db, code, batch_no)
    return rules.products.stocked_faults(code, product["kind"], f"{pointer}/product_code") + rules.batches.issue_faults(
        code, batch, kept, pointer
    )


def _arrived(
    number: str, body: dict[str, Any], in_transit: list[InTransit]
) -> tuple[list[tuple[InTransit, int]], list[Fault]]:
    """What arrived by part: the lines of the body, or everything."""
    if body.get("lines") is None:
        return [(part, part.milli) for part in in_transit if part.milli], []
    return rules.transfers.received_parts(
        number,
        [
            Arrived(f"/lines/{index}", line["line_no"], milli_from_text(line["quantity"]), line.get("batch_no"))
            for index, line in enumerate(body["lines"])
        ],
        in_transit,
    )


def _receive(
    ctx: Context, row: sqlite3.Row, products: dict[int, str], arrived: Iterable[tuple[InTransit, int]], day: str
) -> None:
    """Book in what arrived, one movement a batch."""
    by_line: defaultdict[int, list[tuple[InTransit, int]]] = defaultdict(list)
    for part, milli in arrived:
        store.receive_part(ctx.db, row["id"], part, milli)
        by_line[part.line_no].append((part, milli))
    for line_no, pieces in sorted(by_line.items()):
        came = [(part.batch_no, milli) for part, milli in pieces if part.batch_no is not None]
        total = sum(milli for _, milli in pieces)
        _move(ctx, row, "transfer_in", row["to_warehouse_code"], products[line_no], total, day, line_no, came or None)


def _lose(ctx: Context, row: sqlite3.Row, products: dict[int, str], day: str) -> None:
    """What did not arrive comes in and goes out again at the average cost, so that the ledger shows where it was lost."""
    for part in store.in_transit(ctx.db, row["id"]):
        if part.milli:
            code, line_no = products[part.line_no], part.line_no
            batch = None if part.batch_no is None else [(part.batch_no, part.milli)]
            _move(ctx, row, "transfer_in", row["to_warehouse_code"], code, part.milli, day, line_no, batch)
            lost = _move(ctx, row, "transfer_loss", row["to_warehouse_code"], code, -part.milli, day, line_no, batch)
            store.lose_part(ctx.db, row["id"], part, -lost.value_change_fen)


def _move(
    ctx: Context,
    row: sqlite3.Row,
    kind: str,
    warehouse_code: str,
    product_code: str,
    change_milli: int,
    day: str,
    line_no: int,
    batches: list[tuple[str, int]] | None,
) -> stock.Booked:
    return stock.book(
        ctx.db,
        kind,
        warehouse_code,
        product_code,
        change_milli,
        date.fromisoformat(day),
        ctx.timestamp,
        within_company=kind != "transfer_loss",
        batches=batches,
        source_document=row["number"],
        source_line=line_no,
    )


def _told(ctx: Context, event: str, number: str) -> Answer:
    view = _view(ctx, number)
    ctx.emit(event, number, view)
    return ok(view)


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("transfer", "调拨单", number)
    return row


def _views(ctx: Context, rows: list[sqlite3.Row]) -> list[views.Json]:
    ids = [row["id"] for row in rows]
    lines, sent = store.lines_of(ctx.db, ids), store.parts_of(ctx.db, ids)
    return [views.transfers.transfer(row, lines[row["id"]], sent) for row in rows]


def _view(ctx: Context, number: str) -> views.Json:
    return _views(ctx, [_load(ctx, number)])[0]
