"""What one step sends: its parameters and its body, with every expression replaced by its value."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from shapan.scenario.client import CallFailed, Request
from shapan.scenario.contracts import ParameterRule
from shapan.scenario.expressions import MISSING, Scope, descend, evaluate
from shapan.scenario.faults import Text, pointer_of
from shapan.scenario.model import Step
from shapan.scenario.serialize import header_value, query_pairs


def request_of(step: Step, scope: Scope) -> Request:
    """The values of one call; `scope.message` then has them for `$request` too. Raises Unresolved or CallFailed."""
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for parameter in step.parameters:
        values[parameter.location or "query"][parameter.name] = evaluate(parameter.value, scope)
    headers = {name: header_value(_rule(step, name, "header"), value) for name, value in values["header"].items()}
    cookies = {
        key: text
        for name, value in values["cookie"].items()
        for key, text in query_pairs(_rule(step, name, "cookie"), value)
    }
    request = Request(values["path"], values["query"], headers, cookies)
    scope.message = replace(scope.message, path=values["path"], query=values["query"], request_headers=headers)
    if not step.has_body:
        return request
    body = evaluate(step.payload, scope)
    if step.replacements:
        body = copy.deepcopy(body)
        for tokens, value in step.replacements:
            body = _put(body, tokens, evaluate(value, scope))
    return replace(request, body=body, media_type=step.media_type)


def _rule(step: Step, name: str, location: str) -> ParameterRule:
    found = step.operation.rule(name, location) if step.operation else None
    return found or ParameterRule(name, location, required=False, style="simple", explode=False)


def _put(body: Any, tokens: tuple[str, ...], value: Any) -> Any:
    if not tokens:
        return value
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
    return body
