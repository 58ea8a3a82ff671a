"""One life of the integration in this thread, and the three real systems with the people in them, whom the test plays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx

from shapan.reference.client import SystemClient
from shapan.reference.flows import Flows
from shapan.reference.flows.balances import BalanceFlow
from shapan.reference.flows.base import Context
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.flows.orders import OrderFlow
from shapan.reference.inbox import Inbox
from shapan.reference.parts import STANDARD
from shapan.reference.pull import Puller
from shapan.reference.state import State
from shapan.reference.worker import Worker


class FakeTime:
    """A clock that moves by sleeping only, and remembers each sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


Json = dict[str, Any]

# What some events ask for, whatever flows there are besides. It is told by the event alone: nobody has to be there.
_NOBODY = cast(Context, SimpleNamespace(**dict.fromkeys(Context.__slots__)))
work_of = Flows(_NOBODY, (OrderFlow, DeliveryFlow, BalanceFlow)).work_of


def done(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    return dict(response.json())


class Integration:
    """One life of the integration: state in a folder, everything in this thread. Killed by simply not being used again."""

    def __init__(self, clients: dict[str, SystemClient], folder: Path) -> None:
        self.state = State(folder)
        crm, scm, finance = clients["crm"], clients["scm"], clients["finance"]
        flows = Flows(STANDARD.context(crm, scm, finance, self.state))
        inbox = Inbox(self.state, flows.work_of)
        self.time = FakeTime()
        self.worker = Worker(self.state, inbox, flows.handlers(), clock=self.time, jitter=lambda: 0.0)
        self.pullers = {
            name: Puller(client, inbox, self.state, 1.0, lambda _: True) for name, client in clients.items()
        }

    def pull(self, *systems: str) -> int:
        return sum(self.pullers[system].pull() for system in systems or self.pullers)

    def work(self) -> None:
        """Work until nothing is due."""
        while self.worker.step():
            pass

    def run(self) -> None:
        """Work what is left over, then pull and work until nothing is new; nothing may be given up."""
        self.work()
        while self.pull():
            self.work()
        assert self.state.waiting() == []
        assert self.state.dead_letters() == []


class House:
    """The three systems with the people in them."""

    def __init__(self, crm: Any, scm: Any, finance: Any) -> None:
        self.crm, self.scm, self.finance = crm, scm, finance
        self.keys = itertools.count()

    def customer(self, number: int = 0) -> Json:
        return dict(done(self.crm.get("/customers"))["items"][number])

    def order(
        self, customer: Json | None = None, lines: Sequence[tuple[int, int, float]] = ((0, 2, 99.99),), **more: Any
    ) -> Json:
        """A confirmed order; a line is (number of the product in the price list, quantity, price)."""
        products = done(self.crm.get("/products"))["items"]
        body = {
            "customerId": (customer or self.customer())["id"],
            "submit": True,
            "lines": [{"productCode": products[p]["code"], "quantity": q, "unitPrice": price} for p, q, price in lines],
            **more,
        }
        return done(self.crm.post("/orders", json=body))

    def sales_orders(self, order: Json) -> list[Json]:
        return list(done(self.scm.get("/sales-orders", params={"source_document": order["number"]}))["items"])

    def ship(self, sales_order: Json, lines: list[Json] | None = None, **shipping: Any) -> Json:
        body = {"sales_order_no": sales_order["sales_order_no"], **({"lines": lines} if lines else {})}
        delivery = done(self.scm.post("/deliveries", json=body))
        return done(self.scm.post(f"/deliveries/{delivery['delivery_no']}/ship", json=shipping))

    def receivables(self, order: Json) -> list[Json]:
        return list(done(self.finance.get("/receivables", params={"order_reference": order["number"]}))["items"])

    def crm_order(self, order: Json) -> Json:
        return done(self.crm.get(f"/orders/{order['id']}"))


def in_reverse(integration: Integration) -> None:
    """Turn the order of all waiting events round, as a network that delivers late does."""
    with integration.state._transaction() as db:
        db.execute("UPDATE inbox SET id = -id WHERE state = 'waiting'")
