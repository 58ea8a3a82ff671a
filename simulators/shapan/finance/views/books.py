"""The books, opening balances, posting rules and tax rates (账套, 期初余额, 凭证模板, 税率)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.posting import Kind
from shapan.finance.store.books import Books
from shapan.finance.tax_rates import TaxRate
from shapan.kernel.money import text_from_fen, text_from_milli, text_from_rate


def books(choices: Books, in_use: bool) -> dict[str, Any]:
    """Books."""
    return {
        "standard": choices.standard,
        "taxpayer_kind": choices.taxpayer_kind,
        "opening_period": choices.opening_period,
        "revenue_recognition": choices.revenue_recognition,
        "in_use": in_use,
    }


def opening_balances(period: str, rows: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """OpeningBalances."""
    return {
        "period": period,
        "lines": [
            {
                "account_code": row["account_code"],
                "account_name": row["account_name"],
                "customer_id": row["customer_id"],
                "supplier_id": row["supplier_id"],
                "product_code": row["product_code"],
                "store_code": row["store_code"],
                "quantity": None if row["quantity_milli"] is None else text_from_milli(row["quantity_milli"]),
                "debit": text_from_fen(row["debit_fen"]),
                "credit": text_from_fen(row["credit_fen"]),
            }
            for row in rows
        ],
        "debit_total": text_from_fen(sum(row["debit_fen"] for row in rows)),
        "credit_total": text_from_fen(sum(row["credit_fen"] for row in rows)),
    }


def posting_rule(kind: Kind, rows: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """PostingRule, of the kind and what the books have for it."""
    lines = [
        {"side": row["side"], "account": row["account"], "amount": row["amount"], "summary": row["summary"]}
        for row in rows
    ]
    standard = [
        {"side": line.side, "account": line.account, "amount": line.amount, "summary": line.summary}
        for line in kind.lines
    ]
    return {
        "document_kind": kind.name,
        "title": {"en": kind.en, "zh": kind.zh},
        "word": rows[0]["word"],
        "figures": [{"name": name, "formula": _formula(terms)} for name, terms in kind.figures.items()],
        "brings": list(kind.brings),
        "lines": lines,
        "changed": lines != standard or rows[0]["word"] != kind.word,
    }


def _formula(terms: Mapping[str, int]) -> str:
    text = " ".join(f"{'-' if times < 0 else '+'} {name}" for name, times in terms.items())
    return text.removeprefix("+ ")


def tax_rates(day: date, taxpayer_kind: str, rates: Sequence[TaxRate]) -> dict[str, Any]:
    """TaxRates."""
    return {
        "date": day.isoformat(),
        "taxpayer_kind": taxpayer_kind,
        "items": [
            {
                "kind": rate.kind,
                "name": rate.name,
                "english_name": rate.english_name,
                "taxpayer_kind": rate.taxpayer_kind or None,
                "rate": text_from_rate(rate.rate_bp),
                "valid_from": rate.valid_from.isoformat(),
                "valid_to": None if rate.valid_to is None else rate.valid_to.isoformat(),
            }
            for rate in rates
        ],
    }
