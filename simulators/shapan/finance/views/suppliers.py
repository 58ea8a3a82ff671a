"""Suppliers (供应商)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance.views.common import source_reference
from shapan.kernel.money import text_from_fen


def supplier(row: sqlite3.Row) -> dict[str, Any]:
    """Supplier."""
    return {
        "id": row["id"],
        "short_name": row["short_name"],
        "full_name": row["full_name"],
        "tax_number": row["tax_number"],
        "supplier_class": row["supplier_class"],
        "payment_terms_days": row["payment_terms_days"],
        "source_reference": source_reference(row),
        "created_at": row["created_at"],
    }


def supplier_balance(supplier_id: int, row: sqlite3.Row, uninvoiced: int, as_of: str) -> dict[str, Any]:
    """SupplierBalance."""
    return {
        "supplier_id": supplier_id,
        "open_amount": text_from_fen(row["open_fen"]),
        "overdue_amount": text_from_fen(row["overdue_fen"]),
        "unapplied_amount": text_from_fen(row["unapplied_fen"]),
        "prepaid_amount": text_from_fen(row["prepaid_fen"]),
        "uninvoiced_amount": text_from_fen(uninvoiced),
        "as_of": as_of,
    }
