"""Faults of events over real sockets: what a receiver sees, what the broker gets, and what is known of it afterwards."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

pytestmark = pytest.mark.in_process

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def memo(serve, memo_system, receiver):
    api = serve(memo_system)
    api.http.post("/_shapan/clock", json={"frozen": True}).raise_for_status()
    api.post("/webhooks", json={"url": receiver.url, "secret": SECRET}).raise_for_status()
    return api


def write(memo, *texts):
    for text in texts:
        memo.post("/memos", json={"text": text, "day": "2026-01-01"}).raise_for_status()


def fault(memo, name, **more):
    answer = memo.http.post("/_shapan/faults", json={"id": "f1", "fault": name, **more})
    assert answer.status_code == 201, answer.text


def advance(memo, seconds):
    memo.http.post("/_shapan/clock", json={"advance_seconds": seconds}).raise_for_status()


def deliveries(memo):
    events = memo.http.get("/_shapan/events").raise_for_status().json()["events"]
    return [delivery for entry in events for delivery in entry["deliveries"]]


def texts(received):
    return [event["data"]["text"] for event in received]


def journal(memo):
    items = memo.http.get("/_shapan/journal", params={"kind": "delivery", "order": "oldest"}).json()["items"]
    return [(item["delivery"]["subject"], item["delivery"]["state"], item["faults"]) for item in items]


def settled(memo, eventually):
    eventually(lambda: {d["state"] for d in deliveries(memo)} == {"delivered"})


def test_lost(memo, receiver, eventually):
    fault(memo, "event-lost", times=1)
    write(memo, "doc1 a", "doc1 b")
    assert texts(receiver.wait_for(1)) == ["doc1 b"]
    settled(memo, eventually)
    assert [d["last_result"] for d in deliveries(memo)] == ["lost by fault f1", "HTTP 204"]
    assert [e["data"]["text"] for e in memo.get("/events").json()["events"]] == ["doc1 a", "doc1 b"]
    assert journal(memo)[0] == ("doc1", "lost", ["f1"])


def test_duplicated(memo, receiver, eventually):
    fault(memo, "event-duplicated", parameters={"copies": 3}, times=1)
    write(memo, "doc1 a", "doc1 b")
    assert texts(receiver.wait_for(4)) == ["doc1 a"] * 3 + ["doc1 b"]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2
    settled(memo, eventually)
    assert [d["attempts"] for d in deliveries(memo)] == [1, 1]


def test_delayed(memo, receiver, eventually):
    """Its document waits with it, others do not."""
    fault(memo, "event-delayed", parameters={"seconds": 60}, match={"subject": "doc1"}, times=1)
    write(memo, "doc1 a", "doc1 b", "doc2 a")
    assert texts(receiver.wait_for(1)) == ["doc2 a"]
    advance(memo, 59)
    eventually(lambda: [d["state"] for d in deliveries(memo)] == ["waiting", "waiting", "delivered"])
    assert len(receiver.got) == 1
    advance(memo, 1)
    assert texts(receiver.wait_for(3))[1:] == ["doc1 a", "doc1 b"]
    settled(memo, eventually)
    assert [d["attempts"] for d in deliveries(memo)] == [1, 1, 1]


def test_out_of_order(memo, receiver, eventually):
    """The second of a document overtakes the first."""
    fault(memo, "event-out-of-order", times=1)
    write(memo, "doc1 a")
    eventually(lambda: deliveries(memo)[0]["last_result"] is not None)
    assert deliveries(memo)[0]["state"] == "waiting"
    write(memo, "doc1 b")
    assert texts(receiver.wait_for(2)) == ["doc1 b", "doc1 a"]
    settled(memo, eventually)


def test_out_of_order_ends_where_nothing_follows(memo, receiver, eventually):
    fault(memo, "event-out-of-order", parameters={"longest_seconds": 30}, times=1)
    write(memo, "doc1 a")
    eventually(lambda: deliveries(memo)[0]["last_result"] is not None)
    advance(memo, 30)
    assert texts(receiver.wait_for(1)) == ["doc1 a"]
    settled(memo, eventually)


def test_wrong_signature(memo, receiver, eventually):
    fault(memo, "event-wrong-signature", times=1)
    receiver.answers = [401, 204]
    write(memo, "doc1 a")
    receiver.wait_for(1)
    headers, body = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode(), headers)
    eventually(lambda: deliveries(memo)[0]["attempts"] == 1)
    advance(memo, 1)
    receiver.wait_for(2)
    headers, body = receiver.got[1]
    assert Webhook(SECRET).verify(body.decode(), headers)["data"]["text"] == "doc1 a"
    settled(memo, eventually)


def test_replayed(memo, receiver, eventually):
    """Once more later, and nothing waits for it."""
    fault(memo, "event-replayed", parameters={"after_seconds": 300}, times=1)
    write(memo, "doc1 a")
    receiver.wait_for(1)
    eventually(lambda: deliveries(memo)[0]["next_attempt_at"])
    write(memo, "doc1 b")
    assert texts(receiver.wait_for(2)) == ["doc1 a", "doc1 b"]
    advance(memo, 300)
    assert texts(receiver.wait_for(3)) == ["doc1 a", "doc1 b", "doc1 a"]
    settled(memo, eventually)
    assert receiver.got[0][0]["webhook-id"] == receiver.got[2][0]["webhook-id"]


def test_replayed_although_the_first_attempt_failed(memo, receiver, eventually):
    """And once only, however often the replay has to be tried."""
    fault(memo, "event-replayed", parameters={"after_seconds": 300}, times=1)
    receiver.answers = [503, 503, 204, 503, 204]
    write(memo, "doc1 a")
    for attempt, wait in enumerate((1, 2), 1):
        receiver.wait_for(attempt)
        eventually(lambda attempt=attempt: deliveries(memo)[0]["attempts"] == attempt)
        advance(memo, wait)
    receiver.wait_for(3)
    eventually(lambda: "to be replayed" in deliveries(memo)[0]["last_result"])
    advance(memo, 300)
    receiver.wait_for(4)
    eventually(lambda: deliveries(memo)[0]["attempts"] == 1)
    advance(memo, 1)
    assert texts(receiver.wait_for(5)) == ["doc1 a"] * 5
    settled(memo, eventually)
    assert "replayed" not in deliveries(memo)[0]["last_result"]


def test_what_was_put_off_survives_a_restart(memo, receiver, eventually):
    from shapan.kernel.runtime import Runtime

    fault(memo, "event-out-of-order", parameters={"longest_seconds": 30}, times=1)
    write(memo, "doc1 a")
    eventually(lambda: deliveries(memo)[0]["last_result"] is not None)
    memo.runtime.courier.stop()
    memo.runtime.workspace("default").faults.flush()
    again = Runtime(memo.runtime.system, memo.runtime.settings)
    again.start()
    try:
        again.workspace("default").change_clock(lambda clock: clock.advance(timedelta(seconds=30)))
        assert texts(receiver.wait_for(1)) == ["doc1 a"]
    finally:
        again.stop()


def test_the_broker_sees_the_same(serve, memo_system, broker, reader, eventually):
    memo = serve(memo_system, broker_url=broker.url)
    memo.http.post("/_shapan/clock", json={"frozen": True}).raise_for_status()
    seen = []

    def arrived():
        seen.extend(event["data"]["text"] for event in reader())
        return seen

    fault(memo, "event-lost", match={"subject": "lost"})
    # Nothing is signed for a broker: it would use up what is meant for webhooks.
    memo.http.post("/_shapan/faults", json={"id": "forged", "fault": "event-wrong-signature"})
    memo.http.post("/_shapan/faults", json={"id": "f2", "fault": "event-duplicated", "match": {"subject": "twin"}})
    memo.http.post(
        "/_shapan/faults",
        json={"id": "f3", "fault": "event-delayed", "match": {"subject": "late"}, "parameters": {"seconds": 10}},
    )
    write(memo, "lost", "twin", "late", "fine")
    eventually(lambda: sorted(arrived()) == ["fine", "twin", "twin"])
    eventually(lambda: [d["state"] for d in deliveries(memo)] == ["delivered", "delivered", "waiting", "delivered"])
    advance(memo, 10)
    eventually(lambda: sorted(arrived()) == ["fine", "late", "twin", "twin"])
    settled(memo, eventually)
    assert memo.http.get("/_shapan/faults/forged").json()["seen"] == 0
