"""Where a runtime expression points: whether there is such an input, output, step, workflow, member of an answer at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from shapan.scenario.contracts import ContractReader, Operation
from shapan.scenario.expressions import Expression
from shapan.scenario.faults import Text
from shapan.scenario.near import meant
from shapan.scenario.raw import resolve_inputs
from shapan.scenario.shapes import as_map, maps

# Which parts of the current exchange an expression may read, by where it stands.
NOTHING: Final[frozenset[str]] = frozenset()
EXCHANGE: Final = frozenset({"request", "response"})

_SOURCE_FIELDS = ("name", "url", "type")
Workflows = Mapping[str, Mapping[str, Any]]


class References:
    """What expressions can name in one document; `workflow`, `step` and `operation` are where the lint is.

    `workflows` are the document's own by id, `others` those of its sources of type arazzo.
    """

    def __init__(
        self, document: Mapping[str, Any], workflows: Workflows, others: Mapping[str, Workflows], reader: ContractReader
    ) -> None:
        self._document = document
        self._components = as_map(document.get("components"))
        self._sources = {str(source.get("name")) for source in maps(document.get("sourceDescriptions"))}
        self._workflows = workflows
        self._others = others
        self._reader = reader
        self.workflow: Mapping[str, Any] = {}
        self.step: Mapping[str, Any] | None = None
        self.operation: Operation | None = None

    def wrong(self, expression: Expression, may: frozenset[str]) -> Iterator[Text]:
        """What is wrong with it. Raises Unreadable when the contract cannot be read to its end."""
        for text in self._unknown(expression, may):
            yield Text(f"{expression}: {text.en}", f"{expression}：{text.zh}")
        if expression.kind == "body" and self.operation is not None:
            yield from self._absent_member(expression, self.operation)

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """The workflow that a workflowId names, here or in another document."""
        source, _, name = reference.removeprefix("$sourceDescriptions.").partition(".")
        if reference.startswith("$sourceDescriptions."):
            return self._others.get(source, {}).get(name)
        return self._workflows.get(reference)

    def near_workflows(self, reference: str) -> Text:
        """The workflows whose names look like one that is not there."""
        names = [*self._workflows]
        names += [f"$sourceDescriptions.{source}.{name}" for source, found in self._others.items() for name in found]
        return meant(reference, names)

    def steps(self) -> dict[str, Mapping[str, Any]]:
        """The steps of the current workflow by id."""
        return {str(step.get("stepId")): step for step in maps(self.workflow.get("steps"))}

    def _absent_member(self, expression: Expression, operation: Operation) -> Iterator[Text]:
        tokens = (*map(str, expression.path), *expression.pointer)
        body = as_map(as_map(self.step).get("requestBody"))
        schemas = operation.answers if expression.a == "response" else [operation.request(body.get("contentType"))]
        known = [schema for schema in schemas if schema is not None]
        if tokens and known and not any(self._reader.has_member(schema, tokens) for schema in known):
            yield Text(f"{expression}: no {expression.a} of {operation.id} has this member.",
                       f"{expression}：{operation.id} 的契约中没有该成员。")  # fmt: skip

    def _unknown(self, e: Expression, may: frozenset[str]) -> Iterator[Text]:
        reads = {
            "plain": "response" if e.a == "statusCode" else "request",
            "header": e.a,
            "body": e.a,
            "parameter": "request",
        }.get(e.kind)
        if reads is not None and reads not in may:
            yield Text("there is no exchange to read from at this place.", "此处还没有可供读取的请求或应答。")
        elif e.kind == "parameter":
            yield from self._undeclared(e)
        elif e.kind == "inputs":
            names = _input_names(self._document, self.workflow)
            yield from _absent(e.a, names, Text("this workflow has no such input.", "本工作流没有该输入。"))
        elif e.kind == "outputs":
            yield from _absent(e.a, self._current_outputs(), Text("there is no such output.", "没有该输出。"))
        elif e.kind == "steps":
            yield from self._unknown_step(e)
        elif e.kind == "workflows":
            yield from self._unknown_workflow(e)
        elif e.kind == "source" and (e.a not in self._sources or e.b not in _SOURCE_FIELDS):
            yield Text("there is no such source, or it has no such field.", "没有该来源，或该来源没有此字段。")
        elif e.kind == "components" and not as_map(self._components.get(e.a)).get(e.b):
            near = meant(e.b, as_map(self._components.get(e.a)))
            yield Text(f"there is no such component.{near.en}", f"没有该组件。{near.zh}")

    def _undeclared(self, e: Expression) -> Iterator[Text]:
        """`$request.path.x` and `$request.query.x`: only what the operation declares can be read."""
        if self.operation is not None and self.operation.rule(e.b, e.a) is None:
            yield Text(f"{self.operation.id} has no {e.a} parameter {e.b!r}.",
                       f"{self.operation.id} 没有 {e.a} 参数 {e.b!r}。")  # fmt: skip

    def _current_outputs(self) -> Any:
        called = as_map(self.step).get("workflowId")
        if called is None:
            return as_map(self.workflow.get("outputs"))
        found = self.find(str(called))
        return None if found is None else as_map(found.get("outputs"))

    def _unknown_step(self, e: Expression) -> Iterator[Text]:
        steps = self.steps()
        if e.a not in steps:
            near = meant(e.a, steps)
            yield Text(f"this workflow has no such step.{near.en}", f"本工作流没有该步骤。{near.zh}")
        else:
            names = as_map(steps[e.a].get("outputs"))
            yield from _absent(e.b, names, Text("that step has no such output.", "该步骤没有该输出。"))

    def _unknown_workflow(self, e: Expression) -> Iterator[Text]:
        other = self._workflows.get(e.a)
        if other is None:
            near = meant(e.a, self._workflows)
            yield Text(f"there is no such workflow.{near.en}", f"没有该工作流。{near.zh}")
        else:
            names = as_map(other.get("outputs")) if e.c == "outputs" else _input_names(self._document, other)
            text = Text(f"that workflow has no such {e.c[:-1]}.", "该工作流没有该输入或输出。")
            yield from _absent(e.b, names, text)


def _absent(name: str, known: Iterable[str] | None, text: Text) -> Iterator[Text]:
    if known is not None and name not in known and not any(name.startswith(f"{k}.") for k in known):
        near = meant(name, known)
        yield Text(text.en + near.en, text.zh + near.zh)


def _input_names(document: Mapping[str, Any], workflow: Mapping[str, Any]) -> Any:
    """Names of the inputs; None when the schema leaves them open."""
    schema = resolve_inputs(document, workflow.get("inputs", {}))
    return None if {"allOf", "anyOf", "oneOf", "$ref"} & set(schema) else as_map(schema.get("properties"))
