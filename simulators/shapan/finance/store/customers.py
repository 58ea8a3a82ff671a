"""Customers (往来单位)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_CUSTOMER = (
    "id, short_name, full_name, tax_number, payment_terms_days, phone, bank_name, bank_account, source_system, source_document, source_id,"
    " created_at, change"
)


def insert(db: sqlite3.Connection, customer: Mapping[str, Any]) -> int:
    """Add a customer; its id."""
    cursor = db.execute(
        "INSERT INTO customer (short_name, full_name, tax_number, payment_terms_days, phone, bank_name, bank_account, source_system,"
        " source_document, source_id, created_at, change) VALUES (:short_name, :full_name, :tax_number, :payment_terms_days, :phone,"
        " :bank_name, :bank_account, :source_system, :source_document, :source_id, :created_at, :change)",
        {**customer, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def get(db: sqlite3.Connection, customer_id: int) -> sqlite3.Row | None:
    """The customer of this id."""
    return one(db, f"SELECT {_CUSTOMER} FROM customer WHERE id = ?", (customer_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of customers, and whether more follow."""
    return changed_page(db, _CUSTOMER, "customer", "change", filters, since, limit)


def known(db: sqlite3.Connection, customer_ids: Iterable[int]) -> set[int]:
    """Those of these ids that exist."""
    rows = db.execute(
        "SELECT id FROM customer WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(set(customer_ids))),)
    )
    return {row["id"] for row in rows}
