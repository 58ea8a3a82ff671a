"""The operator interface: health, reset, workspaces, clock, journal, metrics, and its guard."""

from __future__ import annotations

import pytest


def write(memo, text="x", **headers):
    answer = memo.post("/memos", json={"text": text, "day": "2026-01-01"}, headers=headers)
    assert answer.status_code == 201
    return answer.json()


def texts(memo, prefix=""):
    return [m["text"] for m in memo.get(f"{prefix}/memos").json()["items"]]


def test_health_says_what_is_served(memo):
    health = memo.http.get("/_shapan/health").json()
    assert (health["status"], health["system"], health["workspace"]) == ("ready", "memo", "default")
    assert health["now"].endswith("+08:00")


def test_reset_goes_back_to_the_seed_and_keeps_webhooks_unless_asked(memo):
    hook = {"url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 32}
    memo.post("/webhooks", json=hook)
    write(memo)
    memo.http.post("/_shapan/clock", json={"advance_seconds": 100, "frozen": True})
    memo.http.post("/_shapan/reset")
    memo.token = memo.fetch_token()
    assert texts(memo) == ["seeded"]
    assert len(memo.get("/webhooks").json()["items"]) == 1
    assert memo.http.get("/_shapan/clock").json()["frozen"] is False
    memo.http.post("/_shapan/reset?webhooks=true")
    assert memo.get("/webhooks").json()["items"] == []


def test_workspaces_are_apart(memo):
    assert memo.get("/ws/two/memos").status_code == 404
    assert memo.http.put("/_shapan/workspaces/two").json() == {"name": "two"}
    write(memo, "in one")
    assert texts(memo, "/ws/two") == ["seeded"]
    made = memo.post("/ws/two/memos", json={"text": "in two", "day": "2026-01-01"})
    assert made.headers["location"].endswith("/ws/two/memos/2")
    assert texts(memo) == ["seeded", "in one"]
    assert memo.get("/ws/two/events").json()["events"][0]["source"] == "urn:shapan:memo:two"
    memo.http.post("/ws/two/_shapan/clock", json={"advance_seconds": 86400})
    assert (
        memo.http.get("/_shapan/clock").json()["now"][:10] < memo.http.get("/ws/two/_shapan/clock").json()["now"][:10]
    )
    assert [w["name"] for w in memo.http.get("/_shapan/workspaces").json()["items"]] == ["default", "two"]
    assert memo.http.delete("/_shapan/workspaces/two").status_code == 204
    assert memo.get("/ws/two/memos").status_code == 404
    assert memo.http.put("/_shapan/workspaces/two").status_code == 200
    assert texts(memo, "/ws/two") == ["seeded"]


@pytest.mark.parametrize("name", ["Two", "a_b", "-a", "a" * 41])
def test_workspace_names_are_plain(memo, name):
    assert memo.http.put(f"/_shapan/workspaces/{name}").status_code == 400


def test_the_default_workspace_cannot_be_deleted(memo):
    assert memo.http.delete("/_shapan/workspaces/default").status_code == 409
    assert memo.http.delete("/_shapan/workspaces/none").status_code == 404


def test_the_clock_moves_forward_stands_and_survives_a_restart(memo):
    from shapan.kernel.runtime import Runtime

    memo.http.post("/_shapan/clock", json={"frozen": True})
    before = memo.http.get("/_shapan/clock").json()
    assert memo.http.get("/_shapan/clock").json() == before
    after = memo.http.post("/_shapan/clock", json={"advance_seconds": 3600}).json()
    assert after["now"] > before["now"]
    assert memo.http.post("/_shapan/clock", json={"advance_seconds": -1}).status_code == 400
    again = Runtime(memo.runtime.system, memo.runtime.settings)
    try:
        assert again.workspace("default").clock.now().isoformat(timespec="milliseconds") == after["now"]
    finally:
        again.stop()


def test_the_journal_tells_what_was_asked_without_secrets(memo):
    write(memo, "noted", **{"X-Request-Id": "j-1", "Idempotency-Key": "j-key"})
    memo.get("/memos?limit=99")
    newest, earlier, *rest = memo.http.get("/_shapan/journal").json()["items"]
    assert (newest["status"], newest["path"], newest["operation_id"]) == (400, "/memos?limit=99", "listMemos")
    assert (earlier["request_id"], earlier["idempotency_key"], earlier["client_id"]) == ("j-1", "j-key", "tests")
    assert "noted" in earlier["request_body"]
    token = rest[-1]
    assert token["operation_id"] == "issueToken"
    assert "tests-secret" not in str(token)
    assert '"access_token":"***"' in token["response_body"]
    assert [e["request_id"] for e in memo.http.get("/_shapan/journal?request_id=j-1").json()["items"]] == ["j-1"]
    assert [e["status"] for e in memo.http.get("/_shapan/journal?status=400").json()["items"]] == [400]


def test_metrics_count_requests(memo):
    write(memo)
    text = memo.http.get("/_shapan/metrics").text
    assert 'shapan_requests_total{operation="createMemo",status="201"} 1.0' in text


def test_facts_of_a_system_without_any_are_empty(memo):
    assert memo.http.get("/_shapan/facts").json()["facts"] == {}


def test_with_an_operator_token_only_health_is_open(serve, memo_system):
    memo = serve(memo_system, operator_token="operator-secret")
    assert memo.http.get("/_shapan/health").status_code == 200
    assert memo.http.get("/_shapan/journal").status_code == 401
    assert memo.http.post("/_shapan/reset", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = memo.http.get("/_shapan/journal", headers={"Authorization": "Bearer operator-secret"})
    assert answer.status_code == 200
