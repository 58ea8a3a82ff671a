"""Store sales -> JSON (门店销售单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import text_from_fen, text_from_milli
from shapan.scm.views.common import Json, source


def store_sale(row: sqlite3.Row, lines: Sequence[sqlite3.Row], used: Sequence[sqlite3.Row]) -> Json:
    """Store sale with its lines and what it used."""
    return {
        "store_sale_no": row["number"],
        "state": row["state"],
        "warehouse_code": row["warehouse_code"],
        "business_date": row["business_date"],
        "note": row["note"],
        "source_reference": source(row),
        "lines": [
            {
                "line_no": line["line_no"],
                "product_code": line["product_code"],
                "product_name": line["product_name"],
                "unit": line["base_unit"],
                "quantity": text_from_milli(line["quantity_milli"]),
                "bom_code": line["bom_code"],
            }
            for line in lines
        ],
        "consumption": [
            {
                "product_code": part["product_code"],
                "product_name": part["product_name"],
                "unit": part["base_unit"],
                "batch_no": part["batch_no"],
                "quantity": text_from_milli(part["quantity_milli"]),
                "cost_amount": text_from_fen(part["cost_fen"]),
            }
            for part in used
        ],
        "cost_amount": text_from_fen(sum(part["cost_fen"] for part in used)),
        "void_reason": row["void_reason"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "voided_at": row["voided_at"],
    }
