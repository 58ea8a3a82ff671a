"""Nothing that was acknowledged is lost: the CRM is killed and the broker restarted while orders are entered."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from itertools import count

import httpx
import pytest

from shapan.cli.desk import Desk
from shapan.kernel.auth import Client
from shapan.sandbox.options import plan
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.processes import ProcessSandbox

CLIENT = Client("tests", "tests-secret")
ROUNDS = 2


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kills_and_restarts_lose_nothing(broker, reader, eventually):
    whole = plan(size="tiny", port=None, client=CLIENT, outgoing=Outgoing(broker.url))
    options = replace(whole, ports={"crm": whole.ports["crm"]})
    seen: list[dict] = []
    acknowledged: set[str] = set()

    def arrived() -> set[str]:
        seen.extend(reader())
        return {event["subject"] for event in seen if event["type"] == "crm.order.confirmed"}

    with ProcessSandbox(options) as sandbox:
        keys = count(1)

        def enter(number: int) -> None:
            """Enter so many orders; each is acknowledged."""
            desk = Desk("crm", options.url("crm"), CLIENT)
            product = desk.get("/products", limit=1)["items"][0]["code"]
            customer = desk.get("/customers", limit=1)["items"][0]["id"]
            body = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
            for _ in range(number):
                acknowledged.add(desk.post("/orders", body, key=f"k{next(keys)}")["number"])
            desk.close()

        for round_ in range(ROUNDS):
            enter(10)
            if round_ % 2 == 0:
                broker.stop(signal.SIGKILL)
            enter(10)
            os.kill(sandbox.health("crm")["pid"], signal.SIGKILL)
            sandbox.restart("crm")
            enter(5)
            if round_ % 2 == 0:
                broker.start()
        eventually(lambda: acknowledged <= arrived())
        health = eventually(lambda: (h := sandbox.health("crm")["broker"])["waiting"] == 0 and h)
        assert health["connected"] is True
        feed = httpx.get(options.url("crm") + "/_shapan/events", params={"limit": 500}, trust_env=False).json()[
            "events"
        ]
        # Whatever the simulator says was delivered, the broker has; and of each document the first arrivals are in order.
        assert {entry["event"]["id"] for entry in feed} <= {event["id"] for event in seen}
        for subject in {event["subject"] for event in seen}:
            order = list(dict.fromkeys(int(event["sequence"]) for event in seen if event["subject"] == subject))
            assert order == sorted(order), json.dumps(seen)
    assert len(acknowledged) == ROUNDS * 25


def test_the_url_is_not_in_the_command_line(broker):
    options = plan(size="tiny", port=None, client=CLIENT, outgoing=Outgoing(broker.url))
    try:
        words = " ".join(ProcessSandbox(options).command("crm"))
        assert "redis" not in words
        assert "amqp" not in words
    finally:
        options.folder.rmdir()
