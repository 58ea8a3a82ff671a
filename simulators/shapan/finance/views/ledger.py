"""Ledgers and balances by dimension (明细账, 辅助核算余额)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.rules.ledger import BalanceRow
from shapan.finance.rules.vouchers import voucher_label
from shapan.finance.views.periods import amounts
from shapan.kernel.money import text_from_fen, text_from_milli


def ledger(
    account: sqlite3.Row,
    first: str,
    last: str,
    opening: int,
    rows: Sequence[sqlite3.Row],
    more: bool,
    totals: tuple[int, int],
    closing: int,
) -> dict[str, Any]:
    """Ledger. `opening` and `closing` are debits less credits; they are shown on the side of the account."""
    side = 1 if account["direction"] == "debit" else -1
    balance, shown = opening, []
    for row in rows:
        balance += row["debit_fen"] - row["credit_fen"]
        shown.append(_row(row, side * balance))
    return {
        "account_code": account["code"],
        "account_name": account["name"],
        "direction": account["direction"],
        "from_period": first,
        "to_period": last,
        "opening_balance": text_from_fen(side * opening),
        "rows": shown,
        "has_more": more,
        "debit_total": text_from_fen(totals[0]),
        "credit_total": text_from_fen(totals[1]),
        "closing_balance": text_from_fen(side * closing),
    }


def _row(row: sqlite3.Row, balance: int) -> dict[str, Any]:
    return {
        "period": row["period"],
        "date": row["date"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["word"], row["number"]),
        "line_no": row["line_no"],
        "summary": row["summary"],
        "account_code": row["account_code"],
        "customer_id": row["customer_id"],
        "supplier_id": row["supplier_id"],
        "product_code": row["product_code"],
        "store_code": row["store_code"],
        "quantity": None if row["quantity_milli"] is None else text_from_milli(row["quantity_milli"]),
        "debit": text_from_fen(row["debit_fen"]),
        "credit": text_from_fen(row["credit_fen"]),
        "balance": text_from_fen(balance),
    }


def dimension_balances(
    period: str,
    account: sqlite3.Row,
    dimension: str,
    found: Sequence[sqlite3.Row],
    rows: Sequence[BalanceRow],
    totals: BalanceRow,
) -> dict[str, Any]:
    """DimensionBalances."""
    return {
        "period": period,
        "account_code": account["code"],
        "account_name": account["name"],
        "dimension": dimension,
        "rows": [
            {
                "key": None if named["key"] is None else str(named["key"]),
                "name": named["name"],
                "quantity": text_from_milli(named["quantity"]),
                **amounts(row),
            }
            for named, row in zip(found, rows, strict=True)
        ],
        "totals": amounts(totals),
    }
