"""Registered goods receipts and purchase returns (入库单登记, 采购退货登记)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.purchasing import Key, ReceiptLine, receipt_state
from shapan.finance.store import purchase_orders
from shapan.finance.store.query import changed_page, next_change, one

_HEAD = (
    "d.id, d.number, d.supplier_id, s.short_name, d.business_date, d.period, d.source_system, d.source_document, d.source_id,"
    " d.registered_at, d.change"
)
_RECEIPT = f"{_HEAD}, d.purchase_order_id, d.state"
_RECEIPTS = "goods_receipt AS d JOIN supplier AS s ON s.id = d.supplier_id"
_RETURN = f"{_HEAD}, d.reason"
_RETURNS = "purchase_return AS d JOIN supplier AS s ON s.id = d.supplier_id"
_LINE = (
    "l.goods_receipt_id, l.line_no, l.purchase_order_line_no, l.product_code, l.description, l.stock_class, l.quantity_milli, l.price_e4,"
    " l.rate_bp, l.net_fen, l.tax_fen, l.returned_milli, l.invoiced_milli, d.number, d.supplier_id, d.purchase_order_id"
)
_LINES = "goods_receipt_line AS l JOIN goods_receipt AS d ON d.id = l.goods_receipt_id"


def insert(db: sqlite3.Connection, receipt: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> int:
    """Add a goods receipt with its lines, and note what came in of its order; its id."""
    cursor = db.execute(
        "INSERT INTO goods_receipt (number, supplier_id, business_date, period, source_system, source_document, source_id,"
        " purchase_order_id, state, registered_at, change) VALUES (:number, :supplier_id, :business_date, :period, :source_system,"
        " :source_document, :source_id, :purchase_order_id, 'open', :registered_at, :change)",
        {**receipt, "change": next_change(db)},
    )
    receipt_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO goods_receipt_line (goods_receipt_id, line_no, purchase_order_line_no, product_code, description, stock_class,"
        " quantity_milli, price_e4, rate_bp, net_fen, tax_fen, returned_milli, invoiced_milli) VALUES (:receipt_id, :line_no,"
        " :purchase_order_line_no, :product_code, :description, :stock_class, :quantity_milli, :price_e4, :rate_bp, :net_fen, :tax_fen,"
        " 0, 0)",
        [{**line, "receipt_id": receipt_id, "line_no": line_no} for line_no, line in enumerate(lines, 1)],
    )
    for line in lines:
        if line["purchase_order_line_no"] is not None:
            key = (receipt["purchase_order_id"], line["purchase_order_line_no"])
            purchase_orders.add(db, key, received=line["quantity_milli"])
    return receipt_id


def get(db: sqlite3.Connection, receipt_id: int) -> sqlite3.Row | None:
    """The goods receipt of this id."""
    return one(db, f"SELECT {_RECEIPT} FROM {_RECEIPTS} WHERE d.id = ?", (receipt_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of goods receipts, and whether more follow. `filters` are columns of the receipt."""
    named = {f"d.{column}": value for column, value in filters.items()}
    return changed_page(db, _RECEIPT, _RECEIPTS, "d.change", named, since, limit)


def lines_of(db: sqlite3.Connection, receipt_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Receipt id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        f"SELECT {_LINE} FROM {_LINES} WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.id, l.line_no",  # noqa: S608
        (json.dumps(list(receipt_ids)),),
    ):
        lines.setdefault(row["goods_receipt_id"], []).append(row)
    return lines


def receipt_line(row: sqlite3.Row) -> ReceiptLine:
    """A row of `lines_of` as rules see it."""
    order_line = row["purchase_order_line_no"]
    return ReceiptLine(
        row["goods_receipt_id"],
        row["line_no"],
        row["number"],
        row["supplier_id"],
        row["product_code"],
        row["stock_class"],
        row["quantity_milli"],
        row["price_e4"],
        row["rate_bp"],
        row["net_fen"],
        row["tax_fen"],
        row["returned_milli"],
        row["invoiced_milli"],
        None if order_line is None else (row["purchase_order_id"], order_line),
    )


def receipt_lines(db: sqlite3.Connection, keys: Iterable[Key]) -> dict[Key, ReceiptLine]:
    """Those of these receipt lines that exist."""
    wanted = set(keys)
    rows = lines_of(db, sorted({receipt_id for receipt_id, _ in wanted}))
    found = (receipt_line(row) for lines in rows.values() for row in lines)
    return {line.key: line for line in found if line.key in wanted}


def days_of(db: sqlite3.Connection, receipt_ids: Iterable[int]) -> list[date]:
    """The dates on which these receipts came in."""
    rows = db.execute(
        "SELECT DISTINCT business_date FROM goods_receipt WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(receipt_ids))),),
    )
    return [date.fromisoformat(row["business_date"]) for row in rows]


def lines_of_order(db: sqlite3.Connection, order_id: int) -> list[ReceiptLine]:
    """What came in of a purchase order, oldest first."""
    rows = db.execute(
        f"SELECT {_LINE} FROM {_LINES} WHERE d.purchase_order_id = ? AND l.purchase_order_line_no IS NOT NULL"  # noqa: S608
        " ORDER BY d.business_date, d.id, l.line_no",
        (order_id,),
    )
    return [receipt_line(row) for row in rows]


def lines_of_supplier(db: sqlite3.Connection, supplier_id: int) -> list[ReceiptLine]:
    """All that came in from a supplier and is not invoiced, or invoiced beyond."""
    rows = db.execute(
        f"SELECT {_LINE} FROM {_LINES} WHERE d.supplier_id = ?"  # noqa: S608
        " AND l.quantity_milli <> l.returned_milli + l.invoiced_milli",
        (supplier_id,),
    )
    return [receipt_line(row) for row in rows]


def use(db: sqlite3.Connection, line: ReceiptLine, returned: int = 0, invoiced: int = 0) -> None:
    """Note that so much more of a receipt line went back or was invoiced, on its order too; less when negative."""
    db.execute(
        "UPDATE goods_receipt_line SET returned_milli = returned_milli + ?, invoiced_milli = invoiced_milli + ?"
        " WHERE goods_receipt_id = ? AND line_no = ?",
        (returned, invoiced, *line.key),
    )
    state = receipt_state([receipt_line(row) for row in lines_of(db, [line.receipt_id])[line.receipt_id]])
    db.execute("UPDATE goods_receipt SET state = ?, change = ? WHERE id = ?", (state, next_change(db), line.receipt_id))
    if line.order is not None:
        purchase_orders.add(db, line.order, received=-returned, invoiced=invoiced)


def insert_return(db: sqlite3.Connection, returned: Mapping[str, Any], lines: Sequence[tuple[ReceiptLine, int]]) -> int:
    """Add a purchase return of (receipt line, thousandths), and note it on the receipts; its id."""
    cursor = db.execute(
        "INSERT INTO purchase_return (number, supplier_id, business_date, period, source_system, source_document, source_id, reason,"
        " registered_at, change) VALUES (:number, :supplier_id, :business_date, :period, :source_system, :source_document, :source_id,"
        " :reason, :registered_at, :change)",
        {**returned, "change": next_change(db)},
    )
    return_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO purchase_return_line (purchase_return_id, line_no, goods_receipt_id, goods_receipt_line_no, quantity_milli)"
        " VALUES (?, ?, ?, ?, ?)",
        [(return_id, line_no, *line.key, quantity) for line_no, (line, quantity) in enumerate(lines, 1)],
    )
    for line, quantity in lines:
        use(db, line, returned=quantity)
    return return_id


def get_return(db: sqlite3.Connection, return_id: int) -> sqlite3.Row | None:
    """The purchase return of this id."""
    return one(db, f"SELECT {_RETURN} FROM {_RETURNS} WHERE d.id = ?", (return_id,))  # noqa: S608


def returns(
    db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """A page of purchase returns, and whether more follow. `filters` are columns of the return."""
    named = {f"d.{column}": value for column, value in filters.items()}
    return changed_page(db, _RETURN, _RETURNS, "d.change", named, since, limit)


def return_lines_of(db: sqlite3.Connection, return_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Return id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.purchase_return_id, l.line_no, l.goods_receipt_id, l.goods_receipt_line_no, l.quantity_milli, d.number, g.product_code"
        " FROM purchase_return_line AS l JOIN goods_receipt AS d ON d.id = l.goods_receipt_id"
        " JOIN goods_receipt_line AS g ON g.goods_receipt_id = l.goods_receipt_id AND g.line_no = l.goods_receipt_line_no"
        " WHERE l.purchase_return_id IN (SELECT value FROM json_each(?)) ORDER BY l.purchase_return_id, l.line_no",
        (json.dumps(list(return_ids)),),
    ):
        lines.setdefault(row["purchase_return_id"], []).append(row)
    return lines
