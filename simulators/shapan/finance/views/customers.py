"""Customers and what they owe (往来单位)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance.views.common import source_reference
from shapan.kernel.money import text_from_fen


def customer(row: sqlite3.Row) -> dict[str, Any]:
    """Customer."""
    return {
        "id": row["id"],
        "short_name": row["short_name"],
        "full_name": row["full_name"],
        "tax_number": row["tax_number"],
        "payment_terms_days": row["payment_terms_days"],
        "phone": row["phone"],
        "bank_name": row["bank_name"],
        "bank_account": row["bank_account"],
        "source_reference": source_reference(row),
        "created_at": row["created_at"],
    }


def customer_balance(
    customer_id: int, open_: int, overdue: int, unapplied: int, advance: int, as_of: str
) -> dict[str, Any]:
    """CustomerBalance."""
    return {
        "customer_id": customer_id,
        "open_amount": text_from_fen(open_),
        "overdue_amount": text_from_fen(overdue),
        "unapplied_amount": text_from_fen(unapplied),
        "advance_amount": text_from_fen(advance),
        "as_of": as_of,
    }
