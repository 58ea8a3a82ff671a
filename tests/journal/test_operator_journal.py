"""The journal of one system over HTTP: what is in it, how it is asked, followed, matched, and what clients did wrong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
LIST = "/_shapan/journal"


def entries(api: Any, **parameters: Any) -> list[dict[str, Any]]:
    answer = api.http.get(LIST, params={"kind": "all", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.fixture
def ordered(crm: Any, tiny_world: Any) -> dict[str, Any]:
    """An order that was placed with a trace and a key."""
    lines = [{"productCode": tiny_world.crm.products[0].code, "quantity": 2}]
    body = {"customerId": tiny_world.crm.customers[0].id, "submit": True, "lines": lines}
    headers = {"traceparent": TRACEPARENT, "Idempotency-Key": "key-1", "X-Request-Id": "placed"}
    answer = crm.post("/orders", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    crm.post("/orders", json=body, headers={**headers, "X-Request-Id": "again"})
    return answer.json()


def test_an_entry_says_all_about_a_request(crm, ordered, tiny_world):
    again, placed = entries(crm, operation_id="createOrder")
    assert (placed["request_id"], placed["status"], placed["client_id"], placed["kind"]) == (
        "placed",
        201,
        "tests",
        "request",
    )
    assert (placed["trace_id"], placed["traceparent"], placed["idempotency_key"]) == (TRACE, TRACEPARENT, "key-1")
    assert (placed["replayed"], again["replayed"]) == (False, True)
    assert ordered["number"] in placed["subjects"]
    assert ordered["id"] in placed["subjects"]
    assert tiny_world.crm.customers[0].id in placed["references"]
    assert len(placed["events"]) == 1
    assert again["events"] == []
    assert placed["request_headers"]["authorization"] == "Bearer ***"
    assert placed["response_bytes"] == len(placed["response_body"].encode())
    assert placed["duration_ms"] > 0
    assert placed["sent"] == "whole"


def test_every_filter_finds_what_it_says(crm, ordered):
    crm.get("/orders", params={"limit": 900})
    crm.get(f"/orders/{ordered['id']}")
    everything = entries(crm, limit=1000)
    found = {
        name: [entry["request_id"] for entry in entries(crm, **{name: value})]
        for name, value in {
            "operation_id": "createOrder", "status": "4xx", "method": "POST", "path": "/orders/*", "client": "tests", "request_id": "placed",
            "trace_id": TRACE, "problem": "validation-failed", "document": ordered["number"],
        }.items()
    }  # fmt: skip
    assert found["operation_id"] == ["again", "placed"]
    assert found["request_id"] == ["placed"]
    assert found["trace_id"] == ["again", "placed"]
    assert len(found["status"]) == len(found["problem"]) == 1
    assert len(found["path"]) == 1
    assert found["document"][-2:] == ["again", "placed"]
    assert len(found["document"]) == 3
    assert 0 < len(found["client"]) < len(everything)
    assert [entry["status"] for entry in entries(crm, status=201)] == [201, 201]
    at = everything[0]["at"]
    assert entries(crm, until=everything[-1]["at"]) == []
    assert entries(crm, since=at)[0]["cursor"] == everything[0]["cursor"]
    assert "request_body" not in entries(crm, bodies="false")[0]


def test_pages_go_both_ways(crm, ordered):
    newest_first = [entry["cursor"] for entry in entries(crm)]
    oldest_first = [entry["cursor"] for entry in entries(crm, order="oldest")]
    assert oldest_first == newest_first[::-1]
    assert [entry["cursor"] for entry in entries(crm, before=newest_first[0])] == newest_first[1:]
    page = crm.http.get(LIST, params={"kind": "all", "after": "0", "limit": 1}).json()
    assert (page["items"][0]["cursor"], page["next"], page["has_more"]) == (oldest_first[0], oldest_first[0], True)
    rest = crm.http.get(LIST, params={"kind": "all", "after": page["next"]}).json()
    assert [entry["cursor"] for entry in rest["items"]] == oldest_first[1:]
    assert rest["next"] == newest_first[0]


def test_faults_of_a_question_are_all_named(crm, refusal):
    asked = {"status": "9xx", "limit": 0, "wait": 99, "trace_id": "x", "nonsense": "1", "kind": "none"}
    assert set(refusal(crm.http.get(LIST, params=asked), 400, "validation-failed")) == {f"/{name}" for name in asked}
    leap = crm.http.get(LIST, params={"since": "2016-12-31T23:59:60Z", "until": "2016-12-31T23:59:60Z"})
    assert refusal(leap, 400, "validation-failed") == ["/since", "/until"]


def test_whoever_follows_is_answered_as_soon_as_something_comes(crm, ordered):
    cursor = crm.http.get(LIST).json()["next"]
    started = threading.Event()

    def follow() -> Any:
        started.set()
        return crm.http.get(LIST, params={"after": cursor, "wait": 30}, timeout=60).json()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(follow)
        started.wait()
        crm.get(f"/orders/{ordered['id']}", headers={"X-Request-Id": "what-comes"})
        page = waiting.result(timeout=20)
    assert [entry["request_id"] for entry in page["items"]] == ["what-comes"]
    nothing = crm.http.get(LIST, params={"after": page["next"], "wait": 1}).json()
    assert (nothing["items"], nothing["next"]) == ([], page["next"])


def test_paths_and_methods_that_there_are_not_are_in_it_too(crm, ordered):
    crm.get("/ordres/1?client_secret=hidden")
    crm.delete("/orders")
    crm.http.get("/no/such")
    crm.http.get("/_shapan/nothing")
    found = entries(crm, status="4xx")
    assert [(e["method"], e["path"], e["status"], e["operation_id"], e["client_id"], e["problem"]) for e in found] == [
        ("GET", "/no/such", 404, None, None, "no-such-path"),
        ("DELETE", "/orders", 405, None, "tests", "method-not-allowed"),
        ("GET", "/ordres/1?client_secret=***", 404, None, "tests", "no-such-path"),
    ]


def test_unknown_paths_of_another_workspace_are_in_its_journal(crm):
    crm.http.put("/_shapan/workspaces/team-a")
    crm.http.get("/ws/team-a/nothing")
    crm.http.get("/ws/nobody/nothing")
    assert [e["path"] for e in crm.http.get(f"/ws/team-a{LIST}").json()["items"]] == ["/nothing"]
    assert [e for e in entries(crm) if "nothing" in e["path"]] == []


def test_violations_are_grouped_with_the_members_at_fault(crm, ordered, tiny_world):
    for quantity in (-1, -2, "many"):
        lines = [{"productCode": "x", "quantity": quantity}]
        crm.post("/orders", json={"customerId": tiny_world.crm.customers[0].id, "lines": lines, "nonsense": 1})
    crm.post("/orders", content="{", headers={"Content-Type": "application/json"})
    crm.post("/orders", content="x", headers={"Content-Type": "text/plain"})
    crm.get("/ordres")
    crm.get("/orders/00000000-0000-4000-8000-000000000000")  # not there, but the contract allows to ask
    items = crm.http.get(f"{LIST}/violations").json()["items"]
    first, *others = items
    assert (first["operation_id"], first["problem"], first["count"], first["client_id"]) == (
        "createOrder",
        "validation-failed",
        3,
        "tests",
    )
    counts = {fault["pointer"]: fault["count"] for fault in first["faults"]}
    assert counts["/lines/0/quantity"] == 3
    assert {(o["operation_id"], o["path"], o["problem"], o["count"]) for o in others} == {
        ("createOrder", "/orders", "malformed-body", 1),
        ("createOrder", "/orders", "unsupported-media-type", 1),
        (None, "/ordres", "no-such-path", 1),
    }
    assert crm.http.get(f"{LIST}/violations", params={"client": "nobody"}).json()["items"] == []


def test_the_nearest_misses_say_what_differs(crm, ordered):
    wanted = {"operation": "createOrder", "status": 201, "body": {"/lines/*/quantity": 3, "/submit": True}}
    found = crm.http.post(f"{LIST}/match", json=wanted).json()
    assert (found["found"], found["items"]) == (0, [])
    assert [m["entry"]["request_id"] for m in found["nearest"][:2]] == ["again", "placed"]
    [difference] = found["nearest"][0]["differences"]
    assert (difference["member"], difference["expected"], difference["found"]) == ("/body/~1lines~1*~1quantity", 3, 2)
    wanted["body"]["/lines/*/quantity"] = 2
    assert crm.http.post(f"{LIST}/match", json=wanted).json()["found"] == 2


def test_a_matcher_that_is_none_is_refused_with_every_fault(crm, refusal):
    wanted = {"body": {"no pointer": 1, "/a": {"matches": "("}}, "headers": {"x": {"matches": "["}}}
    pointers = refusal(crm.http.post(f"{LIST}/match", json=wanted), 422, "business-rule")
    assert sorted(pointers) == ["/body/no pointer", "/body/~1a/matches", "/headers/x/matches"]


def test_it_can_be_cleared(crm, ordered):
    assert crm.http.delete(LIST).status_code == 204
    assert entries(crm) == []
    crm.get("/orders")
    assert [entry["operation_id"] for entry in entries(crm)] == ["listOrders"]


@pytest.mark.in_process
def test_a_system_without_a_journal_says_so(serve, refusal):
    from shapan.crm import SYSTEM

    crm = serve(SYSTEM, journal=None)
    assert crm.get("/orders").status_code == 200
    for answer in (
        crm.http.get(LIST), crm.http.delete(LIST), crm.http.get(f"{LIST}/violations"), crm.http.post(f"{LIST}/match", json={"status": 200}),
    ):  # fmt: skip
        assert refusal(answer, 409, "journal-off") == []


@pytest.mark.in_process
def test_what_a_deleted_workspace_asked_is_not_in_the_next_of_its_name(crm):
    for _ in range(2):
        crm.http.put("/_shapan/workspaces/twice")
        crm.http.get("/ws/twice/nothing")
        assert len(crm.http.get(f"/ws/twice{LIST}").json()["items"]) == 1
        crm.http.delete("/_shapan/workspaces/twice")


@pytest.mark.in_process
def test_an_entry_says_which_fault_acted(crm, ordered):
    rule = {"fault": "error", "id": "broken", "parameters": {"status": 503}, "match": {"operations": ["listOrders"]}}
    assert crm.http.post("/_shapan/faults", json=rule).status_code == 201
    assert crm.get("/orders").status_code == 503
    crm.http.delete("/_shapan/faults")
    assert crm.get("/orders").status_code == 200
    [entry] = entries(crm, fault="broken")
    assert (entry["status"], entry["problem"], entry["faults"], entry["sent"]) == (
        503,
        "injected-fault",
        ["broken"],
        "whole",
    )


@pytest.mark.over_sockets
def test_an_answer_that_a_fault_lost_is_in_the_journal(crm, ordered):
    rule = {
        "fault": "drop",
        "id": "lost",
        "parameters": {"at": "after"},
        "match": {"operations": ["listOrders"]},
        "times": 1,
    }
    assert crm.http.post("/_shapan/faults", json=rule).status_code == 201
    with pytest.raises(httpx.TransportError):
        crm.get("/orders", headers={"X-Request-Id": "nobody-heard"})
    [entry] = entries(crm, fault="lost")
    assert (entry["request_id"], entry["status"], entry["sent"]) == ("nobody-heard", 200, "nothing")


def test_what_a_fault_holds_up_counts_into_the_time_that_it_took(crm, ordered):
    rule = {"fault": "latency", "parameters": {"ms": 300}, "match": {"operations": ["listOrders"]}}
    assert crm.http.post("/_shapan/faults", json=rule).status_code == 201
    crm.get("/orders")
    [entry] = entries(crm, operation_id="listOrders")
    assert entry["duration_ms"] >= 300


def test_a_delivery_says_what_came_of_it(crm, ordered):
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    webhook = crm.post("/webhooks", json={"url": "http://127.0.0.1:9/hook?token=hidden", "secret": secret}).json()
    cursor = crm.http.get(LIST).json()["next"]
    crm.post(f"/orders/{ordered['id']}/cancel", json={"reason": "test"})
    found: list[dict[str, Any]] = []
    while not found:
        page = crm.http.get(LIST, params={"kind": "delivery", "after": cursor, "wait": 20}, timeout=60).json()
        found, cursor = page["items"], page["next"]
    entry = found[0]
    delivery = entry["delivery"]
    assert (delivery["webhook_id"], delivery["event_type"], delivery["subject"]) == (
        webhook["id"],
        "crm.order.cancelled",
        ordered["number"],
    )
    assert (delivery["attempt"], delivery["state"], entry["status"]) == (1, "waiting", 0)
    assert delivery["reason"]
    assert ordered["number"] in entry["subjects"]
    assert "hidden" not in str(entry)
    [cancelled] = entries(crm, operation_id="cancelOrder")
    assert delivery["event_id"] in cancelled["events"]
    assert entries(crm, webhook_id=webhook["id"], event_type="crm.order.*")[-1]["cursor"] == entry["cursor"]


def test_what_is_refused_at_the_door_is_in_it(crm, ordered):
    crm.get("/orders", headers={"X-Note": "x" * 40_000})
    [entry] = entries(crm, problem="header-fields-too-large")
    assert (entry["status"], entry["operation_id"], entry["client_id"]) == (431, "listOrders", "tests")
    assert len(entry["request_headers"]["x-note"]) <= 4096


@pytest.mark.in_process
def test_the_problems_of_violations_are_documented():
    from shapan.kernel.journal.violations import PROBLEMS

    page = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text("utf-8")
    assert [name for name in PROBLEMS if f"### `{name}` ·" not in page] == []
