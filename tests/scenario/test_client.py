"""Calls as the contract has them: URLs, bodies, tokens; and what the record of them hides."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.scenario import Environment, Scenario, ScenarioResult, run_scenario
from shapan.scenario.results import Redactor

if TYPE_CHECKING:
    from conftest import Shop

Run = Callable[..., ScenarioResult]


def step(operation: str, *parameters: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"stepId": operation, "operationId": operation, "parameters": list(parameters), **members}


def at(place: str, name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "value": value}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("7", "/orders/7"),
        (7, "/orders/7"),
        ("a/b?c#d", "/orders/a%2Fb%3Fc%23d"),
        ("记-0001 号", "/orders/%E8%AE%B0-0001%20%E5%8F%B7"),
        ("100%", "/orders/100%25"),
        ("..", "/orders/%2E%2E"),
    ],
)
def test_path_parameters_are_encoded(run: Run, shop: Shop, value: Any, path: str) -> None:
    shop.on(f"GET {path}", (200, {}))
    result = run(step("getOrder", at("path", "order_id", value)))
    assert shop.routes() == [f"GET {path}"]
    assert result.passed, result.reason


def test_query_header_and_cookie_parameters(run: Run, shop: Shop) -> None:
    shop.on("GET /orders", (200, {})).on("GET /orders/7", (200, {}))
    listing = step("listOrders", at("query", "number", "A&B 号+"), at("query", "tag", ["x", "y"]))
    reading = step("getOrder", at("path", "order_id", "7"), at("header", "X-Shop", True), at("cookie", "session", "s1"))
    assert run(listing, reading).passed
    assert shop.routes()[0] == "GET /orders?number=A%26B%20%E5%8F%B7%2B&tag=x&tag=y"
    assert shop.requests[-1].headers["X-Shop"] == "true"
    assert shop.requests[-1].headers["Cookie"] == "session=s1"


def test_an_absent_optional_value_may_be_null(run: Run, shop: Shop) -> None:
    shop.on("GET /orders", (200, {}))
    assert run(step("listOrders", at("query", "number", None))).passed
    assert shop.routes() == ["GET /orders"]


@pytest.mark.parametrize(
    ("body", "content_type", "content"),
    [
        ({"payload": {"customer": "客户"}}, "application/json", '{"customer": "客户"}'),
        ({"payload": '{"customer": "{$inputs.c}"}'}, "application/json", '{"customer": "C & D"}'),
        ({"payload": "$inputs.c"}, "application/json", '"C & D"'),
        ({"payload": "{$inputs.c}", "contentType": "text/plain"}, "text/plain", "C & D"),
        ({"payload": {"customer": "$inputs.c"}, "contentType": "application/x-www-form-urlencoded"}, "application/x-www-form-urlencoded", "customer=C+%26+D"),
    ],
)  # fmt: skip
def test_bodies_by_media_type(run: Run, shop: Shop, body: dict[str, Any], content_type: str, content: str) -> None:
    shop.on("POST /orders", (201, {}))
    result = run(
        step("createOrder", requestBody=body), workflow={"inputs": {"properties": {"c": {"default": "C & D"}}}}
    )
    assert result.passed, result.reason
    assert shop.requests[-1].headers["Content-Type"] == content_type
    assert shop.requests[-1].content.decode() == content


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("text/csv; charset=gb18030", "名称\n𠮷华\n".encode("gb18030")),
        ('text/csv; charset="UTF-16LE"', "名称\n𠮷华\n".encode("utf-16-le")),
        ("text/csv; charset=us-ascii", b"??\n??\n"),
        ("text/csv; charset=no-such", "名称\n𠮷华\n".encode()),
        ("text/csv", "名称\n𠮷华\n".encode()),
    ],
)
def test_a_text_goes_out_in_the_charset_of_its_media_type(
    run: Run, shop: Shop, content_type: str, content: bytes
) -> None:
    shop.on("POST /orders", (201, {}))
    body = {"payload": "名称\n𠮷华\n", "contentType": content_type}
    assert run(step("createOrder", requestBody=body)).passed
    assert shop.requests[-1].content == content


@pytest.mark.parametrize("base", ["http://shop.test", "http://shop.test/", "http://shop.test/ws/team"])
def test_workspaces_are_part_of_the_base_url(
    script: Callable[..., Scenario], environment: Environment, shop: Shop, base: str
) -> None:
    path = base.removeprefix("http://shop.test").rstrip("/")
    shop.on(f"POST {path}/oauth/token", (200, {"access_token": "T"})).on(f"GET {path}/orders", (200, {}))
    assert run_scenario(script(step("listOrders")), replace(environment, base_urls={"shop": base})).passed
    assert shop.routes(tokens=True) == [f"POST {path}/oauth/token", f"GET {path}/orders"]


def test_one_token_with_the_scopes_that_the_script_needs(run: Run, shop: Shop) -> None:
    shop.on("POST /orders", (201, {})).on("GET /orders", (200, {})).on("GET /ping", (200, None))
    assert run(step("ping"), step("createOrder", requestBody={"payload": {"customer": "C"}}), step("listOrders")).passed
    assert shop.routes(tokens=True) == ["GET /ping", "POST /oauth/token", "POST /orders", "GET /orders"]
    ping, token, create, listing = shop.requests
    assert "Authorization" not in ping.headers
    assert parse_qs(token.content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["orders:read orders:write"],
    }
    assert b64decode(token.headers["Authorization"].removeprefix("Basic ")) == b"people:very-secret"
    assert create.headers["Authorization"] == listing.headers["Authorization"] == "Bearer T1"


def test_a_refused_token_is_renewed_once(run: Run, shop: Shop) -> None:
    shop.on("GET /orders", (401, {"detail": "expired"}), (200, {}))
    assert run(step("listOrders")).passed
    assert [r.headers.get("Authorization") for r in shop.requests if r.method == "GET"] == ["Bearer T1", "Bearer T2"]
    shop.on("GET /orders", (401, {"detail": "never"}))
    result = run(step("listOrders"))
    assert result.reason is not None
    assert "401: never" in result.reason.en
    assert shop.tokens == 4


def test_a_script_may_bring_its_own_authorization(run: Run, shop: Shop) -> None:
    shop.on("GET /orders", (403, {}))
    assert run(
        step(
            "listOrders",
            at("header", "authorization", "Bearer mine"),
            successCriteria=[{"condition": "$statusCode == 403"}],
        )
    ).passed
    assert [r.headers["Authorization"] for r in shop.requests] == ["Bearer mine"]


def test_a_step_may_act_as_another_client_with_all_that_it_may_do(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("GET /orders", (200, {}))
    auditor = step("listOrders", **{"x-shapan": {"client": "auditor"}})
    people = {**step("listOrders"), "stepId": "again"}
    scenario = script(auditor, people)
    told = replace(environment, secret_of=lambda name: f"secret of {name}")
    result = run_scenario(scenario, told)
    assert result.passed, result.reason
    tokens = [request for request in shop.requests if request.method == "POST"]
    basics = [b64decode(request.headers["Authorization"].removeprefix("Basic ")) for request in tokens]
    assert basics == [b"auditor:secret%20of%20auditor", b"people:very-secret"]
    assert [parse_qs(request.content.decode()).get("scope") for request in tokens] == [None, ["orders:read"]]
    assert "secret of auditor" not in repr(result.exchanges)
    unknown = run_scenario(scenario, environment)
    assert unknown.reason is not None
    assert "acts as the client auditor, whose secret is not known here" in unknown.reason.en


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((401, {"error": "invalid_client", "error_description": "unknown client"}), "401 (unknown client)"),
        ((400, {"error": "invalid_scope"}), "400 (invalid_scope)"),
        ((200, {"token_type": "Bearer"}), "200 (no access_token in it)"),
        ((500, None), "500 (no access_token in it)"),
    ],
)
def test_a_refused_client_is_told(run: Run, shop: Shop, reply: Any, why: str) -> None:
    shop.on("POST /oauth/token", reply)
    result = run(step("listOrders"))
    assert result.reason is not None
    assert f"shop refused an access token with status {why}" in result.reason.en
    assert shop.routes() == []


def test_the_record_holds_no_secret(run: Run, shop: Shop) -> None:
    shop.on("POST /oauth/token", (200, {"access_token": "T-secret-1", "token_type": "Bearer", "refresh_token": "R-2"}))
    answer = {"id": "7", "password": "hush", "echo": "Bearer T-secret-1 of very-secret"}
    shop.on("GET /orders/7", (200, answer, {"Set-Cookie": "sid=abc"}))
    result = run(step("getOrder", at("path", "order_id", "7"), at("cookie", "session", "s3cr3t"), outputs={"all": "$response.body"}), workflow={"outputs": {"all": "$steps.getOrder.outputs.all"}})  # fmt: skip
    assert result.passed
    shown = json.dumps(result.as_dict(), ensure_ascii=False)
    for secret in ("T-secret-1", "R-2", "very-secret", "hush", "sid=abc", "s3cr3t", "cGVvcGxlOnZlcnktc2VjcmV0"):
        assert secret not in shown
    token, order = result.exchanges
    assert json.loads(token.response_body) == {
        "access_token": "[hidden]",
        "token_type": "Bearer",
        "refresh_token": "[hidden]",
    }
    assert order.request_headers["authorization"] == "[hidden]"
    assert (order.system, order.operation, order.method, order.status) == ("shop", "getOrder", "GET", 200)


def test_long_bodies_are_abridged(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", lambda request: httpx.Response(200, text="数" * 5000))
    (exchange,) = run(step("ping")).exchanges
    assert exchange.response_body == "数" * 2000 + " … (5000 characters)"


@given(
    st.text(min_size=6, alphabet="abcdefgh0123456789"),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
def test_a_known_secret_is_hidden_wherever_it_stands(secret: str, rest: dict[str, str]) -> None:
    hide = Redactor(secret)
    for body in (json.dumps({**rest, "x": f"<{secret}>", "y": [secret]}), f"a={secret}&b=1"):
        assert secret not in hide.body(body)
    assert secret not in hide.headers({"X-Echo": f"1{secret}2"})["X-Echo"]


def test_a_fixed_token_goes_to_what_asks_for_no_scope_and_stays_hidden(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("GET /ping", (200, {})).on("GET /orders", (200, {}))
    given = replace(environment, bearer_tokens={"shop": "operator-token"})
    result = run_scenario(script(step("ping"), step("listOrders")), given)
    assert result.passed, result.reason
    sent = {r.url.path: r.headers.get("Authorization") for r in shop.requests}
    assert (sent["/ping"], sent["/orders"]) == ("Bearer operator-token", "Bearer T1")
    assert "operator-token" not in json.dumps(result.as_dict())
