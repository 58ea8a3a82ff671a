"""Store sales (门店销售): entered, voided on the same day, returned later."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from shapan.crm import ordering, rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.rules.orders import Line
from shapan.crm.store import members, stores
from shapan.crm.store import store_sale_returns as returns
from shapan.crm.store import store_sales as store
from shapan.crm.store.pages import Position
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.etag import etag
from shapan.kernel.money import Tax
from shapan.kernel.system import Answer, Context, created, ok


def list_store_sales(
    ctx: Context,
    store_code: str | None,
    member_id: str | None,
    business_date: str | None,
    cursor: str | None,
    limit: int,
) -> Answer:
    """One page of store sales with their lines."""
    member_key = None if member_id is None else uuid_key(member_id)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(
            ctx.db, store_code=store_code, member_id=member_key, business_date=business_date, after=after, limit=count
        )

    def view(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
        seqs = [row["seq"] for row in rows]
        lines, backs = store.lines_of(ctx.db, seqs), returns.of_sales(ctx.db, seqs)
        return [views.shops.sale(row, lines[row["seq"]], backs[row["seq"]]) for row in rows]

    return page_answer(ctx, cursor, limit, None, select, view)


def create_store_sale(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter what was sold and paid; 422 with every fault of store, member, time, products and payments."""
    lines, faults = _check(ctx, body)
    if faults:
        raise refused(faults)
    amount = rules.orders.total(lines)
    member_id = body.get("memberId")
    points = 0
    if member_id is not None:
        points = rules.store_sales.points_for(amount.gross)
        members.add_points(ctx.db, uuid_key(member_id), points, ctx.timestamp)
    sold_at = body.get("soldAt")
    row = store.insert(
        ctx.db,
        store_code=body["storeCode"],
        member_id=None if member_id is None else uuid_key(member_id),
        sold_at=ctx.timestamp if sold_at is None else moment(sold_at),
        payments=body["payments"],
        lines=lines,
        amount=amount,
        points=points,
        today=ctx.today,
        now=ctx.timestamp,
    )
    sale = views.shops.sale(row, lines)
    ctx.emit("crm.store_sale.completed", row["number"], sale)
    return created(sale, ctx.url(f"/store-sales/{row['id']}"), etag=etag(row["version"]))


def _check(ctx: Context, body: dict[str, Any]) -> tuple[list[Line], list[Fault]]:
    row = stores.find(ctx.db, body["storeCode"])
    faults = rules.store_sales.store_faults(body["storeCode"], None if row is None else row["state"])
    member_id = body.get("memberId")
    if member_id is not None and members.find(ctx.db, uuid_key(member_id)) is None:
        faults.append(
            Fault(
                "/memberId",
                f"There is no member {member_id}. Enter the member first, or sell without one.",
                f"没有会员 {member_id}，请先登记会员，或不填会员。",
            )
        )
    if body.get("soldAt") is not None:
        faults += rules.store_sales.time_faults(datetime.fromisoformat(body["soldAt"]), ctx.now)
    lines, wrong = ordering.priced(ctx, None, body["lines"])
    # With a line missing, the sum says nothing of the payments.
    faults += wrong or rules.store_sales.payment_faults(body["payments"], rules.orders.total(lines).gross)
    return lines, faults


def get_store_sale(ctx: Context, store_sale_id: str) -> Answer:
    """One store sale with its lines."""
    return _answer(ctx, _load(ctx, store_sale_id))


def void_store_sale(ctx: Context, store_sale_id: str, body: dict[str, Any]) -> Answer:
    """Take a sale of today back, and the member's points with it; 409 on a later day, the second time, and once something came back."""
    row = _load(ctx, store_sale_id)
    came_back = bool(returns.of_sales(ctx.db, [row["seq"]])[row["seq"]])
    refusal = rules.store_sales.void_refusal(
        row["number"], row["state"], row["business_date"], ctx.today.isoformat(), came_back=came_back
    )
    if refusal is not None:
        raise refusal
    if row["member_id"] is not None:
        members.add_points(ctx.db, row["member_id"], -row["points"], ctx.timestamp)
    row = store.void(ctx.db, row["seq"], body["reason"], ctx.timestamp)
    answer = _answer(ctx, row)
    ctx.emit("crm.store_sale.voided", row["number"], answer.body)
    return answer


def return_store_sale(ctx: Context, store_sale_id: str, body: dict[str, Any]) -> Answer:
    """Take goods back, on any day: money is given back, points are taken back. 422 with every fault, 409 for a voided sale."""
    row = _load(ctx, store_sale_id)
    refusal = rules.store_sales.return_refusal(row["number"], row["state"])
    if refusal is not None:
        raise refusal
    sold, backs = store.lines_of(ctx.db, [row["seq"]])[row["seq"]], returns.of_sales(ctx.db, [row["seq"]])[row["seq"]]
    lines, faults = rules.store_sales.return_lines(body["lines"], sold, rules.store_sales.returned(backs))
    amount = Tax(sum(line.net_fen for line in lines), sum(line.tax_fen for line in lines))
    # With a line missing, the sum says nothing of the money.
    faults = faults or rules.store_sales.refund_faults(body["refunds"], amount.gross)
    if faults:
        raise refused(faults)
    points = rules.store_sales.points_back(row["points"], row["net_fen"] + row["tax_fen"], backs, amount.gross)
    if points:
        members.add_points(ctx.db, row["member_id"], -points, ctx.timestamp)
    row = returns.insert(
        ctx.db,
        row["seq"],
        lines,
        reason=body["reason"],
        refunds=body["refunds"],
        amount=amount,
        points=points,
        business_date=ctx.today.isoformat(),
        now=ctx.timestamp,
    )
    sale = _answer(ctx, row).body
    ctx.emit("crm.store_sale.returned", row["number"], sale)
    return created(sale, ctx.url(f"/store-sales/{row['id']}"), etag=etag(row["version"]))


def _load(ctx: Context, store_sale_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(store_sale_id))
    if row is None:
        raise not_found("store sale", "门店销售", store_sale_id)
    return row


def _answer(ctx: Context, row: sqlite3.Row) -> Answer:
    lines = store.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    backs = returns.of_sales(ctx.db, [row["seq"]])[row["seq"]]
    return ok(views.shops.sale(row, lines, backs), etag=etag(row["version"]))
