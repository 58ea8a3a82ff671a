"""Products (物料) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from shapan.kernel.money import text_from_milli, text_from_rate
from shapan.scm.views.common import Json


def product(row: sqlite3.Row, units: Mapping[str, int]) -> Json:
    """Product; `units` are unit -> factor in milli, the base unit first."""
    return {
        "product_code": row["code"],
        "name": row["name"],
        "spec": row["spec"],
        "model": row["model"],
        "category": row["category"],
        "base_unit": row["base_unit"],
        "units": [{"unit": unit, "factor": text_from_milli(factor)} for unit, factor in units.items()],
        "tax_rate": text_from_rate(row["rate_bp"]),
        "kind": row["kind"],
        "batch_managed": bool(row["batch_managed"]),
        "shelf_life_days": row["shelf_life_days"],
        "safety_stock": text_from_milli(row["safety_stock_milli"]),
    }


def category(row: sqlite3.Row) -> Json:
    """Category."""
    return {"category_code": row["code"], "name": row["name"], "parent_code": row["parent_code"]}
