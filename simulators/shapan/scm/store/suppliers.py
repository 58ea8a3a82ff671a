"""Suppliers (供应商)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.scm.store.query import page_of

_SUPPLIER = (
    "code, name, short_name, class, payment_terms, tax_number, tolerance_bp, contact, phone, address, source_system, source_document,"
    " source_id, created_at, updated_at"
)
_OWN = (
    "name",
    "short_name",
    "class",
    "payment_terms",
    "tax_number",
    "tolerance_bp",
    "contact",
    "phone",
    "address",
    "source_system",
    "source_document",
    "source_id",
)


def insert(db: sqlite3.Connection, supplier: Mapping[str, Any], now: str) -> str:
    """Add a supplier and give it the next code, GY00001."""
    # The id is the serial: inside the write transaction nobody else can take it.
    serial = db.execute("SELECT coalesce(max(id), 0) + 1 FROM supplier").fetchone()[0]
    code = f"GY{serial:05d}"
    db.execute(
        f"INSERT INTO supplier (id, code, {', '.join(_OWN)}, created_at, updated_at)"  # noqa: S608
        f" VALUES (:id, :code, {', '.join(f':{column}' for column in _OWN)}, :now, :now)",
        {**supplier, "id": serial, "code": code, "now": now},
    )
    return code


def replace(db: sqlite3.Connection, code: str, supplier: Mapping[str, Any], now: str) -> None:
    """Replace what is known of a supplier."""
    db.execute(
        f"UPDATE supplier SET {', '.join(f'{column} = :{column}' for column in _OWN)}, updated_at = :now WHERE code = :code",  # noqa: S608
        {**supplier, "code": code, "now": now},
    )


def get(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The supplier of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_SUPPLIER} FROM supplier WHERE code = ?", (code,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection,
    supplier_class: str | None,
    tax_number: str | None,
    name: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of suppliers in the order of entry, and the number of matches."""
    filters = {"class": supplier_class, "tax_number": tax_number, "name": name}
    return page_of(db, _SUPPLIER, "supplier", filters, "id", page, page_size)
