"""What goes wrong during the soak, at random and by a seed: systems are killed, the broker is started again, events are faulty, clocks jump."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

SYSTEMS = ("crm", "scm", "finance")
BACK_SECONDS = 60.0
# What the integration must bear; the feed and its own retries are its way out.
AT_INTEGRATION = (
    {"fault": "event-lost"},
    {"fault": "event-duplicated", "parameters": {"copies": 3}},
    {"fault": "event-delayed", "parameters": {"seconds": 20}},
    {"fault": "event-out-of-order", "parameters": {"longest_seconds": 20}},
    {"fault": "event-wrong-signature"},
    {"fault": "event-replayed", "parameters": {"after_seconds": 30}},
)
# What breaks no promise of ours: an event still comes to every receiver, and those of a document in order.
AT_EVERYBODY = (
    {"fault": "event-duplicated", "parameters": {"copies": 2}},
    {"fault": "event-delayed", "parameters": {"seconds": 10}},
    {"fault": "event-wrong-signature"},
)
AT_REQUESTS = (
    {"fault": "drop", "parameters": {"at": "after"}},
    {"fault": "drop", "parameters": {"at": "before"}},
    {"fault": "error", "parameters": {"status": 503}},
    {"fault": "latency", "parameters": {"ms": 300}},
)


class Trouble:
    """Makes trouble every few seconds until it is stopped."""

    def __init__(
        self, control: str, urls: dict[str, str], *, seed: int, pause: float, integration_hooks: dict[str, str]
    ) -> None:
        self.made: Counter[str] = Counter()
        self.errors: list[str] = []
        self._urls = urls
        self._hooks = integration_hooks
        self._pause = pause
        self._chance = random.Random(f"{seed}/trouble")
        self._stop = threading.Event()
        self._http = httpx.Client(base_url=control, trust_env=False, timeout=30)
        self._kinds: list[tuple[str, Callable[[], str | None]]] = [
            ("kill", self._kill),
            ("kill", self._kill),
            ("event fault", self._event_fault),
            ("event fault", self._event_fault),
            ("request fault", self._request_fault),
            ("clock jump", self._jump),
        ]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def also(self, kind: str, make: Callable[[], str | None]) -> None:
        """One more kind of trouble."""
        self._kinds.append((kind, make))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No more trouble; faults that are left are removed."""
        self._stop.set()
        self._thread.join()

    def heal(self) -> None:
        """Remove every fault, as soon as the system that was killed last is back."""
        deadline, pause = time.monotonic() + BACK_SECONDS, threading.Event()
        while not (answer := self._http.delete("/faults")).is_success:
            if time.monotonic() > deadline:
                raise AssertionError(f"The faults cannot be removed: {answer.status_code} {answer.text[:300]}")
            pause.wait(0.5)

    def _run(self) -> None:
        # First each kind once, so that a short run has met them all.
        first = list(dict.fromkeys(name for name, _ in self._kinds))
        self._chance.shuffle(first)
        while not self._stop.wait(self._pause * self._chance.uniform(0.5, 1.5)):
            name = first.pop() if first else self._chance.choice(self._kinds)[0]
            make = self._chance.choice([make for kind, make in self._kinds if kind == name])
            try:
                what = make()
            except httpx.HTTPError as error:
                # A system that was killed a moment ago is not there to be troubled; this comes later.
                self.made[f"{name}: put off ({type(error).__name__})"] += 1
                first.insert(0, name)
            except Exception as error:
                self.errors.append(f"{name}: {type(error).__name__}: {error}")
            else:
                self.made[f"{name}: {what}" if what else name] += 1

    def _kill(self) -> str:
        name = self._chance.choice(SYSTEMS)
        pid = (
            httpx.get(self._urls[name] + "/_shapan/health", trust_env=False, timeout=5).raise_for_status().json()["pid"]
        )
        os.kill(pid, signal.SIGKILL)
        return name

    def _event_fault(self) -> str:
        system = self._chance.choice(SYSTEMS)
        if self._chance.random() < 0.5:
            rule: dict[str, Any] = dict(self._chance.choice(AT_EVERYBODY))
            match: dict[str, Any] = {}
        else:
            rule = dict(self._chance.choice(AT_INTEGRATION))
            match = {"webhook": self._hooks[system]}
        match["probability"] = 0.5
        self._add({**rule, "systems": [system], "match": match, "times": self._chance.randint(1, 10)})
        return f"{rule['fault']}"

    def _request_fault(self) -> str:
        rule = dict(self._chance.choice(AT_REQUESTS))
        self._add(
            {
                **rule,
                "systems": [self._chance.choice(SYSTEMS)],
                "match": {"probability": 0.5},
                "times": self._chance.randint(1, 20),
            }
        )
        return f"{rule['fault']}"

    def _add(self, rule: dict[str, Any]) -> None:
        answer = self._http.post("/faults", json=rule)
        if answer.status_code in (400, 422):
            raise AssertionError(answer.text)
        answer.raise_for_status()

    def _jump(self) -> None:
        answer = self._http.post("/clock", json={"advance_seconds": self._chance.randint(60, 3600)})
        if answer.status_code in (400, 422):
            raise AssertionError(answer.text)
        answer.raise_for_status()
