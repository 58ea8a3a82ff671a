"""What voucher lines can name besides customers: stores and inventory items (门店, 存货档案)."""

from __future__ import annotations

import sqlite_utils


def masters(db: sqlite_utils.Database) -> None:
    """Stores and inventory items, each under its code."""
    db.table("store").create(
        {"id": int, "code": str, "name": str, "created_at": str, "change": int},
        pk="id",
        not_null={"code", "name", "created_at", "change"},
        strict=True,
    )
    db.table("inventory_item").create(
        {"id": int, "code": str, "name": str, "unit": str, "category": str, "created_at": str, "change": int},
        pk="id",
        not_null={"code", "name", "unit", "category", "created_at", "change"},
        strict=True,
    )
    for table in ("store", "inventory_item"):
        db.table(table).create_index(["change"], unique=True)
        db.table(table).create_index(["code"], unique=True)
