"""Runs a scenario against a sandbox: workflows, steps, what follows success and failure, waiting, and the deadline.

Where Arazzo 1.0.1 leaves a choice:
- a step without successCriteria succeeds with a 2xx status, because a check that cannot fail is none;
- a failed step whose action is `end`, or which has no action, fails the scenario;
- an output that leads to nothing fails its step, rather than some later one;
- `goto` to a workflow hands over the inputs of the same names.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jsonschema_rs

from shapan.scenario import explain
from shapan.scenario.client import CallFailed, Recorder, Request, SystemClient, scopes_needed
from shapan.scenario.environment import Environment
from shapan.scenario.expressions import MISSING, Scope, Unresolved, as_text, descend, evaluate, resolve
from shapan.scenario.faults import Text, pointer_of
from shapan.scenario.generate import GENERATORS
from shapan.scenario.model import Action, Scenario, Step, Workflow
from shapan.scenario.results import Failure, ScenarioResult, StepEvent, StepResult

_DEEPEST = 50
"""How many workflows may be under way within each other before the runner takes it for a circle."""


def run_scenario(
    scenario: Scenario,
    environment: Environment,
    *,
    on_step: Callable[[StepEvent], None] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> ScenarioResult:
    """Run a scenario and give the verdict.

    `inputs` override the script's defaults. Never raises for anything that the sandbox does: what cannot be reached, refuses or
    answers nonsense becomes a failed verdict with its reason.
    """
    run = _Run(scenario, environment, on_step or (lambda event: None), inputs or {})
    try:
        return run.result()
    finally:
        run.close()


@dataclass(slots=True)
class _Frame:
    """A workflow under way."""

    workflow: Workflow
    inputs: dict[str, Any]
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a workflow ended; `step` is where it failed."""

    outputs: dict[str, Any]
    failure: Failure | None = None
    step: str | None = None


class _Stop(Exception):
    """The whole scenario ends here, whatever the script's onFailure says."""

    def __init__(self, step: str, failure: Failure) -> None:
        super().__init__(failure.reason.en)
        self.step = step
        self.failure = failure


class _Run:
    def __init__(
        self,
        scenario: Scenario,
        environment: Environment,
        on_step: Callable[[StepEvent], None],
        inputs: Mapping[str, Any],
    ) -> None:
        self._scenario = scenario
        self._environment = environment
        self._on_step = on_step
        self._given = dict(inputs)
        self._generated: dict[tuple[str, str], str] = {}
        self._record = Recorder(environment)
        self._began = environment.clock()
        self._deadline = self._began + scenario.deadline_seconds
        self._attempts = 0
        self._ended: dict[str, dict[str, dict[str, Any]]] = {}
        self._results: list[StepResult] = []
        used = [(step.source, step.operation) for flow in scenario.workflows.values() for step in flow.steps]
        self._clients = {
            source: SystemClient(source, contract, scopes_needed(source, used), environment, self._record)
            for source, contract in scenario.contracts.items()
        }

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def result(self) -> ScenarioResult:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        outputs: dict[str, Any] = {}
        failure, step = None, None
        try:
            for name in self._scenario.main:
                outcome = self._workflow(self._scenario.workflows[name], self._given, 0)
                outputs |= outcome.outputs
                failure, step = outcome.failure, outcome.step
                if failure is not None:
                    break
        except _Stop as stop:
            failure, step = stop.failure, stop.step
        inputs = {name: value for flow in self._ended.values() for name, value in flow["inputs"].items()}
        return ScenarioResult(
            name=self._scenario.name,
            title=self._scenario.title,
            requirements=self._scenario.requirements,
            verdict="passed" if failure is None else "failed",
            seconds=round(self._environment.clock() - self._began, 3),
            started=started,
            step=step,
            failure=failure,
            steps=tuple(self._results),
            exchanges=tuple(self._record.exchanges),
            inputs=self._record.redactor.data(inputs),
            outputs=self._record.redactor.data(outputs),
        )

    def _workflow(self, workflow: Workflow, given: Mapping[str, Any], depth: int) -> _Outcome:
        if depth > _DEEPEST:
            raise self._stop(
                workflow.id,
                Step(workflow.id, Text(workflow.id, workflow.id)),
                Scope(),
                _circle(_DEEPEST, "workflows", "个工作流"),
            )
        for name in workflow.depends_on:
            if name not in self._ended:
                outcome = self._workflow(self._scenario.workflows[name], given, depth + 1)
                if outcome.failure is not None:
                    return outcome
        frame = _Frame(workflow, self._inputs(workflow, given))
        self._ended[workflow.id] = {"inputs": frame.inputs, "outputs": {}}
        wrong = _bad_inputs(workflow, frame.inputs)
        if wrong is not None:
            first = workflow.steps[0]
            return _Outcome(
                {}, explain.of_error(first, Scope(), self._record.redactor, wrong, "valid inputs", "others"), first.id
            )
        index = 0
        places = {step.id: place for place, step in enumerate(workflow.steps)}
        while index < len(workflow.steps):
            step = workflow.steps[index]
            failure, action = self._visit(frame, step, depth)
            if action is not None and action.type == "goto" and action.workflow_id is not None:
                return self._workflow(self._scenario.workflows[action.workflow_id], frame.inputs, depth + 1)
            if action is not None and action.type == "goto":
                index = places[action.step_id or ""]
            elif failure is not None:
                return _Outcome(self._outputs(frame), failure, step.id)
            elif action is not None and action.type == "end":
                break
            else:
                index += 1
        outputs = self._outputs(frame)
        self._ended[workflow.id] = {"inputs": frame.inputs, "outputs": outputs}
        return _Outcome(outputs)

    def _inputs(self, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, schema in workflow.inputs.get("properties", {}).items():
            kind = schema.get("x-shapan-generate") if isinstance(schema, Mapping) else None
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
        scenario = self._scenario
        return Scope(frame.inputs, frame.steps, self._ended, {}, scenario.sources, scenario.components)

    def _visit(self, frame: _Frame, step: Step, depth: int) -> tuple[Failure | None, Action | None]:
        """One step with its repetitions: why it failed, or None, and the action that follows."""
        began, attempts, tries = self._environment.clock(), 0, Counter[str]()
        self._tell("started", frame, step, 1)
        while True:
            scope = self._scope(frame)
            fatal = self._may_go_on(step, scope)
            failure, outputs = (fatal, {}) if fatal else self._attempt(frame, step, scope, depth)
            attempts += 1
            action = None if fatal else _first(step.on_success if failure is None else step.on_failure, scope, tries)
            if failure is None:
                frame.steps[step.id] = outputs
            elif action is not None and action.type == "retry":
                tries[action.name] += 1
                delay = _retry_after(scope) if _retry_after(scope) is not None else action.retry_after
                if self._environment.clock() + (delay or 0.0) <= self._deadline:
                    self._tell("waiting", frame, step, attempts + 1)
                    self._environment.sleep(delay or 0.0)
                    failure = self._meanwhile(frame, action, depth)
                    if failure is None:
                        continue
                    action = None
                else:
                    failure = fatal = explain.with_deadline(failure, self._scenario.deadline_seconds)
            result = StepResult(
                workflow=frame.workflow.id,
                step=step.id,
                title=step.title,
                system=step.source or "",
                operation=step.operation.id if step.operation else step.workflow_id or "",
                verdict="passed" if failure is None else "failed",
                attempts=attempts,
                seconds=round(self._environment.clock() - began, 3),
                failure=failure,
                outputs=self._record.redactor.data(outputs),
            )
            self._results.append(result)
            self._tell(result.verdict, frame, step, attempts, result)
            if fatal is not None:
                raise _Stop(step.id, fatal)
            return failure, action

    def _may_go_on(self, step: Step, scope: Scope) -> Failure | None:
        """Counts an attempt; what speaks against it."""
        self._attempts += 1
        if self._attempts > self._environment.max_attempts:
            text = _circle(self._environment.max_attempts, "calls", "次调用")
        elif self._environment.clock() > self._deadline:
            seconds = self._scenario.deadline_seconds
            text = Text(f"The deadline of {seconds:g} s passed before {step.id} could begin.",
                        f"在步骤 {step.id} 开始之前，{seconds:g} 秒的期限已过。")  # fmt: skip
        else:
            return None
        return explain.of_error(step, scope, self._record.redactor, text, "the scenario to come to an end", "no end")

    def _stop(self, name: str, step: Step, scope: Scope, text: Text) -> _Stop:
        return _Stop(name, explain.of_error(step, scope, self._record.redactor, text, "an end", "no end"))

    def _meanwhile(self, frame: _Frame, action: Action, depth: int) -> Failure | None:
        """Before a retry, the step or workflow that the action names."""
        if action.step_id is not None:
            step = next(step for step in frame.workflow.steps if step.id == action.step_id)
            return self._visit(frame, step, depth + 1)[0] if depth < _DEEPEST else None
        if action.workflow_id is not None:
            return self._workflow(self._scenario.workflows[action.workflow_id], frame.inputs, depth + 1).failure
        return None

    def _attempt(self, frame: _Frame, step: Step, scope: Scope, depth: int) -> tuple[Failure | None, dict[str, Any]]:
        redactor = self._record.redactor
        try:
            if step.workflow_id is not None:
                called = {parameter.name: evaluate(parameter.value, scope) for parameter in step.parameters}
                outcome = self._workflow(self._scenario.workflows[step.workflow_id], called, depth + 1)
                scope.outputs = outcome.outputs
                if outcome.failure is not None:
                    return outcome.failure, {}
            elif step.operation is not None and step.source is not None:
                rest = max(self._deadline - self._environment.clock(), 0.1)
                timeout = min(self._environment.timeout_seconds, rest)
                scope.message = self._clients[step.source].call(step.id, step.operation, _request(step, scope), timeout)
        except CallFailed as error:
            return explain.of_error(step, scope, redactor, error.text, "an answer", error.found), {}
        except Unresolved as error:
            text = Text(f"{step.id} could not be sent, because {error.expression} leads to nothing.",
                        f"步骤 {step.id} 无法发送，因为 {error.expression} 没有值。")  # fmt: skip
            return explain.of_error(step, scope, redactor, text, str(error.expression), "nothing"), {}
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

    def _tell(self, kind: Any, frame: _Frame, step: Step, attempt: int, result: StepResult | None = None) -> None:
        names = (self._scenario.name, frame.workflow.id, step.id)
        self._on_step(StepEvent(kind, *names, step.title, step.source or "", attempt, result))


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


def _request(step: Step, scope: Scope) -> Request:
    """The values of one call. Raises Unresolved or CallFailed."""
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for parameter in step.parameters:
        values[parameter.location or "query"][parameter.name] = evaluate(parameter.value, scope)
    headers = {name: as_text(value) for name, value in values["header"].items()}
    cookies = {name: as_text(value) for name, value in values["cookie"].items()}
    request = Request(values["path"], values["query"], headers, cookies)
    scope.message = replace(scope.message, path=values["path"], query=values["query"], request_headers=headers)
    if not step.has_body:
        return request
    body = evaluate(step.payload, scope)
    if step.replacements:
        body = copy.deepcopy(body)
        for tokens, value in step.replacements:
            _put(body, tokens, evaluate(value, scope))
    return replace(request, body=body, media_type=step.media_type)


def _put(body: Any, tokens: tuple[str, ...], value: Any) -> None:
    parent, last = descend(body, tokens[:-1]), tokens[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and descend(parent, (last,)) is not MISSING:
        parent[int(last)] = value
    else:
        pointer = pointer_of(*tokens)
        raise CallFailed(
            Text(f"The payload has no place {pointer} to put a value in.", f"请求体中没有可替换的位置 {pointer}。"),
            "no such place",
        )
