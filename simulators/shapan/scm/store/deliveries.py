"""Deliveries and their lines (销售出库单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from shapan.kernel.money import Tax
from shapan.scm.store.query import page_of

_DELIVERY = (
    "d.id, d.number, d.state, d.order_id, o.number AS order_number, o.order_date, o.partner_code, p.short_name, o.warehouse_code,"
    " d.ship_date, o.source_system, o.source_document, o.source_id, d.created_at, d.updated_at, d.shipped_at, d.cancelled_at"
)
_DELIVERIES = "delivery AS d JOIN sales_order AS o ON o.id = d.order_id JOIN partner AS p ON p.code = o.partner_code"


def insert(db: sqlite3.Connection, number: str, order_id: int, lines: Mapping[int, tuple[int, Tax]], now: str) -> None:
    """Add a draft. `lines` are order line -> (quantity, its share of the amounts so far)."""
    delivery_id = db.execute(
        "INSERT INTO delivery (number, state, order_id, created_at, updated_at) VALUES (?, 'draft', ?, ?, ?)",
        (number, order_id, now, now),
    ).lastrowid
    db.executemany(
        "INSERT INTO delivery_line (delivery_id, line_no, quantity_milli, net_fen, tax_fen) VALUES (?, ?, ?, ?, ?)",
        [
            (delivery_id, line_no, quantity, amount.net, amount.tax)
            for line_no, (quantity, amount) in sorted(lines.items())
        ],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The delivery of this number, with what it takes from its order."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_DELIVERY} FROM {_DELIVERIES} WHERE d.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def page(
    db: sqlite3.Connection,
    sales_order_no: str | None,
    state: str | None,
    source_document: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of deliveries in the order of entry, and the number of matches."""
    filters = {"o.number": sales_order_no, "d.state": state, "o.source_document": source_document}
    return page_of(db, _DELIVERY, _DELIVERIES, filters, "d.id", page, page_size)


def lines_of(db: sqlite3.Connection, delivery_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Delivery id -> its lines in order, with what they take from their order lines."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT dl.delivery_id, dl.line_no, l.product_code, p.name AS product_name, p.base_unit, dl.quantity_milli, dl.returned_milli, l.rate_bp,"
        " dl.net_fen, dl.tax_fen, dl.cost_fen, l.source_line FROM delivery_line AS dl JOIN delivery AS d ON d.id = dl.delivery_id"
        " JOIN sales_order_line AS l ON l.order_id = d.order_id AND l.line_no = dl.line_no JOIN product AS p ON p.code = l.product_code"
        " WHERE dl.delivery_id IN (SELECT value FROM json_each(?)) ORDER BY dl.delivery_id, dl.line_no",
        (json.dumps(list(delivery_ids)),),
    ):
        lines.setdefault(row["delivery_id"], []).append(row)
    return lines


def ship(db: sqlite3.Connection, delivery_id: int, ship_date: str, now: str) -> None:
    """draft -> shipped."""
    db.execute(
        "UPDATE delivery SET state = 'shipped', ship_date = ?, shipped_at = ?, updated_at = ? WHERE id = ?",
        (ship_date, now, now, delivery_id),
    )


def fix_amounts(db: sqlite3.Connection, delivery_id: int, line_no: int, amount: Tax, cost_fen: int) -> None:
    """Set a line's share of its order line, and what the goods cost."""
    db.execute(
        "UPDATE delivery_line SET net_fen = ?, tax_fen = ?, cost_fen = ? WHERE delivery_id = ? AND line_no = ?",
        (amount.net, amount.tax, cost_fen, delivery_id, line_no),
    )


def cancel(db: sqlite3.Connection, delivery_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE delivery SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, delivery_id),
    )


def cancel_drafts_of(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """All draft deliveries of an order -> cancelled."""
    db.execute(
        "UPDATE delivery SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE order_id = ? AND state = 'draft'",
        (now, now, order_id),
    )
