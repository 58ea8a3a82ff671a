"""Periods and the trial balance (会计期间, 试算平衡表)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.rules.ledger import BalanceRow
from shapan.finance.rules.periods import first_day, last_day
from shapan.kernel.money import text_from_fen


def amounts(row: BalanceRow) -> dict[str, str]:
    """Opening, movement and closing on both sides."""
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
                **amounts(row),
            }
            for row in rows
        ],
        "totals": amounts(totals),
        "balanced": balanced,
        "as_of": as_of,
    }


def period(name: str, state: str, voucher_count: int, closed_at: str | None) -> dict[str, Any]:
    """Period."""
    return {
        "period": name,
        "state": state,
        "first_day": first_day(name).isoformat(),
        "last_day": last_day(name).isoformat(),
        "voucher_count": voucher_count,
        "closed_at": closed_at,
    }
