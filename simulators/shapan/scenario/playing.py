"""Plays workflows step by step: what follows success and failure, waiting, workflows that call others, many runs at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import jsonschema_rs

from shapan.scenario import explain
from shapan.scenario.calling import request_of
from shapan.scenario.client import CallFailed, Recorder, SystemClient
from shapan.scenario.environment import Environment, RestartFailed
from shapan.scenario.expressions import MISSING, Scope, Unresolved, evaluate, resolve
from shapan.scenario.faults import Text, pointer_of
from shapan.scenario.generate import GENERATORS
from shapan.scenario.model import Action, Scenario, Step, Workflow
from shapan.scenario.results import Failure, StepEvent, StepResult

_DEEPEST = 50
"""How many workflows may be under way within each other before the runner takes it for a circle."""
_MOST_AT_ONCE = 200


class Stage(Protocol):
    """What the runs of one scenario share; see runner.py."""

    scenario: Scenario
    environment: Environment
    record: Recorder
    deadline: float

    def client(self, step: Step) -> SystemClient:
        """The client of the system that a step calls."""

    def tell(self, event: StepEvent) -> None:
        """Pass on what happens."""


@dataclass(slots=True)
class _Frame:
    """A workflow under way."""

    workflow: Workflow
    inputs: dict[str, Any]
    depth: int
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a workflow ended; `step` is where it failed."""

    outputs: dict[str, Any]
    failure: Failure | None = None
    step: str | None = None


class Stopped(Exception):
    """The whole scenario ends here, whatever the script's onFailure says."""

    def __init__(self, step: str, failure: Failure) -> None:
        super().__init__(failure.reason.en)
        self.step = step
        self.failure = failure


class Player:
    """One run of workflows, with its own generated inputs; `run` counts those of a step with `times`."""

    def __init__(self, stage: Stage, run: int | None = None, ended: Mapping[str, Any] | None = None) -> None:
        self._stage = stage
        self._run = run
        self._environment = stage.environment
        self._redactor = stage.record.redactor
        self._generated: dict[tuple[str, str], str] = {}
        self._attempts = 0
        self._ended: dict[str, dict[str, dict[str, Any]]] = dict(ended or {})
        # Of those, the ones that failed: what depends on them has to have them played again.
        self._failed: set[str] = set()

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs of all workflows that were played, by name."""
        return {name: value for flow in self._ended.values() for name, value in flow["inputs"].items()}

    def workflow(self, workflow: Workflow, given: Mapping[str, Any], depth: int = 0) -> Outcome:
        """Play it, after those that it depends on."""
        if depth > _DEEPEST:
            nobody = Step(workflow.id, Text(workflow.id, workflow.id), file=workflow.script.file, line=workflow.line)
            text = _circle(_DEEPEST, "workflows", "个工作流")
            raise Stopped(workflow.id, explain.of_error(nobody, Scope(), self._redactor, text, "an end", "no end"))
        for key in workflow.depends_on:
            if key not in self._ended or key in self._failed:
                outcome = self.workflow(self._workflows[key], given, depth + 1)
                if outcome.failure is not None:
                    return outcome
        frame = _Frame(workflow, self._inputs(workflow, given), depth)
        self._ended[workflow.key] = {"inputs": frame.inputs, "outputs": {}}
        self._failed.discard(workflow.key)
        wrong = _bad_inputs(workflow, frame.inputs)
        if wrong is not None:
            first = workflow.steps[0]
            self._failed.add(workflow.key)
            return Outcome(
                {}, explain.of_error(first, Scope(), self._redactor, wrong, "valid inputs", "others"), first.id
            )
        index = 0
        places = {step.id: place for place, step in enumerate(workflow.steps)}
        while index < len(workflow.steps):
            step = workflow.steps[index]
            failure, action = self._visit(frame, step)
            if action is not None and action.type == "goto" and action.workflow is not None:
                outcome = self.workflow(self._workflows[action.workflow], frame.inputs, depth + 1)
                if outcome.failure is not None:
                    self._failed.add(workflow.key)
                return outcome
            if action is not None and action.type == "goto":
                index = places[action.step_id or ""]
            elif failure is not None:
                self._failed.add(workflow.key)
                return Outcome(self._outputs(frame), failure, step.id)
            elif action is not None and action.type == "end":
                break
            else:
                index += 1
        outputs = self._outputs(frame)
        self._ended[workflow.key] = {"inputs": frame.inputs, "outputs": outputs}
        return Outcome(outputs)

    @property
    def _workflows(self) -> Mapping[str, Workflow]:
        return self._stage.scenario.workflows

    def _inputs(self, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, schema in workflow.inputs.get("properties", {}).items():
            kind = workflow.generate.get(name)
            if name in given:
                inputs[name] = given[name]
            elif kind is not None:
                # Workflows of one run share what is made for inputs of the same name.
                inputs[name] = self._generated.setdefault((name, kind), GENERATORS[kind](self._environment.rng))
            elif isinstance(schema, Mapping) and "default" in schema:
                inputs[name] = schema["default"]
        return inputs

    def _outputs(self, frame: _Frame) -> dict[str, Any]:
        """The workflow's outputs, as far as its steps came."""
        scope = self._scope(frame)
        found = {name: resolve(expression, scope) for name, expression in frame.workflow.outputs.items()}
        return {name: value for name, value in found.items() if value is not MISSING}

    def _scope(self, frame: _Frame) -> Scope:
        script = frame.workflow.script
        ended = {name: self._ended[key] for name, key in script.keys.items() if key in self._ended}
        return Scope(frame.inputs, frame.steps, ended, {}, script.sources, script.components)

    def _visit(self, frame: _Frame, step: Step) -> tuple[Failure | None, Action | None]:
        """One step with its repetitions: why it failed, or None, and the action that follows."""
        began, attempts, tries = self._environment.clock(), 0, Counter[str]()
        self._tell("started", frame, step, 1)
        fatal = self._restart(step) if step.restart else None
        while True:
            scope = self._scope(frame)
            fatal = fatal or self._may_go_on(step, scope)
            failure, outputs = (fatal, {}) if fatal else self._attempt(frame, step, scope)
            attempts += 1
            if failure is None:
                # Before its actions are chosen: their criteria may ask for them.
                frame.steps[step.id] = outputs
            action = None if fatal else _first(step.on_success if failure is None else step.on_failure, scope, tries)
            if action is not None and action.type == "retry" and failure is not None:
                tries[action.name] += 1
                delay = _retry_after(scope)
                delay = action.retry_after if delay is None else delay
                fatal = self._no_use(failure, began, delay)
                if fatal is None:
                    self._tell("waiting", frame, step, attempts + 1)
                    self._environment.sleep(delay)
                    failure = self._meanwhile(frame, action)
                    if failure is None:
                        continue
                    action = None
                failure = fatal or failure
            result = StepResult(
                workflow=frame.workflow.key,
                step=step.id,
                title=step.title,
                system=step.source or "",
                operation=step.called,
                verdict="passed" if failure is None else "failed",
                attempts=attempts,
                seconds=round(self._environment.clock() - began, 3),
                failure=failure,
                outputs=self._redactor.data(outputs),
                file=str(step.file),
                line=step.line,
                run=self._run,
            )
            self._tell(result.verdict, frame, step, attempts, result)
            if fatal is not None:
                raise Stopped(step.id, fatal)
            return failure, action

    def _restart(self, step: Step) -> Failure | None:
        """Kill the integration and start it again; why it did not come up."""
        assert self._environment.restart_integration is not None
        try:
            self._environment.restart_integration()
        except RestartFailed as error:
            return explain.of_error(step, Scope(), self._redactor, error.text, "a running integration", "none")
        return None

    def _no_use(self, failure: Failure, began: float, delay: float) -> Failure | None:
        """The failure as it stands when waiting for so many seconds is of no use, because of the deadline or of who should do something."""
        now = self._environment.clock()
        if now + delay > self._stage.deadline:
            return explain.with_deadline(failure, self._stage.scenario.deadline_seconds)
        hopeless = self._environment.hopeless(now - began)
        return None if hopeless is None else explain.with_more(failure, hopeless)

    def _may_go_on(self, step: Step, scope: Scope) -> Failure | None:
        """Counts an attempt; what speaks against it."""
        self._attempts += 1
        if self._attempts > self._environment.max_attempts:
            text = _circle(self._environment.max_attempts, "calls", "次调用")
        elif self._environment.clock() > self._stage.deadline:
            seconds = self._stage.scenario.deadline_seconds
            text = Text(f"The deadline of {seconds:g} s passed before {step.id} could begin.",
                        f"在步骤 {step.id} 开始之前，{seconds:g} 秒的期限已过。")  # fmt: skip
        else:
            return None
        return explain.of_error(step, scope, self._redactor, text, "the scenario to come to an end", "no end")

    def _meanwhile(self, frame: _Frame, action: Action) -> Failure | None:
        """Before a retry, the step or workflow that the action names."""
        if action.step_id is not None:
            step = next(step for step in frame.workflow.steps if step.id == action.step_id)
            frame.depth += 1
            try:
                return self._visit(frame, step)[0] if frame.depth <= _DEEPEST else None
            finally:
                frame.depth -= 1
        if action.workflow is not None:
            return self.workflow(self._workflows[action.workflow], frame.inputs, frame.depth + 1).failure
        return None

    def _attempt(self, frame: _Frame, step: Step, scope: Scope) -> tuple[Failure | None, dict[str, Any]]:
        redactor = self._redactor
        try:
            if step.workflow is not None:
                called = {parameter.name: evaluate(parameter.value, scope) for parameter in step.parameters}
                outcome = self._call(self._workflows[step.workflow], step, called, frame.depth + 1)
                scope.outputs = outcome.outputs
                if outcome.failure is not None:
                    return outcome.failure, {}
            elif step.operation is not None:
                scope.message = self._stage.client(step).call(
                    step.id, step.operation, request_of(step, scope), self._stage.deadline
                )
        except CallFailed as error:
            return explain.of_error(step, scope, redactor, error.text, "an answer", error.found), {}
        except Unresolved as error:
            text = Text(f"{step.id} could not be sent, because {error.expression} leads to nothing.",
                        f"步骤 {step.id} 无法发送，因为 {error.expression} 没有值。")  # fmt: skip
            return explain.of_error(step, scope, redactor, text, str(error.expression), "nothing"), {}
        except UnicodeEncodeError:
            # JSON may hold half of a surrogate pair, and what a system answered may be sent on.
            text = Text(f"{step.id} cannot be sent, because one of its values is no Unicode text.",
                        f"步骤 {step.id} 无法发送，因为其中有值不是合法的 Unicode 文本。")  # fmt: skip
            return explain.of_error(
                step, scope, redactor, text, "a request that can be written", "half a character"
            ), {}
        status = scope.message.status
        if not step.criteria and status is not None and not 200 <= status < 300:
            return explain.of_criteria(step, None, scope, redactor), {}
        failed = next((criterion for criterion in step.criteria if not criterion.holds(scope)), None)
        if failed is not None:
            return explain.of_criteria(step, failed, scope, redactor), {}
        outputs = {name: resolve(expression, scope) for name, expression in step.outputs.items()}
        absent = next((name for name, value in outputs.items() if value is MISSING), None)
        if absent is not None:
            source = step.outputs[absent]
            text = Text(f"The answer to {step.id} has no {source}, which its output {absent!r} needs.",
                        f"步骤 {step.id} 的应答中没有 {source}，无法得到输出 {absent!r}。")  # fmt: skip
            return explain.of_error(step, scope, redactor, text, str(source), "nothing"), {}
        return None, outputs

    def _call(self, workflow: Workflow, step: Step, given: Mapping[str, Any], depth: int) -> Outcome:
        """The workflow of a step, as often as the step says; then its outputs are lists in the order of the runs."""
        if step.times is None:
            return self.workflow(workflow, given, depth)

        def once(number: int) -> Outcome:
            try:
                return Player(self._stage, number, self._ended).workflow(workflow, given, depth)
            except Stopped as stop:
                return Outcome({}, stop.failure, stop.step)

        numbers = range(1, step.times + 1)
        if step.at_once:
            with ThreadPoolExecutor(min(step.times, _MOST_AT_ONCE), thread_name_prefix=f"scenario-{step.id}") as pool:
                outcomes = list(pool.map(once, numbers))
        else:
            outcomes = [once(number) for number in numbers]
        wrong = [(n, o.failure) for n, o in zip(numbers, outcomes, strict=True) if o.failure is not None]
        outputs = {name: [outcome.outputs.get(name) for outcome in outcomes] for name in workflow.outputs}
        if not wrong:
            return Outcome(outputs)
        failure = explain.of_runs([one for _, one in wrong], [number for number, _ in wrong], step.times)
        return Outcome(outputs, failure, step.id)

    def _tell(self, kind: Any, frame: _Frame, step: Step, attempt: int, result: StepResult | None = None) -> None:
        names = (self._stage.scenario.name, frame.workflow.key, step.id)
        self._stage.tell(StepEvent(kind, *names, step.title, step.source or "", attempt, result, self._run))


def _first(actions: tuple[Action, ...], scope: Scope, tries: Counter[str]) -> Action | None:
    """The first action whose criteria all hold; a retry that has used up its limit gives way to the next."""
    for action in actions:
        spent = action.type == "retry" and tries[action.name] >= action.retry_limit
        if not spent and all(criterion.holds(scope) for criterion in action.criteria):
            return action
    return None


def _retry_after(scope: Scope) -> float | None:
    """Seconds that the answer's Retry-After asks for (RFC 9110 section 10.2.3: seconds or a date); None without a valid one."""
    value = next((v for n, v in scope.message.response_headers.items() if n.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _circle(limit: int, en: str, zh: str) -> Text:
    return Text(f"The script seems to go in circles: it was stopped after {limit} {en}.",
                f"脚本似乎陷入循环：已在 {limit} {zh}后停止。")  # fmt: skip


def _bad_inputs(workflow: Workflow, inputs: Mapping[str, Any]) -> Text | None:
    errors = list(jsonschema_rs.validator_for(dict(workflow.inputs)).iter_errors(inputs))
    if not errors:
        return None
    en = "; ".join(f"{pointer_of(*error.instance_path)} {error.message}".strip() for error in errors)
    return Text(
        f"The inputs of workflow {workflow.id} do not fit: {en}.", f"工作流 {workflow.id} 的输入不符合要求：{en}。"
    )
