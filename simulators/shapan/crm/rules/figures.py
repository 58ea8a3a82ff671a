"""Key figures of sales (关键指标): each with its formula in words and the numbers that went in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import fmean, median
from typing import Any, NamedTuple

from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, number_from_fen

_HOUR = 3600.0


class Sums(NamedTuple):
    """How many documents, and what they come to, in fen."""

    number: int
    net_fen: int
    tax_fen: int

    @property
    def gross_fen(self) -> int:
        """Net and tax together, in fen."""
        return self.net_fen + self.tax_fen


class Figures(NamedTuple):
    """What the key figures of a period are made of; times in seconds."""

    ordered: Sums
    returned: Sums
    store_sales: Sums
    store_returns: Sums
    lead_times: Sequence[float]
    approval_times: Sequence[float]


class Period(NamedTuple):
    """A period as the texts between which the times of the tables lie: at or after `begin`, before `end`."""

    begin: str
    end: str


def period(first: date, last: date) -> Period:
    """From the first day to the last one, both included (Asia/Shanghai)."""
    return Period(first.isoformat(), (last + timedelta(days=1)).isoformat())


def month(text: str) -> Period:
    """A month, "2026-11"."""
    first = date.fromisoformat(f"{text}-01")
    return period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def period_faults(first: str, last: str) -> list[Fault]:
    """Faults of a period of two dates: it ends before it begins."""
    if first <= last:
        return []
    return [
        Fault(
            "/to",
            f"The period would end on {last}, before it begins on {first}. Give a later end.",
            f"截止日期 {last} 早于起始日期 {first}，请更正。",
            "query",
        )
    ]


def percentile_95(values: Sequence[float]) -> float:
    """The smallest value that at least 95 % of the values do not exceed (nearest rank)."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def kpis(figures: Figures) -> list[dict[str, Any]]:
    """`Kpi` of the contract, each of them. A value is null where nothing went in."""
    ordered, returned = figures.ordered, figures.returned
    rate = None
    if ordered.gross_fen:
        rate = number_from_fen(divide_half_up(returned.gross_fen * 10_000, ordered.gross_fen))
    return [
        _kpi(
            "revenueOrdered",
            ("Revenue ordered", "订货额"),
            number_from_fen(ordered.gross_fen),
            "yuan",
            (
                "Sum of grossAmount of the orders that were confirmed in the period and still are.",
                "期间内确认且目前仍有效的订单价税合计之和。",
            ),
            _sums("orders", ordered),
        ),
        _kpi(
            "orderLeadTime",
            ("Order lead time", "订单交付周期"),
            _hours(median(figures.lead_times)) if figures.lead_times else None,
            "hours",
            (
                "Median of completedAt − confirmedAt over the orders whose delivery was reported complete in the period; "
                "p95 is the smallest value that at least 95 % do not exceed.",
                "期间内报告全部发货的订单，completedAt − confirmedAt 的中位数；p95 为至少 95% 的订单不超过的最小值。",
            ),
            _times(figures.lead_times),
        ),
        _kpi(
            "approvalLeadTime",
            ("Approval lead time", "审批周期"),
            _hours(median(figures.approval_times)) if figures.approval_times else None,
            "hours",
            (
                "Median of confirmedAt − submittedAt over the orders that needed approval and were confirmed in the period.",
                "期间内确认且经过审批的订单，confirmedAt − submittedAt 的中位数。",
            ),
            _times(figures.approval_times),
        ),
        _kpi(
            "returnRate",
            ("Return rate", "退货率"),
            rate,
            "percent",
            (
                "100 × grossAmount of the returns whose goods were received in the period ÷ revenue ordered.",
                "100 × 期间内签收的退货价税合计 ÷ 订货额。",
            ),
            {
                "returns": returned.number,
                "returnedAmount": number_from_fen(returned.gross_fen),
                "revenueOrdered": number_from_fen(ordered.gross_fen),
            },
        ),
        _kpi(
            "storeRevenue",
            ("Revenue of the stores", "门店销售额"),
            number_from_fen(figures.store_sales.gross_fen - figures.store_returns.gross_fen),
            "yuan",
            (
                "Sum of grossAmount of the store sales with a businessDate in the period that were not voided, less that of their returns"
                " with a businessDate in the period.",
                "营业日期在期间内且未撤销的门店销售价税合计之和，减去营业日期在期间内的门店退货价税合计。",
            ),
            {
                **_sums("sales", figures.store_sales),
                "returns": figures.store_returns.number,
                "returnedAmount": number_from_fen(figures.store_returns.gross_fen),
            },
        ),
    ]


def _kpi(
    key: str,
    name: tuple[str, str],
    value: float | None,
    unit: str,
    formula: tuple[str, str],
    inputs: dict[str, float | None],
) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"en": name[0], "zh": name[1]},
        "value": value,
        "unit": unit,
        "formula": {"en": formula[0], "zh": formula[1]},
        "inputs": inputs,
    }


def _hours(seconds: float) -> float:
    return round(seconds / _HOUR, 4)


def _sums(what: str, sums: Sums) -> dict[str, float | None]:
    return {what: sums.number, "netAmount": number_from_fen(sums.net_fen), "taxAmount": number_from_fen(sums.tax_fen)}


def _times(seconds: Sequence[float]) -> dict[str, float | None]:
    return {
        "orders": len(seconds),
        "median": _hours(median(seconds)) if seconds else None,
        "mean": _hours(fmean(seconds)) if seconds else None,
        "p95": _hours(percentile_95(seconds)) if seconds else None,
    }
