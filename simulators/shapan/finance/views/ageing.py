"""Ageing, allowance rates and statements of account (账龄分析表, 坏账准备计提比例, 对账单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.ageing import BUCKETS, BY_POSTING_DATE
from shapan.finance.rules.vouchers import voucher_label
from shapan.kernel.money import text_from_fen, text_from_rate


def buckets(basis: str, amounts: Mapping[str, int]) -> list[dict[str, Any]]:
    """AgeingBucket for each bucket of a basis. `amounts` are bucket -> fen."""
    return [
        {
            "key": bucket.key,
            "label": bucket.en,
            "label_zh": bucket.zh,
            "from_days": bucket.low,
            "to_days": bucket.high,
            "amount": text_from_fen(amounts.get(bucket.key, 0)),
        }
        for bucket in BUCKETS[basis]
    ]


def ageing(
    basis: str,
    as_of: date,
    rows: Sequence[tuple[int, str, Mapping[str, int], int]],
    totals: Mapping[str, int],
) -> dict[str, Any]:
    """Ageing. `rows` are (customer, short name, bucket -> fen, unapplied)."""
    return {
        "basis": basis,
        "as_of": as_of.isoformat(),
        "rows": [
            {
                "customer_id": customer_id,
                "customer_short_name": name,
                "open_amount": text_from_fen(sum(amounts.values())),
                "unapplied_amount": text_from_fen(unapplied),
                "buckets": buckets(basis, amounts),
            }
            for customer_id, name, amounts, unapplied in rows
        ],
        "totals": buckets(basis, totals),
        "open_amount": text_from_fen(sum(totals.values())),
        "unapplied_amount": text_from_fen(sum(row[3] for row in rows)),
    }


def allowance_rates(rates: Mapping[str, int]) -> dict[str, Any]:
    """AllowanceRates."""
    return {
        "rates": [
            {
                "bucket": bucket.key,
                "label": bucket.en,
                "label_zh": bucket.zh,
                "rate": text_from_rate(rates[bucket.key]),
            }
            for bucket in BY_POSTING_DATE
        ]
    }


def _entry(row: sqlite3.Row, balance: int) -> dict[str, Any]:
    return {
        "date": row["date"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["word"], row["number"]),
        "kind": row["source_kind"],
        "document_number": row["source_number"],
        "summary": row["summary"],
        "debit": text_from_fen(row["debit_fen"]),
        "credit": text_from_fen(row["credit_fen"]),
        "balance": text_from_fen(balance),
    }


def _open_item(row: sqlite3.Row, last: date) -> dict[str, Any]:
    late = (last - date.fromisoformat(row["due_date"])).days if row["open_fen"] > 0 else 0
    return {
        "receivable_id": row["id"],
        "receivable_number": row["number"],
        "business_date": row["business_date"],
        "due_date": row["due_date"],
        "gross_amount": text_from_fen(row["gross_fen"]),
        "open_amount": text_from_fen(row["open_fen"]),
        "days_overdue": max(late, 0),
    }


def statement(
    customer: sqlite3.Row,
    days: tuple[date, date],
    opening: int,
    entries: Sequence[sqlite3.Row],
    open_items: Sequence[sqlite3.Row],
    receipts: tuple[int, int],
) -> dict[str, Any]:
    """CustomerStatement. `days` are the first and the last, `receipts` (unapplied, advances) at the end of the last."""
    shown = []
    balance = opening
    for row in entries:
        balance += row["debit_fen"] - row["credit_fen"]
        shown.append(_entry(row, balance))
    return {
        "customer_id": customer["id"],
        "customer_short_name": customer["short_name"],
        "from": days[0].isoformat(),
        "to": days[1].isoformat(),
        "opening_balance": text_from_fen(opening),
        "debit_total": text_from_fen(sum(row["debit_fen"] for row in entries)),
        "credit_total": text_from_fen(sum(row["credit_fen"] for row in entries)),
        "closing_balance": text_from_fen(balance),
        "open_amount": text_from_fen(sum(row["open_fen"] for row in open_items)),
        "unapplied_amount": text_from_fen(receipts[0]),
        "advance_amount": text_from_fen(receipts[1]),
        "entries": shown,
        "open_items": [_open_item(row, days[1]) for row in open_items],
    }
