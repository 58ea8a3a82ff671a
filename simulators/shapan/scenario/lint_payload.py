"""Whether a payload can fit the request schema of its operation, whatever the values of its expressions turn out to be."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shapan.scenario.contracts import ContractReader, Operation
from shapan.scenario.expressions import MISSING, descend, is_expression, unescape
from shapan.scenario.faults import Text
from shapan.scenario.structure import chinese

_Place = tuple[str, ...]
# Of an object or list with unknown values inside, these can be told all the same.
_OF_CONTAINERS = frozenset({"required", "type", "minItems", "maxItems", "minProperties", "maxProperties"})
# Reported by name, one by one, elsewhere.
_ELSEWHERE = frozenset({"additionalProperties", "unevaluatedProperties"})


def misfits(operation: Operation, body: Mapping[str, Any], reader: ContractReader) -> Iterator[tuple[_Place, Text]]:
    """Where a requestBody does not fit and why, as tokens within the payload."""
    media_type = str(body.get("contentType") or operation.media_type)
    schema = operation.request(media_type)
    payload = body.get("payload")
    if schema is None or not operation.modern or "json" not in media_type or not isinstance(payload, dict | list):
        return
    payload = _replaced(payload, body.get("replacements"))
    unknown = dict(_unknown(payload, ()))
    validator = reader.validator(schema)
    for error in validator.iter_errors(payload) if validator is not None else ():
        place = tuple(map(str, error.instance_path))
        kind = error.kind.name
        if kind in _ELSEWHERE or not _certain(place, kind, unknown):
            continue
        yield (
            place,
            Text(f"The payload does not fit the contract: {error.message}.", f"请求体不符合契约：{chinese(error)}"),
        )


def _replaced(payload: Any, replacements: Any) -> Any:
    """The payload with its replacements in place."""
    changed = copy.deepcopy(payload)
    for raw in replacements if isinstance(replacements, Sequence) else ():
        target = raw.get("target") if isinstance(raw, Mapping) else None
        tokens = unescape(target) if isinstance(target, str) else ()
        parent = descend(changed, tokens[:-1]) if tokens else MISSING
        if isinstance(parent, dict):
            parent[tokens[-1]] = raw.get("value")
        elif isinstance(parent, list) and descend(parent, tokens[-1:]) is not MISSING:
            parent[int(tokens[-1])] = raw.get("value")
    return changed


def _unknown(value: Any, place: _Place) -> Iterator[tuple[_Place, bool]]:
    """The places of values that are known only in a run, and whether they are texts then, whatever else."""
    if isinstance(value, str) and is_expression(value):
        yield place, False
    elif isinstance(value, str) and "{$" in value:
        yield place, True
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _unknown(member, (*place, str(name)))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unknown(member, (*place, str(index)))


def _certain(place: _Place, kind: str, unknown: Mapping[_Place, bool]) -> bool:
    for hidden, text in unknown.items():
        if place[: len(hidden)] == hidden and not (text and kind == "type"):
            return False
        if hidden[: len(place)] == place and hidden != place and kind not in _OF_CONTAINERS:
            return False
    return True
