"""Two workers who do random things to one simulator at the same time, and what must hold whatever they did (状态机测试).

A room gives its actions and its invariants (crm.py, scm.py, finance.py beside this file); this file draws, runs and checks. Every step takes
two actions and runs them in two threads, which start together; then every invariant is checked. What is drawn are whole numbers
only, never documents: which documents there are depends on who was faster, and what Hypothesis draws must not.

    SHAPAN_STEPS=10000 pytest tests/machines      # as many steps for each simulator
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shapan.kernel.auth import Client
from shapan.kernel.clock import SimulatedClock
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.kernel.system import System
from shapan.world import WorldSpec, build_world

STEPS = int(os.environ.get("SHAPAN_STEPS", "60"))
STEPS_A_RUN = 40
NOW = "2026-01-15T10:00:00+08:00"
CLIENT = Client("machine", "machine-secret")
WORLD = build_world(WorldSpec("trading", "tiny", 42, date(2026, 1, 1), history=False))

Json = dict[str, Any]


class Draws:
    """What chance gives to one action: everything follows from its seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, least: int, most: int) -> int:
        """A whole number of least..most."""
        return self._random.randint(least, most)

    def one_of(self, values: Sequence[Any]) -> Any:
        """One of the values; None of none, so that an action also meets what does not exist."""
        return values[self.number(0, len(values) - 1)] if values else None

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.number(1, 100) <= percent


@dataclass
class Worker:
    """One of the two: a client of its own, the clock of the system, and a count of what it was answered, by action."""

    http: httpx.Client
    clock: SimulatedClock
    outcomes: Counter[tuple[str, int]] = field(default_factory=Counter)
    action: str = ""
    token: str = ""
    trail: list[str] = field(default_factory=list)
    """What both have asked for in this run, and the answers, but no GET."""

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """The answer to a request, with a new token where there was none or days went by since."""
        for _ in range(3):
            given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
            answer = self.http.request(method, path, headers=given, **options)
            if answer.status_code != 401:
                break
            form = {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
            self.token = str(self.http.post("/oauth/token", data=form).json()["access_token"])
        return answer

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request with the token. AssertionError on 5xx: in strict mode that is also an answer that breaks its contract."""
        answer = self._send(method, path, headers, json=body)
        assert answer.status_code < 500, f"{self.action}: {method} {path} {body!r}: {answer.status_code} {answer.text}"
        if method != "GET":
            self.outcomes[self.action, answer.status_code] += 1
            self.trail.append(f"{self.action}: {method} {path} {body!r} {headers or ''} -> {answer.status_code}")
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self._send("GET", path, params=params)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def today(self) -> date:
        """The day of business."""
        return self.clock.now().date()

    def wait(self, days: int) -> None:
        """Let days go by, for both workers. It counts as an action that was taken."""
        now = self.clock.advance(timedelta(days))
        self.outcomes[self.action, 200] += 1
        self.trail.append(f"{self.action}: {now}")

    def pages(self, path: str, **params: Any) -> list[Json]:
        """All items of a list, whatever way the system pages."""
        items: list[Json] = []
        while True:
            page = self.get(path, **params)
            items += page["items"]
            if page.get("nextCursor"):
                params["cursor"] = page["nextCursor"]
            elif page.get("has_more"):
                params["changed_since"] = page["watermark"]
            elif "total" in page and len(items) < page["total"]:
                params["page"] = page["page"] + 1
            else:
                return items


Action = Callable[[Worker, Draws], None]
"""Does one thing, right or wrong, and need not look at the answer; its name is that of the function."""


@dataclass(frozen=True)
class Room:
    """A simulator under test. `actions` are drawn from evenly; `check` gets a worker and the operator facts after each step, and `memory`,
    which it may use to compare with the step before."""

    system: System
    actions: tuple[Action, ...]
    check: Callable[[Worker, Json, Json], None]
    prepare: Callable[[Worker], None] = lambda worker: None
    """Enters what every run needs before its first step."""
    now: str = NOW
    """When every run begins; the clock stands still unless an action lets days go by."""


def _seeded(system: System, folders: dict[str, Path] = {}) -> Path:  # noqa: B006 - kept on purpose: seeded once a process
    if system.name not in folders:
        folders[system.name] = Path(tempfile.mkdtemp(prefix="shapan-machine-"))
        Runtime(system, Settings(folders[system.name], (CLIENT,), lambda: WORLD)).stop()
    return folders[system.name]


def play(room: Room, steps: int = STEPS) -> Counter[tuple[str, int]]:
    """Run the machine for about so many steps; how often each action was answered with each status. Raises what broke first, with
    all that was done in its run."""
    outcomes: Counter[tuple[str, int]] = Counter()
    broken: list[AssertionError] = []

    @contextmanager
    def noted(trail: list[str]) -> Iterator[None]:
        """Keep what broke with all that led to it: two threads seldom meet in the same way twice, and Hypothesis calls that flaky."""
        try:
            yield
        except AssertionError as error:
            error.add_note("\n".join(trail))
            broken.append(error)
            raise

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp(prefix="shapan-machine-"))
            shutil.copytree(_seeded(room.system), self.folder, dirs_exist_ok=True)
            self.runtime = Runtime(room.system, Settings(self.folder, (CLIENT,), lambda: WORLD, strict=True))
            clock = self.runtime.workspace("default").clock = SimulatedClock.from_state(0, room.now)
            app = create_app(self.runtime)
            self.pool = ThreadPoolExecutor(2)
            clients = [httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1") for _ in range(2)]
            trail: list[str] = []
            self.workers = [Worker(client, clock, trail=trail) for client in clients]
            self.memory: Json = {}
            self.step = 0
            self._by_itself()
            self.workers[0].action = "prepare"
            room.prepare(self.workers[0])

        @rule(one=st.integers(0, 2**64 - 1), other=st.integers(0, 2**64 - 1))
        def both_at_once(self, one: int, other: int) -> None:
            start = threading.Barrier(2)
            self.step += 1

            def act(worker: Worker, seed: int) -> None:
                # The simplest example is zeros only; taken as they are, it would be one action over and over.
                draws = Draws(seed or self.step)
                action = draws.one_of(room.actions)
                worker.action = action.__name__
                start.wait()
                action(worker, draws)

            jobs = [self.pool.submit(act, *both) for both in zip(self.workers, (one, other), strict=True)]
            with noted(self.workers[0].trail):
                for job in jobs:
                    job.result()

        def _by_itself(self) -> None:
            """What the system does by itself when time passes; no thread of it runs here."""
            self.runtime.schedule.catch_up(self.runtime.workspace("default"))

        @invariant()
        def holds(self) -> None:
            self._by_itself()
            worker = self.workers[0]
            worker.action = "check"
            with noted(worker.trail):
                room.check(worker, worker.get("/_shapan/facts")["facts"], self.memory)

        def teardown(self) -> None:
            self.pool.shutdown()
            self.runtime.stop()
            shutil.rmtree(self.folder)
            for worker in self.workers:
                outcomes.update(worker.outcomes)

    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=steps // STEPS_A_RUN + 1,
                stateful_step_count=STEPS_A_RUN,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
    except Flaky:
        if broken:
            raise broken[0] from None
        raise
    return outcomes


def gaps(numbers: Sequence[str]) -> list[str]:
    """Document numbers that are missing in their series: the last part counts up from 1 within the rest."""
    series: dict[str, list[int]] = {}
    for number in numbers:
        head, _, tail = number.rpartition("-")
        series.setdefault(head, []).append(int(tail))
    return [
        f"{head}: {sorted(found)}" for head, found in series.items() if sorted(found) != list(range(1, len(found) + 1))
    ]


def report(outcomes: Counter[tuple[str, int]]) -> Iterator[str]:
    """A line for each action: how often it was taken and how often refused."""
    for action in sorted({action for action, _ in outcomes}):
        counts = {status: n for (name, status), n in sorted(outcomes.items()) if name == action and n}
        yield f"{action}: " + ", ".join(f"{status} x {n}" for status, n in counts.items())
