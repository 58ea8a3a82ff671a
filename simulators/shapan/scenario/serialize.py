"""How parameters are written into a request: the styles of OpenAPI (Parameter Object, "Style Values"), for lists and objects too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from shapan.scenario.contracts import ParameterRule
from shapan.scenario.expressions import as_text

_BETWEEN = {"spaceDelimited": " ", "pipeDelimited": "|"}


def query_pairs(rule: ParameterRule, value: Any) -> Iterator[tuple[str, str]]:
    """The name=value pairs of a query or cookie parameter, not yet escaped; none for null."""
    if value is None:
        return
    if isinstance(value, list):
        members = [as_text(member) for member in value]
        if rule.explode:
            yield from ((rule.name, member) for member in members)
        else:
            yield rule.name, _BETWEEN.get(rule.style, ",").join(members)
    elif isinstance(value, Mapping):
        pairs = [(str(name), as_text(member)) for name, member in value.items()]
        if rule.style == "deepObject":
            yield from ((f"{rule.name}[{name}]", member) for name, member in pairs)
        elif rule.explode:
            yield from pairs
        else:
            yield rule.name, ",".join(part for pair in pairs for part in pair)
    else:
        yield rule.name, as_text(value)


def path_part(rule: ParameterRule, value: Any) -> str:
    """What stands in a path in the place of the template, escaped."""
    style, prefix = rule.style, {"label": ".", "matrix": ";"}.get(rule.style, "")
    if isinstance(value, list):
        members = [_segment(as_text(member)) for member in value]
        if style == "matrix":
            return (
                "".join(f";{rule.name}={m}" for m in members) if rule.explode else f";{rule.name}={','.join(members)}"
            )
        return prefix + ("." if style == "label" and rule.explode else ",").join(members)
    if isinstance(value, Mapping):
        pairs = [(_segment(str(name)), _segment(as_text(member))) for name, member in value.items()]
        if rule.explode:
            return prefix + (prefix or ",").join(f"{name}={member}" for name, member in pairs)
        listed = ",".join(part for pair in pairs for part in pair)
        return f";{rule.name}={listed}" if style == "matrix" else prefix + listed
    text = _segment(as_text(value))
    return f";{rule.name}={text}" if style == "matrix" else prefix + text


def header_value(rule: ParameterRule, value: Any) -> str:
    """The value of a header."""
    if isinstance(value, list):
        return ",".join(as_text(member) for member in value)
    if isinstance(value, Mapping):
        between = "=" if rule.explode else ","
        return ",".join(f"{name}{between}{as_text(member)}" for name, member in value.items())
    return as_text(value)


def _segment(text: str) -> str:
    """A path segment: every reserved character encoded, and the dots of "." and "..", which would else climb in the path."""
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")
