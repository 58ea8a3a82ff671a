"""What a verdict costs: the first look at a world, looks after one more order, and looks when nothing happened.

    python benchmarks/oracle.py [--size medium] [--rounds 10]

A sandbox is started here and removed; nothing joins its systems, so that each order is one difference more. Prints Markdown. Exit code 1 when a look after one
more order takes more than MOST of the first one, or a look says another thing than a control that looks for the first time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import httpx

from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox

MOST = 0.8


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="medium")
    parser.add_argument("--rounds", type=int, default=10, help="medians are reported")
    wish = parser.parse_args()
    with ProcessSandbox(plan(size=wish.size, seed=42, port=None)) as sandbox:
        options = sandbox.options
        with (
            httpx.Client(base_url=options.url("control"), trust_env=False, timeout=120) as control,
            httpx.Client(base_url=options.url("crm"), trust_env=False, timeout=30) as crm,
        ):
            control.get("/systems").raise_for_status()
            form = {
                "grant_type": "client_credentials",
                "client_id": options.client.client_id,
                "client_secret": options.client.secret,
            }
            token = crm.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
            crm.headers["Authorization"] = f"Bearer {token}"
            sys.exit(_measure(control, crm, wish.size, wish.rounds))


def _measure(control: httpx.Client, crm: httpx.Client, size: str, rounds: int) -> int:
    first, _ = _look(control)
    after: list[float] = []
    idle: list[float] = []
    scoped: list[float] = []
    for number in range(1, rounds + 1):
        order = _order(crm)
        seconds, verdict = _look(control)
        after.append(seconds)
        if len(verdict["differences"]) != number:
            print(f"After {number} orders there are {len(verdict['differences'])} differences.", file=sys.stderr)
            return 1
        idle.append(_look(control)[0])
        scoped.append(_look(control, order=order)[0])
    print(f"| verdict over a {size} world | median ms | slowest ms |")
    print("|---|---|---|")
    print(f"| first look | {first * 1000:.0f} | |")
    for name, measured in (
        ("after one more order", after),
        ("nothing happened", idle),
        ("nothing happened, one order", scoped),
    ):
        print(f"| {name} | {statistics.median(measured) * 1000:.0f} | {max(measured) * 1000:.0f} |")
    return 1 if statistics.median(after) > MOST * first else 0


def _look(control: httpx.Client, **scope: str) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    answer = control.get("/reconciliation", params=scope).raise_for_status()
    return time.perf_counter() - started, answer.json()


def _order(crm: httpx.Client) -> str:
    customer = crm.get("/customers", params={"limit": 1}).json()["items"][0]
    product = crm.get("/products", params={"limit": 1}).json()["items"][0]
    body = {"customerId": customer["id"], "submit": True, "lines": [{"productCode": product["code"], "quantity": 1}]}
    order: dict[str, Any] = crm.post("/orders", json=body).raise_for_status().json()
    if order["state"] != "confirmed":
        sys.exit(f"Order {order['number']} is {order['state']}.")
    return str(order["number"])


if __name__ == "__main__":
    main()
