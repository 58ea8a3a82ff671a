"""Sales orders and their lines (销售订单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.kernel.money import Tax
from shapan.scm.rules.sales_orders import OrderLine
from shapan.scm.store.query import page_of

_ORDER = (
    "o.id, o.number, o.state, o.partner_code, p.short_name, o.warehouse_code, o.order_date, o.requested_date, o.note,"
    " o.source_system, o.source_document, o.source_id, o.net_fen, o.tax_fen, o.created_at, o.updated_at, o.approved_at, o.closed_at, o.close_reason,"
    " o.cancelled_at"
)
_ORDERS = "sales_order AS o JOIN partner AS p ON p.code = o.partner_code"


def insert(db: sqlite3.Connection, order: Mapping[str, Any], lines: Sequence[OrderLine]) -> None:
    """Add a draft; the header's amounts are the sums of its lines."""
    order_id = db.execute(
        "INSERT INTO sales_order (number, state, partner_code, warehouse_code, order_date, requested_date, note, source_system,"
        " source_document, source_id, net_fen, tax_fen, created_at, updated_at) VALUES (:number, 'draft', :partner_code,"
        " :warehouse_code, :order_date, :requested_date, :note, :source_system, :source_document, :source_id, :net_fen, :tax_fen,"
        " :created_at, :created_at)",
        {**order, "net_fen": sum(line.amount.net for line in lines), "tax_fen": sum(line.amount.tax for line in lines)},
    ).lastrowid
    db.executemany(
        "INSERT INTO sales_order_line (order_id, line_no, product_code, quantity_milli, unit_price_e4, rate_bp, net_fen, tax_fen,"
        " source_line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                line.source_line,
            )
            for line_no, line in enumerate(lines, 1)
        ],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The order of this number, with its partner's short name."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_ORDER} FROM {_ORDERS} WHERE o.number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    state: str | None,
    partner_code: str | None,
    source_document: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of orders in the order of entry, and the number of matches."""
    filters = {"o.state": state, "o.partner_code": partner_code, "o.source_document": source_document}
    return page_of(db, _ORDER, _ORDERS, filters, "o.id", page, page_size)


def lines_of(db: sqlite3.Connection, order_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Order id -> its lines in order, each with its product's name and base unit and `drafted_milli`, what draft deliveries hold of it."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.order_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.unit_price_e4,"
        " l.rate_bp, l.net_fen, l.tax_fen, l.reserved_milli, l.shipped_milli, l.returned_milli, l.shipped_net_fen, l.shipped_tax_fen, l.source_line,"
        " coalesce((SELECT sum(dl.quantity_milli) FROM delivery AS d JOIN delivery_line AS dl ON dl.delivery_id = d.id"
        " WHERE d.order_id = l.order_id AND d.state = 'draft' AND dl.line_no = l.line_no), 0) AS drafted_milli"
        " FROM sales_order_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.order_id IN (SELECT value FROM json_each(?)) ORDER BY l.order_id, l.line_no",
        (json.dumps(list(order_ids)),),
    ):
        lines.setdefault(row["order_id"], []).append(row)
    return lines


def approve(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """draft -> approved."""
    db.execute(
        "UPDATE sales_order SET state = 'approved', approved_at = ?, updated_at = ? WHERE id = ?", (now, now, order_id)
    )


def close(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """approved -> closed."""
    db.execute(
        "UPDATE sales_order SET state = 'closed', closed_at = ?, updated_at = ? WHERE id = ?", (now, now, order_id)
    )


def close_short(db: sqlite3.Connection, order_id: int, reason: str, now: str) -> None:
    """approved -> closed with a rest that is not delivered any more, and nothing reserved."""
    db.execute(
        "UPDATE sales_order SET state = 'closed', closed_at = ?, close_reason = ?, updated_at = ? WHERE id = ?",
        (now, reason, now, order_id),
    )
    db.execute("UPDATE sales_order_line SET reserved_milli = 0 WHERE order_id = ?", (order_id,))


def cancel(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """draft or approved -> cancelled, with nothing reserved any more."""
    db.execute(
        "UPDATE sales_order SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )
    db.execute("UPDATE sales_order_line SET reserved_milli = 0 WHERE order_id = ?", (order_id,))


def touch(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """Note the time of a change of its lines."""
    db.execute("UPDATE sales_order SET updated_at = ? WHERE id = ?", (now, order_id))


def reserve_line(db: sqlite3.Connection, order_id: int, line_no: int, milli: int) -> None:
    """Reserve more for a line. The balance is changed by `stock.reserve`."""
    db.execute(
        "UPDATE sales_order_line SET reserved_milli = reserved_milli + ? WHERE order_id = ? AND line_no = ?",
        (milli, order_id, line_no),
    )


def ship_line(db: sqlite3.Connection, order_id: int, line_no: int, milli: int, amount: Tax) -> None:
    """A part of a line has left: its reservation is used up and its share of the amounts given. The balance is changed by `stock.book`."""
    db.execute(
        "UPDATE sales_order_line SET reserved_milli = reserved_milli - ?, shipped_milli = shipped_milli + ?,"
        " shipped_net_fen = shipped_net_fen + ?, shipped_tax_fen = shipped_tax_fen + ? WHERE order_id = ? AND line_no = ?",
        (milli, milli, amount.net, amount.tax, order_id, line_no),
    )
