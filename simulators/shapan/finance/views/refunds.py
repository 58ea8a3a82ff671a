"""Refunds to customers (退款单)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance.views.common import label
from shapan.kernel.money import text_from_fen


def refund(row: sqlite3.Row) -> dict[str, Any]:
    """Refund."""
    plain = (
        *("id", "number", "customer_id", "business_date", "period", "receipt_id", "receipt_number", "receivable_id"),
        *("receivable_number", "bank_account", "bank_reference", "reason", "state", "voucher_id", "reversed_on"),
        *("reversal_reason", "reversal_voucher_id", "posted_at"),
    )
    return {
        **{name: row[name] for name in plain},
        "customer_short_name": row["short_name"],
        "amount": text_from_fen(row["amount_fen"]),
        "from_advance": bool(row["from_advance"]),
        "voucher_label": label(row, "voucher"),
        "reversal_voucher_label": label(row, "reversal"),
    }
