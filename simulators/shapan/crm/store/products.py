"""SQL of the price list (价目表)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from shapan.crm.rules import Product
from shapan.crm.store.pages import Position, select_page


def find(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The product with this code."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM product WHERE code = ?", (code,)).fetchone()
    return row


def price_list(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, Product]:
    """The products with these codes, by code, in one statement; unknown codes are left out."""
    rows = db.execute(
        "SELECT code, name, spec, unit, list_price_fen, tax_rate_bp FROM product"
        " WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps(list(codes)),),
    )
    return {row["code"]: Product(*row) for row in rows}


def page(db: sqlite3.Connection, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Products in the order of the price list."""
    return select_page(db, "product", {}, after, limit)
