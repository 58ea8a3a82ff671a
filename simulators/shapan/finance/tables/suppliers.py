"""Suppliers (供应商)."""

from __future__ import annotations

import sqlite_utils


def suppliers(db: sqlite_utils.Database) -> None:
    """Suppliers, the other side of payables."""
    db.table("supplier").create(
        {
            "id": int,
            "short_name": str,
            "full_name": str,
            "tax_number": str,
            "payment_terms_days": int,
            "source_system": str,
            "source_document": str,
            "source_id": str,
            "created_at": str,
            "change": int,
        },
        pk="id",
        not_null={"short_name", "payment_terms_days", "created_at", "change"},
        strict=True,
    )
    db.table("supplier").create_index(["change"], unique=True)
    for column in ("tax_number", "short_name", "full_name"):
        db.table("supplier").create_index([column, "change"])
