"""Statements and figures (财务报表, 指标)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.rules.kpis import Kpi
from shapan.finance.rules.ledger import AccountSums
from shapan.finance.rules.statements import IncomeLine, SheetLine
from shapan.kernel.money import text_from_fen


def balance_sheet(
    standard: str, period: str, lines: Sequence[SheetLine], closing: Sequence[int], opening: Sequence[int], as_of: str
) -> dict[str, Any]:
    """BalanceSheet. The last line of the assets and the last of all are the two totals."""
    last_asset = max(index for index, line in enumerate(lines) if line.section == "assets")
    return {
        "standard": standard,
        "period": period,
        "rows": [
            {
                "line": number,
                "section": line.section,
                "name": line.name,
                "english_name": line.english_name,
                "closing_amount": text_from_fen(closing[number - 1]),
                "year_opening_amount": text_from_fen(opening[number - 1]),
            }
            for number, line in enumerate(lines, 1)
        ],
        "total_assets": text_from_fen(closing[last_asset]),
        "total_liabilities_and_equity": text_from_fen(closing[-1]),
        "balanced": closing[last_asset] == closing[-1] and opening[last_asset] == opening[-1],
        "as_of": as_of,
    }


def income_statement(
    standard: str, period: str, lines: Sequence[IncomeLine], month: Sequence[int], year: Sequence[int], as_of: str
) -> dict[str, Any]:
    """IncomeStatement. Its last line is the net profit."""
    return {
        "standard": standard,
        "period": period,
        "rows": [
            {
                "line": number,
                "name": line.name,
                "english_name": line.english_name,
                "period_amount": text_from_fen(month[number - 1]),
                "year_amount": text_from_fen(year[number - 1]),
            }
            for number, line in enumerate(lines, 1)
        ],
        "net_profit": text_from_fen(month[-1]),
        "as_of": as_of,
    }


def vat_ledger(
    period: str,
    taxpayer_kind: str,
    rows: Sequence[tuple[str, str, AccountSums]],
    output: int,
    input_: int,
    transferred: int,
    owed: int,
) -> dict[str, Any]:
    """VatLedger. `owed` is what 222101 holds in credit; negative is carried forward."""
    return {
        "period": period,
        "taxpayer_kind": taxpayer_kind,
        "accounts": [
            {
                "account_code": code,
                "account_name": name,
                "opening_balance": text_from_fen(-sums.opening),
                "debit": text_from_fen(sums.debit),
                "credit": text_from_fen(sums.credit),
                "closing_balance": text_from_fen(sums.credit - sums.debit - sums.opening),
            }
            for code, name, sums in rows
        ],
        "output_tax": text_from_fen(output),
        "input_tax": text_from_fen(input_),
        "owed": text_from_fen(max(owed, 0)),
        "transferred": text_from_fen(transferred),
        "carried_forward": text_from_fen(max(-owed, 0)),
    }


def monthly_summaries(
    first: str,
    last: str,
    months: Sequence[tuple[str, Sequence[AccountSums]]],
    titles: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    """MonthlySummaries. `titles` are code -> (name, direction)."""
    return {
        "from_period": first,
        "to_period": last,
        "items": [_summary(period, sums, *titles[sums.account_code]) for period, month in months for sums in month],
    }


def _summary(period: str, sums: AccountSums, name: str, direction: str) -> dict[str, Any]:
    side = 1 if direction == "debit" else -1
    return {
        "period": period,
        "account_code": sums.account_code,
        "account_name": name,
        "direction": direction,
        "opening_balance": text_from_fen(side * sums.opening),
        "debit": text_from_fen(sums.debit),
        "credit": text_from_fen(sums.credit),
        "closing_balance": text_from_fen(side * (sums.opening + sums.debit - sums.credit)),
    }


def kpis(first: str, last: str, found: Sequence[Kpi], as_of: str) -> dict[str, Any]:
    """FinanceKpis."""
    return {
        "from_period": first,
        "to_period": last,
        "kpis": [kpi(figure) for figure in found],
        "as_of": as_of,
    }


def kpi(figure: Kpi) -> dict[str, Any]:
    """FinanceKpi."""
    return {
        "key": figure.key,
        "name": {"en": figure.en, "zh": figure.zh},
        "value": figure.value,
        "unit": figure.unit,
        "formula": {"en": figure.formula_en, "zh": figure.formula_zh},
        "inputs": dict(figure.inputs),
    }
