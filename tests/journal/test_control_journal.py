"""The journals of three real systems as one: order of real time, cursors, verification, violations, what led to what, HAR."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import pytest

SCHEMA_PATH = __file__.replace("test_control_journal.py", "har-1.2.schema.json")


@pytest.fixture
def control(flowed: Any) -> httpx.Client:
    return flowed.control


def page(control: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = control.get("/journal", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def keys(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["system"], item["cursor"]) for item in items]


def test_entries_of_all_systems_stand_in_the_order_of_real_time(control):
    items = page(control, limit=1000)["items"]
    assert {item["system"] for item in items} == {"crm", "scm", "finance"}
    assert {item["kind"] for item in items} == {"request", "delivery"}
    for later, earlier in pairwise(items):
        if later["system"] == earlier["system"]:
            assert int(later["cursor"]) > int(earlier["cursor"])
        else:
            assert later["started_at"] >= earlier["started_at"]
    assert "hidden-one" not in json.dumps(items)


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_page_by_page_gives_everything_once(control, limit):
    everything = keys(page(control, order="oldest", limit=1000, bodies="false")["items"])
    forward: list[tuple[str, str]] = []
    cursor = "crm:0"
    while True:
        found = page(control, after=cursor, limit=limit, bodies="false")
        forward += keys(found["items"])
        cursor = found["next"]
        if not found["has_more"]:
            break
    # The test itself asks nothing that is journaled; the integration may still work.
    assert forward[: len(everything)] == everything
    assert len(set(forward)) == len(forward)
    first = page(control, limit=limit, bodies="false")
    backward, older, more = keys(first["items"]), first["older"], first["has_more"]
    while more:
        found = page(control, before=older, limit=limit, bodies="false")
        backward += keys(found["items"])
        older, more = found["older"], found["has_more"]
    assert set(everything) <= set(backward)
    assert len(set(backward)) == len(backward)


def test_only_one_system(control, refusal):
    assert {item["system"] for item in page(control, system="scm")["items"]} == {"scm"}
    assert refusal(control.get("/journal", params={"system": "marketing"}), 422, "business-rule") == ["/system"]
    assert refusal(control.get("/journal", params={"after": "crm:1,crm:2"}), 400, "validation-failed") == ["/after"]


def test_who_follows_waits_for_what_comes(control, flowed):
    cursor = page(control, limit=1)["next"]
    httpx.get(flowed.sandbox.options.url("finance") + "/nothing-here", trust_env=False)
    found = page(control, after=cursor, wait=20, path="/nothing-here")
    assert [item["path"] for item in found["items"]] == ["/nothing-here"]


def verify(control: httpx.Client, **wanted: Any) -> dict[str, Any]:
    answer = control.post("/journal/verify", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


CREATED = {"operation": "createSalesOrder", "status": 201}


@pytest.mark.parametrize(
    ("counts", "good"),
    [({}, True), ({"times": 1}, True), ({"times": 2}, False), ({"times": 0}, False), ({"at_least": 2}, False), ({"at_most": 1}, True),
     ({"at_least": 1, "at_most": 1}, True)],
)  # fmt: skip
def test_numbers_are_verified(control, counts, good):
    verdict = verify(control, match=CREATED, **counts)
    assert (verdict["ok"], verdict["found"]) == (good, 1)
    assert [item["operation_id"] for item in verdict["items"]] == ["createSalesOrder"]


def test_a_verdict_that_fails_shows_the_nearest_miss(control, flowed):
    reference = {"/source_reference/document": flowed.order}
    assert verify(control, match={**CREATED, "body": reference}, times=1)["ok"]
    verdict = verify(control, match={**CREATED, "body": {**reference, "/lines/0/quantity": "-7"}}, times=1)
    assert verdict["ok"] is False
    assert verdict["en"].startswith("Expected exactly 1, found 0.")
    assert "恰好 1 条" in verdict["zh"]
    nearest, *_ = verdict["nearest"]
    assert nearest["entry"]["operation_id"] == "createSalesOrder"
    [difference] = nearest["differences"]
    assert difference["member"] == "/body/~1lines~10~1quantity"
    assert difference["expected"] == "-7"
    assert str(difference["found"]) in difference["en"]


def test_a_sequence_across_systems_is_verified(control, flowed):
    steps = [
        {"system": "crm", "operation": "createOrder", "response": {"/number": flowed.order}},
        {"system": "crm", "kind": "delivery", "event": {"type": "crm.order.confirmed", "state": "delivered"}},
        {"system": "scm", "operation": "createSalesOrder", "document": flowed.order},
    ]
    verdict = verify(control, sequence=steps)
    assert (verdict["ok"], verdict["found"], len(verdict["items"])) == (True, 3, 3)
    backwards = verify(control, sequence=steps[::-1])
    assert (backwards["ok"], backwards["found"]) == (False, 1)
    assert backwards["en"] == "Step 2 of 3 was not found after the step before it, but 1 earlier."


def test_what_cannot_be_verified_is_refused_with_every_fault(control, refusal):
    for wanted, pointers in (
        ({}, [""]),
        ({"match": CREATED, "sequence": [CREATED]}, [""]),
        ({"match": CREATED, "times": 1, "at_least": 1}, ["/at_least"]),
        ({"match": CREATED, "at_least": 3, "at_most": 2}, ["/at_most"]),
        ({"sequence": [CREATED, {"body": {"x": 1}}], "times": 1}, ["/times", "/sequence/1/body/x"]),
        ({"match": {"system": "marketing"}}, ["/match/system"]),
    ):
        answer = control.post("/journal/verify", json=wanted)
        assert refusal(answer, 422, "business-rule") == pointers, wanted
    assert refusal(control.post("/journal/verify", json={"match": {"colour": 1}}), 400, "validation-failed")


def test_violations_of_all_systems(control, flowed):
    httpx.get(flowed.sandbox.options.url("scm") + "/sales-ordres", trust_env=False)
    groups = control.get("/journal/violations").json()["items"]
    assert ("scm", "/sales-ordres") in {(group["system"], group["path"]) for group in groups}
    only = control.get("/journal/violations", params={"system": "scm", "client": "nobody"}).json()["items"]
    assert only == []


def led(answer: httpx.Response) -> dict[str, Any]:
    """{what: what led to it} of an answer, by operation or event type, with the evidence."""
    items = answer.json()["items"]
    named = {
        (i["entry"]["system"], i["entry"]["cursor"]): i["entry"]["operation_id"] or i["entry"]["delivery"]["event_type"]
        for i in items
    }
    found = {}
    for item in items:
        led_by = item["led_by"]
        name = named[item["entry"]["system"], item["entry"]["cursor"]]
        found.setdefault(name, led_by and (named[led_by["system"], led_by["cursor"]], led_by["by"]))
    return found


def test_a_document_leads_through_all_systems(control, flowed):
    answer = control.get(f"/journal/documents/{flowed.order}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["documents"][0] == flowed.order
    assert any(name.startswith("XSDD-") for name in body["documents"])
    found = led(answer)
    assert found["createOrder"] is None
    assert found["crm.order.confirmed"] == ("createOrder", "event")
    assert found["createSalesOrder"][0] == "crm.order.confirmed"
    assert found["scm.sales_order.approved"] == ("approveSalesOrder", "event")


def test_a_trace_leads_through_all_systems(control, flowed):
    answer = control.get(f"/journal/traces/{flowed.trace}")
    assert answer.status_code == 200, answer.text
    assert flowed.order in answer.json()["documents"]
    found = led(answer)
    assert found["createOrder"] is None
    assert found["crm.order.confirmed"] == ("createOrder", "event")
    assert found["createSalesOrder"] == ("crm.order.confirmed", "trace")


def test_what_no_journal_knows(control, refusal):
    assert refusal(control.get("/journal/documents/ORD-209912-99999"), 404, "not-found") == []
    assert refusal(control.get(f"/journal/traces/{'1' * 32}"), 404, "not-found") == []


def test_the_archive_is_har(control, flowed):
    archive = control.get("/journal/har").json()
    with open(SCHEMA_PATH, encoding="utf-8") as file:
        validator = jsonschema_rs.Draft7Validator(json.load(file))
    assert [str(error) for error in validator.iter_errors(archive)] == []
    entries = archive["log"]["entries"]
    assert entries[0]["startedDateTime"] < entries[-1]["startedDateTime"]
    placed = next(entry for entry in entries if entry["_operation"] == "createOrder")
    url = urlsplit(placed["request"]["url"])
    assert f"{url.scheme}://{url.netloc}" == flowed.sandbox.options.url("crm")
    assert placed["response"]["status"] == 201
    assert json.loads(placed["response"]["content"]["text"])["number"] == flowed.order
    delivered = next(entry for entry in entries if entry["_kind"] == "delivery")
    assert {"name": "token", "value": "***"} in delivered["request"]["queryString"]
    assert "hidden-one" not in json.dumps(archive)
    only = control.get("/journal/har", params={"operation_id": "createOrder"}).json()["log"]["entries"]
    assert {entry["_operation"] for entry in only} == {"createOrder"}


def test_a_system_that_does_not_answer_is_named(control, flowed, refusal):
    systems = flowed.sandbox.runtimes["control"].services["systems"]
    real = dict(systems._urls)
    systems._urls["scm"] = "http://127.0.0.1:9"
    try:
        answer = control.get("/journal")
    finally:
        systems._urls.update(real)
    assert refusal(answer, 503, "system-unreachable") == []
    assert "scm at http://127.0.0.1:9" in answer.json()["detail"]


def test_all_journals_can_be_cleared(control, flowed):
    assert control.delete("/journal").status_code == 204
    kept = page(control, operation_id="createOrder")["items"]
    assert kept == []
