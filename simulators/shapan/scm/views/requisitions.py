"""Purchase requisitions (采购申请) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_milli
from shapan.scm.rules.requisitions import open_milli
from shapan.scm.views.common import Json, source


def requisition(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Purchase requisition with its lines."""
    return {
        "purchase_requisition_no": row["number"],
        "state": row["state"],
        "warehouse_code": row["warehouse_code"],
        "requested_by": row["requested_by"],
        "needed_date": row["needed_date"],
        "note": row["note"],
        "source_reference": source(row),
        "lines": [_line(line, row["state"]) for line in lines],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "approved_at": row["approved_at"],
        "closed_at": row["closed_at"],
    }


def _line(row: sqlite3.Row, state: str) -> Json:
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "ordered_quantity": text_from_milli(row["ordered_milli"]),
        "open_quantity": text_from_milli(open_milli(state, row["quantity_milli"], row["ordered_milli"])),
    }
