"""Purchase returns (采购退货单) and adjustments of the cost of receipts (入库成本调整单), each with its lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.kernel.money import Tax
from shapan.scm.rules.costing import Adjustment
from shapan.scm.rules.purchase_returns import Recosted, Returned
from shapan.scm.store.query import page_of

_OF_RECEIPT = "r.number AS receipt_number, r.order_id, r.receipt_date, o.number AS order_number, o.supplier_code, s.short_name, o.warehouse_code"
_RECEIPTS = (
    "JOIN goods_receipt AS r ON r.id = t.receipt_id JOIN purchase_order AS o ON o.id = r.order_id"
    " JOIN supplier AS s ON s.code = o.supplier_code"
)
_RETURN = f"t.id, t.number, t.state, t.receipt_id, {_OF_RECEIPT}, t.return_date, t.reason, t.created_at, t.updated_at, t.posted_at, t.cancelled_at"
_RETURNS = f"purchase_return AS t {_RECEIPTS}"
_ADJUSTMENT = f"t.id, t.number, t.receipt_id, {_OF_RECEIPT}, t.adjustment_date, t.reason, t.source_system, t.source_document, t.source_id, t.created_at"
_ADJUSTMENTS = f"cost_adjustment AS t {_RECEIPTS}"


def insert(db: sqlite3.Connection, made: Mapping[str, Any], lines: Sequence[tuple[Returned, Tax]]) -> None:
    """Add a draft return. `lines` are what goes back and its amounts so far."""
    return_id = db.execute(
        "INSERT INTO purchase_return (number, state, receipt_id, return_date, reason, created_at, updated_at)"
        " VALUES (:number, 'draft', :receipt_id, :return_date, :reason, :created_at, :created_at)",
        made,
    ).lastrowid
    db.executemany(
        "INSERT INTO purchase_return_line (return_id, line_no, receipt_line, quantity_milli, rejected, net_fen, tax_fen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (return_id, line_no, line.receipt_line, line.quantity_milli, int(line.rejected), amount.net, amount.tax)
            for line_no, (line, amount) in enumerate(lines, 1)
        ],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The return of this number, with what it takes from its receipt."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_RETURN} FROM {_RETURNS} WHERE t.number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    goods_receipt_no: str | None,
    state: str | None,
    supplier_code: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of returns in the order of entry, and the number of matches."""
    filters = {"r.number": goods_receipt_no, "t.state": state, "o.supplier_code": supplier_code}
    return page_of(db, _RETURN, _RETURNS, filters, "t.id", page, page_size)


def lines_of(db: sqlite3.Connection, return_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Return id -> its lines in order, with what they take from their receipt lines."""
    return _lines(
        db,
        "SELECT tl.return_id, tl.line_no, tl.receipt_line, rl.order_line, l.product_code, p.name AS product_name, p.base_unit,"
        " tl.quantity_milli, tl.rejected, l.rate_bp, tl.net_fen, tl.tax_fen, rl.batch_no, tl.cost_fen"
        " FROM purchase_return_line AS tl JOIN purchase_return AS t ON t.id = tl.return_id",
        "tl.receipt_line",
        "tl.return_id",
        return_ids,
    )


def _lines(
    db: sqlite3.Connection, select: str, receipt_line: str, header: str, ids: Iterable[int]
) -> dict[int, list[sqlite3.Row]]:
    """Header id -> its lines, joined with their lines of receipt and order and their products. All but `ids` is SQL of this module."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        f"{select} JOIN goods_receipt AS r ON r.id = t.receipt_id"  # noqa: S608
        f" JOIN goods_receipt_line AS rl ON rl.receipt_id = r.id AND rl.line_no = {receipt_line}"
        " JOIN purchase_order_line AS l ON l.order_id = r.order_id AND l.line_no = rl.order_line JOIN product AS p ON p.code = l.product_code"
        f" WHERE {header} IN (SELECT value FROM json_each(?)) ORDER BY {header}, tl.line_no",
        (json.dumps(list(ids)),),
    ):
        lines.setdefault(row[0], []).append(row)
    return lines


def post(db: sqlite3.Connection, return_id: int, now: str) -> None:
    """draft -> posted."""
    db.execute(
        "UPDATE purchase_return SET state = 'posted', posted_at = ?, updated_at = ? WHERE id = ?", (now, now, return_id)
    )


def fix_amounts(db: sqlite3.Connection, return_id: int, line_no: int, amount: Tax, cost_fen: int) -> None:
    """Set what a line gives back, and what left stock with it."""
    db.execute(
        "UPDATE purchase_return_line SET net_fen = ?, tax_fen = ?, cost_fen = ? WHERE return_id = ? AND line_no = ?",
        (amount.net, amount.tax, cost_fen, return_id, line_no),
    )


def cancel(db: sqlite3.Connection, return_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE purchase_return SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, return_id),
    )


def insert_adjustment(
    db: sqlite3.Connection, made: Mapping[str, Any], lines: Sequence[tuple[Recosted, Adjustment]]
) -> None:
    """Add an adjustment with what of each line falls on stock and on cost of sales."""
    adjustment_id = db.execute(
        "INSERT INTO cost_adjustment (number, receipt_id, adjustment_date, reason, source_system, source_document, source_id, created_at)"
        " VALUES (:number, :receipt_id, :adjustment_date, :reason, :source_system, :source_document, :source_id, :created_at)",
        made,
    ).lastrowid
    db.executemany(
        "INSERT INTO cost_adjustment_line (adjustment_id, line_no, receipt_line, quantity_milli, before_fen, after_fen, to_stock_fen,"
        " to_cost_fen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (adjustment_id, line_no, line.receipt_line, line.quantity_milli, line.before_fen, line.after_fen, *parts)
            for line_no, (line, parts) in enumerate(lines, 1)
        ],
    )


def adjustment(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The adjustment of this number, with what it takes from its receipt."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_ADJUSTMENT} FROM {_ADJUSTMENTS} WHERE t.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def adjustments(
    db: sqlite3.Connection, goods_receipt_no: str | None, source_document: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of adjustments in the order of entry, and the number of matches."""
    filters = {"r.number": goods_receipt_no, "t.source_document": source_document}
    return page_of(db, _ADJUSTMENT, _ADJUSTMENTS, filters, "t.id", page, page_size)


def adjustment_lines_of(db: sqlite3.Connection, adjustment_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Adjustment id -> its lines in order."""
    return _lines(
        db,
        "SELECT tl.adjustment_id, tl.line_no, tl.receipt_line, l.product_code, p.name AS product_name, tl.quantity_milli, tl.before_fen,"
        " tl.after_fen, tl.to_stock_fen, tl.to_cost_fen"
        " FROM cost_adjustment_line AS tl JOIN cost_adjustment AS t ON t.id = tl.adjustment_id",
        "tl.receipt_line",
        "tl.adjustment_id",
        adjustment_ids,
    )
