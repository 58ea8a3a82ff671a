"""The HTTP client: tokens, retries, Retry-After, idempotency keys, the three ways of paging, readable refusals."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from shapan.reference.client import SystemClient
from shapan.reference.errors import Broken, Refused, Unavailable

from .conftest import FakeTime, Script

Scripted = Callable[..., tuple[SystemClient, Script]]


def ok(body: object, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=json.dumps(body).encode(), headers=headers)


def failing(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def problem(status: int, name: str, detail: str, errors: list[dict[str, str]] | None = None) -> httpx.Response:
    body = {"type": f"urn:shapan:problem:{name}", "title": "x", "status": status, "detail": detail}
    return httpx.Response(status, json={**body, **({"errors": errors} if errors else {})})


def test_the_token_is_asked_for_once_with_basic_and_the_scopes(scripted: Scripted) -> None:
    client, script = scripted(ok({}), ok({}), scopes=("orders:read", "events:read"))
    client.get("/orders")
    client.get("/orders")
    (asked,) = script.token_requests
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"an+id:s%25cret"
    assert asked.content == b"grant_type=client_credentials&scope=orders%3Aread+events%3Aread"
    assert script.headers("Authorization") == ["Bearer token-1", "Bearer token-1"]


def test_the_token_is_renewed_before_it_expires(scripted: Scripted, time: FakeTime) -> None:
    client, script = scripted(ok({}), ok({}), ok({}), expires_in=100)
    client.get("/orders")
    time.now += 89
    client.get("/orders")
    time.now += 2
    client.get("/orders")
    assert script.headers("Authorization") == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_401_renews_the_token_and_tries_once_more(scripted: Scripted) -> None:
    client, script = scripted(failing(401), ok({"done": True}))
    assert client.post("/things", {"a": 1}, key="k") == {"done": True}
    assert script.headers("Authorization") == ["Bearer token-1", "Bearer token-2"]
    assert script.headers("Idempotency-Key") == ["k", "k"]


def test_a_second_401_is_a_refusal(scripted: Scripted) -> None:
    client, script = scripted(failing(401), problem(401, "invalid-token", "No."))
    with pytest.raises(Refused) as caught:
        client.get("/orders")
    assert (caught.value.status, len(script.requests)) == (401, 2)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_trouble_is_retried_with_growing_pauses(scripted: Scripted, time: FakeTime, status: int) -> None:
    client, script = scripted(failing(status), failing(status), ok([1]))
    assert client.get("/orders") == [1]
    assert time.sleeps == [0.1, 0.2]
    assert len(script.requests) == 3


def test_retry_after_is_waited_for(scripted: Scripted, time: FakeTime) -> None:
    client, _ = scripted(failing(503, Retry_After="1"), ok([1]))
    started = time.now
    assert client.get("/orders") == [1]
    assert time.now - started >= 1.0


def test_a_long_retry_after_is_handed_to_the_caller_and_holds_for_everybody(scripted: Scripted, time: FakeTime) -> None:
    client, script = scripted(failing(429, Retry_After="30"), ok([1]))
    with pytest.raises(Unavailable) as caught:
        client.get("/orders")
    assert caught.value.retry_in == 30.0
    with pytest.raises(Unavailable, match="asked to wait"):
        client.post("/others", {}, key="k")
    assert len(script.requests) == 1, "no request goes out before Retry-After is over"
    time.now += 30
    assert client.get("/orders") == [1]


def test_a_retry_after_date_counts_too(scripted: Scripted) -> None:
    client, script = scripted(failing(503, Retry_After="Fri, 31 Dec 2199 23:59:59 GMT"))
    with pytest.raises(Unavailable) as caught:
        client.get("/orders")
    assert caught.value.retry_in > 3600
    assert len(script.requests) == 1


def test_patience_ends(scripted: Scripted, time: FakeTime) -> None:
    client, script = scripted(*[failing(503)] * 9)
    with pytest.raises(Unavailable, match="scm GET /orders answered 503, after 4 attempts"):
        client.get("/orders")
    assert len(script.requests) == 4
    assert len(time.sleeps) == 3


def test_a_lost_answer_is_asked_for_again_with_the_same_key(scripted: Scripted) -> None:
    lost = httpx.RemoteProtocolError("Server disconnected without sending a response.")
    client, script = scripted(lost, httpx.ConnectError("refused"), ok({"number": "X-1"}))
    assert client.post("/things", {"a": 1}, key="thing/ORD-1") == {"number": "X-1"}
    assert script.headers("Idempotency-Key") == ["thing/ORD-1"] * 3
    assert len({request.content for request in script.requests}) == 1


def test_a_timeout_is_left_to_the_caller(scripted: Scripted) -> None:
    client, script = scripted(httpx.ReadTimeout("slow"), ok({}))
    with pytest.raises(Unavailable, match="did not answer in time"):
        client.get("/orders")
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422, 423])
def test_a_refusal_is_never_retried(scripted: Scripted, time: FakeTime, status: int) -> None:
    client, script = scripted(problem(status, "some-rule", "That will not do."), ok({}))
    with pytest.raises(Refused) as caught:
        client.post("/things", {}, key="k")
    assert (caught.value.status, caught.value.name) == (status, "some-rule")
    assert len(script.requests) == 1
    assert time.sleeps == []


def test_a_refusal_is_readable(scripted: Scripted) -> None:
    faults = [{"pointer": "/lines/0/tax_amount", "detail": "Too much."}, {"pointer": "", "detail": "Odd."}]
    client, _ = scripted(problem(422, "business-rule", "A rule refuses it.", faults))
    with pytest.raises(Refused) as caught:
        client.post("/receivables", {}, key="k")
    expected = "scm POST /receivables answered 422: A rule refuses it. (/lines/0/tax_amount: Too much.; /: Odd.)"
    assert str(caught.value) == expected


def test_a_refusal_without_problem_details_still_says_what_happened(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(404, content=b"<html>"))
    with pytest.raises(Refused, match="scm GET /x answered 404: Not Found"):
        client.get("/x")


@pytest.mark.parametrize("answer", [problem(409, "request-in-progress", "Wait."), problem(500, "internal", "Oh.")])
def test_what_may_pass_is_no_refusal(scripted: Scripted, answer: httpx.Response) -> None:
    client, _ = scripted(answer)
    with pytest.raises(Unavailable):
        client.post("/things", {}, key="k")


def test_fractions_become_decimals(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(200, content=b'{"amount": 1864.10}'))
    assert client.get("/orders") == {"amount": Decimal("1864.10")}


def test_read_gives_the_etag_and_patch_sends_it(scripted: Scripted) -> None:
    client, script = scripted(ok({"a": 1}, ETag='"7"'), ok({}))
    body, etag = client.read("/orders/1")
    client.patch("/orders/1", {"a": 2}, etag=etag)
    assert body == {"a": 1}
    assert script.headers("If-Match") == [None, '"7"']


def test_an_empty_answer_is_none(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(204))
    assert client.put("/x", {}) is None


def test_pages_by_link_are_followed_on_the_own_host_only(scripted: Scripted) -> None:
    link = '<http://elsewhere.test/customers?limit=2&cursor=abc>; rel="next"'
    client, script = scripted(ok({"items": [1, 2]}, Link=link), ok({"items": [3]}))
    assert list(client.by_link("/customers", limit=2, name=None)) == [1, 2, 3]
    assert [str(request.url) for request in script.requests] == [
        "http://scm.test/customers?limit=2",
        "http://scm.test/customers?limit=2&cursor=abc",
    ]


def test_pages_by_number_go_on_to_the_total(scripted: Scripted) -> None:
    pages = [{"items": [1, 2], "total": 5}, {"items": [3, 4], "total": 5}, {"items": [5], "total": 5}]
    client, script = scripted(*map(ok, pages))
    assert list(client.by_number("/partners", page_size=2)) == [1, 2, 3, 4, 5]
    assert [request.url.params["page"] for request in script.requests] == ["1", "2", "3"]


def test_pages_by_number_end_when_the_list_has_shrunk(scripted: Scripted) -> None:
    client, _ = scripted(ok({"items": [1], "total": 2}), ok({"items": [], "total": 2}))
    assert list(client.by_number("/partners")) == [1]


def test_pages_by_watermark_go_on_while_there_is_more(scripted: Scripted) -> None:
    pages = [{"items": [1], "watermark": 7, "has_more": True}, {"items": [2], "watermark": 9, "has_more": False}]
    client, script = scripted(*map(ok, pages))
    assert list(client.by_watermark("/customers", tax_number="X")) == [1, 2]
    assert [str(request.url.query, "ascii") for request in script.requests] == [
        "tax_number=X",
        "changed_since=7&tax_number=X",
    ]


def test_an_answer_that_broke_on_the_way_is_asked_for_again_later(scripted: Scripted) -> None:
    client, _ = scripted(httpx.Response(201, content=b'{"number": "X'))
    with pytest.raises(Unavailable, match="/things answered 201 with a body that is no JSON"):
        client.post("/things", {}, key="k")


def test_a_500_may_be_for_ever_and_a_503_not(scripted: Scripted) -> None:
    client, _ = scripted(failing(500), *[failing(503)] * 4)
    with pytest.raises(Broken):
        client.get("/orders")
    with pytest.raises(Unavailable) as caught:
        client.get("/orders")
    assert not isinstance(caught.value, Broken)
