"""Events at a real RabbitMQ and a real Redis: all of them, in order per document, over restarts of the broker and of the simulator."""

from __future__ import annotations

import signal

import pytest

from shapan.kernel.delivery.brokers import Batch, BrokerDown, BrokerError, Message, broker_of, shown
from shapan.kernel.runtime import Runtime

pytestmark = [pytest.mark.long, pytest.mark.in_process]


@pytest.fixture
def memo(serve, memo_system, broker):
    return serve(memo_system, broker_url=broker.url)


def write(memo, *texts):
    return [memo.post("/memos", json={"text": text, "day": "2026-01-01"}).raise_for_status().json() for text in texts]


def health(memo):
    return memo.http.get("/_shapan/health").json()["broker"]


class Seen:
    """What a consumer has taken so far."""

    def __init__(self, take):
        self._take = take
        self.events = []

    def texts(self):
        self.events += self._take()
        return [event["data"]["text"] for event in self.events]


def test_every_event_arrives_in_order(memo, reader, eventually):
    seen = Seen(reader)
    written = write(memo, *(f"doc{n % 3} {n:02d}" for n in range(30)))
    eventually(lambda: len(seen.texts()) == 30)
    assert {event["id"] for event in seen.events} == {e["id"] for e in memo.get("/events").json()["events"]}
    assert sorted(event["data"]["id"] for event in seen.events) == [made["id"] for made in written]
    for document in ("doc0", "doc1", "doc2"):
        texts = [text for text in seen.texts() if text.startswith(document)]
        assert texts == sorted(texts)
    assert {(e["source"], e["type"], e["specversion"]) for e in seen.events} == {
        ("urn:shapan:note", "memo.created", "1.0")
    }


def test_it_is_one_more_receiver_beside_the_webhooks(memo, reader, receiver, eventually, broker):
    seen = Seen(reader)
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    assert memo.post("/webhooks", json={"url": receiver.url, "secret": secret}).status_code == 201
    write(memo, "both")
    assert receiver.wait_for(1)[0]["data"]["text"] == "both"
    eventually(lambda: seen.texts() == ["both"])
    assert seen.events == receiver.wait_for(1)

    def states():
        [entry] = memo.http.get("/_shapan/events").json()["events"]
        return {d["webhook_id"] == "broker": (d["state"], d["url"]) for d in entry["deliveries"]}

    eventually(lambda: {state for state, _ in states().values()} == {"delivered"})
    assert states()[True] == ("delivered", shown(broker.url))
    assert "guest" not in states()[True][1]


def test_workspaces_are_told_apart_by_the_source(memo, reader, eventually):
    seen = Seen(reader)
    memo.http.put("/_shapan/workspaces/blue").raise_for_status()
    memo.http.post(
        "/ws/blue/memos",
        json={"text": "b", "day": "2026-01-01"},
        headers={"Authorization": f"Bearer {memo.fetch_token(prefix='/ws/blue')}"},
    ).raise_for_status()
    eventually(lambda: seen.texts() == ["b"])
    assert seen.events[0]["source"] == "urn:shapan:note:blue"


def test_a_broker_that_is_down_costs_nothing_but_time(memo, reader, broker, eventually):
    """Killed in mid-stream: nothing is lost, nothing is given up, and all goes on by itself once it is back."""
    seen = Seen(reader)
    write(memo, "doc1 1")
    eventually(lambda: seen.texts() == ["doc1 1"])
    broker.stop(signal.SIGKILL)
    try:
        write(memo, *(f"doc{n % 2} {n}" for n in range(2, 8)))
        eventually(lambda: health(memo)["connected"] is False)
        assert health(memo)["reason"]
        assert health(memo)["waiting"] == 6
        waiting = [d for e in memo.http.get("/_shapan/events").json()["events"] for d in e["deliveries"]]
        assert {(d["state"], d["attempts"]) for d in waiting[1:]} == {("waiting", 0)}
        assert "shapan_broker_connected 0.0" in memo.http.get("/_shapan/metrics").text
    finally:
        broker.start()
    eventually(lambda: len(set(seen.texts())) == 7)
    assert eventually(lambda: health(memo)["waiting"] == 0)
    assert health(memo) == {"url": shown(broker.url), "connected": True, "reason": None, "waiting": 0}
    for document in ("doc0", "doc1"):
        firsts = [text for text in dict.fromkeys(seen.texts()) if text.startswith(document)]
        assert firsts == sorted(firsts)


def test_what_a_stopped_simulator_owed_the_next_one_publishes(memo, reader, eventually):
    seen = Seen(reader)
    memo.runtime.courier.stop()
    write(memo, "a", "b")
    assert seen.texts() == []
    again = Runtime(memo.runtime.system, memo.runtime.settings)
    again.start()
    try:
        eventually(lambda: sorted(seen.texts()) == ["a", "b"])
    finally:
        again.stop()


def test_a_refused_message_is_tried_again_and_given_up(memo, reader, eventually, monkeypatch):
    memo.http.post("/_shapan/clock", json={"frozen": True})
    seen = Seen(reader)

    def refuse(batch):
        batch.said[:] = ["no room"] * len(batch.said)

    publisher = memo.runtime.courier.publisher
    monkeypatch.setattr(publisher._broker, "publish", refuse)
    write(memo, "x")

    def delivery():
        [entry] = memo.http.get("/_shapan/events").json()["events"]
        return entry["deliveries"][0]

    for attempt in range(1, 13):
        eventually(lambda attempt=attempt: delivery()["attempts"] == attempt)
        assert "no room" in delivery()["last_result"]
        memo.http.post("/_shapan/clock", json={"advance_seconds": 512})
    assert delivery()["state"] == "given-up"
    assert "12 attempts" in delivery()["reason"]["en"]
    assert health(memo)["connected"] is True
    monkeypatch.undo()
    answer = memo.http.post("/_shapan/events/resend", json={"dead": True})
    assert answer.json() == {"events": 1, "deliveries": 1, "unknown": []}
    eventually(lambda: seen.texts() == ["x"])


def test_an_adapter_says_what_became_of_each(broker, reader):
    adapter = broker_of(broker.url)
    adapter.check()
    batch = Batch.of(
        [Message(str(n), "t", "s", "d", f'{{"id":"{n}","type":"t","source":"s","subject":"d"}}') for n in range(1000)]
    )
    adapter.publish(batch)
    assert batch.said == [True] * 1000
    assert [event["id"] for event in reader()] == [str(n) for n in range(1000)]
    adapter.close()


@pytest.mark.parametrize("url", ["amqp://guest:secret@127.0.0.1:9/", "redis://:secret@127.0.0.1:9/0"])
def test_nobody_there_is_said_without_the_password(url):
    adapter = broker_of(url)
    for ask in (adapter.check, lambda: adapter.publish(Batch.of([Message("1", "t", "s", "d", "{}")]))):
        with pytest.raises(BrokerDown) as caught:
            ask()
        assert "refused" in str(caught.value)
        assert "secret" not in str(caught.value)
    adapter.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "amqp://",
        "http://127.0.0.1",
        "amqp://host:port",
        "amqp://h/a/b",
        "redis://h/x",
        "redis://h:0/0",
        "amqp://h/?a=secret",
        "kafka://h",
    ],
)
def test_a_url_that_is_none_is_refused_in_one_sentence(url):
    with pytest.raises(BrokerError) as caught:
        broker_of(url)
    assert "amqp://user:password@host:port/vhost" in caught.value.en
    assert "secret" not in caught.value.en + caught.value.zh


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("amqp://u:p@h/v", "amqp://h:5672/v"),
        ("amqps://u:p@h:1", "amqps://h:1"),
        ("redis://:p@[::1]:6379/3", "redis://[::1]:6379/3"),
        ("rediss://h", "rediss://h:6379"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, text):
    assert shown(url) == text


def test_a_missing_library_is_one_sentence(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == "redis" or name.endswith("redis_stream")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(BrokerError, match=r'pip install "shapan\[broker\]"'):
        broker_of("redis://127.0.0.1/0")
