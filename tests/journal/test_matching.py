"""Matchers: what fits and what does not, member by member; which documents an entry is about; what led to what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shapan.control.journal import correlating, reading, verifying
from shapan.kernel.journal import documents, matching


def entry(**members: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "system": "crm", "cursor": "1", "kind": "request", "at": "2026-01-05T09:00:00.000+08:00", "started_at": "2026-01-05T01:00:00.000000Z",
        "method": "POST", "path": "/orders?dry=yes&dry=no", "operation_id": "createOrder", "client_id": "me", "status": 201, "sent": "whole",
        "problem": None, "request_id": "r", "trace_id": None, "idempotency_key": "k", "replayed": False, "faults": ["f1"], "subjects": ["ORD-1"],
        "references": ["C-1"], "events": [], "delivery": None, "request_headers": {"x-note": "hello 42"}, "response_headers": {},
        "request_body": json.dumps({"n": 1, "t": True, "z": None, "a~/b": 5, "text": "12.50", "lines": [{"q": 2}, {"q": 7}]}), "response_body": "no JSON",
    }  # fmt: skip
    return {**base, **members}


FITS: list[dict[str, Any]] = [
    {"system": "crm"}, {"kind": "request"}, {"operation": "createOrder"}, {"method": "POST"}, {"path": "/orders"}, {"path": "/ord*"},
    {"status": 201}, {"status": "2xx"}, {"client": "me"}, {"request_id": "r"}, {"idempotency_key": "k"}, {"replayed": False}, {"sent": "whole"},
    {"fault": "f1"}, {"document": "ORD-1"}, {"document": "C-1"}, {"since": "2026-01-05T01:00:00Z"}, {"until": "2026-01-05T09:00:00.001+08:00"},
    {"headers": {"X-Note": "hello 42"}}, {"headers": {"x-note": {"matches": "^hello [0-9]+$", "contains": "42"}}}, {"headers": {"gone": {"present": False}}},
    {"query": {"dry": "no"}}, {"query": {"dry": {"present": True}}}, {"body": {"/n": 1}}, {"body": {"/n": 1.0}}, {"body": {"/t": True}}, {"body": {"/z": None}},
    {"body": {"/a~0~1b": 5}}, {"body": {"/lines/1/q": 7}}, {"body": {"/lines/*/q": 7}}, {"body": {"/lines/*/q": {"at_least": 7, "at_most": 7}}},
    {"body": {"/lines": [{"q": 2}, {"q": 7}]}}, {"body": {"/text": {"at_least": 12.5}}}, {"body": {"/none": {"present": False}}}, {"body": {"/n": {"not_equals": 2}}},
    {"body": {"/lines/0": {"equals": {"q": 2}}}}, {"response": {"": "no JSON"}},
]  # fmt: skip

FAILS: list[dict[str, Any]] = [
    {"system": "scm"}, {"kind": "delivery"}, {"operation": "x"}, {"method": "GET"}, {"path": "/order"}, {"status": 200}, {"status": "4xx"}, {"client": "you"},
    {"replayed": True}, {"sent": "half"}, {"fault": "f2"}, {"document": "ORD-2"}, {"since": "2026-01-05T09:00:00.001+08:00"}, {"until": "2026-01-05T01:00:00Z"},
    {"headers": {"x-note": "hello"}}, {"headers": {"gone": "x"}}, {"headers": {"x-note": {"present": False}}}, {"query": {"dry": "maybe"}},
    {"body": {"/n": True}}, {"body": {"/t": 1}}, {"body": {"/n": "1"}}, {"body": {"/lines/2/q": 7}}, {"body": {"/lines/*/q": 3}}, {"body": {"/z": {"present": False}}},
    {"body": {"/text": {"at_most": 12}}}, {"body": {"/n": {"matches": "1"}}}, {"body": {"/t": {"at_least": 0}}}, {"event": {"type": "*"}, "kind": "delivery"},
    {"response": {"/x": 1}},
]  # fmt: skip


@pytest.mark.parametrize("matcher", FITS, ids=str)
def test_fits(matcher):
    assert matching.differences(matcher, entry()) == []


@pytest.mark.parametrize("matcher", FAILS, ids=str)
def test_does_not_fit_and_says_in_what(matcher):
    found = matching.differences(matcher, entry())
    assert found
    for difference in found:
        assert difference.member.startswith("/")
        assert difference.en
        assert difference.zh


def test_a_delivery_is_matched_by_its_event():
    about = {"webhook_id": "w", "url": "http://x", "event_id": "e", "event_type": "crm.order.confirmed", "subject": "ORD-1", "attempt": 2, "state": "waiting", "reason": "HTTP 500"}  # fmt: skip
    delivery = entry(kind="delivery", delivery=about)
    assert (
        matching.differences(
            {"event": {"type": "crm.*", "id": "e", "subject": "ORD-1", "attempt": 2, "state": "waiting"}}, delivery
        )
        == []
    )
    [difference] = matching.differences({"event": {"type": "scm.*", "webhook_id": "w"}}, delivery)
    assert (difference.member, difference.found) == ("/event/type", "crm.order.confirmed")


def test_long_values_are_shown_cut():
    [difference] = matching.differences({"body": {"/text": "x"}}, entry(request_body=json.dumps({"text": "y" * 5000})))
    assert len(difference.en) < 1000
    assert len(difference.found) < 400


def test_documents_of_an_entry():
    body = {"number": "ORD-1", "lines": [{"productCode": "P-1", "quantity": 2, "name": "x"}], "source_reference": {"document": "REF-7"}, "ids": ["A-1", "A-2"],
            "request_id": "no", "taxNumber": "no", "note": "no"}  # fmt: skip
    assert documents.references(body) == ["ORD-1", "P-1", "REF-7", "A-1", "A-2"]
    assert documents.subjects({"order_id": "77"}, {"id": 12, "number": "ORD-1", "code": None}) == ["77", "12", "ORD-1"]
    assert documents.subjects({"p": "two words"}, [1]) == []
    assert documents.together(["ORD-1"], documents.references(body)) == ["P-1", "REF-7", "A-1", "A-2"]
    assert len(documents.references({"ids": [f"A-{n}" for n in range(1000)]})) == documents.MOST


def test_without_a_trace_the_document_tells_what_led_to_what():
    about = {"event_id": "e1", "event_type": "t", "subject": "ORD-1"}
    order = entry(events=["e1"])
    delivery = entry(cursor="2", kind="delivery", delivery=about, started_at="2026-01-05T01:00:01.000000Z")
    later = {"system": "scm", "started_at": "2026-01-05T01:00:02.000000Z", "events": []}
    follower = entry(**later, subjects=["XSDD-1"], references=["ORD-1"])
    stranger = entry(**later, cursor="2", subjects=["XSDD-2"], references=["ORD-9"])
    found = [item["led_by"] for item in correlating.chain([stranger, follower, delivery, order])]
    by_event = {"system": "crm", "cursor": "1", "by": "event"}
    assert found == [None, by_event, {"system": "crm", "cursor": "2", "by": "document"}, None]
    assert correlating.made_from(["ORD-1"], [order, follower, stranger]) == ["XSDD-1"]
    assert (
        correlating.made_from(
            ["ORD-1"],
            [entry(subjects=["12"], references=["ORD-1"]), entry(method="GET", subjects=["X-1"], references=["ORD-1"])],
        )
        == []
    )


def test_cursors_over_several_systems():
    places = {"crm": 17, "scm": 0}
    assert reading.places_of(reading.cursor_of(places), "after") == places
    assert reading.places_of(None, "after") == {}


@pytest.mark.parametrize(
    ("counts", "said"),
    [({}, "at least 1"), ({"times": 3}, "exactly 3"), ({"at_most": 2}, "at most 2"), ({"at_least": 1, "at_most": 2}, "1 to 2"), ({"at_least": 4}, "at least 4")],
)  # fmt: skip
def test_a_verdict_says_what_was_expected(counts, said):
    answers = {"crm": {"found": 0, "items": [], "nearest": []}}
    assert verifying.counted({"match": {}, **counts}, answers)["en"] == f"Expected {said}, found 0."
