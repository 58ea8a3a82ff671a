"""Finds every fault of a scenario script before it runs: misspelt operations, steps, outputs, parameters, members, expressions.

Works on the raw document and tolerates broken parts, so that one reading names all faults, structural and semantic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from shapan.scenario.contracts import Contract, ContractReader, Node, Operation
from shapan.scenario.criteria import Criterion, parse_criterion
from shapan.scenario.documents import SourceFile, Unreadable
from shapan.scenario.expressions import Expression, ExpressionError, expressions_in, parse, unescape
from shapan.scenario.faults import ScriptFault, pointer_of
from shapan.scenario.generate import GENERATORS
from shapan.scenario.lint_criteria import TOGETHER, expects_refusal, idle, possible
from shapan.scenario.lint_extension import extension_faults, step_extension_faults
from shapan.scenario.lint_flow import circular, unreached
from shapan.scenario.lint_payload import misfits
from shapan.scenario.lint_references import EXCHANGE, NOTHING, References
from shapan.scenario.near import meant
from shapan.scenario.raw import dereference, find_operation, generated, resolve_inputs, source_and_name, waited_for
from shapan.scenario.shapes import as_list, as_map, is_text, maps
from shapan.scenario.structure import chinese, structural_faults

Place = tuple[str | int, ...]


def lint(
    file: SourceFile, contracts: Mapping[str, Contract], others: Mapping[str, SourceFile], reader: ContractReader
) -> list[ScriptFault]:
    """All faults of a document, by line. `contracts` and `others` are what its sources are, as far as they could be read."""
    check = _Lint(file, contracts, others, reader)
    check.document()
    faults = {(fault.pointer, fault.en): fault for fault in [*structural_faults(file), *check.faults]}
    return sorted(faults.values(), key=lambda fault: (fault.line or 0, fault.pointer, fault.en))


def workflows_of(data: Any) -> dict[str, Mapping[str, Any]]:
    """The workflows of a raw document by id."""
    found = maps(as_map(data).get("workflows"))
    return {workflow["workflowId"]: workflow for workflow in found if is_text(workflow.get("workflowId"))}


class _Lint:
    def __init__(
        self,
        file: SourceFile,
        contracts: Mapping[str, Contract],
        others: Mapping[str, SourceFile],
        reader: ContractReader,
    ) -> None:
        self._file = file
        self._raw = as_map(file.data)
        self._components = {kind: as_map(part) for kind, part in as_map(self._raw.get("components")).items()}
        self._document = {**self._raw, "components": self._components}
        self._sources = {str(s.get("name")): s for s in maps(self._raw.get("sourceDescriptions"))}
        self._contracts = contracts
        self._reader = reader
        others_workflows = {name: workflows_of(other.data) for name, other in others.items()}
        self._workflows = workflows_of(self._raw)
        self._names = References(self._document, self._workflows, others_workflows, reader)
        self._workflow: Mapping[str, Any] = {}
        self._place: Place = ()
        self._step: Mapping[str, Any] | None = None
        self._operation: Operation | None = None
        self._refused = False
        self.faults: list[ScriptFault] = []

    def _add(self, place: Place, en: str, zh: str) -> None:
        self.faults.append(self._file.fault(pointer_of(*place), en, zh))

    def document(self) -> None:
        self._unique("sourceDescriptions", "name")
        self._unique("workflows", "workflowId")
        for index, workflow in enumerate(maps(self._raw.get("workflows"))):
            self._check_workflow(("workflows", index), workflow)
        circles = circular({name: waited_for(workflow) for name, workflow in self._workflows.items()})
        for index, workflow in enumerate(maps(self._raw.get("workflows"))):
            if (name := workflow.get("workflowId")) in circles:
                self._add(
                    ("workflows", index), f"The workflow {name!r} waits for itself.", f"工作流 {name!r} 循环等待自身。"
                )
        for where, said in extension_faults(self._raw):
            self._add(where, *said)

    def _unique(self, key: str, name: str, holder: Mapping[str, Any] | None = None, base: Place = ()) -> None:
        items = maps((holder if holder is not None else self._raw).get(key))
        counts = Counter(str(item.get(name)) for item in items if name in item)
        for index, item in enumerate(items):
            if counts[str(item.get(name))] > 1:
                value = item.get(name)
                self._add(
                    (*base, key, index, name), f"The {name} {value!r} is given twice.", f"{name} {value!r} 重复。"
                )

    def _check_workflow(self, place: Place, workflow: Mapping[str, Any]) -> None:
        self._workflow, self._place = workflow, place
        self._names.workflow = workflow
        self._at(None, None)
        self._unique("steps", "stepId", workflow, place)
        self._inputs((*place, "inputs"), workflow)
        for index, name in enumerate(as_list(workflow.get("dependsOn"))):
            self._known_workflow((*place, "dependsOn", index), name)
        for key, text in as_map(workflow.get("outputs")).items():
            self._expression((*place, "outputs", key), text, NOTHING)
        self._actions((*place, "successActions"), workflow.get("successActions"))
        self._actions((*place, "failureActions"), workflow.get("failureActions"))
        for index, step in enumerate(maps(workflow.get("steps"))):
            self._check_step((*place, "steps", index), step)
        self._at(None, None)
        for index in unreached(workflow, self._components):
            self._add((*place, "steps", index), "This step is never reached: no step before it goes on to it or to it by goto.",
                      "该步骤永远不会执行：没有任何步骤会继续或跳转到它。")  # fmt: skip

    def _at(self, step: Mapping[str, Any] | None, operation: Operation | None) -> None:
        self._step, self._operation = step, operation
        self._names.step, self._names.operation = step, operation

    def _inputs(self, place: Place, workflow: Mapping[str, Any]) -> None:
        schema = resolve_inputs(self._document, workflow.get("inputs", {}))
        try:
            validator = jsonschema_rs.validator_for(dict(schema))
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            reason = str(error).splitlines()[0]
            self._add(
                place, f"The inputs are no valid JSON Schema: {reason}.", f"inputs 不是合法的 JSON Schema：{reason}。"
            )
            return
        properties = {name: as_map(part) for name, part in as_map(schema.get("properties")).items()}
        own = as_map(as_map(workflow.get("x-shapan")).get("generate"))
        for name, kind in generated(self._document, workflow).items():
            here = (*self._place, "x-shapan", "generate", name)
            here = here if name in own else (*place, "properties", name, "x-shapan-generate")
            if name not in properties:
                self._add(
                    here, f"This workflow has no input {name!r} to generate.", f"本工作流没有要生成的输入 {name!r}。"
                )
            elif str(kind) not in GENERATORS:
                known = ", ".join(GENERATORS)
                self._add(here, f"There is no generator {kind!r}; there are {known}.",
                          f"没有名为 {kind!r} 的生成器；可用的有 {known}。")  # fmt: skip
        defaults = {name: part["default"] for name, part in properties.items() if "default" in part}
        for wrong in validator.iter_errors(defaults):
            if wrong.instance_path:
                bad = (*place, "properties", str(wrong.instance_path[0]), "default")
                self._add(
                    bad,
                    f"The default does not fit its schema: {wrong.message}.",
                    f"默认值不符合其模式：{chinese(wrong)}",
                )

    def _check_step(self, place: Place, step: Mapping[str, Any]) -> None:
        self._at(step, None)
        targets = [word for word in ("operationId", "operationPath", "workflowId") if word in step]
        if len(targets) != 1:
            self._add(place, "A step has exactly one of operationId, operationPath and workflowId.",
                      "每个步骤须且只能有 operationId、operationPath、workflowId 之一。")  # fmt: skip
        elif targets[0] == "workflowId":
            self._known_workflow((*place, "workflowId"), step["workflowId"])
        elif is_text(step[targets[0]]):
            self._target((*place, targets[0]), step, str(step[targets[0]]))
        criteria = self._criteria((*place, "successCriteria"), step.get("successCriteria"), assertions=True)
        # A step that wants to be refused may send what the contract does not have.
        self._refused = bool(criteria) and expects_refusal(criteria)
        self._parameters(place, step)
        body = as_map(step.get("requestBody"))
        self._values((*place, "requestBody", "payload"), body.get("payload"), NOTHING)
        self._members((*place, "requestBody", "payload"), body.get("payload"), ())
        self._fits((*place, "requestBody", "payload"), body)
        for index, change in enumerate(maps(body.get("replacements"))):
            self._replacement((*place, "requestBody", "replacements", index), change)
        self._actions((*place, "onSuccess"), step.get("onSuccess"))
        self._actions((*place, "onFailure"), step.get("onFailure"))
        for key, text in as_map(step.get("outputs")).items():
            self._expression((*place, "outputs", key), text, EXCHANGE)
        self._extension((*place, "x-shapan"), as_map(step.get("x-shapan")))

    def _target(self, place: Place, step: Mapping[str, Any], reference: str) -> None:
        source, operation = find_operation(step, self._contracts)
        self._at(step, operation)
        if operation is not None:
            return
        if source is None:
            self._add(place, "With several sources an operation is named as $sourceDescriptions.<name>.<operationId>.",
                      "有多个来源时，须写成 $sourceDescriptions.<来源名>.<operationId>。")  # fmt: skip
        elif source not in self._sources:
            self._add(place, f"There is no source {source!r}; there are {', '.join(self._sources)}.",
                      f"没有名为 {source!r} 的来源；已有 {'、'.join(self._sources)}。")  # fmt: skip
        elif source in self._contracts:
            contract = self._contracts[source]
            name = source_and_name(reference)[1] if "#" not in reference else reference.partition("#")[2]
            near = meant(name, contract.operations)
            self._add(place, f"The contract {contract.file.name} has no operation {name!r}.{near.en}",
                      f"契约 {contract.file.name} 中没有操作 {name!r}。{near.zh}")  # fmt: skip

    def _parameters(self, place: Place, step: Mapping[str, Any]) -> None:
        given: set[tuple[str, str]] = set()
        holders = (((*self._place, "parameters"), self._workflow), ((*place, "parameters"), step))
        for base, holder in holders:
            listed = Counter[tuple[str, str]]()
            for index, raw in enumerate(maps(holder.get("parameters"))):
                here, parameter = self._dereferenced((*base, index), raw, "parameters")
                if parameter is None:
                    continue
                key = (str(parameter.get("name")), str(parameter.get("in")))
                listed[key] += 1
                if listed[key] > 1:
                    self._add((*base, index), f"The parameter {key[0]!r} is listed twice.", f"参数 {key[0]!r} 重复。")
                self._values((*here, "value"), parameter.get("value"), NOTHING)
                self._declared(here, parameter)
                given.add(key)
        for rule in self._operation.parameters if self._operation else ():
            if rule.required and rule.location != "cookie" and not _has(given, rule.name, rule.location):
                self._add(place, f"{self._operation.id} needs the {rule.location} parameter {rule.name!r}.",  # type: ignore[union-attr]
                          f"{self._operation.id} 缺少必需的 {rule.location} 参数 {rule.name!r}。")  # type: ignore[union-attr]  # fmt: skip

    def _declared(self, place: Place, parameter: Mapping[str, Any]) -> None:
        name, location = parameter.get("name"), parameter.get("in")
        if self._operation is None or location == "header":
            return
        if location is None:
            self._add(place, "A parameter of an operation needs `in`: path, query, header or cookie.",
                      "操作的参数必须用 in 指明位置：path、query、header 或 cookie。")  # fmt: skip
        elif not any((rule.name, rule.location) == (name, location) for rule in self._operation.parameters):
            names = [rule.name for rule in self._operation.parameters if rule.location == location]
            known, near = ", ".join(names) or "none", meant(str(name), names)
            self._add((*place, "name"), f"{self._operation.id} has no {location} parameter {name!r} (it has: {known}).{near.en}",
                      f"{self._operation.id} 没有 {location} 参数 {name!r}（已有：{known}）。{near.zh}")  # fmt: skip

    def _fits(self, place: Place, body: Mapping[str, Any]) -> None:
        if self._operation is None or self._refused:
            return
        try:
            for tokens, text in misfits(self._operation, body, self._reader):
                self._add((*place, *tokens), *text)
        except Unreadable as error:
            self._add(place, error.text.en, error.text.zh)

    def _replacement(self, place: Place, change: Mapping[str, Any]) -> None:
        self._values((*place, "value"), change.get("value"), NOTHING)
        target = change.get("target")
        if not is_text(target):
            return
        if str(target) and not str(target).startswith("/"):
            self._add((*place, "target"), f"{target!r} is no JSON Pointer (XPath is not supported).",
                      f"{target!r} 不是 JSON Pointer（不支持 XPath）。")  # fmt: skip
        else:
            self._member((*place, "target"), unescape(str(target)))

    def _members(self, place: Place, value: Any, tokens: tuple[str, ...]) -> None:
        """Reports members of a payload that the operation's request does not have."""
        if isinstance(value, Mapping):
            for name, member in value.items():
                if self._member((*place, name), (*tokens, name)):
                    self._members((*place, name), member, (*tokens, name))
        elif isinstance(value, list):
            for index, member in enumerate(value):
                self._members((*place, index), member, (*tokens, str(index)))

    def _member(self, place: Place, tokens: tuple[str, ...]) -> bool:
        media_type = as_map(as_map(self._step).get("requestBody")).get("contentType")
        request = self._operation.request(media_type if is_text(media_type) else None) if self._operation else None
        if request is None or self._refused or self._reads(request, tokens, place):
            return True
        pointer = pointer_of(*tokens)
        self._add(place, f"The request of {self._operation.id} has no member {pointer}.",  # type: ignore[union-attr]
                  f"{self._operation.id} 的请求中没有成员 {pointer}。")  # type: ignore[union-attr]  # fmt: skip
        return False

    def _reads(self, schema: Node, tokens: tuple[str, ...], place: Place) -> bool:
        try:
            return self._reader.has_member(schema, tokens)
        except Unreadable as error:
            self._add(place, error.text.en, error.text.zh)
            return True

    def _criteria(self, place: Place, raw: Any, assertions: bool = False) -> list[Criterion]:
        found = [
            self._criterion((*place, index, "condition"), item, assertions) for index, item in enumerate(maps(raw))
        ]
        criteria = [criterion for criterion in found if criterion is not None]
        if assertions and criteria and not possible(criteria) and all(idle(one) is None for one in criteria):
            self._add(place, *TOGETHER)
        return criteria

    def _criterion(self, place: Place, item: Mapping[str, Any], assertion: bool = False) -> Criterion | None:
        if not is_text(item.get("condition")) or not is_text(item.get("context", "")):
            return None
        try:
            criterion = parse_criterion(item)
        except ExpressionError as error:
            self._add(place, error.text.en, error.text.zh)
            return None
        for expression in criterion.expressions():
            self._refers(place, expression, EXCHANGE)
        said = idle(criterion) if assertion else None
        if said is not None:
            self._add(place, *said)
        return criterion

    def _actions(self, place: Place, raw: Any) -> None:
        kind = "successActions" if place[-1] in ("successActions", "onSuccess") else "failureActions"
        names = Counter()  # type: Counter[str]
        for index, item in enumerate(maps(raw)):
            here, action = self._dereferenced((*place, index), item, kind)
            if action is None:
                continue
            names[str(action.get("name"))] += 1
            if names[str(action.get("name"))] > 1:
                self._add(
                    here, f"The action {action.get('name')!r} is listed twice.", f"动作 {action.get('name')!r} 重复。"
                )
            targets = [word for word in ("stepId", "workflowId") if word in action]
            if action.get("type") == "goto" and len(targets) != 1:
                self._add(
                    here,
                    "goto needs exactly one of stepId and workflowId.",
                    "goto 须且只能有 stepId、workflowId 之一。",
                )
            elif len(targets) > 1 or (action.get("type") == "end" and targets):
                self._add(here, "stepId and workflowId exclude each other, and belong to goto and retry only.",
                          "stepId 与 workflowId 互斥，且只用于 goto 和 retry。")  # fmt: skip
            if is_text(action.get("stepId")) and action["stepId"] not in self._names.steps():
                near = meant(action["stepId"], self._names.steps())
                self._add((*here, "stepId"), f"There is no step {action['stepId']!r} in this workflow.{near.en}",
                          f"本工作流没有步骤 {action['stepId']!r}。{near.zh}")  # fmt: skip
            if "workflowId" in action:
                self._known_workflow((*here, "workflowId"), action["workflowId"])
            self._criteria((*here, "criteria"), action.get("criteria"))

    def _dereferenced(self, place: Place, raw: Mapping[str, Any], kind: str) -> tuple[Place, Mapping[str, Any] | None]:
        """A Reusable Object's component with its own place; None when there is no such component."""
        if "reference" not in raw:
            return place, raw
        try:
            expression = parse(str(raw["reference"]))
        except ExpressionError as error:
            self._add((*place, "reference"), error.text.en, error.text.zh)
            return place, None
        known = expression.kind == "components" and expression.a == kind
        if not known or not isinstance(as_map(self._components.get(kind)).get(expression.b), Mapping):
            near = meant(expression.b, as_map(self._components.get(kind)))
            self._add((*place, "reference"), f"There is no {raw['reference']} among the components' {kind}.{near.en}",
                      f"components 的 {kind} 中没有 {raw['reference']}。{near.zh}")  # fmt: skip
            return place, None
        own = place if "value" in raw else ("components", kind, expression.b)
        return own, dereference(raw, self._components)

    def _extension(self, place: Place, extension: Mapping[str, Any]) -> None:
        self._values((*place, "document"), extension.get("document"), EXCHANGE)
        for tokens, said in step_extension_faults(extension, "workflowId" in as_map(self._step)):
            self._add((*place, *tokens), *said)
        failure = extension.get("failure")
        single = isinstance(failure, Mapping)
        for index, text in enumerate([failure] if single else maps(failure)):
            here = (*place, "failure") if single else (*place, "failure", index)
            self._values((*here, "en"), as_map(text).get("en"), EXCHANGE)
            self._values((*here, "zh"), as_map(text).get("zh"), EXCHANGE)
            if is_text(as_map(text).get("when")):
                self._criterion((*here, "when"), {"condition": as_map(text)["when"]})

    def _values(self, place: Place, value: Any, may: frozenset[str]) -> None:
        if isinstance(value, Mapping):
            for name, member in value.items():
                self._values((*place, name), member, may)
        elif isinstance(value, list):
            for index, member in enumerate(value):
                self._values((*place, index), member, may)
        else:
            try:
                for expression in expressions_in(value):
                    self._refers(place, expression, may)
            except ExpressionError as error:
                self._add(place, error.text.en, error.text.zh)

    def _expression(self, place: Place, text: Any, may: frozenset[str]) -> None:
        if not isinstance(text, str):
            return
        try:
            self._refers(place, parse(text), may)
        except ExpressionError as error:
            self._add(place, error.text.en, error.text.zh)

    def _refers(self, place: Place, expression: Expression, may: frozenset[str]) -> None:
        try:
            for text in self._names.wrong(expression, may):
                self._add(place, *text)
        except Unreadable as error:
            self._add(place, error.text.en, error.text.zh)

    def _known_workflow(self, place: Place, name: Any) -> None:
        if is_text(name) and self._names.find(name) is None:
            near = self._names.near_workflows(name)
            self._add(
                place, f"There is no workflow {name!r} in this file.{near.en}", f"本文件没有工作流 {name!r}。{near.zh}"
            )


def _has(given: set[tuple[str, str]], name: str, location: str) -> bool:
    if location == "header":
        return any(n.lower() == name.lower() and place == location for n, place in given)
    return (name, location) in given
