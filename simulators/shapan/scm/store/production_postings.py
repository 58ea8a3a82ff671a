"""What is booked for production orders: material issues and returns (领料、退料), finished-goods receipts (产成品入库)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.store.query import page_of

_POSTING = "d.id, d.number, d.kind, o.number AS order_number, d.warehouse_code, d.business_date, d.note, d.created_at"
_POSTINGS = "production_posting AS d JOIN production_order AS o ON o.id = d.order_id"
_RECEIPT = (
    "r.id, r.number, o.number AS order_number, r.warehouse_code, r.business_date, o.product_code, p.name AS product_name, p.base_unit,"
    " r.quantity_milli, r.batch_no, r.final, r.material_fen, r.labour_fen, r.overhead_fen, r.note, r.created_at"
)
_RECEIPTS = "production_receipt AS r JOIN production_order AS o ON o.id = r.order_id JOIN product AS p ON p.code = o.product_code"


def insert(db: sqlite3.Connection, posting: Mapping[str, Any]) -> None:
    """Add an issue or a return of material; its lines are the movements that name it."""
    db.execute(
        "INSERT INTO production_posting (number, kind, order_id, warehouse_code, business_date, note, created_at)"
        " VALUES (:number, :kind, :order_id, :warehouse_code, :business_date, :note, :created_at)",
        posting,
    )


def get(db: sqlite3.Connection, kind: str, number: str) -> sqlite3.Row | None:
    """The issue or return of this number."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_POSTING} FROM {_POSTINGS} WHERE d.kind = ? AND d.number = ?",  # noqa: S608
        (kind, number),
    ).fetchone()
    return row


def page(
    db: sqlite3.Connection, kind: str, order_number: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of issues or returns in the order of booking, and the number of matches."""
    return page_of(db, _POSTING, _POSTINGS, {"d.kind": kind, "o.number": order_number}, "d.id", page, page_size)


def numbers_of(db: sqlite3.Connection, kind: str, order_id: int) -> list[str]:
    """The numbers of all issues or returns of an order."""
    rows = db.execute("SELECT number FROM production_posting WHERE kind = ? AND order_id = ?", (kind, order_id))
    return [row["number"] for row in rows]


def lines_of(db: sqlite3.Connection, numbers: Iterable[str]) -> dict[str, list[sqlite3.Row]]:
    """Number -> the movements that it made, each with its product's name and base unit."""
    lines: dict[str, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT m.source_document, m.source_line, m.product_code, p.name AS product_name, p.base_unit, m.batch_no,"
        " abs(m.change_milli) AS quantity_milli, abs(m.value_change_fen) AS cost_fen"
        " FROM movement AS m JOIN product AS p ON p.code = m.product_code"
        " WHERE m.source_document IN (SELECT value FROM json_each(?)) ORDER BY m.id",
        (json.dumps(sorted(set(numbers))),),
    ):
        lines.setdefault(row["source_document"], []).append(row)
    return lines


def insert_receipt(db: sqlite3.Connection, receipt: Mapping[str, Any]) -> None:
    """Add a finished-goods receipt."""
    db.execute(
        "INSERT INTO production_receipt (number, order_id, warehouse_code, business_date, quantity_milli, batch_no, final, material_fen,"
        " labour_fen, overhead_fen, note, created_at) VALUES (:number, :order_id, :warehouse_code, :business_date, :quantity_milli,"
        " :batch_no, :final, :material_fen, :labour_fen, :overhead_fen, :note, :created_at)",
        receipt,
    )


def receipt(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The receipt of this number."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_RECEIPT} FROM {_RECEIPTS} WHERE r.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def receipts(
    db: sqlite3.Connection, order_number: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of receipts in the order of booking, and the number of matches."""
    return page_of(db, _RECEIPT, _RECEIPTS, {"o.number": order_number}, "r.id", page, page_size)
