"""SQL of products (商品)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.crm.rules.products import Product
from shapan.crm.store.pages import Position, select_page

COLUMNS = ("name", "spec", "unit", "list_price_fen", "tax_rate_bp", "state")
"""The columns that clients write, beside the code."""


def insert(db: sqlite3.Connection, code: str, values: Mapping[str, Any]) -> sqlite3.Row:
    """A new product, with all COLUMNS."""
    row: sqlite3.Row = db.execute(
        f"INSERT INTO product (code, version, {', '.join(COLUMNS)}) VALUES (?, 1, ?, ?, ?, ?, ?, ?) RETURNING *",  # noqa: S608
        (code, *(values[column] for column in COLUMNS)),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any]) -> sqlite3.Row:
    """Write all COLUMNS of a product and count its version up."""
    row: sqlite3.Row = db.execute(
        f"UPDATE product SET {', '.join(f'{column} = ?' for column in COLUMNS)}, version = version + 1"  # noqa: S608
        " WHERE seq = ? RETURNING *",
        (*(values[column] for column in COLUMNS), seq),
    ).fetchone()
    return row


def known(db: sqlite3.Connection, codes: Iterable[str]) -> set[str]:
    """Those of the codes that are products."""
    rows = db.execute(
        "SELECT code FROM product WHERE code IN (SELECT value FROM json_each(?))", (json.dumps(list(codes)),)
    )
    return {row["code"] for row in rows}


def find(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The product with this code."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM product WHERE code = ?", (code,)).fetchone()
    return row


def price_list(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, Product]:
    """The products with these codes, by code, in one statement; unknown codes are left out."""
    rows = db.execute(
        "SELECT code, name, spec, unit, list_price_fen, tax_rate_bp, state FROM product"
        " WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps(list(codes)),),
    )
    return {row["code"]: Product(*row) for row in rows}


def page(db: sqlite3.Connection, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Products in the order of the price list."""
    return select_page(db, "product", {}, after, limit)
