"""Runs the jobs of a plan, several at a time, and gives their outcomes in the order of the catalogue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from shapan.sandbox.clients import secret_of
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.integration import Integration
from shapan.sandbox.running import operator_tokens
from shapan.scenario import Environment, RestartFailed, ScenarioResult, StepEvent, Text, run_scenario
from shapan.verify.observing import Observer
from shapan.verify.outcome import Outcome, Report
from shapan.verify.planning import Job, Plan
from shapan.verify.stage import Place, Stage

GONE_SECONDS = 5.0
"""How long a step waits for the work of an integration that has ended and left nothing behind."""


class Listener(Protocol):
    """Who is told how it goes; called from several threads, one at a time."""

    def began(self, job: Job) -> None:
        """A scenario begins: its place is being prepared."""

    def stepped(self, job: Job, event: StepEvent) -> None:
        """A step of it starts, waits, or has ended."""

    def ended(self, outcome: Outcome) -> None:
        """There is a verdict."""


class Silent:
    """A listener that has nothing to say."""

    def began(self, job: Job) -> None:
        """Nothing."""

    def stepped(self, job: Job, event: StepEvent) -> None:
        """Nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Nothing."""


class _Stopped(Exception):
    """The run is being stopped; raised where a scenario would wait or take another step."""


@dataclass
class _Gone:
    """Tells since when the integration is gone."""

    integration: Integration
    since: float | None = None

    def seconds(self) -> float | None:
        if not self.integration.gone():
            self.since = None
            return None
        now = time.monotonic()
        self.since = now if self.since is None else self.since
        return now - self.since


class Verification:
    """One run of a plan on a stage. `run` may be called once.

    jobs      so many scenarios at a time
    judge     runs one scenario; tests have their own
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        *,
        jobs: int = 2,
        listener: Listener | None = None,
        judge: Callable[..., ScenarioResult] = run_scenario,
        observer: Observer | None = None,
    ) -> None:
        self._plan = plan
        self._stage = stage
        self._jobs = jobs
        self._listener: Listener = listener or Silent()
        self._judge = judge
        self._observer = observer
        self._telling = threading.Lock()
        self._stop = threading.Event()
        self._outcomes: dict[int, Outcome] = {}
        self._ended: tuple[int, str] | None = None
        self._began = time.monotonic()
        self._started = datetime.now(UTC)

    def run(self) -> Report:
        """All outcomes. What cannot be run at all (SandboxError) and KeyboardInterrupt end it early; `report` then has what is known."""
        for job in self._plan.jobs:
            if job.skipped is not None:
                self._settle(Outcome(job, "skipped", job.skipped))
        runnable = self._plan.to_run
        self._stage.expect(runnable)
        with ThreadPoolExecutor(max(self._jobs, 1), thread_name_prefix="verify") as pool:
            futures: list[Future[None]] = [pool.submit(self._one, job) for job in runnable]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            except BaseException:
                self._stop.set()
                for future in futures:
                    future.cancel()
                raise
        return self.report()

    def report(self) -> Report:
        """What is known by now."""
        outcomes = tuple(outcome for _, outcome in sorted(self._outcomes.items()))
        return Report(
            outcomes,
            round(time.monotonic() - self._began, 3),
            self._started.isoformat(timespec="seconds"),
            len(outcomes) == len(self._plan.jobs),
            self._ended,
            self._observer.summary() if self._observer is not None else {},
        )

    def _one(self, job: Job) -> None:
        try:
            if self._stop.is_set():
                return
            self._tell("began", job)
            with self._stage.place(job) as place:
                outcome = self._play(job, place)
            self._settle(outcome)
        except _Stopped:
            return
        finally:
            self._stage.leave(job)

    def _play(self, job: Job, place: Place) -> Outcome:
        integration = place.integration
        seen: dict[str, Any] | None = None
        observation = self._observer.begin(job, place) if self._observer is not None else None
        result = self._judge(
            job.scenario, environment(place, sleep=self._sleep), on_step=lambda event: self._stepped(job, event)
        )
        if self._stop.is_set():
            # What the end of the run broke off is no verdict on the integration.
            raise _Stopped
        if observation is not None:
            seen = observation.end(result)
        log, ended = "", None
        if result.verdict == "failed" and integration is not None:
            log = integration.tail()
            ended = integration.exit_code() if job.needs_integration else None
            if ended is not None:
                self._ended = self._ended or (ended, log)
        return Outcome(job, result.verdict, result.reason, result, place.workspace, log, seen, ended)

    def _stepped(self, job: Job, event: StepEvent) -> None:
        # Not every scenario waits; the others end here.
        if self._stop.is_set():
            raise _Stopped
        self._tell("stepped", job, event)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise _Stopped

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes[outcome.job.index] = outcome
        self._tell("ended", outcome)

    def _tell(self, what: str, *arguments: Any) -> None:
        with self._telling:
            getattr(self._listener, what)(*arguments)


def _restart(integration: Integration) -> None:
    try:
        integration.start_again()
    except SandboxError as error:
        raise RestartFailed(Text(error.en, error.zh)) from error


def _hopeless(gone: _Gone, waited: float) -> Text | None:
    since = gone.seconds()
    if since is None or min(since, waited) < GONE_SECONDS:
        return None
    return Text(
        f"The integration had ended by itself (exit code {gone.integration.exit_code()}) and was not waited for any longer.",
        f"集成程序已自行退出（{gone.integration.exit_code()}），不再等待。",
    )


def environment(place: Place, sleep: Callable[[float], None] = time.sleep) -> Environment:
    """How the people of a scenario reach the systems of a place, and what can be done to the integration there."""
    integration = place.integration
    hooks: dict[str, Any] = {}
    if integration is not None:
        gone = _Gone(integration)
        hooks = {
            "restart_integration": lambda: _restart(integration),
            "hopeless": lambda waited: _hopeless(gone, waited),
        }
    client = place.client
    return Environment(
        dict(place.urls),
        client.client_id,
        client.secret,
        secret_of=lambda name: secret_of(name, client.secret),
        bearer_tokens=operator_tokens(),
        sleep=sleep,
        **hooks,
    )
