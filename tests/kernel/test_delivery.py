"""Events: the pull feed, signed webhooks, retries on the simulated clock, order per document."""

from __future__ import annotations

import base64
import socket

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def subscribe(memo, url, **options):
    answer = memo.post("/webhooks", json={"url": url, "secret": SECRET, **options})
    assert answer.status_code == 201, answer.text
    assert "secret" not in answer.json()
    return answer.json()["id"]


def write(memo, text):
    answer = memo.post(
        "/memos", json={"text": text, "day": "2026-01-01"}, headers={"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    )
    assert answer.status_code == 201
    return answer.json()


def deliveries(memo):
    page = memo.http.get("/_shapan/events").json()
    return [d for entry in page["events"] for d in entry["deliveries"]]


def settled(memo, eventually, **expected):
    """Wait until every delivery has these members."""
    eventually(lambda: deliveries(memo) and all(d[k] == v for d in deliveries(memo) for k, v in expected.items()))


def test_events_are_pulled_page_by_page_and_the_cursor_lasts(memo):
    for text in ("a", "b", "c"):
        write(memo, text)
    first = memo.get("/events?limit=2").json()
    assert [e["data"]["text"] for e in first["events"]] == ["a", "b"]
    assert first["has_more"] is True
    rest = memo.get(f"/events?limit=2&after={first['next']}").json()
    assert [e["data"]["text"] for e in rest["events"]] == ["c"]
    empty = memo.get(f"/events?after={rest['next']}").json()
    assert empty == {"events": [], "next": rest["next"], "has_more": False}
    event = first["events"][0]
    assert (event["specversion"], event["source"], event["type"]) == ("1.0", "urn:shapan:memo", "memo.created")
    assert event["traceparent"].startswith("00-111")
    assert memo.get("/events?after=99999999999999999999").json()["events"] == []


def test_the_feed_goes_on_after_a_reset(memo):
    write(memo, "a")
    cursor = memo.get("/events").json()["next"]
    memo.http.post("/_shapan/reset")
    write(memo, "b")
    assert [e["data"]["text"] for e in memo.get(f"/events?after={cursor}").json()["events"]] == ["b"]


def test_a_webhook_is_signed_and_carries_the_event(memo, receiver):
    subscribe(memo, receiver.url)
    made = write(memo, "hello")
    [event] = receiver.wait_for(1)
    headers, body = receiver.got[0]
    assert Webhook(SECRET).verify(body.decode(), headers) == event
    assert headers["webhook-id"] == event["id"]
    assert event["data"] == made
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode() + " ", headers)


def test_only_the_wanted_types_and_only_from_now_on(memo, receiver):
    write(memo, "before")
    subscribe(memo, receiver.url, types=["memo.burnt"])
    subscribe(memo, receiver.url, types=["memo.created"])
    write(memo, "after")
    assert [e["data"]["text"] for e in receiver.wait_for(1)] == ["after"]
    assert len(deliveries(memo)) == 1


def test_a_failed_delivery_is_retried_on_the_simulated_clock(memo, receiver, eventually):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    receiver.answers = [503, 500, 204]
    subscribe(memo, receiver.url)
    write(memo, "x")
    for attempt, step in ((1, 1), (2, 2)):
        settled(memo, eventually, attempts=attempt, state="waiting")
        memo.http.post("/_shapan/clock", json={"advance_seconds": step})
    settled(memo, eventually, attempts=3, state="delivered", last_result="HTTP 204")
    assert len({e["id"] for e in receiver.wait_for(3)}) == 1


def test_the_events_of_a_document_keep_their_order_and_hold_no_other_up(memo, receiver, eventually):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    receiver.answers = [503, 204]
    subscribe(memo, receiver.url)
    write(memo, "doc1 a")
    settled(memo, eventually, attempts=1)
    write(memo, "doc1 b")
    write(memo, "doc2 a")
    assert [e["data"]["text"] for e in receiver.wait_for(2)] == ["doc1 a", "doc2 a"]
    memo.http.post("/_shapan/clock", json={"advance_seconds": 1})
    assert [e["data"]["text"] for e in receiver.wait_for(4)][2:] == ["doc1 a", "doc1 b"]


def test_after_twelve_attempts_it_gives_up_until_somebody_resends(memo, receiver, eventually):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    receiver.answers = [500]
    subscribe(memo, receiver.url)
    write(memo, "x")
    for attempt in range(1, 12):
        settled(memo, eventually, attempts=attempt)
        memo.http.post("/_shapan/clock", json={"advance_seconds": 512})
    settled(memo, eventually, attempts=12, state="given-up", next_attempt_at=None)
    receiver.answers = [204]
    event_id = receiver.wait_for(12)[0]["id"]
    assert memo.http.post(f"/_shapan/events/{event_id}/resend").json() == {"deliveries": 1}
    settled(memo, eventually, state="delivered")
    assert memo.http.post("/_shapan/events/none/resend").status_code == 404


def test_410_ends_the_subscription(memo, receiver, eventually):
    receiver.answers = [410]
    subscribe(memo, receiver.url)
    write(memo, "x")
    eventually(lambda: memo.get("/webhooks").json()["items"][0]["active"] is False)
    write(memo, "y")
    assert [d["state"] for d in deliveries(memo)] == ["given-up"]


def test_nobody_listening_is_a_failed_attempt(memo, eventually):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    subscribe(memo, "http://127.0.0.1:9/hook")
    write(memo, "x")
    settled(memo, eventually, attempts=1, state="waiting")
    assert "ConnectError" in deliveries(memo)[0]["last_result"]


def test_a_deleted_webhook_gets_nothing_more(memo, receiver):
    webhook = subscribe(memo, receiver.url)
    assert memo.delete(f"/webhooks/{webhook}").status_code == 204
    assert memo.delete(f"/webhooks/{webhook}").status_code == 404
    write(memo, "x")
    assert deliveries(memo) == []
    bad = memo.post("/webhooks", json={"url": "ftp://x", "secret": "short"})
    assert {e["pointer"] for e in bad.json()["errors"]} == {"/url", "/secret"}


def test_a_restart_delivers_what_was_left(memo, receiver, eventually):
    """The outbox is in the database: what a stopped simulator owed, the next one delivers."""
    from shapan.kernel.runtime import Runtime

    memo.runtime.courier.stop()
    subscribe(memo, receiver.url)
    write(memo, "x")
    assert receiver.got == []
    again = Runtime(memo.runtime.system, memo.runtime.settings)
    again.start()
    try:
        assert [e["data"]["text"] for e in receiver.wait_for(1)] == ["x"]
    finally:
        again.stop()


@pytest.mark.parametrize(
    ("url", "secret", "pointer"),
    [
        ("http://a..b/", SECRET, "/url"),
        ("http://" + "a" * 64 + ".example/", SECRET, "/url"),
        ("http:///path", SECRET, "/url"),
    ],
)
def test_a_webhook_that_can_never_be_called_is_refused(memo, url, secret, pointer):
    answer = memo.post("/webhooks", json={"url": url, "secret": secret})
    assert answer.status_code in (400, 422), answer.text
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


def test_whatever_goes_wrong_in_sending_is_a_failed_attempt(memo, receiver, eventually, monkeypatch):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    calls = []

    def broken(parcel):
        calls.append(parcel)
        raise OverflowError("on purpose")

    monkeypatch.setattr(memo.runtime.courier._webhooks, "send", broken)
    subscribe(memo, receiver.url)
    write(memo, "x")
    settled(memo, eventually, attempts=1, state="waiting", last_result="OverflowError: on purpose")
    assert len(calls) == 1


def test_a_receiver_that_hangs_holds_up_no_other(memo, receiver):
    hung = socket.socket()
    hung.bind(("127.0.0.1", 0))
    hung.listen(64)
    try:
        subscribe(memo, f"http://127.0.0.1:{hung.getsockname()[1]}/")
        for n in range(70):
            write(memo, f"{n:04d} hang")
        subscribe(memo, receiver.url)
        write(memo, "free")
        assert [e["data"]["text"] for e in receiver.wait_for(1)] == ["free"]
    finally:
        hung.close()


def test_a_workspace_that_fails_stops_no_other(memo, receiver, monkeypatch):
    memo.http.put("/_shapan/workspaces/aaa")
    broken = memo.runtime.workspace("aaa")

    def fail():
        raise OverflowError("on purpose")

    monkeypatch.setattr(broken.clock, "now", fail)
    subscribe(memo, receiver.url)
    write(memo, "x")
    assert [e["data"]["text"] for e in receiver.wait_for(1)] == ["x"]
    monkeypatch.undo()
