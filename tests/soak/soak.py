"""The soak (耐久测试): people work, everything goes wrong, and at the end nothing acknowledged is lost.

    python tests/soak/soak.py --seconds 600 [--seed 1] [--broker amqp|redis|none]

Starts a sandbox with the reference integration, a receiver of webhooks and, unless --broker none, a broker, all on loopback. For so many seconds orders
are entered, shipped and paid while simulators are killed (-9), the broker is started again, events and requests are faulty and clocks jump.
Then it is quiet, and it is judged:

1. every order, delivery and receipt that was acknowledged is there, once;
2. every event of the feeds has come to the receiver and to the broker, at least once;
3. the events of one document were first seen in their order, by both;
4. the oracle finds that the systems agree.

Exit code 0 when all hold, 1 when not, 2 when it could not be run. The same seed makes the same decisions, though not at the same moments.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from broker import Broker
from business import Business, Caller
from receiver import Receiver
from trouble import Trouble

from shapan.sandbox.integration import REFERENCE, Integration
from shapan.sandbox.options import plan
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.processes import ProcessSandbox

QUIET_SECONDS = 120.0
PATIENCE = 120.0


def main() -> None:
    """Parse the command, soak, print, exit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is troubled (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="of the decisions (default 1)")
    parser.add_argument("--salespeople", type=int, default=3, help="who enter orders (default 3)")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two troubles on average (default 2)")
    parser.add_argument(
        "--broker", choices=("amqp", "redis", "none"), default="none", help="broker beside the webhooks"
    )
    wish = parser.parse_args()
    report = soak(
        wish.seconds, seed=wish.seed, salespeople=wish.salespeople, pause=wish.pause, broker=wish.broker, say=print
    )
    print(json.dumps(report, ensure_ascii=False, indent=1))
    sys.exit(0 if report["ok"] else 1)


def soak(
    seconds: float,
    *,
    seed: int,
    salespeople: int = 3,
    pause: float = 2.0,
    broker: str = "none",
    say: Callable[[str], object] = lambda _: None,
) -> dict[str, Any]:
    """{ok, faults: [sentence…], figures…}."""
    with ExitStack() as stack:
        beside = None
        if broker != "none":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shapan-soak-"))
            beside = Broker(broker, Path(folder) / broker)
            stack.callback(beside.close)
        outgoing = Outgoing(broker=beside.url if beside else None)
        options = plan(profile="trading", size="tiny", seed=seed, port=None, outgoing=outgoing)
        sandbox = stack.enter_context(ProcessSandbox(options))
        watcher = threading.Thread(target=sandbox.watch, args=(lambda en, _: say(f"  {en}"),), daemon=True)
        watcher.start()
        credentials = options.client.client_id, options.client.secret
        receiver = Receiver()
        stack.callback(receiver.close)
        for name in ("crm", "scm", "finance"):
            receiver.subscribe(options.urls[name], credentials)
        integration = stack.enter_context(Integration(REFERENCE, options.urls, options.client))
        business = Business(options.urls, credentials, salespeople=salespeople, seed=seed, patience=PATIENCE)
        stack.callback(business.close)
        trouble = Trouble(
            options.urls["control"], options.urls, seed=seed, pause=pause, integration_hooks=integration.webhook_ids
        )
        trouble.also("integration killed", integration.start_again)
        if beside is not None:
            trouble.also("broker restarted", beside.restart)
        business.start()
        trouble.start()
        begun = time.monotonic()
        while (left := begun + seconds - time.monotonic()) > 0:
            threading.Event().wait(min(left, 10))
            if business.errors or trouble.errors:
                # The verdict is known; to go on would only bury where it began.
                break
            say(
                f"{time.monotonic() - begun:4.0f} s: {len(business.done.orders)} orders, {len(business.done.receipts)} paid"
            )
        trouble.stop()
        trouble.heal()
        business.finish()
        faults = [*business.errors, *trouble.errors]
        faults += judge(options.urls, credentials, business, receiver, beside)
        if integration.exit_code() is not None:
            faults.append("The reference integration has ended.")
        return {
            "ok": not faults,
            "faults": faults,
            "seconds": seconds,
            "seed": seed,
            "orders": len(business.done.orders),
            "deliveries": len(business.done.deliveries),
            "receipts": len(business.done.receipts),
            "repeated": sum(caller.repeated for caller in business.callers.values()),
            "events": receiver.arrivals.different,
            "arrivals": receiver.arrivals.total,
            "broker": {"kind": broker, "events": beside.arrivals.different, "arrivals": beside.arrivals.total}
            if beside
            else None,
            "wrong_signatures": receiver.refused,
            "trouble": dict(sorted(trouble.made.items())),
        }


def judge(
    urls: dict[str, str], credentials: tuple[str, str], business: Business, receiver: Receiver, broker: Broker | None
) -> list[str]:
    """What does not hold, a sentence each."""
    found = acknowledged(business)
    with callers(urls, credentials) as systems:
        feeds = {name: feed(caller) for name, caller in systems.items()}

        everything = [event for events in feeds.values() for event in events]
        taken = {"the receiver": receiver.arrivals}
        eventually(lambda: not receiver.arrivals.missing(everything))
        if broker is not None:
            taken["the broker"] = broker.arrivals
            eventually(lambda: broker.take(everything))
        for who, arrivals in taken.items():
            for event in arrivals.missing(everything)[:5]:
                found.append(
                    f"{event['source']}: {event['type']} of {event['subject']} ({event['sequence']}) never came to {who}."
                )
            for (source, subject), seen in arrivals.out_of_order()[:5]:
                found.append(f"{source}: events of {subject} came to {who} as {seen}.")
    return found + disagreements(urls["control"])


def acknowledged(business: Business) -> list[str]:
    """What was acknowledged and is not there, or there twice."""
    found = []
    crm, scm, finance = (business.callers[name] for name in ("crm", "scm", "finance"))
    noted: dict[str, list[str]] = {}
    cursor: dict[str, str] = {}
    while True:
        page = crm.get("/orders", limit=100, **cursor)
        for order in page["items"]:
            noted.setdefault(order["note"], []).append(order["number"])
        if not page.get("nextCursor"):
            break
        cursor = {"cursor": page["nextCursor"]}
    for key, order in business.done.orders.items():
        if noted.get(key) != [order["number"]]:
            found.append(f"crm: order {order['number']} was acknowledged; there are {noted.get(key, [])}.")
    for number, delivery in business.done.deliveries.items():
        state = scm.get(f"/deliveries/{delivery}")["state"]
        if state != "shipped":
            found.append(f"scm: delivery {delivery} of {number} was acknowledged as shipped and is {state}.")
        receivables = finance.get("/receivables", source_document=delivery)["items"]
        if len(receivables) != 1:
            found.append(f"finance: delivery {delivery} has {len(receivables)} receivables.")
    for delivery, receipt in business.done.receipts.items():
        if finance.get(f"/receipts/{receipt}")["bank_reference"] != f"耐力{delivery}":
            found.append(f"finance: receipt {receipt} is not that of {delivery}.")
    unpaid = set(business.done.deliveries.values()) - set(business.done.receipts)
    return found + [f"finance: {delivery} was shipped and never paid." for delivery in sorted(unpaid)]


def feed(caller: Caller) -> list[dict[str, Any]]:
    """All events of a system."""
    events, after = [], "0"
    while True:
        page = caller.get("/events", after=after, limit=500)
        events += page["events"]
        after = page["next"]
        if not page["has_more"]:
            return events


def disagreements(control: str) -> list[str]:
    """What the oracle finds, once the integration has had time to catch up."""
    verdict: dict[str, Any] = {}

    def agree() -> bool:
        answer = httpx.get(control + "/reconciliation", trust_env=False, timeout=60)
        verdict.clear()
        verdict.update(answer.json() if answer.is_success else {"ok": False, "differences": [{"en": answer.text}]})
        return bool(verdict["ok"])

    eventually(agree)
    return [f"oracle: {difference['en']}" for difference in verdict["differences"] if not verdict["ok"]][:10]


def eventually(check: Callable[[], bool]) -> None:
    """Until it holds, or the time for quiet is over; whoever asks looks again at what is wrong."""
    deadline, pause = time.monotonic() + QUIET_SECONDS, threading.Event()
    while not check() and time.monotonic() < deadline:
        pause.wait(0.5)


@contextmanager
def callers(urls: dict[str, str], credentials: tuple[str, str]) -> Iterator[dict[str, Caller]]:
    """A caller for each system."""
    made = {name: Caller(urls[name], credentials, PATIENCE) for name in ("crm", "scm", "finance")}
    try:
        yield made
    finally:
        for caller in made.values():
            caller.close()


if __name__ == "__main__":
    main()
