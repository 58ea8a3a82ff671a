"""Payables, payments and their settlement (应付单, 付款单, 付款核销单), and the ageing of payables (应付账龄)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.vouchers import voucher_label
from shapan.finance.views.ageing import buckets
from shapan.kernel.money import text_from_fen


def _head(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "supplier_id": row["supplier_id"],
        "supplier_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
    }


def _voucher(row: sqlite3.Row) -> dict[str, Any]:
    posted = row["voucher_id"] is not None
    return {
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]) if posted else None,
    }


def payable(row: sqlite3.Row) -> dict[str, Any]:
    """Payable."""
    return {
        **_head(row),
        **_voucher(row),
        "due_date": row["due_date"],
        "summary": row["summary"],
        "net_amount": text_from_fen(row["net_fen"]),
        "tax_amount": text_from_fen(row["tax_fen"]),
        "gross_amount": text_from_fen(row["gross_fen"]),
        "settled_amount": text_from_fen(row["settled_fen"]),
        "open_amount": text_from_fen(row["gross_fen"] - row["settled_fen"]),
        "state": row["state"],
        "red": row["gross_fen"] < 0,
        "opening": bool(row["opening"]),
        "supplier_invoice_id": row["supplier_invoice_id"],
        "invoice_number": row["invoice_number"],
        "posted_at": row["posted_at"],
    }


def payment(row: sqlite3.Row) -> dict[str, Any]:
    """Payment."""
    rest = 0 if row["state"] == "reversed" else row["amount_fen"] - row["applied_fen"]
    return {
        **_head(row),
        **_voucher(row),
        "kind": row["kind"],
        "amount": text_from_fen(row["amount_fen"]),
        "applied_amount": text_from_fen(row["applied_fen"]),
        "unapplied_amount": text_from_fen(rest),
        "state": row["state"],
        "opening": bool(row["opening"]),
        "bank_account": row["bank_account"],
        "bank_reference": row["bank_reference"],
        "refunded_payment_id": row["refunded_payment_id"],
        "refunded_payable_id": row["refunded_payable_id"],
        "reverses_id": row["reverses_id"],
        "reversed_by_id": row["reversed_by_id"],
        "reason": row["reason"],
        "posted_at": row["posted_at"],
    }


def payable_settlement(row: sqlite3.Row, allocations: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """PayableSettlement."""
    return {
        **_head(row),
        **_voucher(row),
        "payment_id": row["payment_id"],
        "red_payable_id": row["red_payable_id"],
        "amount": text_from_fen(sum(allocation["amount_fen"] for allocation in allocations)),
        "allocations": [
            {
                "payable_id": allocation["payable_id"],
                "payable_number": allocation["number"],
                "amount": text_from_fen(allocation["amount_fen"]),
            }
            for allocation in allocations
        ],
        "reverses_id": row["reverses_id"],
        "reversed_by_id": row["reversed_by_id"],
        "reason": row["reason"],
        "posted_at": row["posted_at"],
    }


def payable_ageing(
    basis: str, as_of: date, suppliers: Mapping[int, str], amounts: Mapping[int, Counter[str]]
) -> dict[str, Any]:
    """PayableAgeing. `suppliers` are id -> short name, `amounts` id -> bucket -> fen."""
    totals: Counter[str] = Counter()
    for spread in amounts.values():
        for key, amount in spread.items():
            totals[key] += amount
    return {
        "basis": basis,
        "as_of": as_of.isoformat(),
        "rows": [
            {
                "supplier_id": supplier_id,
                "supplier_short_name": suppliers[supplier_id],
                "open_amount": text_from_fen(sum(spread.values())),
                "buckets": buckets(basis, spread),
            }
            for supplier_id, spread in amounts.items()
        ],
        "totals": buckets(basis, totals),
        "open_amount": text_from_fen(sum(totals.values())),
    }
