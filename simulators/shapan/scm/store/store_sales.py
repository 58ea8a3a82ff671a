"""Store sales and their lines (门店销售单). What a sale used are the movements that name it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.store.query import page_of

CONSUMPTION = "store_consumption"
_SALE = (
    "id, number, state, warehouse_code, business_date, note, source_system, source_document, source_id, void_reason, created_at,"
    " updated_at, voided_at"
)


def insert(db: sqlite3.Connection, sale: Mapping[str, Any], lines: Iterable[tuple[str, int, str | None]]) -> int:
    """Add a sale; its id. `lines` are (product, quantity, code of the recipe)."""
    sale_id = db.execute(
        "INSERT INTO store_sale (number, state, warehouse_code, business_date, note, source_system, source_document, source_id, created_at,"
        " updated_at) VALUES (:number, 'posted', :warehouse_code, :business_date, :note, :source_system, :source_document, :source_id,"
        " :created_at, :created_at)",
        sale,
    ).lastrowid
    db.executemany(
        "INSERT INTO store_sale_line (sale_id, line_no, product_code, quantity_milli, bom_code) VALUES (?, ?, ?, ?, ?)",
        [(sale_id, line_no, *line) for line_no, line in enumerate(lines, 1)],
    )
    return int(sale_id or 0)


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The sale of this number."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_SALE} FROM store_sale WHERE number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection, filters: Mapping[str, str | None], page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of sales in the order of booking, and the number of matches. `filters` are columns of the sale."""
    return page_of(db, _SALE, "store_sale", filters, "id", page, page_size)


def lines_of(db: sqlite3.Connection, sale_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Sale id -> its lines in order, each with its product's name and base unit."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.sale_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.quantity_milli, l.bom_code"
        " FROM store_sale_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.sale_id IN (SELECT value FROM json_each(?)) ORDER BY l.sale_id, l.line_no",
        (json.dumps(list(sale_ids)),),
    ):
        lines.setdefault(row["sale_id"], []).append(row)
    return lines


def consumption_of(db: sqlite3.Connection, numbers: Iterable[str]) -> dict[str, list[sqlite3.Row]]:
    """Number of a sale -> what left the store by it, one row a batch, in the order of booking."""
    used: dict[str, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT m.source_document, m.product_code, p.name AS product_name, p.base_unit, m.batch_no, -m.change_milli AS quantity_milli,"
        " -m.value_change_fen AS cost_fen FROM movement AS m JOIN product AS p ON p.code = m.product_code"
        " WHERE m.source_document IN (SELECT value FROM json_each(?)) AND m.kind = ? ORDER BY m.id",
        (json.dumps(sorted(set(numbers))), CONSUMPTION),
    ):
        used.setdefault(row["source_document"], []).append(row)
    return used


def void(db: sqlite3.Connection, sale_id: int, reason: str | None, now: str) -> None:
    """posted -> voided."""
    db.execute(
        "UPDATE store_sale SET state = 'voided', void_reason = ?, voided_at = ?, updated_at = ? WHERE id = ?",
        (reason, now, now, sale_id),
    )
