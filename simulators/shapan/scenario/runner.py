"""Runs a scenario against a sandbox, and gives the verdict. `playing` has workflows and steps, `calling` what one step sends.

Where Arazzo 1.0.1 leaves a choice:
- a step without successCriteria succeeds with a 2xx status, because a check that cannot fail is none;
- a failed step whose action is `end`, or which has no action, fails the scenario;
- an output that leads to nothing fails its step, rather than some later one;
- `goto` to a workflow hands over the inputs of the same names.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from shapan.scenario.client import Recorder, SystemClient, scopes_needed
from shapan.scenario.environment import Environment
from shapan.scenario.faults import Text
from shapan.scenario.model import Scenario, Step
from shapan.scenario.playing import Player, Stopped
from shapan.scenario.results import Failure, ScenarioResult, StepEvent, StepResult

_NOBODY: Final = Text(
    "It kills the integration and starts it again, and nobody here can do that: the integration was not started by the runner.",
    "该场景需要强制结束并重新启动集成程序，但集成程序不是由运行器启动的，无法执行。",
)


def run_scenario(
    scenario: Scenario,
    environment: Environment,
    *,
    on_step: Callable[[StepEvent], None] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> ScenarioResult:
    """Run a scenario and give the verdict.

    `inputs` override the script's defaults. Never raises for anything that the sandbox does: what cannot be reached, refuses or
    answers nonsense becomes a failed verdict with its reason. A scenario that restarts the integration is skipped where nobody can.
    """
    stage = Stage(scenario, environment, on_step or (lambda event: None))
    if scenario.restarts_integration and environment.restart_integration is None:
        return stage.result("skipped", why=_NOBODY)
    try:
        return _play(stage, inputs or {})
    finally:
        stage.close()


def _play(stage: Stage, given: Mapping[str, Any]) -> ScenarioResult:
    player = Player(stage)
    outputs: dict[str, Any] = {}
    failure, step = None, None
    try:
        for name in stage.scenario.main:
            outcome = player.workflow(stage.scenario.workflows[name], given)
            outputs |= outcome.outputs
            failure, step = outcome.failure, outcome.step
            if failure is not None:
                break
    except Stopped as stop:
        failure, step = stop.failure, stop.step
    verdict = "passed" if failure is None else "failed"
    return stage.result(verdict, failure, step, player.inputs, outputs)


class Stage:
    """What the runs of one scenario share: the systems, the deadline, and what is written down. Safe for several threads."""

    def __init__(self, scenario: Scenario, environment: Environment, on_step: Callable[[StepEvent], None]) -> None:
        self.scenario = scenario
        self.environment = environment
        self.record = Recorder(environment)
        self.began = environment.clock()
        self.deadline = self.began + scenario.deadline_seconds
        self._on_step = on_step
        self._lock = threading.RLock()
        self._results: list[StepResult] = []
        self._clients: dict[tuple[str, Path, str | None], SystemClient] = {}

    def close(self) -> None:
        """Give the connections back."""
        for client in self._clients.values():
            client.close()

    def client(self, step: Step) -> SystemClient:
        """The client of the system that a step calls."""
        assert step.source is not None
        assert step.contract is not None
        key = (step.source, step.contract.file, step.client)
        with self._lock:
            if key not in self._clients:
                alike = [one for one in self.scenario.steps if (one.source, one.client) == (step.source, step.client)]
                scopes = scopes_needed(one.operation for one in alike)
                self._clients[key] = SystemClient(
                    step.source, step.contract, scopes, self.environment, self.record, step.client
                )
            return self._clients[key]

    def tell(self, event: StepEvent) -> None:
        """Pass on what happens; the results of steps are kept in the order in which they end."""
        with self._lock:
            if event.result is not None:
                self._results.append(event.result)
            self._on_step(event)

    def result(
        self,
        verdict: Any,
        failure: Failure | None = None,
        step: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        why: Text | None = None,
    ) -> ScenarioResult:
        """The result of all."""
        seconds = self.environment.clock() - self.began
        hide = self.record.redactor
        return ScenarioResult(
            name=self.scenario.name,
            title=self.scenario.title,
            requirements=self.scenario.requirements,
            verdict=verdict,
            seconds=round(seconds, 3),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            step=step,
            failure=failure,
            steps=tuple(self._results),
            exchanges=tuple(self.record.exchanges),
            inputs=hide.data(inputs or {}),
            outputs=hide.data(outputs or {}),
            file=str(self.scenario.file),
            why_skipped=why,
        )
