"""Production orders and their material (生产订单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.store.query import page_of

_ORDER = (
    "o.id, o.number, o.state, o.product_code, p.name AS product_name, p.base_unit, p.batch_managed, p.shelf_life_days, o.bom_code,"
    " o.quantity_milli, o.received_milli, o.material_warehouse_code, o.receipt_warehouse_code, o.planned_start, o.planned_finish,"
    " o.sales_order_no, o.note, o.source_system, o.source_document, o.source_id, o.issued_fen, o.returned_fen, o.absorbed_fen,"
    " o.labour_fen, o.overhead_fen, o.created_at, o.updated_at, o.released_at, o.completed_at, o.cancelled_at"
)
_ORDERS = "production_order AS o JOIN product AS p ON p.code = o.product_code"


def insert(db: sqlite3.Connection, order: Mapping[str, Any]) -> None:
    """Add a draft."""
    db.execute(
        "INSERT INTO production_order (number, state, product_code, bom_code, quantity_milli, material_warehouse_code,"
        " receipt_warehouse_code, planned_start, planned_finish, sales_order_no, note, source_system, source_document, source_id,"
        " created_at, updated_at) VALUES (:number, 'draft', :product_code, :bom_code, :quantity_milli, :material_warehouse_code,"
        " :receipt_warehouse_code, :planned_start, :planned_finish, :sales_order_no, :note, :source_system, :source_document,"
        " :source_id, :created_at, :created_at)",
        order,
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The order of this number, with its product."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_ORDER} FROM {_ORDERS} WHERE o.number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    product_code: str | None,
    state: str | None,
    sales_order_no: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of orders in the order of entry, and the number of matches."""
    filters = {"o.product_code": product_code, "o.state": state, "o.sales_order_no": sales_order_no}
    return page_of(db, _ORDER, _ORDERS, filters, "o.id", page, page_size)


def materials_of(db: sqlite3.Connection, order_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Order id -> its materials in order, each with its name and base unit; orders that were not released are left out."""
    materials: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT m.order_id, m.line_no, m.product_code, p.name AS product_name, p.base_unit, m.required_milli, m.issued_milli,"
        " m.returned_milli, m.issued_fen, m.returned_fen FROM production_material AS m JOIN product AS p ON p.code = m.product_code"
        " WHERE m.order_id IN (SELECT value FROM json_each(?)) ORDER BY m.order_id, m.line_no",
        (json.dumps(list(order_ids)),),
    ):
        materials.setdefault(row["order_id"], []).append(row)
    return materials


def release(db: sqlite3.Connection, order_id: int, materials: Iterable[tuple[str, int]], now: str) -> None:
    """draft -> released, with what it requires: (material, quantity)."""
    db.execute(
        "UPDATE production_order SET state = 'released', released_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )
    db.executemany(
        "INSERT INTO production_material (order_id, line_no, product_code, required_milli) VALUES (?, ?, ?, ?)",
        [(order_id, line_no, *material) for line_no, material in enumerate(materials, 1)],
    )


def issue(db: sqlite3.Connection, order_id: int, line_no: int, milli: int, fen: int, now: str) -> None:
    """Material went in, at a cost."""
    db.execute(
        "UPDATE production_material SET issued_milli = issued_milli + ?, issued_fen = issued_fen + ? WHERE order_id = ? AND line_no = ?",
        (milli, fen, order_id, line_no),
    )
    db.execute(
        "UPDATE production_order SET issued_fen = issued_fen + ?, updated_at = ? WHERE id = ?", (fen, now, order_id)
    )


def give_back(db: sqlite3.Connection, order_id: int, line_no: int, milli: int, fen: int, now: str) -> None:
    """Material came back, at its cost."""
    db.execute(
        "UPDATE production_material SET returned_milli = returned_milli + ?, returned_fen = returned_fen + ?"
        " WHERE order_id = ? AND line_no = ?",
        (milli, fen, order_id, line_no),
    )
    db.execute(
        "UPDATE production_order SET returned_fen = returned_fen + ?, updated_at = ? WHERE id = ?", (fen, now, order_id)
    )


def receive(
    db: sqlite3.Connection, order_id: int, milli: int, material_fen: int, labour_fen: int, overhead_fen: int, now: str
) -> None:
    """Goods were made: their quantity, the material they absorb, and labour and overhead."""
    db.execute(
        "UPDATE production_order SET received_milli = received_milli + ?, absorbed_fen = absorbed_fen + ?, labour_fen = labour_fen + ?,"
        " overhead_fen = overhead_fen + ?, updated_at = ? WHERE id = ?",
        (milli, material_fen, labour_fen, overhead_fen, now, order_id),
    )


def complete(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """released -> completed."""
    db.execute(
        "UPDATE production_order SET state = 'completed', completed_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )


def cancel(db: sqlite3.Connection, order_id: int, now: str) -> None:
    """draft or released -> cancelled."""
    db.execute(
        "UPDATE production_order SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, order_id),
    )
