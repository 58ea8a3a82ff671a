"""The load generator of `serving.py`: a process of its own, geventhttpclient (what Locust's FastHttpUser is made of) without Locust.

A plan comes as JSON on standard input, the figures go as JSON to standard output. Every connection is a greenlet that sends
its next request when it has the answer to the last (closed loop), over one kept connection.

Plan: {port, token, bodies: [order as JSON text], first: number of the first order (0), phases: [{kind, seconds, connections, …}]}. Kinds:
  orders     `connections` post orders
  customers  `connections` read /customers?limit=20
  burst      `connections` orders released at one instant, `bursts` times
  hang       as orders, but `hung` of the connections read an answer that is delayed by `delay` seconds
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from geventhttpclient import HTTPClient

WARM_SECONDS = 1.0
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 20.0


class Wrong(Exception):
    """An answer that is not the one expected: a rate of refusals is no rate."""


class Generator:
    """Requests against one server. Times are in seconds, by the monotonic clock."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.port = plan["port"]
        self.bodies = [body.encode() for body in plan["bodies"]]
        self.headers = {"Authorization": f"Bearer {plan['token']}"}
        self.sent = plan.get("first", 0)

    def connection(self) -> HTTPClient:
        """One connection, opened by its first request and kept."""
        return HTTPClient("127.0.0.1", self.port, connection_timeout=ANSWER_SECONDS, network_timeout=ANSWER_SECONDS)

    def order(self, http: HTTPClient) -> None:
        """One order, with a fresh Idempotency-Key, as a careful client sends it."""
        self.sent += 1
        body = self.bodies[self.sent % len(self.bodies)]
        key = f"bench-{self.sent}"
        self._expect(
            201,
            http.post("/orders", body, self.headers | {"Content-Type": "application/json", "Idempotency-Key": key}),
        )

    def customers(self, http: HTTPClient) -> None:
        """One page of customers."""
        self._expect(200, http.get("/customers?limit=20", self.headers))

    def hung(self, delay: float) -> Callable[[HTTPClient], None]:
        """A small answer that comes `delay` seconds late."""
        headers = {"X-Bench-Delay": str(delay)}
        return lambda http: self._expect(200, http.get("/_shapan/health", headers))

    def _expect(self, status: int, answer: Any) -> None:
        body = bytes(answer.read())
        if answer.status_code != status:
            raise Wrong(f"HTTP {answer.status_code}: {body[:500].decode('utf-8', 'replace')}")

    def steady(self, send: Callable[[HTTPClient], None], connections: int, seconds: float) -> dict[str, float]:
        """The figures of `connections` that send for `seconds`, after a warm-up in which threads and connections come into being."""
        taken: list[tuple[float, float]] = []
        state = {"running": True}

        def loop() -> None:
            http = self.connection()
            while state["running"]:
                started = time.perf_counter()
                send(http)
                taken.append((started, time.perf_counter()))
            http.close()

        greenlets = [gevent.spawn(loop) for _ in range(connections)]
        gevent.sleep(WARM_SECONDS)
        begin, cpu = time.perf_counter(), time.process_time()
        gevent.sleep(seconds)
        end, cpu = time.perf_counter(), time.process_time() - cpu
        state["running"] = False
        gevent.joinall(greenlets, raise_error=True)
        latencies = sorted(done - started for started, done in taken if begin <= started < end)
        finished = sum(begin <= done < end for _, done in taken)
        return {
            "rate": finished / (end - begin),
            "sent": len(taken),
            "p50": percentile(latencies, 50),
            "p99": percentile(latencies, 99),
            "max": percentile(latencies, 100),
            "generator_busy": cpu / (end - begin),
            "generator_us": cpu / finished * 1e6 if finished else math.inf,
        }

    def hang(self, connections: int, seconds: float, hung: int, delay: float) -> dict[str, float]:
        """The figures of the connections that post while `hung` others wait for a late answer, again and again."""
        state = {"running": True}
        late = self.hung(delay)

        def loop() -> None:
            http = self.connection()
            while state["running"]:
                late(http)
            http.close()

        greenlets = [gevent.spawn(loop) for _ in range(hung)]
        figures = self.steady(self.order, connections - hung, seconds)
        state["running"] = False
        gevent.joinall(greenlets, raise_error=True)
        return figures

    def burst(self, connections: int, bursts: int) -> dict[str, float]:
        """The slowest order of each burst, from the release to its answer; the connections are open and warm."""
        https = [self.connection() for _ in range(connections)]
        gevent.joinall([gevent.spawn(self.order, http) for http in https], raise_error=True)
        slowest = []
        for _ in range(bursts):
            gevent.sleep(PAUSE_SECONDS)
            release = Event()

            def one(http: HTTPClient, release: Event = release) -> float:
                release.wait()
                self.order(http)
                return time.perf_counter()

            greenlets = [gevent.spawn(one, http) for http in https]
            gevent.sleep(0)
            released = time.perf_counter()
            release.set()
            gevent.joinall(greenlets, raise_error=True)
            slowest.append(max(greenlet.value for greenlet in greenlets) - released)
        for http in https:
            http.close()
        return {"median": percentile(sorted(slowest), 50), "worst": max(slowest)}

    def run(self, phase: dict[str, Any]) -> dict[str, float]:
        """The figures of one phase of the plan."""
        rest = {key: value for key, value in phase.items() if key != "kind"}
        match phase["kind"]:
            case "orders":
                return self.steady(self.order, **rest)
            case "customers":
                return self.steady(self.customers, **rest)
            case "burst":
                return self.burst(**rest)
            case "hang":
                return self.hang(**rest)
        raise ValueError(f"unknown phase {phase['kind']}")


def percentile(ordered: list[float], percent: int) -> float:
    """Nearest rank; infinite when there is none."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.inf


def main() -> None:
    """Run the plan. Exit code 1, with the reason on standard error, when an answer was not the one expected."""
    plan = json.load(sys.stdin)
    generator = Generator(plan)
    # Greenlets print their own traceback before we report; one sentence is enough.
    gevent.get_hub().NOT_ERROR = (*gevent.get_hub().NOT_ERROR, Exception)
    try:
        json.dump({phase["kind"]: generator.run(phase) for phase in plan["phases"]}, sys.stdout)
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
