"""Goods receipts and their lines (采购入库单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.kernel.money import Tax
from shapan.scm.rules.goods_receipts import Arrival
from shapan.scm.store.query import page_of

_RECEIPT = (
    "r.id, r.number, r.state, r.order_id, o.number AS order_number, o.state AS order_state, o.supplier_code, s.short_name, o.warehouse_code,"
    " r.receipt_date, r.delivery_note, r.note, r.created_at, r.updated_at, r.posted_at, r.cancelled_at"
)
_RECEIPTS = (
    "goods_receipt AS r JOIN purchase_order AS o ON o.id = r.order_id JOIN supplier AS s ON s.code = o.supplier_code"
)


def insert(db: sqlite3.Connection, receipt: Mapping[str, Any], lines: Sequence[tuple[Arrival, Tax]]) -> None:
    """Add a draft. `lines` are what arrived and its amounts so far."""
    receipt_id = db.execute(
        "INSERT INTO goods_receipt (number, state, order_id, receipt_date, delivery_note, note, created_at, updated_at)"
        " VALUES (:number, 'draft', :order_id, :receipt_date, :delivery_note, :note, :created_at, :created_at)",
        receipt,
    ).lastrowid
    db.executemany(
        "INSERT INTO goods_receipt_line (receipt_id, line_no, order_line, quantity_milli, rejected_milli, reject_reason, batch_no,"
        " production_date, expiry_date, net_fen, tax_fen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                receipt_id,
                line_no,
                line.order_line,
                line.quantity_milli,
                line.rejected_milli,
                line.reject_reason,
                *_batch(line),
                amount.net,
                amount.tax,
            )
            for line_no, (line, amount) in enumerate(lines, 1)
        ],
    )


def _batch(line: Arrival) -> tuple[str | None, str | None, str | None]:
    if line.batch is None:
        return None, None, None
    made, expires = line.batch.production_date, line.batch.expiry_date
    return (
        line.batch.batch_no,
        None if made is None else made.isoformat(),
        None if expires is None else expires.isoformat(),
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The receipt of this number, with what it takes from its order."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_RECEIPT} FROM {_RECEIPTS} WHERE r.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def page(
    db: sqlite3.Connection,
    purchase_order_no: str | None,
    state: str | None,
    supplier_code: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of receipts in the order of entry, and the number of matches."""
    filters = {"o.number": purchase_order_no, "r.state": state, "o.supplier_code": supplier_code}
    return page_of(db, _RECEIPT, _RECEIPTS, filters, "r.id", page, page_size)


def lines_of(db: sqlite3.Connection, receipt_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Receipt id -> its lines in order, with what they take from their order lines and what draft returns hold of them."""
    lines: dict[int, list[sqlite3.Row]] = {}
    drafted = (
        "coalesce((SELECT sum(tl.quantity_milli) FROM purchase_return AS t JOIN purchase_return_line AS tl ON tl.return_id = t.id"
        " WHERE t.receipt_id = rl.receipt_id AND t.state = 'draft' AND tl.receipt_line = rl.line_no AND tl.rejected = {}), 0)"
    )
    for row in db.execute(
        "SELECT rl.receipt_id, rl.line_no, rl.order_line, l.product_code, p.name AS product_name, p.base_unit, rl.quantity_milli,"  # noqa: S608
        " rl.rejected_milli, rl.reject_reason, l.unit_price_e4, l.rate_bp, rl.net_fen, rl.tax_fen, rl.batch_no, rl.production_date,"
        " rl.expiry_date, rl.returned_milli, rl.returned_net_fen, rl.returned_tax_fen, rl.returned_rejected_milli, rl.adjusted_fen,"
        f" {drafted.format(0)} AS drafted_milli, {drafted.format(1)} AS drafted_rejected_milli"
        " FROM goods_receipt_line AS rl JOIN goods_receipt AS r ON r.id = rl.receipt_id"
        " JOIN purchase_order_line AS l ON l.order_id = r.order_id AND l.line_no = rl.order_line JOIN product AS p ON p.code = l.product_code"
        " WHERE rl.receipt_id IN (SELECT value FROM json_each(?)) ORDER BY rl.receipt_id, rl.line_no",
        (json.dumps(list(receipt_ids)),),
    ):
        lines.setdefault(row["receipt_id"], []).append(row)
    return lines


def post(db: sqlite3.Connection, receipt_id: int, now: str) -> None:
    """draft -> posted."""
    db.execute(
        "UPDATE goods_receipt SET state = 'posted', posted_at = ?, updated_at = ? WHERE id = ?", (now, now, receipt_id)
    )


def fix_amounts(db: sqlite3.Connection, receipt_id: int, line_no: int, amount: Tax) -> None:
    """Set a line's share of its order line."""
    db.execute(
        "UPDATE goods_receipt_line SET net_fen = ?, tax_fen = ? WHERE receipt_id = ? AND line_no = ?",
        (amount.net, amount.tax, receipt_id, line_no),
    )


def return_line(
    db: sqlite3.Connection, receipt_id: int, line_no: int, milli: int, rejected_milli: int, amount: Tax
) -> None:
    """Goods of a line went back: from stock with their amounts, or of what was refused."""
    db.execute(
        "UPDATE goods_receipt_line SET returned_milli = returned_milli + ?, returned_rejected_milli = returned_rejected_milli + ?,"
        " returned_net_fen = returned_net_fen + ?, returned_tax_fen = returned_tax_fen + ? WHERE receipt_id = ? AND line_no = ?",
        (milli, rejected_milli, amount.net, amount.tax, receipt_id, line_no),
    )


def adjust_line(db: sqlite3.Connection, receipt_id: int, line_no: int, difference_fen: int) -> None:
    """The cost of a line was adjusted."""
    db.execute(
        "UPDATE goods_receipt_line SET adjusted_fen = adjusted_fen + ? WHERE receipt_id = ? AND line_no = ?",
        (difference_fen, receipt_id, line_no),
    )


def touch(db: sqlite3.Connection, receipt_id: int, now: str) -> None:
    """Note the time of a change of its lines."""
    db.execute("UPDATE goods_receipt SET updated_at = ? WHERE id = ?", (now, receipt_id))


def cancel(db: sqlite3.Connection, receipt_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE goods_receipt SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, receipt_id),
    )


def cancel_drafts_of(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """All draft receipts of an order -> cancelled."""
    db.execute(
        "UPDATE goods_receipt SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE order_id = ? AND state = 'draft'",
        (now, now, order_id),
    )
