"""Stores and inventory items (门店, 存货档案)."""

from __future__ import annotations

import sqlite3
from typing import Any


def store(row: sqlite3.Row) -> dict[str, Any]:
    """Store."""
    return {"id": row["id"], "code": row["code"], "name": row["name"], "created_at": row["created_at"]}


def inventory_item(row: sqlite3.Row) -> dict[str, Any]:
    """InventoryItem."""
    return {
        "id": row["id"],
        "code": row["code"],
        "name": row["name"],
        "unit": row["unit"],
        "category": row["category"],
        "created_at": row["created_at"],
    }
