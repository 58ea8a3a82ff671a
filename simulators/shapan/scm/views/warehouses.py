"""Warehouses and stores -> JSON (仓库与门店)."""

from __future__ import annotations

import sqlite3

from shapan.scm.views.common import Json


def warehouse(row: sqlite3.Row) -> Json:
    """Warehouse."""
    return {
        "warehouse_code": row["code"],
        "name": row["name"],
        "kind": row["kind"],
        "address": row["address"],
    }
