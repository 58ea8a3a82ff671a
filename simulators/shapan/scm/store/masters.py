"""Partners, products and warehouses (主数据)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.store.query import page_of

_PARTNER = "code, short_name, full_name, tax_number, phone, address, source_system, source_document, source_id, created_at, updated_at"
_PRODUCT = (
    "code, name, spec, model, category, base_unit, rate_bp, kind, batch_managed, shelf_life_days, safety_stock_milli"
)
_WAREHOUSE = "code, name, kind, address"


def insert_partner(db: sqlite3.Connection, partner: Mapping[str, Any]) -> str:
    """Add a partner and give it the next code, KH00001."""
    # The id is the serial: inside the write transaction nobody else can take it.
    serial = db.execute("SELECT coalesce(max(id), 0) + 1 FROM partner").fetchone()[0]
    code = f"KH{serial:05d}"
    db.execute(
        "INSERT INTO partner (id, code, short_name, full_name, tax_number, phone, address, source_system, source_document, source_id,"
        " created_at, updated_at) VALUES (:id, :code, :short_name, :full_name, :tax_number, :phone, :address, :source_system,"
        " :source_document, :source_id, :created_at, :created_at)",
        {**partner, "id": serial, "code": code},
    )
    return code


def partner(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The partner of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_PARTNER} FROM partner WHERE code = ?", (code,)).fetchone()  # noqa: S608
    return row


def partners(
    db: sqlite3.Connection, tax_number: str | None, short_name: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of partners in the order of entry, and the number of matches."""
    return page_of(db, _PARTNER, "partner", {"tax_number": tax_number, "short_name": short_name}, "id", page, page_size)


def product(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The product of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_PRODUCT} FROM product WHERE code = ?", (code,)).fetchone()  # noqa: S608
    return row


def products(
    db: sqlite3.Connection, category: str | None, kind: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of products in the order of their codes, and the number of matches."""
    return page_of(db, _PRODUCT, "product", {"category": category, "kind": kind}, "code", page, page_size)


def products_of(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, sqlite3.Row]:
    """Product code -> product. Products that do not exist are left out."""
    rows = db.execute(
        f"SELECT {_PRODUCT} FROM product WHERE code IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(sorted(set(codes))),),
    )
    return {row["code"]: row for row in rows}


def units_of(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Product code -> unit -> factor in milli, the base unit first. Products that do not exist are left out."""
    units: dict[str, dict[str, int]] = {}
    for row in db.execute(
        "SELECT product_code, unit, factor_milli FROM product_unit WHERE product_code IN (SELECT value FROM json_each(?))"
        " ORDER BY product_code, position",
        (json.dumps(sorted(set(codes))),),
    ):
        units.setdefault(row["product_code"], {})[row["unit"]] = row["factor_milli"]
    return units


def insert_warehouse(db: sqlite3.Connection, code: str, name: str, kind: str, address: str) -> None:
    """Open a warehouse or a store."""
    db.execute(
        "INSERT INTO warehouse (code, name, kind, address) VALUES (?, ?, ?, ?)",
        (code, name, kind, address),
    )


def update_warehouse(db: sqlite3.Connection, code: str, name: str, address: str) -> None:
    """Change name and address."""
    db.execute("UPDATE warehouse SET name = ?, address = ? WHERE code = ?", (name, address, code))


def warehouse(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The warehouse or store of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_WAREHOUSE} FROM warehouse WHERE code = ?", (code,)).fetchone()  # noqa: S608
    return row


def main_warehouse_code(db: sqlite3.Connection) -> str | None:
    """The warehouse that serves documents which name none (主仓): no store, the lowest code. None when there is none at all."""
    code: str | None = db.execute("SELECT min(code) FROM warehouse WHERE kind = 'warehouse'").fetchone()[0]
    return code


def warehouses(db: sqlite3.Connection, kind: str | None, page: int, page_size: int) -> tuple[list[sqlite3.Row], int]:
    """A page of warehouses in the order of their codes, and the number of matches."""
    return page_of(db, _WAREHOUSE, "warehouse", {"kind": kind}, "code", page, page_size)
