"""Faults that make a request wait: latency and hang. What waits holds nobody up, and goes on when the fault heals or goes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

CREATE = ["createOrder"]
MANY = 40


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Other clients, each in a thread."""
    with ThreadPoolExecutor(MANY) as pool:
        yield pool


def test_latency_before_and_after_add_up(shop):
    shop.add("latency", id="one", parameters={"ms": 150}, operations=CREATE)
    shop.add("latency", id="two", parameters={"ms": 250, "at": "after"}, operations=CREATE)
    shop.add("latency", id="three", parameters={"ms": 100}, operations=CREATE, times=1)
    before = len(shop.orders())
    late = shop.order()
    assert late.status_code == 201
    # Never earlier; how much later is nobody's promise.
    assert late.elapsed.total_seconds() >= 0.5
    assert shop.journal(operation_id="createOrder")[0]["faults"] == ["one", "two", "three"]
    assert shop.counts("three") == (1, 1, True)
    assert len(shop.orders()) == before + 1


def test_latency_by_a_distribution_is_drawn_from_the_seed(one_shop, threads):
    from shapan.kernel.faults.draws import draw
    from shapan.kernel.faults.kinds.latency import milliseconds

    rule = one_shop.add("latency", parameters={"median_ms": 60, "p95_ms": 200}, operations=["listOrders"])
    stream = f"42/crm/{one_shop.name}/{rule['id']}/latency"
    for number in (1, 2, 3):
        wanted = milliseconds({"median_ms": 60, "p95_ms": 200}, draw(stream, number))
        assert one_shop.get("/orders").elapsed.total_seconds() >= wanted / 1000


def test_hang_lasts_until_the_fault_is_removed(shop, elsewhere, eventually):
    rule = shop.add("hang", operations=CREATE)
    before = len(shop.orders())
    hung = elsewhere.submit(shop.order)
    eventually(lambda: shop.counts(rule["id"])[1] == 1)
    assert len(shop.orders()) == before
    assert not hung.done()
    shop.remove(rule["id"])
    assert hung.result(20).status_code == 201
    assert len(shop.orders()) == before + 1
    assert shop.journal(operation_id="createOrder")[0]["faults"] == [rule["id"]]


def test_many_that_hang_hold_nobody_up(shop, elsewhere, eventually):
    rule = shop.add("hang", operations=["listCustomers"])
    hung = [elsewhere.submit(shop.get, "/customers?limit=1") for _ in range(MANY)]
    eventually(lambda: shop.counts(rule["id"])[1] == MANY)
    assert shop.order().status_code == 201
    assert shop.get("/orders").status_code == 200
    assert not any(one.done() for one in hung)
    shop.http.delete(f"{shop.url}/_shapan/faults")
    assert {one.result(20).status_code for one in hung} == {200}


def test_hang_heals_when_the_clock_is_advanced(shop, elsewhere, eventually):
    shop.clock(frozen=True)
    rule = shop.add("hang", operations=CREATE, heal_after_seconds=600)
    hung = elsewhere.submit(shop.order)
    eventually(lambda: shop.counts(rule["id"])[1] == 1)
    shop.clock(advance_seconds=599)
    assert not hung.done()
    assert shop.fault(rule["id"])["healed"] is False
    shop.clock(advance_seconds=1)
    assert hung.result(20).status_code == 201
    assert shop.counts(rule["id"]) == (1, 1, True)
    assert shop.order().status_code == 201


def test_hang_heals_as_the_clock_runs(shop, elsewhere):
    rule = shop.add("hang", operations=CREATE, heal_after_seconds=0.4)
    assert elsewhere.submit(shop.order).result(20).status_code == 201
    assert shop.fault(rule["id"])["healed"] is True


def test_hang_for_some_seconds(shop):
    shop.add("hang", parameters={"seconds": 0.3}, operations=CREATE)
    late = shop.order()
    assert late.status_code == 201
    assert late.elapsed.total_seconds() >= 0.3


def test_one_that_hangs_by_the_last_time_still_hangs(shop, elsewhere, eventually):
    rule = shop.add("hang", operations=CREATE, times=1)
    hung = elsewhere.submit(shop.order)
    eventually(lambda: shop.counts(rule["id"]) == (1, 1, True))
    assert shop.order().status_code == 201
    assert not hung.done()
    shop.remove(rule["id"])
    assert hung.result(20).status_code == 201


def test_a_reset_lets_everybody_go(shop, elsewhere, eventually):
    rule = shop.add("hang", operations=["listProducts"])
    hung = elsewhere.submit(shop.get, "/products")
    eventually(lambda: shop.counts(rule["id"])[1] == 1)
    assert shop.http.post(f"{shop.url}/_shapan/reset").status_code == 200
    assert hung.result(20).status_code == 200
    assert shop.http.get(f"{shop.url}/_shapan/faults").json() == {"items": []}


@pytest.mark.parametrize(("abandoned", "made"), [("forget", 0), ("serve", 1)])
def test_what_becomes_of_a_request_whose_client_hung_up(shop, eventually, abandoned, made):
    rule = shop.add(
        "hang", parameters={"abandoned": abandoned}, operations=CREATE, match={"headers": {"X-Impatient": "yes"}}
    )
    before = len(shop.orders())
    with pytest.raises(httpx.ReadTimeout):
        shop.request("POST", "/orders", json=shop.order_body(), headers={"X-Impatient": "yes"}, timeout=0.5)
    assert len(shop.orders()) == before  # by now the server has seen it as well
    shop.remove(rule["id"])
    if made:
        eventually(lambda: len(shop.orders()) == before + 1)
    assert shop.order().status_code == 201
    assert len(shop.orders()) == before + 1 + made
    # The journal has it either way: served late, or as one that nobody was left to answer.
    [noted] = [entry for entry in shop.journal(operation_id="createOrder") if rule["id"] in entry["faults"]]
    assert (noted["status"], noted["sent"]) == ((201, "whole") if made else (499, "nothing"))
