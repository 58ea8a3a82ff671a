"""Key figures before and after a run (指标对比): order lead time, time to close, reconciliation differences, data accuracy. In simulated time.

Before is what the world brings with it: its documents of the past year, and its state when it was fresh. After is what the run made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shapan.sandbox.remote.control import Control

_A_YEAR = timedelta(days=365)
_A_DAY_IN_HOURS = 24.0
_PATIENCE = 20.0


@dataclass(frozen=True)
class Figures:
    """Sums that can be added up over workspaces.

    orders, order_hours       orders that were delivered completely, and their lead times together, in simulated hours
    closings, closing_hours   accounting periods that were closed, and the time from first step to close together
    verdicts, differences     so many verdicts of the oracle, and the errors that it found
    parties, wrong_parties    documents whose customer was compared across systems, and those booked on another
    """

    orders: float = 0.0
    order_hours: float = 0.0
    closings: float = 0.0
    closing_hours: float = 0.0
    verdicts: int = 0
    differences: int = 0
    parties: int = 0
    wrong_parties: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def figures_before(control: Control, workspace: str) -> Figures:
    """The figures of a workspace that nobody has worked in: the year before its world's opening. SandboxError."""
    first = _opening(control, workspace)
    return _kpis(control, workspace, first - _A_YEAR, first - timedelta(days=1)) + figures_of(
        verdict_of(control, workspace)
    )


def figures_after(control: Control, workspace: str, verdict: Mapping[str, Any]) -> Figures:
    """The figures of what was done in a workspace since its world's opening; `verdict` is the oracle's. SandboxError."""
    first = _opening(control, workspace)
    return _kpis(control, workspace, first, first + _A_YEAR) + figures_of(verdict)


def verdict_of(control: Control, workspace: str, since: str | None = None) -> dict[str, Any]:
    """The oracle's verdict, over all or since a simulated time. SandboxError, also when it takes too long."""
    params = {"since": since} if since is not None else {}
    return dict(control.call("GET", "/reconciliation", workspace, params=params, timeout=_PATIENCE))


def _opening(control: Control, workspace: str) -> date:
    systems = control.call("GET", "/systems", workspace, timeout=_PATIENCE)["items"]
    return min(date.fromisoformat(system["health"]["world"]["opening"]) for system in systems)


def _kpis(control: Control, workspace: str, first: date, last: date) -> Figures:
    report = control.call(
        "GET", "/kpis", workspace, params={"from": first.isoformat(), "to": last.isoformat()}, timeout=_PATIENCE
    )
    inputs = {item["key"]: item["inputs"] for system in report["systems"] for item in system["items"]}
    lead, close = inputs.get("orderLeadTime", {}), inputs.get("closing_time", {})
    orders = float(lead.get("orders") or 0)
    return Figures(
        orders=orders,
        order_hours=orders * float(lead.get("mean") or 0),
        closings=float(close.get("closed_periods") or 0),
        closing_hours=float(close.get("seconds") or 0) / 3600,
    )


def figures_of(verdict: Mapping[str, Any]) -> Figures:
    """What a verdict of the oracle says of differences and parties."""
    party = next((check for check in verdict["checks"] if check["code"] == "O4"), {"compared": 0, "differences": 0})
    return Figures(
        differences=sum(difference["severity"] == "error" for difference in verdict["differences"]),
        verdicts=1,
        parties=party["compared"],
        wrong_parties=min(party["differences"], party["compared"]),
    )


def compared(before: Figures, after: Figures) -> list[dict[str, Any]]:
    """The rows of the report: name, unit, both values (None where nothing went in), and which way is better."""
    return [
        _row("order_lead_time", "Order lead time", "订单交付周期", "hours", "小时", "lower",
             _ratio(before.order_hours, before.orders), _ratio(after.order_hours, after.orders)),
        _row("closing_time", "Time to close a period", "结账用时", "days", "天", "lower",
             _ratio(before.closing_hours / _A_DAY_IN_HOURS, before.closings),
             _ratio(after.closing_hours / _A_DAY_IN_HOURS, after.closings)),
        _row("differences", "Reconciliation differences", "对账差异", "", "", "lower",
             before.differences if before.verdicts else None, after.differences if after.verdicts else None),
        _row("accuracy", "Documents on the right customer", "客户匹配准确率", "%", "%", "higher",
             _ratio(100.0 * (before.parties - before.wrong_parties), before.parties),
             _ratio(100.0 * (after.parties - after.wrong_parties), after.parties)),
    ]  # fmt: skip


def _row(
    key: str, en: str, zh: str, unit: str, unit_zh: str, better: str, before: float | None, after: float | None
) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"en": en, "zh": zh},
        "unit": {"en": unit, "zh": unit_zh},
        "better": better,
        "before": before,
        "after": after,
    }


def _ratio(sum_: float, count: float) -> float | None:
    return round(sum_ / count, 6) if count else None


def total(figures: Iterable[Figures]) -> Figures:
    """All added up."""
    found = Figures()
    for one in figures:
        found = found + one
    return found
