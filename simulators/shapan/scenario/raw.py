"""Reading an Arazzo document as it stands: what its references name. Tolerates broken parts, for the lint reads with it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapan.scenario.contracts import Contract, Operation
from shapan.scenario.expressions import ExpressionError, parse, unescape
from shapan.scenario.shapes import as_list, as_map, is_text, maps


def is_arazzo(data: Any) -> bool:
    """Whether a source without a type is an Arazzo document."""
    return isinstance(data, Mapping) and "arazzo" in data


def resolve_inputs(document: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """The inputs schema of a workflow; `{$ref: "#/components/inputs/x"}` is replaced by what it names, at the top and by property."""
    named = as_map(as_map(document.get("components")).get("inputs"))

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


def generated(document: Mapping[str, Any], workflow: Mapping[str, Any]) -> dict[str, str]:
    """The inputs that get a fresh value in each run: `x-shapan.generate` of the workflow, or `x-shapan-generate` of the input."""
    properties = as_map(resolve_inputs(document, workflow.get("inputs", {})).get("properties"))
    found = {
        name: part["x-shapan-generate"] for name, part in properties.items() if "x-shapan-generate" in as_map(part)
    }
    return {**found, **as_map(as_map(workflow.get("x-shapan")).get("generate"))}


def source_and_name(reference: str) -> tuple[str | None, str]:
    """`$sourceDescriptions.crm.createOrder` -> ("crm", "createOrder"); a plain name has no source."""
    prefix = "$sourceDescriptions."
    if not reference.startswith(prefix):
        return None, reference
    source, _, name = reference[len(prefix) :].partition(".")
    return source, name


def dereference(item: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Reusable Object -> the component that it names, with its `value` in place; anything else is itself."""
    if "reference" not in item:
        return item
    try:
        expression = parse(str(item["reference"]))
    except ExpressionError:
        return {}
    found = as_map(as_map(components.get(expression.a)).get(expression.b))
    return {**found, "value": item["value"]} if "value" in item and expression.a == "parameters" else found


def waited_for(workflow: Mapping[str, Any]) -> set[str]:
    """The workflows that this one depends on or calls, as they are written."""
    names = [*as_list(workflow.get("dependsOn")), *(step.get("workflowId") for step in maps(workflow.get("steps")))]
    return {name for name in names if is_text(name)}


def called_workflows(workflow: Mapping[str, Any], components: Mapping[str, Any]) -> set[str]:
    """The workflows that this one depends on, calls, or goes to, as they are written."""
    called = waited_for(workflow)
    for holder in (workflow, *maps(workflow.get("steps"))):
        for word in ("successActions", "failureActions", "onSuccess", "onFailure"):
            called |= {str(dereference(a, components).get("workflowId", "")) for a in maps(holder.get(word))}
    return called - {""}


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
