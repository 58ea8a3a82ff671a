"""Suppliers (供应商) as JSON."""

from __future__ import annotations

import sqlite3

from shapan.kernel.money import text_from_rate
from shapan.scm.views.common import Json, source


def supplier(row: sqlite3.Row) -> Json:
    """Supplier."""
    return {
        "supplier_code": row["code"],
        "name": row["name"],
        "short_name": row["short_name"],
        "supplier_class": row["class"],
        "payment_terms": row["payment_terms"],
        "tax_number": row["tax_number"],
        "over_receipt_tolerance": text_from_rate(row["tolerance_bp"]),
        "contact": row["contact"],
        "phone": row["phone"],
        "address": row["address"],
        "source_reference": source(row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
