"""Makes the scenario of documents in which there is no fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapan.scenario.contracts import Contract
from shapan.scenario.criteria import parse_criterion
from shapan.scenario.documents import SourceFile
from shapan.scenario.expressions import parse, unescape
from shapan.scenario.faults import Text, pointer_of
from shapan.scenario.model import DEADLINE_SECONDS, Action, FailureText, Parameter, Scenario, Script, Step, Workflow
from shapan.scenario.raw import (
    called_workflows,
    dereference,
    find_operation,
    generated,
    resolve_inputs,
    source_and_name,
)


@dataclass(frozen=True)
class Document:
    """An Arazzo document that was read: its contracts by the name of their source, and the other documents likewise."""

    source: SourceFile
    contracts: Mapping[str, Contract]
    others: Mapping[str, Path]


def build(name: str, file: Path, documents: Mapping[Path, Document], entry: Path) -> Scenario:
    """The scenario of a faultless document, by what it is called and how it was named; `documents` are it and all that it leads to."""
    data = documents[entry].source.data
    extension = data.get("x-shapan", {})
    title = extension.get("title", {"en": data["info"]["title"], "zh": data["info"]["title"]})
    workflows: dict[str, Workflow] = {}
    called: set[str] = set()
    for document in documents.values():
        builder = _Builder(document, documents, entry)
        for number, raw in enumerate(document.source.data["workflows"]):
            made = builder.workflow(number, raw)
            workflows[made.key] = made
            called |= builder.called(raw) - {made.key}
    ids = [raw["workflowId"] for raw in data["workflows"]]
    return Scenario(
        name=name,
        file=file,
        title=Text(title["en"], title["zh"]),
        requirements=tuple(extension.get("requirements", ())),
        world=extension.get("world"),
        size=extension.get("size"),
        seed=extension.get("seed"),
        deadline_seconds=float(extension.get("deadline_seconds", DEADLINE_SECONDS)),
        contracts=documents[entry].contracts,
        workflows=workflows,
        main=tuple(workflow_id for workflow_id in ids if workflow_id not in called) or tuple(ids[:1]),
        profiles=tuple(extension.get("profiles", ())),
        isolation=extension.get("isolation", "shared"),
        pace=extension.get("pace", "fast"),
        catches=tuple(extension.get("catches", ())),
        needs_integration=extension.get("integration") != "none",
        environment=dict(extension.get("environment", {})),
    )


class _Builder:
    def __init__(self, document: Document, documents: Mapping[Path, Document], entry: Path) -> None:
        self._document = document
        self._data: Mapping[str, Any] = document.source.data
        self._contracts = document.contracts
        self._components = self._data.get("components", {})
        self._keys = _keys(document.source.path.resolve(), documents, entry)
        self._others = {name: _keys(path, documents, entry) for name, path in document.others.items()}
        sources = {source["name"]: source for source in self._data["sourceDescriptions"]}
        self._script = Script(document.source.path, sources, self._components, self._keys)

    def _key(self, reference: str) -> str:
        source, name = source_and_name(reference)
        return self._keys[name] if source is None else self._others[source][name]

    def called(self, raw: Mapping[str, Any]) -> set[str]:
        """The keys of the workflows that this one depends on, calls, or goes to."""
        return {self._key(reference) for reference in called_workflows(raw, self._components)}

    def workflow(self, number: int, raw: Mapping[str, Any]) -> Workflow:
        place = ("workflows", number)
        return Workflow(
            id=raw["workflowId"],
            key=self._keys[raw["workflowId"]],
            script=self._script,
            inputs=resolve_inputs(self._data, raw.get("inputs", {})),
            depends_on=tuple(self._key(name) for name in raw.get("dependsOn", ())),
            steps=tuple(self._step((*place, "steps", n), step, raw) for n, step in enumerate(raw["steps"])),
            outputs={key: parse(value) for key, value in raw.get("outputs", {}).items()},
            generate=generated(self._data, raw),
            line=self._line(*place),
        )

    def _line(self, *place: str | int) -> int | None:
        return self._document.source.place(pointer_of(*place))[0]

    def _step(self, place: tuple[str | int, ...], raw: Mapping[str, Any], workflow: Mapping[str, Any]) -> Step:
        source, operation = find_operation(raw, self._contracts)
        body = raw.get("requestBody", {})
        extension = raw.get("x-shapan", {})
        plain = raw.get("description", raw["stepId"]).strip()
        title = extension.get("title", {"en": plain, "zh": plain})
        failures = extension.get("failure", [])
        criteria = raw.get("successCriteria", [])
        return Step(
            id=raw["stepId"],
            title=Text(title["en"], title["zh"]),
            source=source,
            contract=self._contracts.get(source or ""),
            operation=operation,
            workflow=self._key(raw["workflowId"]) if "workflowId" in raw else None,
            parameters=self._parameters([*workflow.get("parameters", []), *raw.get("parameters", [])]),
            has_body="payload" in body,
            media_type=body.get("contentType") or (operation.media_type if operation else None),
            payload=body.get("payload"),
            replacements=tuple((unescape(r["target"]), r["value"]) for r in body.get("replacements", [])),
            criteria=tuple(parse_criterion(criterion) for criterion in criteria),
            on_success=self._actions([*raw.get("onSuccess", []), *workflow.get("successActions", [])]),
            on_failure=self._actions([*raw.get("onFailure", []), *workflow.get("failureActions", [])]),
            outputs={key: parse(value) for key, value in raw.get("outputs", {}).items()},
            document=extension.get("document"),
            failures=tuple(_failure(f) for f in (failures if isinstance(failures, list) else [failures])),
            client=extension.get("client"),
            restart=extension.get("integration") == "restart",
            times=extension.get("times"),
            at_once=extension.get("at_once", False),
            file=self._document.source.path,
            line=self._line(*place),
            criteria_lines=tuple(self._line(*place, "successCriteria", index) for index in range(len(criteria))),
        )

    def _parameters(self, raw: Iterable[Mapping[str, Any]]) -> tuple[Parameter, ...]:
        # The step's come last, and so override the workflow's of the same name and place.
        found = {}
        for item in raw:
            whole = dereference(item, self._components)
            parameter = Parameter(whole["name"], whole.get("in"), whole["value"])
            found[parameter.name, parameter.location] = parameter
        return tuple(found.values())

    def _actions(self, raw: Iterable[Mapping[str, Any]]) -> tuple[Action, ...]:
        # The step's come first, and so override the workflow's of the same name.
        found: dict[str, Action] = {}
        for item in raw:
            whole = dereference(item, self._components)
            action = Action(
                name=whole["name"],
                type=whole["type"],
                criteria=tuple(parse_criterion(criterion) for criterion in whole.get("criteria", [])),
                step_id=whole.get("stepId"),
                workflow=self._key(whole["workflowId"]) if "workflowId" in whole else None,
                retry_after=float(whole.get("retryAfter", 0)),
                retry_limit=int(whole.get("retryLimit", 1)),
            )
            found.setdefault(action.name, action)
        return tuple(found.values())


def _keys(path: Path, documents: Mapping[Path, Document], entry: Path) -> dict[str, str]:
    """The keys of a document's workflows by workflowId; only those of the first document are plain."""
    ids = [raw["workflowId"] for raw in documents[path].source.data["workflows"]]
    if path == entry:
        return {name: name for name in ids}
    alone = [other.name for other in documents].count(path.name) == 1
    return {name: f"{path.name if alone else path}#{name}" for name in ids}


def _failure(raw: Mapping[str, Any]) -> FailureText:
    when = parse_criterion({"condition": raw["when"]}) if "when" in raw else None
    return FailureText(when, Text(raw["en"], raw["zh"]))
