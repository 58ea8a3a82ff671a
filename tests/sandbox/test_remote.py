"""What a sandbox from outside is made of: names that nobody else has, tokens, the lines of a journal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.remote import NotInJournal
from shapan.sandbox.remote.control import Control
from shapan.sandbox.remote.lines import entry_line
from shapan.sandbox.remote.sandbox import unique_name
from shapan.sandbox.remote.token import TokenAuth


@given(st.text(max_size=60))
def test_a_name_is_good_for_a_workspace_whatever_the_test_is_called(title: str) -> None:
    assert re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", unique_name(title))
    assert len(unique_name(title)) <= 40


def test_a_name_tells_its_test_and_is_used_once() -> None:
    names = {unique_name("test_order[北京 1]") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith("test-order-1-") for name in names)


class Issuer:
    """A system that gives out the tokens t1, t2 … and takes only the latest."""

    def __init__(self) -> None:
        self.issued = 0
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/ws/w/oauth/token":
            self.seen.append(request.content.decode())
            self.issued += 1
            return httpx.Response(200, json={"access_token": f"t{self.issued}"})
        given = request.headers["Authorization"]
        self.seen.append(given)
        return httpx.Response(200 if given == f"Bearer t{self.issued}" else 401, json={})


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def auth(scope: str | None = None) -> TokenAuth:
    return TokenAuth("http://crm/ws/w/", Client("me", "my-secret"), scope)


def test_one_token_serves_until_it_is_refused(issuer: Issuer) -> None:
    with httpx.Client(
        base_url="http://crm/ws/w", auth=auth("orders:read"), transport=httpx.MockTransport(issuer)
    ) as http:
        assert [http.get("/orders").status_code for _ in range(2)] == [200, 200]
        issuer.issued += 1
        assert http.post("/orders", json={"a": 1}).status_code == 200
    form = "grant_type=client_credentials&client_id=me&client_secret=my-secret&scope=orders%3Aread"
    assert issuer.seen == [form, "Bearer t1", "Bearer t1", "Bearer t1", form, "Bearer t3"]


def test_a_refusal_of_a_fresh_token_is_told(issuer: Issuer) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        return issuer(request) if request.url.path.endswith("/oauth/token") else httpx.Response(401)

    with httpx.Client(base_url="http://crm/ws/w", auth=auth(), transport=httpx.MockTransport(never)) as http:
        assert http.get("/orders").status_code == 401
    assert issuer.issued == 2


def test_an_authorization_of_ones_own_is_left_alone(issuer: Issuer) -> None:
    with httpx.Client(base_url="http://crm/ws/w", auth=auth(), transport=httpx.MockTransport(issuer)) as http:
        assert http.get("/orders", headers={"Authorization": "Bearer mine"}).status_code == 401
    assert issuer.seen == ["Bearer mine"]


def test_the_same_with_asyncio(issuer: Issuer) -> None:
    async def ask() -> list[int]:
        transport = httpx.MockTransport(issuer)
        async with httpx.AsyncClient(base_url="http://crm/ws/w", auth=auth(), transport=transport) as http:
            first = await http.get("/orders")
            issuer.issued += 1
            return [first.status_code, (await http.get("/orders")).status_code]

    assert asyncio.run(ask()) == [200, 200]


def test_a_client_that_is_none_is_told_by_its_status() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": "invalid_client"})

    with (
        httpx.Client(base_url="http://crm/ws/w", auth=auth(), transport=httpx.MockTransport(refuse)) as http,
        pytest.raises(httpx.HTTPStatusError, match="401"),
    ):
        http.get("/orders")


def test_where_nobody_answers_control_says_what_to_do() -> None:
    control = Control("http://127.0.0.1:9/")
    with pytest.raises(SandboxError, match=r"No sandbox answers at http://127\.0\.0\.1:9 ") as refused:
        control.call("GET", "/systems")
    assert "没有沙盘响应" in refused.value.zh
    control.close()


def entry(**other: Any) -> dict[str, Any]:
    plain = {
        "at": "2026-11-25T09:00:00.000+08:00",
        "system": "crm",
        "method": "POST",
        "path": "/orders",
        "operation_id": "createOrder",
        "status": 201,
        "sent": "whole",
        "duration_ms": 12.4,
        "problem": None,
        "faults": [],
        "delivery": None,
    }
    return {**plain, **other}


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({}, "crm      POST /orders (createOrder) -> 201, 12 ms"),
        (
            {"sent": "nothing", "faults": ["f1", "f2"]},
            "crm      POST /orders (createOrder) -> 201, answer lost, 12 ms  [fault f1, f2]",
        ),
        (
            {"operation_id": None, "path": "/" + "x" * 300, "status": 404, "problem": "no-such-path"},
            f"crm      POST /{'x' * 199}… (no operation) -> 404 no-such-path, 12 ms",
        ),
        (
            {
                "status": 0,
                "path": "/webhooks",
                "operation_id": None,
                "delivery": {"event_type": "crm.order.confirmed", "subject": "ORD-1", "attempt": 2, "state": "waiting"},
            },
            "crm      POST /webhooks (crm.order.confirmed ORD-1, attempt 2, waiting) -> no answer, 12 ms",
        ),
    ],
)
def test_an_entry_is_a_line(members: dict[str, Any], line: str) -> None:
    assert entry_line(entry(**members)) == f"2026-11-25T09:00:00.000+08:00  {line}"


def test_what_is_not_in_the_journal_is_told_with_what_comes_nearest() -> None:
    difference = {"member": "/status", "expected": "4xx", "found": 201, "en": "", "zh": ""}
    verdict = {
        "ok": False,
        "en": "0 entries fit, 1 expected.",
        "zh": "没有条目符合。",
        "nearest": [{"entry": entry(), "differences": [difference]}],
    }
    lines = str(NotInJournal(verdict)).splitlines()
    assert lines[:2] == ["0 entries fit, 1 expected.", "没有条目符合。"]
    assert lines[2].startswith("nearest: 2026-11-25")
    assert lines[3] == '    /status: expected "4xx", found 201'


def test_a_refusal_of_control_names_every_fault_in_both_languages(answering_problem: Callable[..., str]) -> None:
    url = answering_problem(
        en={
            "detail": "2 faults.",
            "errors": [{"pointer": "/a", "detail": "bad"}, {"pointer": "/b", "detail": "worse"}],
        },
        zh={"detail": "两处错误。", "errors": [{"pointer": "/a", "detail": "坏"}, {"pointer": "/b", "detail": "更坏"}]},
    )
    control = Control(url)
    with pytest.raises(SandboxError) as refused:
        control.call("POST", "/faults", json={})
    control.close()
    assert str(refused.value) == f"The control at {url} refuses: 2 faults. /a: bad /b: worse"
    assert refused.value.zh == f"总控 {url} 拒绝了请求：两处错误。 /a：坏 /b：更坏"
