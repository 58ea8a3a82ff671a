"""What salespeople, their managers and an integration do in the CRM, and what must hold whatever they did."""

from __future__ import annotations

from typing import Any

from shapan.crm import SYSTEM
from tests.machines.harness import WORLD, Draws, Json, Room, Worker, gaps

CUSTOMERS = [customer.id for customer in WORLD.crm.customers]
PRODUCTS = [product.code for product in WORLD.crm.products]


def _lines(draws: Draws) -> list[Json]:
    lines: list[Json] = [
        {
            "productCode": draws.one_of([*PRODUCTS[:8], "NO-SUCH-1"]) if draws.chance(20) else draws.one_of(PRODUCTS),
            "quantity": draws.number(1, 40),
        }
        for _ in range(draws.number(1, 3))
    ]
    for line in lines:
        if draws.chance(30):
            line["unitPrice"] = draws.number(1, 99999) / 100
    return lines


def _some(worker: Worker, draws: Draws, path: str, **params: Any) -> Json:
    """One document of a list, any; an empty one where there is none, whose id no system knows."""
    item: Json | None = draws.one_of(worker.pages(path, **params))
    return item or {"id": "00000000-0000-4000-8000-000000000000"}


def enter_order(worker: Worker, draws: Draws) -> None:
    customer = draws.one_of(CUSTOMERS) if draws.chance(95) else "00000000-0000-4000-8000-000000000000"
    body = {"customerId": customer, "lines": _lines(draws), "submit": draws.chance(60)}
    worker.call("POST", "/orders", body)


def submit_order(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/orders/{_some(worker, draws, '/orders')['id']}/submit")


def cancel_order(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/orders/{_some(worker, draws, '/orders')['id']}/cancel", {"reason": "客户取消"})


def deliver_order(worker: Worker, draws: Draws) -> None:
    order = _some(worker, draws, "/orders")
    status = draws.one_of(["none", "partial", "complete"])
    version = f'"{draws.number(1, 4)}"'
    worker.call("PATCH", f"/orders/{order['id']}", {"deliveryStatus": status}, **{"If-Match": version})


def change_draft(worker: Worker, draws: Draws) -> None:
    order = _some(worker, draws, "/orders", state="draft")
    worker.call("PATCH", f"/orders/{order['id']}", {"lines": _lines(draws)}, **{"If-Match": f'"{draws.number(1, 2)}"'})


def report_balance(worker: Worker, draws: Draws) -> None:
    body = {
        "openAmount": draws.number(0, 9999) / 100,
        "overdueAmount": 0,
        "asOf": f"2026-01-15T09:{draws.number(0, 59):02}:00+08:00",
    }
    worker.call("PUT", f"/customers/{draws.one_of(CUSTOMERS)}/balance", body)


ACTIONS = (enter_order, submit_order, cancel_order, deliver_order, change_draft, report_balance)


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """Numbers without gaps; headers are the sums of their lines; what was decided is not undone."""
    orders = worker.pages("/orders")
    assert gaps([order["number"] for order in orders]) == []
    decided = memory.setdefault("decided", {})
    for order in orders:
        for amount in ("netAmount", "taxAmount", "grossAmount"):
            assert round(sum(line[amount] for line in order["lines"]), 2) == order[amount], order
        assert round(order["netAmount"] + order["taxAmount"], 2) == order["grossAmount"]
        if order["state"] == "cancelled":
            assert order["deliveryStatus"] == "none"
        was = decided.setdefault(order["id"], order["state"])
        assert was != "cancelled" or order["state"] == "cancelled", order
        decided[order["id"]] = order["state"]
    shown = {order["number"]: order["state"] for order in orders}
    assert {order["number"]: order["state"] for order in facts["orders"]} == shown
    # Whoever missed an event could never be right again: each decision left one.
    events = worker.get("/events", limit=500)["events"]
    confirmed = [event["subject"] for event in events if event["type"] == "crm.order.confirmed"]
    if len(events) < 500:
        assert {order["number"] for order in orders if order["confirmedAt"]} <= set(confirmed)


ROOM = Room(SYSTEM, ACTIONS, check)
