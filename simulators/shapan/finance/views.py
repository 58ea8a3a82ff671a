"""Rows → JSON (报文): snake_case, money as text with two decimals, local dates, watermarks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.rules.ledger import BalanceRow
from shapan.finance.rules.periods import first_day, last_day
from shapan.finance.rules.vouchers import voucher_label
from shapan.kernel.money import text_from_fen, text_from_rate


def page(rows: Sequence[sqlite3.Row], items: list[dict[str, Any]], since: int, more: bool) -> dict[str, Any]:
    """A page with its watermark: the change number of its last row."""
    return {"items": items, "watermark": rows[-1]["change"] if rows else since, "has_more": more}


def account(row: sqlite3.Row) -> dict[str, Any]:
    """Account."""
    return {
        "code": row["code"],
        "name": row["name"],
        "english_name": row["english_name"],
        "category": row["category"],
        "direction": row["direction"],
        "parent": row["parent"],
        "leaf": bool(row["leaf"]),
        "dimensions": json.loads(row["dimensions"]),
        "controlled": bool(row["controlled"]),
    }


def _source_reference(row: sqlite3.Row) -> dict[str, Any] | None:
    if row["source_system"] is None:
        return None
    return {"system": row["source_system"], "document": row["source_document"], "id": row["source_id"]}


def customer(row: sqlite3.Row) -> dict[str, Any]:
    """Customer."""
    return {
        "id": row["id"],
        "short_name": row["short_name"],
        "full_name": row["full_name"],
        "tax_number": row["tax_number"],
        "payment_terms_days": row["payment_terms_days"],
        "source_reference": _source_reference(row),
        "created_at": row["created_at"],
    }


def customer_balance(customer_id: int, open_: int, overdue: int, unapplied: int, as_of: str) -> dict[str, Any]:
    """CustomerBalance."""
    return {
        "customer_id": customer_id,
        "open_amount": text_from_fen(open_),
        "overdue_amount": text_from_fen(overdue),
        "unapplied_amount": text_from_fen(unapplied),
        "as_of": as_of,
    }


def receivable(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Receivable."""
    posted = row["voucher_id"] is not None
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "business_date": row["business_date"],
        "due_date": row["due_date"],
        "period": row["period"],
        "summary": row["summary"],
        "net_amount": text_from_fen(row["net_fen"]),
        "tax_amount": text_from_fen(row["tax_fen"]),
        "gross_amount": text_from_fen(row["gross_fen"]),
        "settled_amount": text_from_fen(row["settled_fen"]),
        "open_amount": text_from_fen(row["gross_fen"] - row["settled_fen"]),
        "state": row["state"],
        "opening": bool(row["opening"]),
        "source_reference": _source_reference(row),
        "order_reference": row["order_reference"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]) if posted else None,
        "lines": [
            {
                "line_no": line["line_no"],
                "description": line["description"],
                "net_amount": text_from_fen(line["net_fen"]),
                "tax_rate": text_from_rate(line["rate_bp"]),
                "tax_amount": text_from_fen(line["tax_fen"]),
                "gross_amount": text_from_fen(line["net_fen"] + line["tax_fen"]),
            }
            for line in lines
        ],
        "posted_at": row["posted_at"],
    }


def receipt(row: sqlite3.Row) -> dict[str, Any]:
    """Receipt."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
        "amount": text_from_fen(row["amount_fen"]),
        "applied_amount": text_from_fen(row["applied_fen"]),
        "unapplied_amount": text_from_fen(row["amount_fen"] - row["applied_fen"]),
        "state": row["state"],
        "bank_account": row["bank_account"],
        "bank_reference": row["bank_reference"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]),
        "posted_at": row["posted_at"],
    }


def settlement(row: sqlite3.Row, allocations: Sequence[sqlite3.Row]) -> dict[str, Any]:
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
        "amount": text_from_fen(sum(allocation["amount_fen"] for allocation in allocations)),
        "allocations": [
            {
                "receivable_id": allocation["receivable_id"],
                "receivable_number": allocation["receivable_number"],
                "amount": text_from_fen(allocation["amount_fen"]),
            }
            for allocation in allocations
        ],
        "posted_at": row["posted_at"],
    }


def voucher(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Voucher."""
    return {
        "id": row["id"],
        "period": row["period"],
        "word": row["word"],
        "number": row["number"],
        "label": voucher_label(row["word"], row["number"]),
        "date": row["date"],
        "source": {"kind": row["source_kind"], "document_number": row["source_number"]},
        "debit_total": text_from_fen(sum(line["debit_fen"] for line in lines)),
        "credit_total": text_from_fen(sum(line["credit_fen"] for line in lines)),
        "lines": [
            {
                "line_no": line["line_no"],
                "summary": line["summary"],
                "account_code": line["account_code"],
                "account_name": line["account_name"],
                "customer_id": line["customer_id"],
                "debit": text_from_fen(line["debit_fen"]),
                "credit": text_from_fen(line["credit_fen"]),
            }
            for line in lines
        ],
        "posted_at": row["posted_at"],
    }


def _amounts(row: BalanceRow) -> dict[str, str]:
    return {
        "opening_debit": text_from_fen(row.opening_debit),
        "opening_credit": text_from_fen(row.opening_credit),
        "movement_debit": text_from_fen(row.movement_debit),
        "movement_credit": text_from_fen(row.movement_credit),
        "closing_debit": text_from_fen(row.closing_debit),
        "closing_credit": text_from_fen(row.closing_credit),
    }


def trial_balance(
    period: str,
    rows: Sequence[BalanceRow],
    totals: BalanceRow,
    balanced: bool,
    accounts: Mapping[str, tuple[str, str]],
    as_of: str,
) -> dict[str, Any]:
    """TrialBalance. `accounts` are code -> (name, direction)."""
    return {
        "period": period,
        "rows": [
            {
                "account_code": row.account_code,
                "account_name": accounts[row.account_code][0],
                "direction": accounts[row.account_code][1],
                **_amounts(row),
            }
            for row in rows
        ],
        "totals": _amounts(totals),
        "balanced": balanced,
        "as_of": as_of,
    }


def period(name: str, state: str, voucher_count: int) -> dict[str, Any]:
    """Period."""
    return {
        "period": name,
        "state": state,
        "first_day": first_day(name).isoformat(),
        "last_day": last_day(name).isoformat(),
        "voucher_count": voucher_count,
    }
