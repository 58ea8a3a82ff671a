"""The trace of a failed scenario: whose messages belong to it, repetitions as one, the place of the failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shapan.scenario import Exchange, StepResult, Text
from shapan.verify.journal import entry_of, related
from shapan.verify.sequence import MOST_MESSAGES, sequence

BEGAN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def raw(
    at: float, system="crm", operation="getOrder", *, client="integration", status=200, about=(), method="GET", **more
):
    """A journal entry `at` seconds after the scenario began, as control tells it."""
    return {
        "system": system, "kind": "request", "started_at": (BEGAN + timedelta(seconds=at)).isoformat(),
        "method": method, "path": "/x", "operation_id": operation, "client_id": client, "status": status,
        "sent": "whole", "duration_ms": 3.2, "problem": None, "faults": [], "subjects": list(about), "references": [],
        **more,
    }  # fmt: skip


def entry(at: float, *about_it, **more):
    """The same as it is read."""
    return entry_of(raw(at, *about_it, **more))


def event(at: float, kind: str, subject: str, status=204, state="delivered", attempt=1, **more):
    delivery = {"event_type": kind, "subject": subject, "state": state, "attempt": attempt, "reason": f"HTTP {status}"}
    return entry(at, kind.split(".")[0], None, client=None, status=status, method="POST", delivery=delivery, **more)


def drawn(result, entries, alone=True):
    made = sequence(result, BEGAN.timestamp(), entries, alone=alone, people="shapan")
    return made, [(m["from"], m["to"], m["label"], m["status"], m["times"]) for m in made["messages"]]


@pytest.fixture
def failed(result):
    return result("s", reason="no receivable")


def test_everybody_speaks_in_the_order_of_time_and_the_failure_is_marked(failed):
    entries = [
        entry(
            0.19, operation="createOrder", client="shapan", method="POST"
        ),  # the people's, whom the runner knows better
        event(0.3, "crm.order.confirmed", "ORD-1"),
        entry(0.4, "crm", "getOrder"),
        entry(0.5, "scm", "createSalesOrder", status=201, method="POST"),
        entry(0.6, "finance", "createReceivable", status=422, method="POST", problem="validation-failed"),
        entry(0.7, "crm", "listEvents"),
        entry(900, "crm", "later"),
        entry(-900, "crm", "earlier"),
    ]
    made, messages = drawn(failed, entries)
    assert messages == [
        ("people", "crm", "createOrder", 201, 1),
        ("crm", "integration", "crm.order.confirmed ORD-1", 204, 1),
        ("integration", "crm", "getOrder", 200, 1),
        ("integration", "scm", "createSalesOrder", 201, 1),
        ("integration", "finance", "createReceivable", 422, 1),
        ("people", "finance", "listReceivables", 200, 1),
    ]
    assert [m["failed"] for m in made["messages"]] == [False] * 5 + [True]
    assert [m["bad"] for m in made["messages"]] == [False] * 4 + [True, True]
    assert made["messages"][4]["note"] == "validation-failed"
    assert made["lifelines"] == ["people", "crm", "scm", "finance", "integration"]
    assert made["messages"][1]["at"] == 0.3


def test_repetitions_become_one_arrow_where_the_last_of_them_was(result):
    polls = tuple(
        Exchange("s2", "scm", "listSalesOrders", "GET", "u", {}, "", 200, {}, "", None, n / 10, 0.01)
        for n in range(1, 60)
    )
    step = StepResult("main", "s2", Text("Wait", "等待"), "scm", "listSalesOrders", "failed", 59, 6.0)
    waiting = result("s", reason="none", exchanges=polls, steps=(step,), seconds=6.0)
    entries = [event(n, "crm.order.confirmed", "ORD-1", status=0, state="waiting", attempt=n) for n in (1, 2, 4)]
    entries += [entry(3, "crm", "getOrder"), entry(3.1, "crm", "getOrder"), entry(3.2, "crm", "getOrder", status=404)]
    _, messages = drawn(waiting, entries)
    # The runner's own record ends at 5.9 s, so the wait stands last.
    assert messages == [
        ("integration", "crm", "getOrder", 200, 2),
        ("integration", "crm", "getOrder", 404, 1),
        ("crm", "integration", "crm.order.confirmed ORD-1", 0, 3),
        ("people", "scm", "listSalesOrders", 200, 59),
    ]


def test_what_a_fault_did_is_noted(failed):
    entries = [
        entry(0.5, "finance", "createReceivable", status=201, method="POST", sent="nothing", faults=["f1"]),
        entry(0.6, "finance", "createReceivable", status=201, method="POST", replayed=True),
        event(0.7, "finance.receivable.posted", "YS-1", status=0, state="lost", faults=["f2"]),
    ]
    made, _ = drawn(failed, entries)
    notes = [m["note"] for m in made["messages"] if m["from"] != "people" and m["note"]]
    assert notes == ["answer lost · fault", "replayed", "lost: HTTP 0 · fault"]


def test_in_shared_company_only_what_belongs_to_its_documents_is_shown(result):
    # The scenario gave out ORD-1 (an output); strangers order the same product at the same time.
    mine = result("s", reason="none")
    entries = [
        event(0.1, "crm.order.confirmed", "ORD-1"),
        event(0.1, "crm.order.confirmed", "ORD-2"),
        entry(0.2, "crm", "getProduct", about=["P-1"]),
        entry(0.3, "scm", "createSalesOrder", about=["XSDD-1", "ORD-1", "P-1"], method="POST", status=201),
        entry(0.3, "scm", "createSalesOrder", about=["XSDD-2", "ORD-2", "P-1"], method="POST", status=201),
        event(0.4, "scm.delivery.shipped", "XSCK-1", references=["XSDD-1"]),
        event(0.4, "scm.delivery.shipped", "XSCK-2", references=["XSDD-2"]),
        entry(0.5, "scm", "listSalesOrders", about=["XSDD-1", "XSDD-2"]),
    ]
    _, shared = drawn(mine, entries, alone=False)
    named = [label for _, _, label, _, _ in shared]
    assert named.count("createSalesOrder") == 1
    assert "scm.delivery.shipped XSCK-1" in named
    assert "crm.order.confirmed ORD-1" in named
    assert not [label for label in named if label.endswith("-2")]
    _, alone = drawn(mine, entries, alone=True)
    assert "scm.delivery.shipped XSCK-2" in [label for _, _, label, _, _ in alone]


def test_what_hangs_together(result):
    entries = [
        entry(0, about=["A", "B"], method="POST"),
        entry(1, about=["B", "C"]),
        entry(2, about=["C", "D"], method="POST"),
        entry(3, about=["B", "E"], method="POST"),
    ]
    # A was read together with C, which joins nothing; what was written joins.
    assert [e.at - BEGAN.timestamp() for e in related(entries, ["A"])] == [0, 1, 3]
    assert related(entries, ["A"], strangers=["B"]) == [entries[0]]
    assert related(entries, []) == []


def test_a_long_story_is_told_from_its_end(failed):
    entries = [entry(0.3 + n / 1000, "crm", f"op{n}") for n in range(200)]
    made, messages = drawn(failed, entries)
    assert len(messages) == MOST_MESSAGES
    assert made["left_out"] == 202 - MOST_MESSAGES
    assert messages[-1][2] == "listReceivables"
