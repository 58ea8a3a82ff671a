"""Finds every fault of a scenario script before it runs: misspelt operations, steps, outputs, parameters, members, expressions.

Works on the raw document and tolerates broken parts, so that one reading names all faults, structural and semantic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from shapan.scenario.contracts import Contract, ContractReader, Node, Operation
from shapan.scenario.criteria import parse_criterion
from shapan.scenario.documents import SourceFile, Unreadable, find_contract
from shapan.scenario.expressions import Expression, ExpressionError, expressions_in, parse, unescape
from shapan.scenario.faults import ScriptFault, pointer_of
from shapan.scenario.generate import GENERATORS
from shapan.scenario.model import called_workflows, dereference, find_operation, resolve_inputs, source_and_name
from shapan.scenario.shapes import as_list, as_map, is_text, maps
from shapan.scenario.structure import chinese, structural_faults

_SOURCE_FIELDS = ("name", "url", "type")
# Which parts of the current exchange an expression may read, by where it stands.
_NOTHING: frozenset[str] = frozenset()
_REQUEST = frozenset({"request"})
_EXCHANGE = frozenset({"request", "response"})


def lint(file: SourceFile, reader: ContractReader) -> tuple[list[ScriptFault], dict[str, Contract]]:
    """All faults of a document, by line, and the contracts of its sources by name as far as they could be read."""
    check = _Lint(file, reader)
    check.document()
    faults = {(fault.pointer, fault.en): fault for fault in [*structural_faults(file), *check.faults]}
    return sorted(faults.values(), key=lambda fault: (fault.line or 0, fault.pointer, fault.en)), check.contracts


class _Lint:
    def __init__(self, file: SourceFile, reader: ContractReader) -> None:
        self._file = file
        self._raw = as_map(file.data)
        self._components = {kind: as_map(part) for kind, part in as_map(self._raw.get("components")).items()}
        self._workflows = {w["workflowId"]: w for w in maps(self._raw.get("workflows")) if is_text(w.get("workflowId"))}
        self._sources = {str(s.get("name")): s for s in maps(self._raw.get("sourceDescriptions"))}
        self._reader = reader
        self._document = {"components": self._components}
        self._workflow: Mapping[str, Any] = {}
        self._place: tuple[str | int, ...] = ()
        self._step: Mapping[str, Any] | None = None
        self._operation: Operation | None = None
        self.contracts: dict[str, Contract] = {}
        self.faults: list[ScriptFault] = []

    def _add(self, place: tuple[str | int, ...], en: str, zh: str) -> None:
        self.faults.append(self._file.fault(pointer_of(*place), en, zh))

    def document(self) -> None:
        self._unique("sourceDescriptions", "name")
        self._unique("workflows", "workflowId")
        for index, source in enumerate(maps(self._raw.get("sourceDescriptions"))):
            self._source(("sourceDescriptions", index), source)
        for index, workflow in enumerate(maps(self._raw.get("workflows"))):
            self._check_workflow(("workflows", index), workflow)
        self._circles()

    def _unique(
        self, key: str, name: str, holder: Mapping[str, Any] | None = None, base: tuple[str | int, ...] = ()
    ) -> None:
        items = maps((holder if holder is not None else self._raw).get(key))
        counts = Counter(str(item.get(name)) for item in items if name in item)
        for index, item in enumerate(items):
            if counts[str(item.get(name))] > 1:
                value = item.get(name)
                self._add(
                    (*base, key, index, name), f"The {name} {value!r} is given twice.", f"{name} {value!r} 重复。"
                )

    def _source(self, place: tuple[str | int, ...], source: Mapping[str, Any]) -> None:
        if source.get("type", "openapi") == "arazzo":
            en = "Sources of type arazzo are not supported; keep the workflows that call each other in one file."
            self._add((*place, "type"), en, "不支持 arazzo 类型的来源；请把互相调用的工作流写在同一个文件中。")
        elif is_text(source.get("url")):
            try:
                contract = self._reader.read(find_contract(self._file.path, source["url"]))
                self.contracts[str(source.get("name"))] = contract
            except Unreadable as error:
                self._add((*place, "url"), error.text.en, error.text.zh)

    def _check_workflow(self, place: tuple[str | int, ...], workflow: Mapping[str, Any]) -> None:
        self._workflow, self._place, self._step, self._operation = workflow, place, None, None
        self._unique("steps", "stepId", workflow, place)
        self._inputs((*place, "inputs"), workflow)
        for index, name in enumerate(as_list(workflow.get("dependsOn"))):
            self._known_workflow((*place, "dependsOn", index), name)
        for key, text in as_map(workflow.get("outputs")).items():
            self._expression((*place, "outputs", key), text, _NOTHING)
        self._actions((*place, "successActions"), workflow.get("successActions"))
        self._actions((*place, "failureActions"), workflow.get("failureActions"))
        for index, step in enumerate(maps(workflow.get("steps"))):
            self._check_step((*place, "steps", index), step)
        self._step, self._operation = None, None

    def _inputs(self, place: tuple[str | int, ...], workflow: Mapping[str, Any]) -> None:
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
        for name, part in properties.items():
            kind = part.get("x-shapan-generate")
            if kind is not None and str(kind) not in GENERATORS:
                known = ", ".join(GENERATORS)
                self._add((*place, "properties", name, "x-shapan-generate"), f"There is no generator {kind!r}; there are {known}.",
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

    def _check_step(self, place: tuple[str | int, ...], step: Mapping[str, Any]) -> None:
        self._step, self._operation = step, None
        targets = [word for word in ("operationId", "operationPath", "workflowId") if word in step]
        if len(targets) != 1:
            self._add(place, "A step has exactly one of operationId, operationPath and workflowId.",
                      "每个步骤须且只能有 operationId、operationPath、workflowId 之一。")  # fmt: skip
        elif targets[0] == "workflowId":
            self._known_workflow((*place, "workflowId"), step["workflowId"])
        elif is_text(step[targets[0]]):
            self._target((*place, targets[0]), step, str(step[targets[0]]))
        self._parameters(place, step)
        body = as_map(step.get("requestBody"))
        self._values((*place, "requestBody", "payload"), body.get("payload"), _NOTHING)
        self._members((*place, "requestBody", "payload"), body.get("payload"), ())
        for index, change in enumerate(maps(body.get("replacements"))):
            self._replacement((*place, "requestBody", "replacements", index), change)
        self._criteria((*place, "successCriteria"), step.get("successCriteria"))
        self._actions((*place, "onSuccess"), step.get("onSuccess"))
        self._actions((*place, "onFailure"), step.get("onFailure"))
        for key, text in as_map(step.get("outputs")).items():
            self._expression((*place, "outputs", key), text, _EXCHANGE)
        self._extension((*place, "x-shapan"), as_map(step.get("x-shapan")))

    def _target(self, place: tuple[str | int, ...], step: Mapping[str, Any], reference: str) -> None:
        source, self._operation = find_operation(step, self.contracts)
        if self._operation is not None:
            return
        if source is None:
            self._add(place, "With several sources an operation is named as $sourceDescriptions.<name>.<operationId>.",
                      "有多个来源时，须写成 $sourceDescriptions.<来源名>.<operationId>。")  # fmt: skip
        elif source not in self._sources:
            self._add(place, f"There is no source {source!r}; there are {', '.join(self._sources)}.",
                      f"没有名为 {source!r} 的来源；已有 {'、'.join(self._sources)}。")  # fmt: skip
        elif source in self.contracts:
            name = source_and_name(reference)[1] if "#" not in reference else reference.partition("#")[2]
            self._add(place, f"The contract {self.contracts[source].file.name} has no operation {name!r}.",
                      f"契约 {self.contracts[source].file.name} 中没有操作 {name!r}。")  # fmt: skip

    def _parameters(self, place: tuple[str | int, ...], step: Mapping[str, Any]) -> None:
        given: set[tuple[str, str]] = set()
        holders = (((*self._place, "parameters"), self._workflow), ((*place, "parameters"), step))
        for base, holder in holders:
            for index, raw in enumerate(maps(holder.get("parameters"))):
                here, parameter = self._dereferenced((*base, index), raw, "parameters")
                if parameter is not None:
                    self._values((*here, "value"), parameter.get("value"), _NOTHING)
                    self._declared(here, parameter)
                    given.add((str(parameter.get("name")), str(parameter.get("in"))))
        for rule in self._operation.parameters if self._operation else ():
            if rule.required and rule.location != "cookie" and not _has(given, rule.name, rule.location):
                self._add(place, f"{self._operation.id} needs the {rule.location} parameter {rule.name!r}.",  # type: ignore[union-attr]
                          f"{self._operation.id} 缺少必需的 {rule.location} 参数 {rule.name!r}。")  # type: ignore[union-attr]  # fmt: skip

    def _declared(self, place: tuple[str | int, ...], parameter: Mapping[str, Any]) -> None:
        name, location = parameter.get("name"), parameter.get("in")
        if self._operation is None or location == "header":
            return
        if location is None:
            self._add(place, "A parameter of an operation needs `in`: path, query, header or cookie.",
                      "操作的参数必须用 in 指明位置：path、query、header 或 cookie。")  # fmt: skip
        elif not any((rule.name, rule.location) == (name, location) for rule in self._operation.parameters):
            known = ", ".join(r.name for r in self._operation.parameters if r.location == location) or "none"
            self._add((*place, "name"), f"{self._operation.id} has no {location} parameter {name!r} (it has: {known}).",
                      f"{self._operation.id} 没有 {location} 参数 {name!r}（已有：{known}）。")  # fmt: skip

    def _replacement(self, place: tuple[str | int, ...], change: Mapping[str, Any]) -> None:
        self._values((*place, "value"), change.get("value"), _NOTHING)
        target = change.get("target")
        if not is_text(target):
            return
        if not str(target).startswith("/"):
            self._add((*place, "target"), f"{target!r} is no JSON Pointer (XPath is not supported).",
                      f"{target!r} 不是 JSON Pointer（不支持 XPath）。")  # fmt: skip
        else:
            self._member((*place, "target"), unescape(str(target)))

    def _members(self, place: tuple[str | int, ...], value: Any, tokens: tuple[str, ...]) -> None:
        """Reports members of a payload that the operation's request does not have."""
        if isinstance(value, Mapping):
            for name, member in value.items():
                if self._member((*place, name), (*tokens, name)):
                    self._members((*place, name), member, (*tokens, name))
        elif isinstance(value, list):
            for index, member in enumerate(value):
                self._members((*place, index), member, (*tokens, str(index)))

    def _member(self, place: tuple[str | int, ...], tokens: tuple[str, ...]) -> bool:
        request = self._operation.request if self._operation else None
        if request is None or self._reads(request, tokens, place):
            return True
        pointer = pointer_of(*tokens)
        self._add(place, f"The request of {self._operation.id} has no member {pointer}.",  # type: ignore[union-attr]
                  f"{self._operation.id} 的请求中没有成员 {pointer}。")  # type: ignore[union-attr]  # fmt: skip
        return False

    def _reads(self, schema: Node, tokens: tuple[str, ...], place: tuple[str | int, ...]) -> bool:
        try:
            return self._reader.has_member(schema, tokens)
        except Unreadable as error:
            self._add(place, error.text.en, error.text.zh)
            return True

    def _criteria(self, place: tuple[str | int, ...], raw: Any) -> None:
        for index, item in enumerate(maps(raw)):
            self._criterion((*place, index, "condition"), item)

    def _criterion(self, place: tuple[str | int, ...], item: Mapping[str, Any]) -> None:
        if not is_text(item.get("condition")) or not is_text(item.get("context", "")):
            return
        try:
            criterion = parse_criterion(item)
        except ExpressionError as error:
            self._add(place, error.text.en, error.text.zh)
            return
        for expression in criterion.expressions():
            self._refers(place, expression, _EXCHANGE)

    def _actions(self, place: tuple[str | int, ...], raw: Any) -> None:
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
            if is_text(action.get("stepId")) and action["stepId"] not in self._steps():
                self._add((*here, "stepId"), f"There is no step {action['stepId']!r} in this workflow.",
                          f"本工作流没有步骤 {action['stepId']!r}。")  # fmt: skip
            if "workflowId" in action:
                self._known_workflow((*here, "workflowId"), action["workflowId"])
            self._criteria((*here, "criteria"), action.get("criteria"))

    def _dereferenced(
        self, place: tuple[str | int, ...], raw: Mapping[str, Any], kind: str
    ) -> tuple[tuple[str | int, ...], Mapping[str, Any] | None]:
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
            self._add((*place, "reference"), f"There is no {raw['reference']} among the components' {kind}.",
                      f"components 的 {kind} 中没有 {raw['reference']}。")  # fmt: skip
            return place, None
        own = place if "value" in raw else ("components", kind, expression.b)
        return own, dereference(raw, self._components)

    def _extension(self, place: tuple[str | int, ...], extension: Mapping[str, Any]) -> None:
        self._values((*place, "document"), extension.get("document"), _EXCHANGE)
        failure = extension.get("failure")
        single = isinstance(failure, Mapping)
        for index, text in enumerate([failure] if single else maps(failure)):
            here = (*place, "failure") if single else (*place, "failure", index)
            self._values((*here, "en"), as_map(text).get("en"), _EXCHANGE)
            self._values((*here, "zh"), as_map(text).get("zh"), _EXCHANGE)
            if is_text(as_map(text).get("when")):
                self._criterion((*here, "when"), {"condition": as_map(text)["when"]})

    def _values(self, place: tuple[str | int, ...], value: Any, may: frozenset[str]) -> None:
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

    def _expression(self, place: tuple[str | int, ...], text: Any, may: frozenset[str]) -> None:
        if not isinstance(text, str):
            return
        try:
            self._refers(place, parse(text), may)
        except ExpressionError as error:
            self._add(place, error.text.en, error.text.zh)

    def _refers(self, place: tuple[str | int, ...], expression: Expression, may: frozenset[str]) -> None:
        for en, zh in self._unknown(expression, may):
            self._add(place, f"{expression}: {en}", f"{expression}：{zh}")
        if expression.kind == "body" and self._operation is not None:
            tokens = (*map(str, expression.path), *expression.pointer)
            schemas = self._operation.answers if expression.a == "response" else [self._operation.request]
            known = [schema for schema in schemas if schema is not None]
            if tokens and known and not any(self._reads(schema, tokens, place) for schema in known):
                self._add(place, f"{expression}: no {expression.a} of {self._operation.id} has this member.",
                          f"{expression}：{self._operation.id} 的契约中没有该成员。")  # fmt: skip

    def _unknown(self, e: Expression, may: frozenset[str]) -> Iterator[tuple[str, str]]:
        """What is wrong with where an expression points."""
        exchange = {
            "plain": "response" if e.a == "statusCode" else "request",
            "header": e.a,
            "body": e.a,
            "parameter": "request",
        }
        if e.kind in exchange and exchange[e.kind] not in may:
            yield "there is no exchange to read from at this place.", "此处还没有可供读取的请求或应答。"
        elif e.kind == "inputs":
            yield from _absent(
                e.a,
                _input_names(self._document, self._workflow),
                "this workflow has no such input.",
                "本工作流没有该输入。",
            )
        elif e.kind == "outputs":
            called = as_map(self._step).get("workflowId")
            holder = self._workflow if called is None else self._workflows.get(str(called), {})
            yield from _absent(e.a, as_map(holder.get("outputs")), "there is no such output.", "没有该输出。")
        elif e.kind == "steps" and e.a not in self._steps():
            yield "this workflow has no such step.", "本工作流没有该步骤。"
        elif e.kind == "steps":
            yield from _absent(
                e.b, as_map(self._steps()[e.a].get("outputs")), "that step has no such output.", "该步骤没有该输出。"
            )
        elif e.kind == "workflows" and e.a not in self._workflows:
            yield "there is no such workflow.", "没有该工作流。"
        elif e.kind == "workflows":
            other = self._workflows[e.a]
            names = as_map(other.get("outputs")) if e.c == "outputs" else _input_names(self._document, other)
            yield from _absent(e.b, names, f"that workflow has no such {e.c[:-1]}.", "该工作流没有该输入或输出。")
        elif e.kind == "source" and (e.a not in self._sources or e.b not in _SOURCE_FIELDS):
            yield "there is no such source, or it has no such field.", "没有该来源，或该来源没有此字段。"
        elif e.kind == "components" and not as_map(self._components.get(e.a)).get(e.b):
            yield "there is no such component.", "没有该组件。"

    def _steps(self) -> dict[str, Mapping[str, Any]]:
        return {str(step.get("stepId")): step for step in maps(self._workflow.get("steps"))}

    def _known_workflow(self, place: tuple[str | int, ...], name: Any) -> None:
        if is_text(name) and name not in self._workflows:
            self._add(place, f"There is no workflow {name!r} in this file.", f"本文件没有工作流 {name!r}。")

    def _circles(self) -> None:
        """Workflows that wait for themselves. Going to another workflow by goto may be circular; the runner caps it."""
        waits: dict[str, set[str]] = {}
        for name, workflow in self._workflows.items():
            steps = [{"workflowId": step.get("workflowId", "")} for step in maps(workflow.get("steps"))]
            depends = [d for d in as_list(workflow.get("dependsOn")) if is_text(d)]
            waits[name] = called_workflows({"dependsOn": depends, "steps": steps}, {})
        for index, workflow in enumerate(maps(self._raw.get("workflows"))):
            name = str(workflow.get("workflowId"))
            reached, border = set[str](), set(waits.get(name, ()))
            while border:
                reached |= border
                border = {other for known in border for other in waits.get(known, ())} - reached
            if name in reached:
                self._add(
                    ("workflows", index), f"The workflow {name!r} waits for itself.", f"工作流 {name!r} 循环等待自身。"
                )


def _absent(name: str, known: Any, en: str, zh: str) -> Iterator[tuple[str, str]]:
    if known is not None and name not in known and not any(name.startswith(f"{k}.") for k in known):
        yield en, zh


def _input_names(document: Mapping[str, Any], workflow: Mapping[str, Any]) -> Any:
    """Names of the inputs; None when the schema leaves them open."""
    schema = resolve_inputs(document, workflow.get("inputs", {}))
    return None if {"allOf", "anyOf", "oneOf", "$ref"} & set(schema) else as_map(schema.get("properties"))


def _has(given: set[tuple[str, str]], name: str, location: str) -> bool:
    if location == "header":
        return any(n.lower() == name.lower() and place == location for n, place in given)
    return (name, location) in given
