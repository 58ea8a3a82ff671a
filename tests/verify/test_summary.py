"""Coverage, delays and key figures: from what the systems said to the rows of the report."""

from __future__ import annotations

import pytest

from shapan.sandbox.errors import SandboxError
from shapan.verify import Observer, make_plan
from shapan.verify.coverage import coverage
from shapan.verify.delays import pooled
from shapan.verify.figures import Figures, compared, figures_of, total
from tests.verify.test_sequence import BEGAN, entry, event, raw


def test_coverage_names_what_was_used_what_was_never_met_and_what_was_not_acted_on():
    entries = [
        entry(0, "crm", "createWebhook", method="POST", status=201),
        entry(1, "crm", "getOrder"),
        entry(2, "crm", "getOrder", status=404),
        entry(3, "crm", "createOrder", client="shapan", method="POST", status=201),
        entry(4, "crm", None, status=404),
        event(5, "crm.order.confirmed", "ORD-1"),
        event(5.1, "crm.order.confirmed", "ORD-1", attempt=2),
        event(6, "crm.order.confirmed", "ORD-2"),
        event(7, "crm.customer.created", "C-1"),
        event(8, "scm.delivery.shipped", "XSCK-1", status=500, state="waiting"),
        entry(9, "scm", "createSalesOrder", method="POST", status=201, about=["XSDD-1", "ORD-1"]),
        entry(9.5, "scm", "listSalesOrders", about=["ORD-2"]),
    ]
    told = coverage(entries, "shapan")
    assert told["requests"] == 6
    crm, scm, finance = told["systems"]
    [row] = crm["used"]
    assert (row["operation"], row["method"], row["path"]) == ("getOrder", "GET", "/orders/{orderId}")
    assert (row["calls"], row["met"]) == (2, {"200": 1, "404": 1})
    assert "401" in row["never_met"]
    assert not {"200", "404"} & {*row["never_met"]}
    assert "createOrder" in crm["unused"]
    assert "getOrder" not in crm["unused"]
    assert {one["operation"] for one in scm["used"]} == {"createSalesOrder", "listSalesOrders"}
    assert finance["used"] == []
    # Events count by document; what never arrived was not received.
    assert told["events"] == [
        {"system": "crm", "event": "crm.customer.created", "received": 1, "acted_on": 0},
        {"system": "crm", "event": "crm.order.confirmed", "received": 2, "acted_on": 1},
    ]


def test_delays_of_several_workspaces_are_pooled():
    def link(name, *seconds, deadline=None):
        return {
            "link": name,
            "en": f"en {name}",
            "zh": f"中 {name}",
            "deadline_seconds": deadline,
            "seconds": [*seconds],
        }

    assert pooled([]) == []
    rows = pooled([[link("a", 0.1, 0.3), link("b", deadline=2)], [link("a", 0.2, 9)], [link("b", 1, deadline=2)]])
    assert rows == [
        {
            "link": "a",
            "name": {"en": "en a", "zh": "中 a"},
            "count": 4,
            "p50": 0.2,
            "p95": 9.0,
            "max": 9.0,
            "limit": 5.0,
        },
        {"link": "b", "name": {"en": "en b", "zh": "中 b"}, "count": 1, "p50": 1.0, "p95": 1.0, "max": 1.0, "limit": 2},
    ]


def test_figures_add_up_and_are_compared():
    before = Figures(orders=2, order_hours=100, verdicts=1, parties=4)
    after = total([
        Figures(orders=1, order_hours=1, closings=1, closing_hours=36, verdicts=1, differences=2, parties=3, wrong_parties=1),
        Figures(orders=1, order_hours=2, closings=1, closing_hours=12, verdicts=1, parties=1),
    ])  # fmt: skip
    rows = {row["key"]: (row["before"], row["after"], row["better"]) for row in compared(before, after)}
    assert rows == {
        "order_lead_time": (50.0, 1.5, "lower"),
        "closing_time": (None, 1.0, "lower"),
        "differences": (0, 2, "lower"),
        "accuracy": (100.0, 75.0, "higher"),
    }
    # Where nobody answered nothing is claimed.
    assert {row["after"] for row in compared(before, Figures())} == {None}


def test_figures_of_a_verdict():
    verdict = {
        "checks": [{"code": "O1", "compared": 9, "differences": 2}, {"code": "O4", "compared": 5, "differences": 1}],
        "differences": [{"severity": "error"}, {"severity": "warning"}, {"severity": "error"}],
    }
    assert figures_of(verdict) == Figures(verdicts=1, differences=2, parties=5, wrong_parties=1)


class Control:
    """A control that nobody answers at, after some calls."""

    def __init__(self, answers):
        self.answers = list(answers)

    def call(self, method, path, *_, **__):
        if not self.answers:
            raise SandboxError("No sandbox answers.", "没有沙盘响应。")
        return self.answers.pop(0)


class Systems:
    """A control whose systems have this journal."""

    def __init__(self, items):
        self.items = items

    def call(self, method, path, *_, params=None, **__):
        if path == "/journal":
            if params["limit"] == 1:
                return {"items": [], "next": "1", "has_more": False}
            items, self.items = self.items, []
            return {"items": items, "next": "1", "has_more": False}
        if path == "/clock":
            return {"now": "2026-11-24T10:00:00+08:00"}
        if path == "/reconciliation":
            return {"checks": [], "differences": [], "delays": []}
        if path == "/systems":
            return {"items": [{"health": {"world": {"opening": "2026-11-01"}}}]}
        return {"systems": []}


def test_what_people_do_as_another_client_is_not_the_integration_s(scenario, result):
    from dataclasses import replace

    from shapan.kernel.auth import Client
    from shapan.verify import Place

    plain = scenario("a", isolation="own")
    [main] = plain.workflows.values()
    workflow = replace(main, steps=tuple(replace(step, client="auditor") for step in main.steps))
    plan = make_plan([replace(plain, workflows={"main": workflow})])
    items = [raw(0.1, "crm", "getOrder"), raw(0.2, "crm", "createOrder", client="auditor", method="POST", status=403)]
    observer = Observer(Systems(items), "shapan", plan)
    [job] = plan.jobs
    place = Place("own", {}, Client("shapan", "s"), None)
    observation = observer.begin(job, place)
    observation._began = BEGAN.timestamp()
    drawn = observation.end(result("a", reason="late", exchanges=()))
    assert [message["label"] for message in drawn["messages"]] == ["getOrder"]
    told = observer.summary()["coverage"]
    assert told["requests"] == 1
    assert [row["operation"] for row in told["systems"][0]["used"]] == ["getOrder"]


@pytest.mark.parametrize("answers", [[], [{"next": "1"}], [{"next": "1"}, {"now": "2026-11-24T10:00:00+08:00"}]])
def test_a_control_that_does_not_answer_changes_no_verdict(scenario, result, answers):
    plan = make_plan([scenario("a"), scenario("b")])
    observer = Observer(Control(answers), "shapan", plan)
    from shapan.kernel.auth import Client
    from shapan.verify import Place

    place = Place("default", {}, Client("shapan", "s"), None)
    for job in plan.jobs:
        observer.begin(job, place).end(result(job.scenario.name, reason="late"))
    summary = observer.summary()
    assert {row["after"] for row in summary["kpis"]} == {None}
    assert summary["delays"] == []
    assert summary["coverage"]["requests"] == 0
