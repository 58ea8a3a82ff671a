"""Accounts (会计科目)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any


def account(row: sqlite3.Row) -> dict[str, Any]:
    """Account."""
    return {
        "code": row["code"],
        "name": row["name"],
        "english_name": row["english_name"],
        "category": row["category"],
        "direction": row["direction"],
        "parent": row["parent"],
        "leaf": bool(row["leaf"]),
        "dimensions": json.loads(row["dimensions"]),
        "optional_dimensions": json.loads(row["optional_dimensions"]),
        "controlled": bool(row["controlled"]),
        "roles": sorted(json.loads(row["roles"])),
    }
