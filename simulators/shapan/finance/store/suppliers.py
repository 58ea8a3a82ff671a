"""Suppliers (供应商), and what stands open with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_SUPPLIER = (
    "id, short_name, full_name, tax_number, supplier_class, payment_terms_days, source_system, source_document, source_id, created_at,"
    " change"
)


def insert(db: sqlite3.Connection, supplier: Mapping[str, Any]) -> int:
    """Add a supplier; its id."""
    cursor = db.execute(
        "INSERT INTO supplier (short_name, full_name, tax_number, supplier_class, payment_terms_days, source_system, source_document,"
        " source_id, created_at, change) VALUES (:short_name, :full_name, :tax_number, :supplier_class, :payment_terms_days,"
        " :source_system, :source_document, :source_id, :created_at, :change)",
        {**supplier, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def get(db: sqlite3.Connection, supplier_id: int) -> sqlite3.Row | None:
    """The supplier of this id."""
    return one(db, f"SELECT {_SUPPLIER} FROM supplier WHERE id = ?", (supplier_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of suppliers, and whether more follow."""
    return changed_page(db, _SUPPLIER, "supplier", "change", filters, since, limit)


def standing(db: sqlite3.Connection, supplier_id: int, today: str) -> sqlite3.Row:
    """Open, overdue (due before `today`), unapplied and prepaid amounts of a supplier, in fen."""
    row = one(
        db,
        "SELECT (SELECT coalesce(sum(gross_fen - settled_fen), 0) FROM payable WHERE supplier_id = ?1) AS open_fen,"
        " (SELECT coalesce(sum(gross_fen - settled_fen), 0) FROM payable WHERE supplier_id = ?1 AND due_date < ?2) AS overdue_fen,"
        " (SELECT coalesce(sum(amount_fen - applied_fen), 0) FROM payment"
        "   WHERE supplier_id = ?1 AND kind = 'payment' AND state <> 'reversed') AS unapplied_fen,"
        " (SELECT coalesce(sum(amount_fen - applied_fen), 0) FROM payment"
        "   WHERE supplier_id = ?1 AND kind = 'prepayment' AND state <> 'reversed') AS prepaid_fen",
        (supplier_id, today),
    )
    assert row is not None  # aggregates always give a row
    return row
