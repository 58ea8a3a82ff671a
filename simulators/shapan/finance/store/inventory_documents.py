"""Inventory documents (存货核算单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.inventory_documents import InventoryLine
from shapan.finance.store.query import changed_page, next_change, one

_DOCUMENT = (
    "d.id, d.number, d.kind, d.business_date, d.period, d.store_code, d.source_system, d.source_document, d.source_id, d.summary,"
    " d.amount_fen, d.vat_out_fen, d.reverses_id, r.id AS reversed_by_id, d.reason, d.voucher_id, v.word AS voucher_word,"
    " v.number AS voucher_number, d.posted_at, d.change"
)
_DOCUMENTS = "inventory_document AS d JOIN voucher AS v ON v.id = d.voucher_id LEFT JOIN inventory_document AS r ON r.reverses_id = d.id"


def insert(db: sqlite3.Connection, document: Mapping[str, Any], lines: Sequence[InventoryLine]) -> int:
    """Add a posted document with its lines; its id."""
    cursor = db.execute(
        "INSERT INTO inventory_document (number, kind, business_date, period, store_code, source_system, source_document, source_id,"
        " summary, amount_fen, vat_out_fen, reverses_id, reason, voucher_id, posted_at, change) VALUES (:number, :kind, :business_date,"
        " :period, :store_code, :source_system, :source_document, :source_id, :summary, :amount_fen, :vat_out_fen, :reverses_id, :reason,"
        " :voucher_id, :posted_at, :change)",
        {**document, "change": next_change(db)},
    )
    document_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO inventory_document_line (inventory_document_id, line_no, product_code, stock_class, quantity_milli, amount_fen)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (document_id, line_no, line.product_code, line.stock_class, line.quantity, line.amount)
            for line_no, line in enumerate(lines, 1)
        ],
    )
    return document_id


def touch(db: sqlite3.Connection, document_id: int) -> None:
    """Note that a document shows something new: that it was taken back."""
    db.execute("UPDATE inventory_document SET change = ? WHERE id = ?", (next_change(db), document_id))


def get(db: sqlite3.Connection, document_id: int) -> sqlite3.Row | None:
    """The document of this id."""
    return one(db, f"SELECT {_DOCUMENT} FROM {_DOCUMENTS} WHERE d.id = ?", (document_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of documents, and whether more follow. `filters` are columns of the document."""
    named = {f"d.{column}": value for column, value in filters.items()}
    return changed_page(db, _DOCUMENT, _DOCUMENTS, "d.change", named, since, limit)


def lines_of(db: sqlite3.Connection, document_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Document id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT inventory_document_id, line_no, product_code, stock_class, quantity_milli, amount_fen FROM inventory_document_line"
        " WHERE inventory_document_id IN (SELECT value FROM json_each(?)) ORDER BY inventory_document_id, line_no",
        (json.dumps(list(document_ids)),),
    ):
        lines.setdefault(row["inventory_document_id"], []).append(row)
    return lines
