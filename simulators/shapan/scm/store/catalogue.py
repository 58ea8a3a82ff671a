"""Products with their units, and categories, as they are entered and changed (物料目录). They are read by `masters`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from shapan.scm.rules.products import Product
from shapan.scm.store.query import page_of

_CATEGORY = "code, name, parent_code"


def insert_product(db: sqlite3.Connection, code: str, product: Product) -> None:
    """Add a product with its units."""
    db.execute(
        "INSERT INTO product (code, name, spec, model, category, kind, base_unit, rate_bp, batch_managed, shelf_life_days,"
        " safety_stock_milli) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (code, *_columns(product)),
    )
    _write_units(db, code, product.units)


def replace_product(db: sqlite3.Connection, code: str, product: Product) -> None:
    """Replace what is known of a product."""
    db.execute(
        "UPDATE product SET name = ?, spec = ?, model = ?, category = ?, kind = ?, base_unit = ?, rate_bp = ?, batch_managed = ?,"
        " shelf_life_days = ?, safety_stock_milli = ? WHERE code = ?",
        (*_columns(product), code),
    )
    db.execute("DELETE FROM product_unit WHERE product_code = ?", (code,))
    _write_units(db, code, product.units)


def _columns(product: Product) -> tuple[str | int | None, ...]:
    return (
        product.name,
        product.spec,
        product.model,
        product.category,
        product.kind,
        product.base_unit,
        product.rate_bp,
        int(product.batch_managed),
        product.shelf_life_days,
        product.safety_stock_milli,
    )


def _write_units(db: sqlite3.Connection, code: str, units: Mapping[str, int]) -> None:
    db.executemany(
        "INSERT INTO product_unit (product_code, position, unit, factor_milli) VALUES (?, ?, ?, ?)",
        [(code, position, unit, factor) for position, (unit, factor) in enumerate(units.items())],
    )


def in_use(db: sqlite3.Connection, code: str) -> bool:
    """Whether stock of a product was ever held, or a document speaks of it: anything that refers to it but its own units."""
    for table, column in db.execute(
        'SELECT m.name, f."from" FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f'
        " WHERE m.type = 'table' AND f.\"table\" = 'product' AND m.name <> 'product_unit'"
    ).fetchall():
        if db.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (code,)).fetchone():  # noqa: S608
            return True
    return False


def insert_category(db: sqlite3.Connection, code: str, name: str, parent_code: str | None) -> None:
    """Add a category."""
    db.execute("INSERT INTO category (code, name, parent_code) VALUES (?, ?, ?)", (code, name, parent_code))


def category(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The category of this code."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_CATEGORY} FROM category WHERE code = ?", (code,)).fetchone()  # noqa: S608
    return row


def categories(db: sqlite3.Connection, page: int, page_size: int) -> tuple[list[sqlite3.Row], int]:
    """A page of categories in the order of their codes, and the number of all."""
    return page_of(db, _CATEGORY, "category", {}, "code", page, page_size)


def enter_categories_in_use(db: sqlite3.Connection) -> None:
    """Add the categories of all products that are not there yet; a code of which nothing else is known is its own name."""
    db.execute(
        "INSERT INTO category (code, name) SELECT DISTINCT category, category FROM product WHERE true"
        " ON CONFLICT (code) DO NOTHING"
    )
