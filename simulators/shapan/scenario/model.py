"""A scenario as the runner reads it: an Arazzo 1.0.1 document whose references are resolved and whose conditions are parsed.

Made only from documents in which `lint` found no fault, so nothing here can be missing or misspelt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapan.scenario.contracts import Contract, Operation
from shapan.scenario.criteria import Criterion, parse_criterion
from shapan.scenario.expressions import Expression, parse, unescape
from shapan.scenario.faults import Text

DEADLINE_SECONDS = 60.0
"""How long a scenario may take when its `x-shapan` does not say."""


@dataclass(frozen=True, slots=True)
class Action:
    """A success or failure action; `type` is end, goto or retry. `retry_after` is in seconds."""

    name: str
    type: str
    criteria: tuple[Criterion, ...] = ()
    step_id: str | None = None
    workflow_id: str | None = None
    retry_after: float = 0.0
    retry_limit: int = 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value for a parameter of the operation, or, without `location`, for an input of the called workflow."""

    name: str
    location: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class FailureText:
    """What to tell people when the step fails, with `{$...}`; only when `when` holds, if there is such a condition."""

    when: Criterion | None
    text: Text


@dataclass(frozen=True)
class Step:
    """One call: of `operation` in the system `source`, or of the workflow `workflow_id`.

    `document` is a text with `{$...}` that names the business document that the step is about, for the report.
    """

    id: str
    title: Text
    source: str | None = None
    operation: Operation | None = None
    workflow_id: str | None = None
    parameters: tuple[Parameter, ...] = ()
    has_body: bool = False
    media_type: str | None = None
    payload: Any = None
    replacements: tuple[tuple[tuple[str, ...], Any], ...] = ()
    criteria: tuple[Criterion, ...] = ()
    on_success: tuple[Action, ...] = ()
    on_failure: tuple[Action, ...] = ()
    outputs: Mapping[str, Expression] = field(default_factory=dict)
    document: str | None = None
    failures: tuple[FailureText, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """Steps in order; `inputs` is their JSON Schema with `$ref` into the components resolved."""

    id: str
    inputs: Mapping[str, Any]
    depends_on: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, Expression]


@dataclass(frozen=True)
class Scenario:
    """A script with its contracts. `main` are the workflows to run: those that no other one calls, in order.

    requirements      ids of the needs that it proves
    world, size, seed what it wants the sandbox to be seeded with; None where it does not mind
    deadline_seconds  for all of it
    """

    name: str
    file: Path
    title: Text
    requirements: tuple[str, ...]
    world: str | None
    size: str | None
    seed: int | None
    deadline_seconds: float
    contracts: Mapping[str, Contract]
    sources: Mapping[str, Mapping[str, Any]]
    components: Mapping[str, Any]
    workflows: Mapping[str, Workflow]
    main: tuple[str, ...]


def resolve_inputs(document: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """The inputs schema of a workflow; `{$ref: "#/components/inputs/x"}` is replaced by what it names, at the top and by property."""
    named = document.get("components", {}).get("inputs", {})

    def follow(part: Any) -> Any:
        reference = part.get("$ref") if isinstance(part, Mapping) else None
        prefix = "#/components/inputs/"
        if isinstance(reference, str) and reference.startswith(prefix):
            return named.get(unescape("/" + reference[len(prefix) :])[0], part)
        return part

    whole = follow(schema)
    if not isinstance(whole, Mapping):
        return {}
    properties = whole.get("properties")
    if not isinstance(properties, Mapping):
        return whole
    return {**whole, "properties": {name: follow(part) for name, part in properties.items()}}


def source_and_name(reference: str) -> tuple[str | None, str]:
    """`$sourceDescriptions.crm.createOrder` -> ("crm", "createOrder"); a plain name has no source."""
    prefix = "$sourceDescriptions."
    if not reference.startswith(prefix):
        return None, reference
    source, _, name = reference[len(prefix) :].partition(".")
    return source, name


def called_workflows(workflow: Mapping[str, Any], components: Mapping[str, Any]) -> set[str]:
    """The workflows that this one depends on, calls, or goes to."""
    called = set(workflow.get("dependsOn", []))
    for holder in (workflow, *workflow["steps"]):
        for word in ("successActions", "failureActions", "onSuccess", "onFailure"):
            called |= {str(dereference(a, components).get("workflowId", "")) for a in holder.get(word, [])}
    called |= {str(step.get("workflowId", "")) for step in workflow["steps"]}
    return called - {""}


def dereference(item: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Reusable Object -> the component that it names, with its `value` in place; anything else is itself."""
    if "reference" not in item:
        return item
    expression = parse(item["reference"])
    found: Mapping[str, Any] = components.get(expression.a, {}).get(expression.b, {})
    return {**found, "value": item["value"]} if "value" in item else found


def build(name: str, file: Path, document: Mapping[str, Any], contracts: Mapping[str, Contract]) -> Scenario:
    """The scenario of a faultless document."""
    extension = document.get("x-shapan", {})
    title = extension.get("title", {"en": document["info"]["title"], "zh": document["info"]["title"]})
    components = document.get("components", {})
    called: set[str] = set()
    for workflow in document["workflows"]:
        called |= called_workflows(workflow, components) - {workflow["workflowId"]}
    ids = [workflow["workflowId"] for workflow in document["workflows"]]
    return Scenario(
        name=name,
        file=file,
        title=Text(title["en"], title["zh"]),
        requirements=tuple(extension.get("requirements", ())),
        world=extension.get("world"),
        size=extension.get("size"),
        seed=extension.get("seed"),
        deadline_seconds=float(extension.get("deadline_seconds", DEADLINE_SECONDS)),
        contracts=contracts,
        sources={source["name"]: source for source in document["sourceDescriptions"]},
        components=components,
        workflows={raw["workflowId"]: _Builder(document, contracts).workflow(raw) for raw in document["workflows"]},
        main=tuple(workflow_id for workflow_id in ids if workflow_id not in called) or tuple(ids[:1]),
    )


class _Builder:
    def __init__(self, document: Mapping[str, Any], contracts: Mapping[str, Contract]) -> None:
        self._document = document
        self._contracts = contracts
        self._components = document.get("components", {})

    def workflow(self, raw: Mapping[str, Any]) -> Workflow:
        return Workflow(
            id=raw["workflowId"],
            inputs=resolve_inputs(self._document, raw.get("inputs", {})),
            depends_on=tuple(raw.get("dependsOn", ())),
            steps=tuple(self._step(step, raw) for step in raw["steps"]),
            outputs={key: parse(value) for key, value in raw.get("outputs", {}).items()},
        )

    def _step(self, raw: Mapping[str, Any], workflow: Mapping[str, Any]) -> Step:
        source, operation = find_operation(raw, self._contracts)
        body = raw.get("requestBody", {})
        extension = raw.get("x-shapan", {})
        plain = raw.get("description", raw["stepId"]).strip()
        title = extension.get("title", {"en": plain, "zh": plain})
        failures = extension.get("failure", [])
        return Step(
            id=raw["stepId"],
            title=Text(title["en"], title["zh"]),
            source=source,
            operation=operation,
            workflow_id=raw.get("workflowId"),
            parameters=self._parameters([*workflow.get("parameters", []), *raw.get("parameters", [])]),
            has_body="payload" in body,
            media_type=body.get("contentType") or (operation.media_type if operation else None),
            payload=body.get("payload"),
            replacements=tuple((unescape(r["target"]), r["value"]) for r in body.get("replacements", [])),
            criteria=tuple(parse_criterion(criterion) for criterion in raw.get("successCriteria", [])),
            on_success=self._actions([*raw.get("onSuccess", []), *workflow.get("successActions", [])]),
            on_failure=self._actions([*raw.get("onFailure", []), *workflow.get("failureActions", [])]),
            outputs={key: parse(value) for key, value in raw.get("outputs", {}).items()},
            document=extension.get("document"),
            failures=tuple(_failure(f) for f in (failures if isinstance(failures, list) else [failures])),
        )

    def _parameters(self, raw: list[Mapping[str, Any]]) -> tuple[Parameter, ...]:
        # The step's come last, and so override the workflow's of the same name and place.
        found = {}
        for item in raw:
            whole = dereference(item, self._components)
            parameter = Parameter(whole["name"], whole.get("in"), whole["value"])
            found[parameter.name, parameter.location] = parameter
        return tuple(found.values())

    def _actions(self, raw: list[Mapping[str, Any]]) -> tuple[Action, ...]:
        # The step's come first, and so override the workflow's of the same name.
        found: dict[str, Action] = {}
        for item in raw:
            whole = dereference(item, self._components)
            action = Action(
                name=whole["name"],
                type=whole["type"],
                criteria=tuple(parse_criterion(criterion) for criterion in whole.get("criteria", [])),
                step_id=whole.get("stepId"),
                workflow_id=whole.get("workflowId"),
                retry_after=float(whole.get("retryAfter", 0)),
                retry_limit=int(whole.get("retryLimit", 1)),
            )
            found.setdefault(action.name, action)
        return tuple(found.values())


def _failure(raw: Mapping[str, Any]) -> FailureText:
    when = parse_criterion({"condition": raw["when"]}) if "when" in raw else None
    return FailureText(when, Text(raw["en"], raw["zh"]))


def find_operation(step: Mapping[str, Any], contracts: Mapping[str, Contract]) -> tuple[str | None, Operation | None]:
    """The system and operation that a step names by operationId or operationPath; (…, None) when there is no such operation."""
    if "operationPath" in step:
        place, _, pointer = step["operationPath"].partition("#")
        source, _ = source_and_name(place.strip("{}"))
        contract = contracts.get(source or "")
        return source, contract.at(pointer) if contract else None
    if "operationId" not in step:
        return None, None
    source, name = source_and_name(step["operationId"])
    if source is None and len(contracts) == 1:
        source = next(iter(contracts))
    contract = contracts.get(source or "")
    return source, contract.operations.get(name) if contract else None
