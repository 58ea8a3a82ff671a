"""Purchase orders and their lines (采购订单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.kernel.money import Tax
from shapan.scm.rules.purchase_orders import Reference
from shapan.scm.rules.sales_orders import OrderLine
from shapan.scm.store.query import page_of

_ORDER = (
    "o.id, o.number, o.state, o.supplier_code, s.short_name, o.payment_terms, o.tolerance_bp, o.warehouse_code, o.order_date,"
    " o.expected_date, o.note, o.source_system, o.source_document, o.source_id, o.net_fen, o.tax_fen, o.created_at, o.updated_at,"
    " o.approved_at, o.closed_at, o.cancelled_at"
)
_ORDERS = "purchase_order AS o JOIN supplier AS s ON s.code = o.supplier_code"


def insert(
    db: sqlite3.Connection, order: Mapping[str, Any], lines: Sequence[OrderLine], references: Sequence[Reference | None]
) -> None:
    """Add a draft; the header's amounts are the sums of its lines. `references` are the requisition lines, one an order line."""
    order_id = db.execute(
        "INSERT INTO purchase_order (number, state, supplier_code, warehouse_code, payment_terms, tolerance_bp, order_date, expected_date,"
        " note, source_system, source_document, source_id, net_fen, tax_fen, created_at, updated_at) VALUES (:number, 'draft',"
        " :supplier_code, :warehouse_code, :payment_terms, :tolerance_bp, :order_date, :expected_date, :note, :source_system,"
        " :source_document, :source_id, :net_fen, :tax_fen, :created_at, :created_at)",
        {**order, "net_fen": sum(line.amount.net for line in lines), "tax_fen": sum(line.amount.tax for line in lines)},
    ).lastrowid
    db.executemany(
        "INSERT INTO purchase_order_line (order_id, line_no, product_code, quantity_milli, unit_price_e4, rate_bp, net_fen, tax_fen,"
        " requisition_no, requisition_line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                order_id,
                line_no,
                line.product_code,
                line.quantity_milli,
                line.unit_price_e4,
                line.rate_bp,
                line.amount.net,
                line.amount.tax,
                *(reference or (None, None)),
            )
            for line_no, (line, reference) in enumerate(zip(lines, references, strict=True), 1)
        ],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The order of this number, with its supplier's short name."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_ORDER} FROM {_ORDERS} WHERE o.number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    state: str | None,
    supplier_code: str | None,
    source_document: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of orders in the order of entry, and the number of matches."""
    filters = {"o.state": state, "o.supplier_code": supplier_code, "o.source_document": source_document}
    return page_of(db, _ORDER, _ORDERS, filters, "o.id", page, page_size)


def lines_of(db: sqlite3.Connection, order_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Order id -> its lines in order, each with its product's name and base unit and `drafted_milli`, what draft receipts take in of it."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.order_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.unit_price_e4,"
        " l.rate_bp, l.net_fen, l.tax_fen, l.received_milli, l.received_net_fen, l.received_tax_fen, l.rejected_milli, l.returned_milli,"
        " l.requisition_no, l.requisition_line, coalesce((SELECT sum(rl.quantity_milli) FROM goods_receipt AS r"
        " JOIN goods_receipt_line AS rl ON rl.receipt_id = r.id WHERE r.order_id = l.order_id AND r.state = 'draft'"
        " AND rl.order_line = l.line_no), 0) AS drafted_milli"
        " FROM purchase_order_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.order_id IN (SELECT value FROM json_each(?)) ORDER BY l.order_id, l.line_no",
        (json.dumps(list(order_ids)),),
    ):
        lines.setdefault(row["order_id"], []).append(row)
    return lines


def approve(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """draft -> approved."""
    db.execute(
        "UPDATE purchase_order SET state = 'approved', approved_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )


def close(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """approved -> closed."""
    db.execute(
        "UPDATE purchase_order SET state = 'closed', closed_at = ?, updated_at = ? WHERE id = ?", (now, now, order_id)
    )


def cancel(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """draft or approved -> cancelled."""
    db.execute(
        "UPDATE purchase_order SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )


def touch(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """Note the time of a change of its lines."""
    db.execute("UPDATE purchase_order SET updated_at = ? WHERE id = ?", (now, order_id))


def receive_line(
    db: sqlite3.Connection, order_id: int, line_no: int, milli: int, rejected_milli: int, amount: Tax
) -> None:
    """Goods of a line have come: what was taken in, what was refused, and the amounts of the former."""
    db.execute(
        "UPDATE purchase_order_line SET received_milli = received_milli + ?, rejected_milli = rejected_milli + ?,"
        " received_net_fen = received_net_fen + ?, received_tax_fen = received_tax_fen + ? WHERE order_id = ? AND line_no = ?",
        (milli, rejected_milli, amount.net, amount.tax, order_id, line_no),
    )


def return_line(db: sqlite3.Connection, order_id: int, line_no: int, milli: int) -> None:
    """Goods of a line went back from stock."""
    db.execute(
        "UPDATE purchase_order_line SET returned_milli = returned_milli + ? WHERE order_id = ? AND line_no = ?",
        (milli, order_id, line_no),
    )
