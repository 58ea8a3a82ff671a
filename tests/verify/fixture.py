"""A run whose report is always the same: every part of the page, with names that a page could stumble over."""

from __future__ import annotations

from typing import Any

from shapan.scenario import Exchange, Failure, ScenarioResult, StepResult, Text
from shapan.verify import Outcome, Report, Wish, make_plan
from shapan.verify.coverage import coverage
from shapan.verify.figures import Figures, compared
from shapan.verify.sequence import sequence
from tests.verify.test_sequence import BEGAN, entry, event

EVIL = "<script>alert('x')</script> & \"quoted\" \x00\x1b 沙盘 \ud800"


def report(scenario: Any, evil: str = "ORD-202611-00001") -> Report:
    """Two passed scenarios, a failed one with a sequence diagram, a skipped one; `evil` stands wherever others have a say."""
    names = ("order-to-receivable", "partial-shipments", "restaurant-day", "credit-hold")
    titles = {
        "order-to-receivable": Text("One order becomes a shipment, a receivable and a receipt", "一张订单依次成为出库单、应收单与收款单"),
        "partial-shipments": Text(f"Three deliveries {evil}", f"分三次发货 {evil}"),
        "restaurant-day": Text("A day in five restaurants", "五家门店的一天"),
        "credit-hold": Text("Over the limit an order waits", "超过信用额度的订单等待审批"),
    }  # fmt: skip
    scripts = [
        scenario(n, title=titles[n], profiles=("restaurant",) if n == "restaurant-day" else ("trading",)) for n in names
    ]
    outcomes = []
    for job in make_plan(scripts, Wish()).jobs:
        if job.skipped is not None:
            outcomes.append(Outcome(job, "skipped", job.skipped))
            continue
        failed = job.scenario.name == "partial-shipments"
        result = _result(job.scenario.name, titles[job.scenario.name], evil if failed else None)
        drawn = sequence(result, BEGAN.timestamp(), _journal(evil), alone=True, people="shapan") if failed else None
        log = f"Traceback {evil}" if failed else ""
        outcomes.append(Outcome(job, result.verdict, result.reason, result, "default", log, drawn))
    summary = {
        "kpis": compared(
            Figures(10, 970.0, 1, 120.0, 1, 0, 40, 2), Figures(3, 0.75, 1, 36.0, 1, 1, 12, 0)
        ),
        "delays": [
            _delay("order-to-sales-order", "order → SCM", "订单 → SCM", 0.04, 0.21, 0.35),
            _delay("shipment-to-receivable", f"SCM delivery shipped to receivable {evil}", "出库 → 应收", 0.6, 4.2, 7.5),
        ],
        "coverage": coverage(_journal(evil), "shapan"),
    }  # fmt: skip
    return Report(tuple(outcomes), 24.2, "2026-11-24T10:00:00+00:00", True, (3, f"died {evil}"), summary)


def _delay(link: str, en: str, zh: str, p50: float, p95: float, longest: float) -> dict[str, Any]:
    names = {"en": en, "zh": zh}
    return {"link": link, "name": names, "count": 7, "p50": p50, "p95": p95, "max": longest, "limit": 5.0}


def _result(name: str, title: Text, evil: str | None) -> ScenarioResult:
    reason = Text(f"Finance has no receivable for delivery {evil}", f"财务系统没有出库单 {evil} 对应的应收单")
    failure = None if evil is None else Failure("finance", evil, f"$x == {evil}", str(evil), reason)
    verdict = "passed" if failure is None else "failed"
    said, url = evil or "{}", f"http://127.0.0.1:8101/orders/{evil}"
    asked = Exchange("order", "crm", "createOrder", "POST", url, {"A": said}, said, 201, {}, said, None, 0.1, 0.012)
    seen = Exchange(
        "receivable", "finance", "listReceivables", "GET", url, {}, "", 200, {"B": said}, "{}", None, 5.2, 0.004
    )
    steps = (
        StepResult("main", "order", Text("Salesperson submits the order", "销售提交订单"), "crm", "createOrder", "passed", 1, 0.02, None, {"number": evil or "ORD-202611-00001"}),
        StepResult("main", "receivable", Text("Wait for the receivable", "等待应收单"), "finance", "listReceivables", verdict, 21, 5.1, failure),
    )  # fmt: skip
    return ScenarioResult(
        name, title, ("P2", "P6"), verdict, 5.3, "2026-11-24T10:00:00+00:00", None if failure is None else "receivable",
        failure, steps, (asked, seen), {"run": "A"}, {"order": "ORD-202611-00001"},
    )  # fmt: skip


def _journal(evil: str) -> list[Any]:
    return [
        event(0.15, "crm.order.confirmed", evil),
        entry(0.2, "crm", "getOrder"),
        entry(0.3, "scm", "createSalesOrder", status=201, method="POST", about=[evil]),
        event(0.5, "scm.delivery.shipped", "XSCK-202611-00001"),
        entry(0.6, "finance", "createReceivable", status=503, method="POST", problem=evil),
        entry(0.9, "finance", "createReceivable", status=422, method="POST", problem="validation-failed"),
    ]
