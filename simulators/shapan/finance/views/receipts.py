"""Receipts, settlements and cash sales (收款单, 核销单, 现销单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.views.common import allocations, label, source_reference
from shapan.finance.views.receivables import line
from shapan.kernel.money import text_from_fen


def receipt(row: sqlite3.Row) -> dict[str, Any]:
    """Receipt."""
    used = row["applied_fen"] + row["advance_fen"] + row["reversed_fen"]
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
        "amount": text_from_fen(row["amount_fen"]),
        "applied_amount": text_from_fen(row["applied_fen"]),
        "unapplied_amount": text_from_fen(row["amount_fen"] - used),
        "advance_amount": text_from_fen(row["advance_fen"]),
        "state": row["state"],
        "advance": bool(row["is_advance"]),
        "bank_account": row["bank_account"],
        "bank_reference": row["bank_reference"],
        "opening": bool(row["opening"]),
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "reversed_on": row["reversed_on"],
        "reason": row["reason"],
        "reversal_voucher_id": row["reversal_voucher_id"],
        "reversal_voucher_label": label(row, "reversal"),
        "posted_at": row["posted_at"],
    }


def settlement(row: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Settlement."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "receipt_id": row["receipt_id"],
        "receipt_number": row["receipt_number"],
        "business_date": row["business_date"],
        "period": row["period"],
        "amount": text_from_fen(sum(part["amount_fen"] for part in parts)),
        "allocations": allocations(parts),
        "from_advance": bool(row["from_advance"]),
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "reverses_id": row["reverses_id"],
        "reversed_by_id": row["reversed_by_id"],
        "reason": row["reason"],
        "posted_at": row["posted_at"],
    }


def cash_sale(row: sqlite3.Row, lines: Sequence[sqlite3.Row], payments: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """CashSale."""
    return {
        "id": row["id"],
        "number": row["number"],
        "store_code": row["store_code"],
        "business_date": row["business_date"],
        "period": row["period"],
        "summary": row["summary"],
        "net_amount": text_from_fen(row["net_fen"]),
        "tax_amount": text_from_fen(row["tax_fen"]),
        "gross_amount": text_from_fen(row["gross_fen"]),
        "state": row["state"],
        "payments": [
            {
                "method": payment["method"],
                "account_code": payment["account_code"],
                "amount": text_from_fen(payment["amount_fen"]),
            }
            for payment in payments
        ],
        "lines": [line(each) for each in lines],
        "source_reference": source_reference(row),
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "reversed_on": row["reversed_on"],
        "reversal_reason": row["reversal_reason"],
        "reversal_voucher_id": row["reversal_voucher_id"],
        "reversal_voucher_label": label(row, "reversal"),
        "posted_at": row["posted_at"],
    }
