"""The operator interface: health, reset, workspaces, clock, journal, metrics, and its guard."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

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
    assert memo.get("/ws/two/memos").json()["detail"].startswith("The token is for another workspace")
    here, memo.token = memo.token, memo.fetch_token(prefix="/ws/two")
    assert texts(memo, "/ws/two") == ["seeded"]
    made = memo.post("/ws/two/memos", json={"text": "in two", "day": "2026-01-01"})
    assert made.headers["location"].endswith("/ws/two/memos/2")
    assert memo.get("/ws/two/events").json()["events"][0]["source"] == "urn:shapan:memo:two"
    memo.token = here
    assert texts(memo) == ["seeded", "in one"]
    memo.http.post("/ws/two/_shapan/clock", json={"advance_seconds": 86400})
    assert (
        memo.http.get("/_shapan/clock").json()["now"][:10] < memo.http.get("/ws/two/_shapan/clock").json()["now"][:10]
    )
    assert [w["name"] for w in memo.http.get("/_shapan/workspaces").json()["items"]] == ["default", "two"]
    assert memo.http.delete("/_shapan/workspaces/two").status_code == 204
    assert memo.get("/ws/two/memos").status_code == 404
    assert memo.http.put("/_shapan/workspaces/two").status_code == 200
    memo.token = memo.fetch_token(prefix="/ws/two")
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
    assert 'shapan_events{workspace="default"} 1.0' in text
    assert 'shapan_requests_total{operation="createMemo",status="201"} 1.0' in text


def test_facts_of_a_system_without_any_are_empty(memo):
    assert memo.http.get("/_shapan/facts").json()["facts"] == {}


def test_a_look_is_good_for_no_other_workspace_of_the_same_name(memo, monkeypatch):
    # Whatever Python makes of the memory of the one that was deleted.
    monkeypatch.setattr("shapan.kernel.operator.facts.id", lambda _: 1, raising=False)
    memo.http.put("/_shapan/workspaces/two")
    first = memo.http.get("/ws/two/_shapan/facts?since=new").json()
    known = memo.http.get(f"/ws/two/_shapan/facts?since={first['version']}").json()
    assert known["changes"] == {}
    memo.http.delete("/_shapan/workspaces/two")
    memo.http.put("/_shapan/workspaces/two")
    assert "changes" not in memo.http.get(f"/ws/two/_shapan/facts?since={first['version']}").json()


def test_key_figures_of_a_system_without_any_are_empty(memo, refusal):
    period = {"from": "2026-01-01", "to": "2026-01-31"}
    answer = memo.http.get("/_shapan/kpis", params=period).json()
    assert answer == {"system": "memo", "workspace": "default", **period, "items": []}
    backwards = memo.http.get("/_shapan/kpis", params={"from": "2026-01-31", "to": "2026-01-01"})
    assert refusal(backwards, 422, "business-rule") == ["/to"]


def test_with_an_operator_token_only_health_is_open(serve, memo_system):
    memo = serve(memo_system, operator_token="operator-secret")
    assert memo.http.get("/_shapan/health").status_code == 200
    assert memo.http.get("/_shapan/journal").status_code == 401
    assert memo.http.post("/_shapan/reset", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = memo.http.get("/_shapan/journal", headers={"Authorization": "Bearer operator-secret"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_from_elsewhere_cannot_use_the_operator_interface(memo, headers):
    write(memo, "kept")
    answer = memo.http.post("/_shapan/reset", headers={"Content-Type": "text/plain", **headers})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:shapan:problem:foreign-origin")
    assert memo.http.get("/_shapan/journal", headers=headers).status_code == 403
    assert texts(memo) == ["seeded", "kept"]


def test_the_systems_own_pages_may_use_it(memo):
    origin = {"Origin": str(memo.http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert memo.http.post("/_shapan/reset", headers=origin).status_code == 200


def test_a_host_that_is_none_is_refused(memo):
    answer = memo.http.get("/_shapan/health", headers={"Host": "a b<x>"})
    assert answer.status_code == 400


def test_the_clock_ends_in_the_year_2200_and_a_refused_step_changes_nothing(memo):
    for _ in range(30):
        answer = memo.http.post("/_shapan/clock", json={"advance_seconds": 315_360_000})
        if answer.status_code == 422:
            break
    assert answer.json()["errors"][0]["pointer"] == "/advance_seconds"
    assert memo.http.get("/_shapan/clock").json()["now"][:2] == "21"
    memo.http.post("/_shapan/reset")
    assert memo.http.get("/_shapan/clock").json()["now"][:2] == "20"


def test_secrets_do_not_reach_the_journal_whichever_way_they_come(memo):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    memo.http.post("/oauth/token?client_secret=tests-secret", data={"grant_type": "client_credentials"})
    body = "grant_type=client_credentials&client_id=tests&client%5Fsecret=tests-secret"
    assert memo.http.post("/oauth/token", content=body, headers=form).status_code == 200
    memo.post("/webhooks", json={"url": "http://127.0.0.1:9/", "secret": "whsec_" + "Q" * 32})
    journal = memo.http.get("/_shapan/journal").text
    assert "tests-secret" not in journal
    assert "QQQQ" not in journal


def test_workspaces_come_and_go_while_they_are_used(memo):
    """Deleting waits for who is inside; whoever comes later gets 404; a new one of the same name is whole."""
    stop = threading.Event()
    odd: list[tuple[int, str]] = []

    def use() -> None:
        while not stop.is_set():
            answer = memo.http.get("/ws/race/_shapan/events")
            if answer.status_code not in (200, 404):
                odd.append((answer.status_code, answer.text))
            answer = memo.http.post("/ws/race/oauth/token", data={"grant_type": "client_credentials"})
            if answer.status_code not in (401, 404):
                odd.append((answer.status_code, answer.text))

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(use)
        for _ in range(8):
            assert memo.http.put("/_shapan/workspaces/race").status_code == 200
            assert memo.http.get("/ws/race/_shapan/events").status_code == 200
            assert memo.http.delete("/_shapan/workspaces/race").status_code == 204
        stop.set()
    assert odd == []
    folder = memo.runtime.settings.folder / "memo"
    assert [p.name for p in folder.rglob("race*")] == []


def test_after_a_reset_nothing_bears_a_time_of_before(memo):
    stop = threading.Event()

    def post() -> None:
        while not stop.is_set():
            memo.post("/memos", json={"text": "x", "day": "2026-01-01"})

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(post)
        for _ in range(10):
            memo.http.post("/_shapan/clock", json={"advance_seconds": 1000})
            memo.http.post("/_shapan/reset")
            memo.token = memo.fetch_token()
            now = memo.http.get("/_shapan/clock").json()["now"]
            ahead = [e["time"] for e in memo.get("/events?limit=500").json()["events"] if e["time"] > now]
            later = memo.http.get("/_shapan/clock").json()["now"]
            assert [time for time in ahead if time > later] == []
        stop.set()


def test_a_spoilt_journal_is_set_aside_and_a_spoilt_key_is_one_sentence(memo):
    from shapan.kernel.database import DatabaseError
    from shapan.kernel.runtime import Runtime

    memo.runtime.stop()
    folder = memo.runtime.settings.folder / "memo"
    (folder / "journal.sqlite").write_bytes(b"spoilt" * 1000)
    again = Runtime(memo.runtime.system, memo.runtime.settings)
    assert again.workspace("default").journal.query() == ([], False)
    again.stop()
    (folder / "token-key.pem").write_text("")
    with pytest.raises(DatabaseError, match=r"token-key\.pem cannot be used .* Remove it"):
        Runtime(memo.runtime.system, memo.runtime.settings)


def test_what_a_system_keeps_is_for_its_owner_only(memo):
    assert (memo.runtime.settings.folder / "memo").stat().st_mode & 0o077 == 0
