"""Faults of events on their way: what a receiver gets over real HTTP, and what the sender believes of it."""

from __future__ import annotations

import pytest

TYPE = "crm.order.confirmed"
MATCH = {"types": ["crm.order.*"]}


@pytest.fixture
def sell(one_shop):
    """sell() places an order and gives its number."""

    def place():
        answer = one_shop.order()
        assert answer.status_code == 201, answer.text
        return answer.json()["number"]

    return place


@pytest.fixture
def states(one_shop):
    """states(number) -> [(state, attempts, last result)] of the deliveries of an order's event."""

    def of(number):
        page = one_shop.http.get(f"{one_shop.url}/_shapan/events?limit=500").json()["events"]
        return [
            (delivery["state"], delivery["attempts"], delivery["last_result"])
            for item in page
            if item["event"]["type"] == TYPE and item["event"]["data"]["number"] == number
            for delivery in item["deliveries"]
        ]

    return of


def test_lost(one_shop, hook, receiver, sell, states, eventually):
    rule = one_shop.add("event-lost", match={**MATCH, "webhook": hook}, times=1)
    lost, kept = sell(), sell()
    assert receiver.numbers(1) == [kept]
    [(state, _, result)] = eventually(lambda: [one for one in states(lost) if one[0] == "delivered"])
    assert state == "delivered"
    assert rule["id"] in result
    # The pull feed still has it, and it can be sent again by hand.
    feed = one_shop.get("/events?limit=500").json()["events"]
    [event] = [e for e in feed if e["type"] == TYPE and e["data"]["number"] == lost]
    assert one_shop.http.post(f"{one_shop.url}/_shapan/events/{event['id']}/resend").json() == {"deliveries": 1}
    assert receiver.numbers(2) == [kept, lost]
    assert one_shop.counts(rule["id"]) == (1, 1, True)


def test_duplicated(one_shop, hook, receiver, sell, states, eventually):
    one_shop.add("event-duplicated", match={**MATCH, "nth": 2}, parameters={"copies": 3})
    first, second, third = sell(), sell(), sell()
    assert sorted(receiver.numbers(5)) == sorted([first, second, second, second, third])
    copies = [event["id"] for event in receiver.got if event["data"]["number"] == second]
    assert len(set(copies)) == 1
    eventually(lambda: [one[:2] for one in states(second)] == [("delivered", 1)])


def test_delayed(one_shop, hook, receiver, sell, states, eventually):
    one_shop.clock(frozen=True)
    rule = one_shop.add("event-delayed", match={**MATCH, "nth": 1}, parameters={"seconds": 7200})
    late, prompt = sell(), sell()
    assert receiver.numbers(1) == [prompt]
    eventually(lambda: [one[:2] for one in states(late)] == [("waiting", 0)])
    one_shop.clock(advance_seconds=7199)
    one_shop.token = one_shop.fetch_token()
    third = sell()
    assert receiver.numbers(2) == [prompt, third]
    one_shop.clock(advance_seconds=1)
    assert receiver.numbers(3) == [prompt, third, late]
    assert one_shop.fault(rule["id"])["applied"] == 1


def test_out_of_order(one_shop, hook, receiver, sell):
    one_shop.clock(frozen=True)
    one_shop.add("event-out-of-order", match=MATCH, times=1)
    first = sell()
    second = sell()
    assert receiver.numbers(2) == [second, first]


def test_out_of_order_for_so_long_at_most(one_shop, hook, receiver, sell, eventually, states):
    one_shop.clock(frozen=True)
    one_shop.add("event-out-of-order", match=MATCH, times=1, parameters={"longest_seconds": 30})
    only = sell()
    eventually(lambda: [one[:2] for one in states(only)] == [("waiting", 0)])
    assert receiver.got == []
    one_shop.clock(advance_seconds=30)
    assert receiver.numbers(1) == [only]


def test_out_of_order_also_within_a_document(one_shop, receiver):
    everything = {"url": receiver.url, "secret": receiver.secret}
    assert one_shop.request("POST", "/webhooks", json=everything).status_code == 201
    one_shop.clock(frozen=True)
    one_shop.add("event-out-of-order", match={"types": [TYPE]}, times=1)
    order = one_shop.order()
    cancel = one_shop.request(
        "POST",
        f"/orders/{order.json()['id']}/cancel",
        json={"reason": "changed their mind"},
        headers={"If-Match": order.headers["ETag"]},
    )
    assert cancel.status_code == 200, cancel.text
    of_it = [e["type"] for e in receiver.wait_for(2) if e["subject"] == receiver.got[0]["subject"]]
    assert of_it == ["crm.order.cancelled", TYPE]


def test_wrong_signature_is_refused_and_comes_again(one_shop, hook, receiver, sell, states, eventually):
    rule = one_shop.add("event-wrong-signature", match=MATCH, times=2)
    number = sell()
    eventually(lambda: receiver.forged == 1)
    eventually(lambda: states(number)[0] == ("waiting", 1, "HTTP 401"))
    one_shop.clock(advance_seconds=600)
    eventually(lambda: receiver.forged == 2)
    one_shop.clock(advance_seconds=600)
    assert receiver.numbers(1) == [number]
    eventually(lambda: states(number)[0][:2] == ("delivered", 3))
    assert one_shop.counts(rule["id"]) == (2, 2, True)


def test_replayed(one_shop, hook, receiver, sell, eventually):
    one_shop.clock(frozen=True)
    rule = one_shop.add("event-replayed", match={**MATCH, "nth": 1}, parameters={"after_seconds": 600})
    number = sell()
    other = sell()
    assert sorted(receiver.numbers(2)) == sorted([number, other])
    # Noted before the clock is moved, or the while would begin later.
    eventually(lambda: one_shop.fault(rule["id"])["applied"] == 1)
    eventually(
        lambda: any(
            delivery["state"] == "waiting"
            for item in one_shop.http.get(f"{one_shop.url}/_shapan/events?limit=500").json()["events"]
            for delivery in item["deliveries"]
        )
    )
    one_shop.clock(advance_seconds=600)
    assert receiver.numbers(3)[2] == number
    ids = [event["id"] for event in receiver.got if event["data"]["number"] == number]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    one_shop.clock(advance_seconds=6000)
    one_shop.token = one_shop.fetch_token()
    last = sell()
    assert receiver.numbers(4)[3] == last  # and not a third time


def test_the_pull_feed_is_affected_only_when_the_rule_says_so(one_shop, sell):
    def fed(after="0"):
        page = one_shop.get(f"/events?after={after}&limit=500").json()
        return [e["data"]["number"] for e in page["events"] if e["type"] == TYPE], page

    before = sell()
    one_shop.add("event-lost", id="not-here", match=MATCH)
    one_shop.add("event-lost", id="here", match={**MATCH, "nth": 1}, feed=True)
    lost, kept = sell(), sell()
    numbers, page = fed()
    assert (before in numbers, lost in numbers, kept in numbers) == (True, False, True)
    # Whoever reads again sees the same, and the cursor has passed the one that is lost.
    assert fed()[0] == numbers
    assert fed(page["next"])[0] == []
    assert one_shop.counts("here") == (2, 1, False)
    assert one_shop.counts("not-here") == (0, 0, False)


def test_a_late_event_holds_the_pull_feed_up(one_shop, sell):
    one_shop.clock(frozen=True)
    start = one_shop.get("/events?limit=500").json()["next"]
    one_shop.add("event-delayed", match={**MATCH, "nth": 2}, parameters={"seconds": 60}, feed=True)
    first, second, third = sell(), sell(), sell()

    def numbers(after):
        page = one_shop.get(f"/events?after={after}&limit=500").json()
        return [e["data"]["number"] for e in page["events"] if e["type"] == TYPE], page["next"], page["has_more"]

    got, cursor, more = numbers(start)
    assert (got, more) == ([first], False)
    assert numbers(cursor)[0] == []
    one_shop.clock(advance_seconds=60)
    assert numbers(cursor)[0] == [second, third]
