"""The order of a document's events, over retries and resending; dead letters; what nobody waits for costs nothing."""

from __future__ import annotations

import base64
import threading
from types import SimpleNamespace

import pytest

from shapan.kernel.delivery.lines import Outcome
from shapan.kernel.operator.events import resend_events
from shapan.kernel.waiting import Wait

pytestmark = pytest.mark.in_process

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def memo(serve, memo_system):
    return serve(memo_system)


def subscribe(memo, url, **more):
    return memo.post("/webhooks", json={"url": url, "secret": SECRET, **more}).raise_for_status().json()["id"]


def write(memo, *texts):
    for text in texts:
        memo.post("/memos", json={"text": text, "day": "2026-01-01"}).raise_for_status()


def clock(memo, **change):
    memo.http.post("/_shapan/clock", json=change).raise_for_status()


def events(memo, **query):
    return memo.http.get("/_shapan/events", params=query).raise_for_status().json()["events"]


def deliveries(memo, **query):
    return [delivery for entry in events(memo, **query) for delivery in entry["deliveries"]]


def texts(received):
    return [event["data"]["text"] for event in received]


def test_dead_letters_say_why_and_go_again_in_order(memo, receiver, eventually):
    clock(memo, frozen=True)
    receiver.answers = [500]
    subscribe(memo, receiver.url)
    # Two of one document: the second is tried only once the first was given up.
    write(memo, "doc1 a", "doc1 b")
    for attempt in range(1, 25):
        eventually(lambda attempt=attempt: sum(d["attempts"] for d in deliveries(memo)) >= attempt)
        clock(memo, advance_seconds=512)
    eventually(lambda: len(events(memo, state="given-up")) == 2)
    for delivery in deliveries(memo):
        assert delivery["attempts"] == 12
        assert "12 attempts failed, the last with: HTTP 500" in delivery["reason"]["en"]
        assert "HTTP 500" in delivery["reason"]["zh"]
    receiver.answers, receiver.got[:] = [204], []
    assert memo.http.post("/_shapan/events/resend", json={"dead": True, "dry_run": True}).json() == {
        "events": 2,
        "deliveries": 2,
        "unknown": [],
    }
    assert len(events(memo, state="given-up")) == 2
    assert memo.http.post("/_shapan/events/resend", json={"dead": True}).json()["deliveries"] == 2
    assert texts(receiver.wait_for(2)) == ["doc1 a", "doc1 b"]
    eventually(lambda: {d["state"] for d in deliveries(memo)} == {"delivered"})
    assert {d["reason"] for d in deliveries(memo)} == {None}


def test_resending_leaves_its_thread_while_the_workspace_is_held(memo):
    """The one who holds it needs a thread to let go of it."""
    ctx = SimpleNamespace(services={"kernel.runtime": memo.runtime}, workspace="default")
    gate = memo.runtime.workspace("default").gate
    held = gate.hold(60, 0)
    assert held is not None
    with pytest.raises(Wait):
        resend_events(ctx, {"dead": True})
    gate.release(held)
    assert resend_events(ctx, {"dead": True}).body["events"] == 0
    assert gate.hold(60, 0) is not None, "it went out again"


def test_a_stop_waits_only_for_what_is_on_its_way(serve, memo_system, eventually, monkeypatch):
    monkeypatch.setattr("shapan.kernel.delivery.courier._SENDERS", 1)
    begun, answers = [], threading.Event()

    def send(self, parcel):
        begun.append(parcel.subject)
        assert answers.wait(20)
        return Outcome(True, "HTTP 204")

    monkeypatch.setattr("shapan.kernel.delivery.webhooks.Webhooks.send", send)
    memo = serve(memo_system)
    subscribe(memo, "http://127.0.0.1:9/")
    write(memo, "doc1", "doc2", "doc3")
    pool = memo.runtime.courier._pool
    eventually(lambda: begun and pool._work_queue.qsize() == 2)

    def ending():
        with pool._shutdown_lock:
            return pool._shutdown

    stop = threading.Thread(target=memo.runtime.courier.stop)
    stop.start()
    eventually(ending)
    answers.set()
    stop.join(20)
    assert begun == ["doc1"]
    assert [delivery["state"] for delivery in deliveries(memo)] == ["delivered", "waiting", "waiting"]


def test_resending_keeps_the_order_of_a_document_with_what_waits(memo, receiver, eventually):
    """The first is sent again while later ones wait behind a failure: it goes before them."""
    clock(memo, frozen=True)
    receiver.answers = [204, 500]
    subscribe(memo, receiver.url)
    write(memo, "doc1 a")
    eventually(lambda: deliveries(memo)[0]["state"] == "delivered")
    write(memo, "doc1 b", "doc1 c")
    eventually(lambda: deliveries(memo)[1]["attempts"] == 1)
    receiver.answers = [204]
    first = events(memo)[0]["event"]["id"]
    assert memo.http.post(f"/_shapan/events/{first}/resend").json() == {"deliveries": 1}
    assert texts(receiver.wait_for(3)) == ["doc1 a", "doc1 b", "doc1 a"]
    clock(memo, advance_seconds=1)
    assert texts(receiver.wait_for(5))[3:] == ["doc1 b", "doc1 c"]


def test_events_are_chosen_by_id_moment_type_and_subject(memo, receiver, eventually):
    clock(memo, frozen=True)
    write(memo, "doc1 a")
    clock(memo, advance_seconds=60)
    write(memo, "doc2 b", "doc2 c")
    since = events(memo)[1]["event"]["time"]
    assert texts(e["event"] for e in events(memo, since=since)) == ["doc2 b", "doc2 c"]
    assert texts(e["event"] for e in events(memo, subject="doc1")) == ["doc1 a"]
    assert events(memo, type="memo.burnt") == []
    page = memo.http.get("/_shapan/events", params={"subject": "doc2", "limit": 1}).json()
    assert page["has_more"] is True
    assert texts(e["event"] for e in events(memo, subject="doc2", after=page["next"])) == ["doc2 c"]
    assert events(memo, state="waiting") == []
    subscribe(memo, receiver.url, types=["memo.created"])
    subscribe(memo, receiver.url, types=["memo.burnt"])
    resend = memo.http.post("/_shapan/events/resend", json={"since": since, "types": ["memo.created"]})
    assert resend.json() == {"events": 2, "deliveries": 2, "unknown": []}
    assert texts(receiver.wait_for(2)) == ["doc2 b", "doc2 c"]
    ids = [entry["event"]["id"] for entry in events(memo)]
    assert memo.http.post("/_shapan/events/resend", json={"ids": ids[:1]}).json()["events"] == 1
    assert texts(receiver.wait_for(3))[2:] == ["doc1 a"]
    eventually(lambda: {d["state"] for d in deliveries(memo)} == {"delivered"})


def test_what_cannot_be_resent_is_named(memo, refusal):
    write(memo, "a")
    known = events(memo)[0]["event"]["id"]
    answer = memo.http.post("/_shapan/events/resend", json={"ids": ["x", known, "y"]})
    assert refusal(answer, 422, "business-rule") == ["/ids/0", "/ids/2"]
    ignored = memo.http.post("/_shapan/events/resend", json={"ids": ["x", known], "ignore_unknown": True}).json()
    assert ignored["unknown"] == ["x"]
    for wrong in ({}, {"types": ["a"]}, {"dead": False}, {"since": "yesterday"}, {"ids": []}):
        assert memo.http.post("/_shapan/events/resend", json=wrong).status_code == 400, wrong
    leap = {"since": "2016-12-31T23:59:60Z"}
    assert refusal(memo.http.post("/_shapan/events/resend", json=leap), 400, "validation-failed") == ["/since"]
    assert refusal(memo.http.get("/_shapan/events", params=leap), 400, "validation-failed") == ["/since"]


def test_an_ended_subscription_is_told_from_a_failed_one(memo, receiver, eventually):
    receiver.answers = [410]
    subscribe(memo, receiver.url)
    write(memo, "a")
    eventually(lambda: deliveries(memo)[0]["state"] == "given-up")
    assert "ended its subscription" in deliveries(memo)[0]["reason"]["en"]
    assert memo.http.post("/_shapan/events/resend", json={"dead": True}).json()["deliveries"] == 0


def test_an_idle_workspace_is_not_looked_at(memo, receiver, eventually, monkeypatch):
    """Only the workspace in which something happens is looked at, however many there are."""
    for n in range(20):
        memo.http.put(f"/_shapan/workspaces/idle-{n}").raise_for_status()
    courier = memo.runtime.courier
    eventually(lambda: not courier._next)
    looked = []
    look = courier._look
    monkeypatch.setattr(courier, "_look", lambda workspace: (looked.append(workspace.name), look(workspace))[1])
    subscribe(memo, receiver.url)
    write(memo, "a")
    receiver.wait_for(1)
    eventually(lambda: deliveries(memo)[0]["state"] == "delivered")
    eventually(lambda: not courier._next)
    assert set(looked) == {"default"}


def test_a_retry_waits_on_the_clock_and_not_on_looks(memo, receiver, eventually, monkeypatch):
    """While the clock is frozen nothing is looked at; once it runs, fast, the retry comes by itself."""
    clock(memo, frozen=True)
    receiver.answers = [500, 204]
    subscribe(memo, receiver.url)
    write(memo, "a")
    eventually(lambda: deliveries(memo)[0]["attempts"] == 1)
    courier = memo.runtime.courier
    eventually(lambda: not courier._next)
    clock(memo, frozen=False, rate=1000)
    receiver.wait_for(2)
    eventually(lambda: deliveries(memo)[0]["state"] == "delivered")


def test_a_held_workspace_delivers_once_it_opens(memo, receiver, eventually):
    subscribe(memo, receiver.url)
    gate = memo.runtime.workspace("default").gate
    memo.runtime.courier.stop()
    write(memo, "a")
    holder = gate.hold(60, 5)
    assert holder is not None
    courier = memo.runtime.courier
    courier._stopping = False
    courier._webhooks = type(courier._webhooks)(memo.runtime.settings.webhook_targets)
    courier.start()
    eventually(lambda: courier._next.get("default", 0.0) > 0)
    assert receiver.got == []
    gate.release(holder)
    receiver.wait_for(1)


def test_webhooks_are_called_in_order_however_many_receivers_there_are(memo, receiver, eventually):
    for _ in range(3):
        subscribe(memo, receiver.url)
    write(memo, *(f"doc{n % 2} {n:02d}" for n in range(20)))
    receiver.wait_for(60)
    eventually(lambda: {d["state"] for d in deliveries(memo)} == {"delivered"})
    assert len(deliveries(memo)) == 60
