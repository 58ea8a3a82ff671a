"""Goods receipts as finance registers them (入库单登记): what came in, to be invoiced or accrued."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.dating import day_of
from shapan.finance.registering import (
    goods_line,
    product_faults,
    rate_faults,
    source_columns,
    subject,
    unknown_supplier,
    value_faults,
)
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import goods_receipts as store
from shapan.finance.store import purchase_orders as order_store
from shapan.finance.store import suppliers as supplier_store
from shapan.finance.store.query import draw_number
from shapan.kernel.errors import Fault, not_found
from shapan.kernel.money import e4_from_text, rate_from_text, text_from_e4, text_from_rate
from shapan.kernel.system import Answer, Context, created, ok

_OWN = ("product_code", "unit_price", "tax_rate")


def list_goods_receipts(
    ctx: Context,
    changed_since: int,
    limit: int,
    supplier_id: int | None,
    purchase_order_id: int | None,
    state: str | None,
    source_document: str | None,
) -> Answer:
    """Goods receipts changed after a watermark."""
    filters = {
        "supplier_id": supplier_id,
        "purchase_order_id": purchase_order_id,
        "state": state,
        "source_document": source_document,
    }
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    return ok(views.common.page(rows, [_shown(row, lines[row["id"]]) for row in rows], changed_since, more))


def create_goods_receipt(ctx: Context, body: dict[str, Any]) -> Answer:
    """Register goods that came in, by lines of a purchase order or with product, price and rate of their own."""
    supplier = supplier_store.get(ctx.db, body["supplier_id"])
    order_id: int | None = body.get("purchase_order_id")
    order = None if order_id is None else order_store.get(ctx.db, order_id)
    ordered = [] if order is None else order_store.lines_of(ctx.db, [order["id"]])[order["id"]]
    order_lines = {line["line_no"]: line for line in ordered}
    after = [] if order is None else [date.fromisoformat(order["business_date"])]
    dated = day_of(ctx, body, after)
    wrong = [] if supplier is not None else [unknown_supplier(body["supplier_id"])]
    wrong += [*dated.wrong, *_order_faults(body, order)]
    wrong += _line_faults(body["lines"], order is not None or order_id is None, order_lines)
    # Product and rate of an order line were checked with the order.
    own = {index: line for index, line in enumerate(body["lines"]) if "purchase_order_line_no" not in line}
    codes = {index: line["product_code"] for index, line in own.items() if "product_code" in line}
    rates = {index: rate_from_text(line["tax_rate"]) for index, line in own.items() if "tax_rate" in line}
    lines = {
        index: _line(line, order_lines)
        for index, line in enumerate(body["lines"])
        if (all(name in line for name in _OWN) if index in own else line["purchase_order_line_no"] in order_lines)
    }
    wrong += [*product_faults(ctx.db, codes), *value_faults(lines), *rate_faults(rates, dated.day)]
    problem = refusal(wrong, dated.lock)
    if problem is not None:
        raise problem
    receipt_id = store.insert(
        ctx.db,
        {
            "number": draw_number(ctx.db, "RK", dated.period),
            "supplier_id": body["supplier_id"],
            "business_date": dated.day.isoformat(),
            "period": dated.period,
            **source_columns(body),
            "purchase_order_id": order_id,
            "registered_at": ctx.timestamp,
        },
        list(lines.values()),
    )
    view = _view(ctx, receipt_id)
    ctx.emit("finance.goods_receipt.registered", subject(body["supplier_id"]), view)
    return created(view, ctx.url(f"/goods-receipts/{receipt_id}"))


def get_goods_receipt(ctx: Context, goods_receipt_id: int) -> Answer:
    """One goods receipt, or 404."""
    return ok(_view(ctx, goods_receipt_id))


def _order_faults(body: Mapping[str, Any], order: sqlite3.Row | None) -> list[Fault]:
    order_id = body.get("purchase_order_id")
    if order_id is None:
        return []
    if order is None:
        return [
            Fault("/purchase_order_id", f"There is no purchase order {order_id}.", f"没有采购订单登记 {order_id}。")
        ]
    if order["supplier_id"] != body["supplier_id"]:
        return [
            Fault(
                "/purchase_order_id",
                f"Purchase order {order['number']} belongs to supplier {order['supplier_id']}, the receipt to {body['supplier_id']}.",
                f"采购订单 {order['number']} 属于供应商 {order['supplier_id']}，入库单属于 {body['supplier_id']}。",
            )
        ]
    return []


def _line_faults(
    lines: Sequence[Mapping[str, Any]], order_known: bool, order_lines: Mapping[int, sqlite3.Row]
) -> list[Fault]:
    found: list[Fault] = []
    for index, line in enumerate(lines):
        pointer = f"/lines/{index}"
        line_no = line.get("purchase_order_line_no")
        if line_no is None:
            missing = [name for name in _OWN if name not in line]
            if missing:
                found.append(
                    Fault(
                        pointer,
                        f"Name a line of the purchase order (purchase_order_line_no), or give {', '.join(missing)} too.",
                        f"请指明采购订单行号（purchase_order_line_no），或补充 {'、'.join(missing)}。",
                    )
                )
        elif line_no not in order_lines:
            if order_known:  # an order that does not exist is named once, not for each line
                found.append(
                    Fault(
                        f"{pointer}/purchase_order_line_no",
                        f"The purchase order has no line {line_no}.",
                        f"采购订单没有第 {line_no} 行。",
                    )
                )
        else:
            found += _contradictions(pointer, line, order_lines[line_no])
    return found


def _contradictions(pointer: str, line: Mapping[str, Any], ordered: sqlite3.Row) -> list[Fault]:
    """Members that a line of an order may repeat, but not change."""
    found = []
    given = {
        "product_code": (line.get("product_code"), ordered["product_code"], ordered["product_code"]),
        "stock_class": (line.get("stock_class"), ordered["stock_class"], ordered["stock_class"]),
        "unit_price": (
            e4_from_text(line["unit_price"]) if "unit_price" in line else None,
            ordered["price_e4"],
            text_from_e4(ordered["price_e4"]),
        ),
        "tax_rate": (
            rate_from_text(line["tax_rate"]) if "tax_rate" in line else None,
            ordered["rate_bp"],
            text_from_rate(ordered["rate_bp"]),
        ),
    }
    for name, (value, wanted, shown) in given.items():
        if value is not None and value != wanted:
            found.append(
                Fault(
                    f"{pointer}/{name}",
                    f"The order line has {shown}; leave {name} away, or register the receipt without the order.",
                    f"采购订单行为 {shown}，请勿填写 {name}，或不引用订单登记入库。",
                )
            )
    return found


def _line(line: Mapping[str, Any], order_lines: Mapping[int, sqlite3.Row]) -> dict[str, Any]:
    line_no = line.get("purchase_order_line_no")
    if line_no is None:
        return {**goods_line(line), "purchase_order_line_no": None}
    ordered = order_lines[line_no]
    full = {
        "product_code": ordered["product_code"],
        "description": line.get("description", ordered["description"]),
        "stock_class": ordered["stock_class"],
        "quantity": line["quantity"],
        "unit_price": text_from_e4(ordered["price_e4"]),
        "tax_rate": text_from_rate(ordered["rate_bp"]),
    }
    return {**goods_line(full), "purchase_order_line_no": line_no}


def _view(ctx: Context, receipt_id: int) -> dict[str, Any]:
    row = store.get(ctx.db, receipt_id)
    if row is None:
        raise not_found("goods receipt", "入库单登记", receipt_id)
    return _shown(row, store.lines_of(ctx.db, [receipt_id])[receipt_id])


def _shown(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    return views.purchasing.goods_receipt(row, lines, [store.receipt_line(line) for line in lines])
