"""Write-offs of bad debts (坏账核销单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.views.common import allocations, label
from shapan.kernel.money import text_from_fen


def write_off(row: sqlite3.Row, parts: Sequence[sqlite3.Row], recoveries: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """WriteOff."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
        "amount": text_from_fen(row["amount_fen"]),
        "recovered_amount": text_from_fen(row["recovered_fen"]),
        "state": row["state"],
        "reason": row["reason"],
        "allocations": allocations(parts),
        "recoveries": [_recovery(each) for each in recoveries],
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "reversed_on": row["reversed_on"],
        "reversal_reason": row["reversal_reason"],
        "reversal_voucher_id": row["reversal_voucher_id"],
        "reversal_voucher_label": label(row, "reversal"),
        "posted_at": row["posted_at"],
    }


def _recovery(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "amount": text_from_fen(row["amount_fen"]),
        "business_date": row["business_date"],
        "bank_account": row["bank_account"],
        "bank_reference": row["bank_reference"],
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "posted_at": row["posted_at"],
    }
