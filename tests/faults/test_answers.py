"""Faults that make the answer: error, maintenance, rate limit, drop, bodies that are wrong. Over real sockets, with the state afterwards."""

from __future__ import annotations

import json

import httpx
import pytest

CREATE = ["createOrder"]


def problem(answer, status, name):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["type"] == f"urn:shapan:problem:{name}"
    assert answer.json()["status"] == status
    return answer.json()


def test_error_before_does_nothing(shop):
    rule = shop.add("error", parameters={"status": 500, "retry_after_seconds": 7}, operations=CREATE, times=1)
    before = len(shop.orders())
    answer = shop.order()
    said = problem(answer, 500, "injected-fault")
    assert rule["id"] in said["detail"]
    assert answer.headers["Retry-After"] == "7"
    assert len(shop.orders()) == before
    assert shop.order().status_code == 201
    assert shop.counts(rule["id"]) == (1, 1, True)
    assert shop.journal(operation_id="createOrder", status=500)[0]["faults"] == [rule["id"]]


def test_error_after_hides_what_was_done(shop):
    shop.add("error", parameters={"status": 502, "at": "after", "detail": "bad gateway"}, operations=CREATE, times=1)
    before = len(shop.orders())
    assert problem(shop.order("key-1"), 502, "injected-fault")["detail"] == "bad gateway"
    assert len(shop.orders()) == before + 1
    again = shop.order("key-1")
    assert again.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(shop.orders()) == before + 1


def test_error_speaks_chinese(shop):
    shop.add("error", operations=CREATE)
    answer = shop.request("POST", "/orders", json=shop.order_body(), headers={"Accept-Language": "zh"})
    assert "故障规则" in problem(answer, 503, "injected-fault")["detail"]


def test_maintenance_ends_by_simulated_time(shop):
    shop.clock(frozen=True)
    rule = shop.add("maintenance", parameters={"seconds": 3600})
    answer = shop.get("/orders")
    problem(answer, 503, "maintenance")
    assert answer.headers["Retry-After"] == "3600"
    shop.clock(advance_seconds=3500)
    assert shop.get("/orders").headers["Retry-After"] == "100"
    shop.clock(advance_seconds=100)
    shop.token = shop.fetch_token()  # the old one has expired meanwhile
    assert shop.get("/orders").status_code == 200
    ended = shop.fault(rule["id"])
    assert ended["healed"] is True
    assert ended["healed_at"] == ended["heals_at"]
    assert ended["applied"] == 2


def test_maintenance_without_an_end_lasts_until_it_is_removed(shop):
    rule = shop.add("maintenance", parameters={"retry_after_seconds": 5})
    assert shop.get("/orders").headers["Retry-After"] == "5"
    shop.clock(advance_seconds=86400)
    assert shop.get("/orders").status_code == 503
    shop.remove(rule["id"])
    shop.token = shop.fetch_token()
    assert shop.get("/orders").status_code == 200


def test_maintenance_until_an_instant(one_shop):
    one_shop.clock(frozen=True)
    now = one_shop.http.get(f"{one_shop.url}/_shapan/clock").json()["now"]
    answer = one_shop.http.post(
        f"{one_shop.url}/_shapan/faults", json={"fault": "maintenance", "parameters": {"until": now}}
    )
    assert [fault["pointer"] for fault in problem(answer, 422, "business-rule")["errors"]] == ["/parameters/until"]
    one_shop.add("maintenance", parameters={"until": "2199-12-31T00:00:00+08:00"})
    assert int(one_shop.get("/orders").headers["Retry-After"]) > 86400


def test_rate_limit_counts_and_says_so(shop):
    shop.clock(frozen=True)
    rule = shop.add("rate-limit", parameters={"quota": 2, "window_seconds": 60}, operations=["listOrders"])
    first, second, third = (shop.get("/orders") for _ in range(3))
    name = f'"{rule["id"]}"'
    assert [first.status_code, second.status_code] == [200, 200]
    assert first.headers["RateLimit-Policy"] == f"{name};q=2;w=60"
    assert [first.headers["RateLimit"], second.headers["RateLimit"]] == [f"{name};r=1;t=60", f"{name};r=0;t=60"]
    problem(third, 429, "rate-limited")
    assert third.headers["Retry-After"] == "60"
    assert third.headers["RateLimit"] == f"{name};r=0;t=60"
    assert shop.get("/products").status_code == 200
    shop.clock(advance_seconds=60)
    assert shop.get("/orders").headers["RateLimit"] == f"{name};r=1;t=60"
    assert shop.counts(rule["id"]) == (4, 1, False)


def test_rate_limit_is_for_each_client_or_for_all(one_shop):
    one_shop.add("rate-limit", id="each", parameters={"quota": 1, "window_seconds": 60}, operations=["listOrders"])
    assert one_shop.get("/orders").status_code == 200
    # Somebody who is not known is somebody else.
    assert one_shop.http.get(f"{one_shop.url}/orders").status_code == 401
    assert one_shop.get("/orders").status_code == 429
    one_shop.remove("each")
    one_shop.add("rate-limit", parameters={"quota": 1, "window_seconds": 60, "by": "all"}, operations=["listOrders"])
    assert one_shop.http.get(f"{one_shop.url}/orders").status_code == 401
    assert one_shop.get("/orders").status_code == 429


def test_drop_before_does_nothing(shop):
    rule = shop.add("drop", parameters={"at": "before"}, operations=CREATE, times=2)
    before = len(shop.orders())
    assert shop.raw("POST", "/orders", shop.order_body()) == b""
    with pytest.raises(httpx.TransportError):
        shop.order()
    assert len(shop.orders()) == before
    assert shop.counts(rule["id"]) == (2, 2, True)


def test_drop_after_loses_the_answer_and_not_the_order(shop):
    rule = shop.add("drop", operations=CREATE, times=2)
    before = len(shop.orders())
    assert shop.raw("POST", "/orders", shop.order_body(), Idempotency_Key="lost-1") == b""
    assert len(shop.orders()) == before + 1
    with pytest.raises(httpx.TransportError):
        shop.order("lost-2")
    assert len(shop.orders()) == before + 2
    for key in ("lost-1", "lost-2"):
        again = shop.order(key)
        assert again.status_code == 201
        assert again.headers["Idempotency-Replayed"] == "true"
    assert len(shop.orders()) == before + 2
    assert shop.journal(operation_id="createOrder", status=201)[-1]["faults"] == [rule["id"]]


def test_drop_amid_sends_half_of_what_was_promised(shop):
    shop.add("drop", parameters={"at": "amid"}, operations=CREATE, times=2)
    before = len(shop.orders())
    head, _, body = shop.raw("POST", "/orders", shop.order_body(), Idempotency_Key="half").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert 0 < len(body) < int(headers[b"content-length"])
    with pytest.raises(httpx.TransportError):
        shop.order("half-2")
    assert len(shop.orders()) == before + 2
    whole = shop.order("half")
    assert whole.headers["Idempotency-Replayed"] == "true"
    assert whole.content.startswith(body)


@pytest.mark.parametrize("at", ["amid", "after"])
def test_drop_cuts_answers_without_a_body_too(shop, at):
    shop.add("drop", parameters={"at": at}, operations=["deleteWebhook", "listCustomers"])
    hook = {"url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 32}
    made = shop.request("POST", "/webhooks", json=hook).json()["id"]
    assert shop.raw("DELETE", f"/webhooks/{made}") == b""
    assert [one["id"] for one in shop.get("/webhooks").json()["items"]] == []
    assert shop.raw("HEAD", "/customers") == b""


def test_truncated_body_is_whole_http_and_half_json(shop):
    rule = shop.add("truncated-body", parameters={"keep": 0.5}, operations=["listOrders"], times=1)
    cut = shop.get("/orders")
    assert cut.status_code == 200
    assert int(cut.headers["Content-Length"]) == len(cut.content)
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    whole = shop.get("/orders")
    assert whole.content.startswith(cut.content)
    assert len(cut.content) == len(whole.content) // 2
    assert shop.counts(rule["id"]) == (1, 1, True)


def test_truncated_body_leaves_an_empty_one_alone(one_shop):
    hook = one_shop.request(
        "POST", "/webhooks", json={"url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 32}
    ).json()
    rule = one_shop.add("truncated-body", operations=["deleteWebhook"], times=1)
    assert one_shop.request("DELETE", f"/webhooks/{hook['id']}").status_code == 204
    # There was nothing to act on: the rule is still good for its one time.
    assert one_shop.counts(rule["id"]) == (1, 0, False)
    assert one_shop.journal(operation_id="deleteWebhook")[0]["faults"] == []


def test_numbers_come_as_texts(shop):
    right = shop.get("/products?limit=1").json()["items"][0]
    shop.add("wrong-typed-body", operations=["listProducts"], times=1)
    wrong = shop.get("/products?limit=1").json()["items"][0]
    numbers = {name for name, value in right.items() if isinstance(value, int | float) and not isinstance(value, bool)}
    assert numbers
    assert {name for name in right if wrong[name] != right[name]} == numbers
    assert all(json.loads(wrong[name]) == right[name] for name in numbers)


def test_members_are_missing(shop):
    right = shop.get("/products?limit=2").json()
    shop.add(
        "wrong-typed-body",
        id="named",
        parameters={"form": "missing-members", "members": ["code"]},
        operations=["listProducts"],
        times=1,
    )
    wrong = shop.get("/products?limit=2").json()
    assert [set(a) - set(b) for a, b in zip(right["items"], wrong["items"], strict=True)] == [{"code"}, {"code"}]
    shop.add(
        "wrong-typed-body", id="drawn", parameters={"form": "missing-members"}, operations=["listProducts"], times=1
    )
    assert len(set(right) - set(shop.get("/products?limit=2").json())) == 1


def test_a_page_comes_instead_of_json(shop):
    shop.add("wrong-typed-body", parameters={"form": "html"}, operations=["listProducts"], times=1)
    page = shop.get("/products")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    assert shop.get("/products").json()["items"]
