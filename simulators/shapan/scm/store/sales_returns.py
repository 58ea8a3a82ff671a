"""Returns of sold goods and their lines (销售退货单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.rules.sales_returns import Figures
from shapan.scm.store.query import page_of

_RETURN = (
    "r.id, r.number, r.state, r.delivery_id, d.number AS delivery_number, d.state AS delivery_state, d.ship_date, d.order_id,"
    " o.number AS order_number, o.partner_code, p.short_name, r.warehouse_code, r.receive_date, r.reason, r.source_system,"
    " r.source_document, r.source_id, r.created_at, r.updated_at, r.received_at, r.cancelled_at"
)
_RETURNS = (
    "sales_return AS r JOIN delivery AS d ON d.id = r.delivery_id JOIN sales_order AS o ON o.id = d.order_id"
    " JOIN partner AS p ON p.code = o.partner_code"
)


def insert(db: sqlite3.Connection, header: Mapping[str, Any], lines: Mapping[int, tuple[int, Figures]]) -> None:
    """Add a draft. `lines` are line -> (quantity, its provisional figures)."""
    return_id = db.execute(
        "INSERT INTO sales_return (number, state, delivery_id, warehouse_code, reason, source_system, source_document, source_id,"
        " created_at, updated_at) VALUES (:number, 'draft', :delivery_id, :warehouse_code, :reason, :source_system, :source_document,"
        " :source_id, :created_at, :created_at)",
        header,
    ).lastrowid
    db.executemany(
        "INSERT INTO sales_return_line (return_id, line_no, quantity_milli, net_fen, tax_fen) VALUES (?, ?, ?, ?, ?)",
        [
            (return_id, line_no, milli, figures.net_fen, figures.tax_fen)
            for line_no, (milli, figures) in sorted(lines.items())
        ],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The return of this number, with what it takes from delivery and order."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_RETURN} FROM {_RETURNS} WHERE r.number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    state: str | None,
    delivery_no: str | None,
    sales_order_no: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of returns in the order of entry, and the number of matches."""
    filters = {"r.state": state, "d.number": delivery_no, "o.number": sales_order_no}
    return page_of(db, _RETURN, _RETURNS, filters, "r.id", page, page_size)


def lines_of(db: sqlite3.Connection, return_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Return id -> its lines in order, with what they take from their order lines."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT rl.return_id, rl.line_no, l.product_code, p.name AS product_name, p.base_unit, p.batch_managed, rl.quantity_milli, l.rate_bp,"
        " rl.net_fen, rl.tax_fen, rl.cost_fen, l.source_line FROM sales_return_line AS rl JOIN sales_return AS r ON r.id = rl.return_id"
        " JOIN delivery AS d ON d.id = r.delivery_id"
        " JOIN sales_order_line AS l ON l.order_id = d.order_id AND l.line_no = rl.line_no JOIN product AS p ON p.code = l.product_code"
        " WHERE rl.return_id IN (SELECT value FROM json_each(?)) ORDER BY rl.return_id, rl.line_no",
        (json.dumps(list(return_ids)),),
    ):
        lines.setdefault(row["return_id"], []).append(row)
    return lines


def shipped_lines(db: sqlite3.Connection, delivery_id: int) -> dict[int, sqlite3.Row]:
    """Line -> what was shipped and has come back of it, and `drafted_milli`, what draft returns hold of it."""
    return {
        row["line_no"]: row
        for row in db.execute(
            "SELECT dl.line_no, l.product_code, dl.quantity_milli, dl.net_fen, dl.tax_fen, coalesce(dl.cost_fen, 0) AS cost_fen,"
            " dl.returned_milli, dl.returned_net_fen, dl.returned_tax_fen, dl.returned_cost_fen,"
            " coalesce((SELECT sum(rl.quantity_milli) FROM sales_return AS r JOIN sales_return_line AS rl ON rl.return_id = r.id"
            " WHERE r.delivery_id = dl.delivery_id AND r.state = 'draft' AND rl.line_no = dl.line_no), 0) AS drafted_milli"
            " FROM delivery_line AS dl JOIN delivery AS d ON d.id = dl.delivery_id"
            " JOIN sales_order_line AS l ON l.order_id = d.order_id AND l.line_no = dl.line_no WHERE dl.delivery_id = ?",
            (delivery_id,),
        )
    }


def numbers_of(db: sqlite3.Connection, delivery_id: int) -> list[str]:
    """The numbers of all received returns of a delivery."""
    rows = db.execute("SELECT number FROM sales_return WHERE delivery_id = ? AND state = 'received'", (delivery_id,))
    return [row["number"] for row in rows]


def receive_line(db: sqlite3.Connection, row: sqlite3.Row, line_no: int, milli: int, figures: Figures) -> None:
    """A line is back: its figures are fixed, and those of delivery and order say so. `row` is the return."""
    db.execute(
        "UPDATE sales_return_line SET net_fen = ?, tax_fen = ?, cost_fen = ? WHERE return_id = ? AND line_no = ?",
        (*figures, row["id"], line_no),
    )
    db.execute(
        "UPDATE delivery_line SET returned_milli = returned_milli + ?, returned_net_fen = returned_net_fen + ?,"
        " returned_tax_fen = returned_tax_fen + ?, returned_cost_fen = returned_cost_fen + ? WHERE delivery_id = ? AND line_no = ?",
        (milli, *figures, row["delivery_id"], line_no),
    )
    db.execute(
        "UPDATE sales_order_line SET returned_milli = returned_milli + ? WHERE order_id = ? AND line_no = ?",
        (milli, row["order_id"], line_no),
    )


def receive(db: sqlite3.Connection, return_id: int, day: str, now: str) -> None:
    """draft -> received."""
    db.execute(
        "UPDATE sales_return SET state = 'received', receive_date = ?, received_at = ?, updated_at = ? WHERE id = ?",
        (day, now, now, return_id),
    )


def cancel(db: sqlite3.Connection, return_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE sales_return SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, return_id),
    )
