"""The trace of a document: its chain, with the requests that made each part of it and the deliveries between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shapan.cli.trace import lines
from shapan.control.journal.making import assigned, outcome

from .conftest import Played
from .flow_documents import correct_documents

Control = Callable[..., httpx.Client]
ORDER, SOLD, SHIPPED, BOOKED = "ORD-202611-00001", "XSDD-202611-00001", "XSCK-202611-00002", "YS-202611-00002"


def entry(system: str, cursor: int, subject: list[str], references: list[str], **members: Any) -> dict[str, Any]:
    """A request as a journal shows it."""
    plain = {
        "cursor": str(cursor),
        "system": system,
        "workspace": "default",
        "kind": "request",
        "at": "2026-11-01T10:00:00.000+08:00",
        "started_at": f"2026-11-01T02:00:0{cursor}.000Z",
        "method": "POST",
        "path": "/documents",
        "operation_id": "createDocument",
        "client_id": "integration",
        "status": 201,
        "sent": "whole",
        "duration_ms": 3.5,
        "problem": None,
        "request_id": f"r-{cursor}",
        "trace_id": None,
        "replayed": False,
        "faults": [],
        "events": [],
        "delivery": None,
    }
    return {**plain, "subjects": subject, "references": references, **members}


def delivery(system: str, cursor: int, subject: str, attempt: int, state: str) -> dict[str, Any]:
    about = {
        "webhook_id": "w-1",
        "url": "http://127.0.0.1:9000/",
        "event_id": "e-1",
        "event_type": "scm.delivery.shipped",
        "subject": subject,
        "attempt": attempt,
        "state": state,
        "reason": "answered 503" if state == "waiting" else "answered 204",
    }
    return entry(system, cursor, [subject], [], kind="delivery", delivery=about, status=204)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"status": 201}, "made"),
        ({"status": 200}, "changed"),
        ({"status": 201, "replayed": True}, "replayed"),
        ({"status": 201, "sent": "nothing"}, "lost"),
        ({"status": 422}, "refused"),
        ({"status": 503}, "failed"),
    ],
)
def test_what_came_of_a_request(members: dict[str, Any], expected: str) -> None:
    assert outcome(entry("scm", 1, [], [], **members)) == expected


def test_requests_belong_to_what_they_made_and_attempts_to_the_last_document_that_they_name() -> None:
    chain = [("crm", ORDER), ("scm", SOLD), ("scm", SHIPPED)]
    made = entry("scm", 2, [SOLD], [ORDER])
    refused = entry("scm", 1, [], [ORDER], status=503)
    unbooked = entry("finance", 4, [], [SHIPPED, ORDER], status=422, problem="business-rule")
    read = entry("scm", 3, [SHIPPED], [], method="GET", status=200)
    told = [delivery("scm", 5, SHIPPED, 1, "waiting"), delivery("scm", 6, SHIPPED, 2, "delivered")]
    requests, deliveries = assigned(chain, [*told, unbooked, read, refused, made])
    assert [(found["request_id"], found["outcome"]) for found in requests["crm", ORDER]] == [("r-1", "failed")]
    assert [found["request_id"] for found in requests["scm", SOLD]] == ["r-2"]
    assert [(found["request_id"], found["problem"]) for found in requests["scm", SHIPPED]] == [("r-4", "business-rule")]
    [one] = deliveries["scm", SHIPPED]
    assert (one["attempts"], one["state"], one["reason"]) == (2, "delivered", "answered 204")
    assert one["started_at"] < one["ended_at"]


def test_a_trace_tells_of_requests_deliveries_and_delays(control: Control, played: Played) -> None:
    played.journal = [
        entry("scm", 1, [SOLD], [ORDER]),
        entry("scm", 2, [SOLD], [ORDER], replayed=True),
        delivery("scm", 3, SHIPPED, 1, "delivered"),
        entry("finance", 4, ["2", BOOKED], [SHIPPED]),
    ]
    body = control().get(f"/trace/{BOOKED}").json()
    steps = {step["number"]: step for step in body["steps"]}
    assert body["journal"] is True
    assert [found["outcome"] for found in steps[SOLD]["requests"]] == ["made", "replayed"]
    assert [found["event_type"] for found in steps[SHIPPED]["deliveries"]] == ["scm.delivery.shipped"]
    assert [found["client_id"] for found in steps[BOOKED]["requests"]] == ["integration"]
    assert steps[ORDER]["seconds_after"] is None
    assert steps[SOLD]["seconds_after"] == 3600


def test_without_journals_the_chain_is_shown_all_the_same(control: Control, played: Played) -> None:
    plain = played.__call__
    off = {"type": "urn:shapan:problem:journal-off", "title": "t", "status": 409, "detail": "off"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/_shapan/journal"):
            return httpx.Response(409, json=off)
        del played.answers["scm"]
        try:
            return plain(request)
        finally:
            played.answers["scm"] = answer

    played.answers["scm"] = answer
    body = control().get(f"/trace/{ORDER}").json()
    assert body["journal"] is False
    assert len(body["steps"]) == 8


@pytest.mark.parametrize(
    ("number", "chain"),
    [
        (
            "YF-202611-00001",
            [
                "CGDD-202611-00001",
                "CGRK-202611-00001",
                "CGTH-202611-00001",
                "TH-202611-00001",
                "RK-202611-00001",
                "FP-202611-00001",
                "YF-202611-00001",
                "FH-202611-00001",
                "CG-202611-00001",
            ],
        ),
        ("XX-202611-00001", ["SAL-202611-00001", "MDXS-202611-00001", "CH-202611-00005", "XX-202611-00001"]),
    ],
)
def test_purchases_and_store_sales_have_their_chain(
    control: Control, played: Played, number: str, chain: list[str]
) -> None:
    played.facts = correct_documents()
    body = control().get(f"/trace/{number}").json()
    assert body["order"] is None
    assert [step["number"] for step in body["steps"]] == chain


def test_what_follows_several_stands_behind_all_of_them(control: Control, played: Played) -> None:
    played.facts = correct_documents()
    steps = control().get("/trace/YS-202611-00005").json()["steps"]
    numbers = [step["number"] for step in steps]
    assert numbers[0] == "ORD-202611-00001"
    # The sales return follows the return of the CRM and the delivery; the red receivable follows it and the blue one.
    assert numbers.index("XSTH-202611-00001") > max(map(numbers.index, ("RET-202611-00001", "XSCK-202611-00002")))
    assert numbers.index("YS-202611-00005") > max(map(numbers.index, ("XSTH-202611-00001", "YS-202611-00002")))
    assert {step["number"]: step["follows"] for step in steps}["YS-202611-00005"] == "XSTH-202611-00001"


def test_the_terminal_shows_each_document_below_what_it_follows(control: Control, played: Played) -> None:
    played.journal = [
        entry(
            "finance", 1, [], [SHIPPED], status=503, problem="maintenance", trace_id="4bf92f3577b34da6a3ce929d0e0e4736"
        ),
        delivery("scm", 2, SHIPPED, 1, "delivered"),
        entry("finance", 3, ["2", BOOKED], [SHIPPED]),
    ]
    shown = list(lines(control().get(f"/trace/{BOOKED}").json()))
    text = "\n".join(shown)
    place = {number: next(i for i, line in enumerate(shown) if number in line) for number in (ORDER, SHIPPED, BOOKED)}
    assert place[ORDER] < place[SHIPPED] < place[BOOKED]
    assert "503 maintenance failed 失败" in text
    assert "trace 4bf92f3577b34da6a3ce929d0e0e4736" in text
    assert "201 made it 创建" in text
    assert "→ scm.delivery.shipped to http://127.0.0.1:9000/" in text
    assert "1 h after XSCK-202611-00002 之后" not in shown[place[ORDER] + 1]
    assert any("after XSCK-202611-00002 之后" in line for line in shown[place[BOOKED] :])
