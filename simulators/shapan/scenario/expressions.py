"""Runtime expressions of Arazzo 1.0.1 (section "Runtime Expressions"): parsing them, and finding their values.

The specification's ABNF says `name = *(CHAR)`, which swallows everything; this reads the shapes of its table of examples:
`$url`, `$method`, `$statusCode`, `$request.header.X`, `$request.query.x`, `$request.path.x`, `$request.body#/pointer`,
`$response.header.X`, `$response.body#/pointer`, `$inputs.x`, `$outputs.x`, `$steps.s.outputs.x`, `$workflows.w.inputs.x`,
`$workflows.w.outputs.x`, `$sourceDescriptions.s.x`, `$components.parameters.x`. Whatever yields data may go on with `#/pointer`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shapan.scenario.faults import Text

ROOTS: Final = (
    "url", "method", "statusCode", "request", "response", "inputs", "outputs", "steps", "workflows",
    "sourceDescriptions", "components",
)  # fmt: skip
_NAME = r"[A-Za-z0-9._-]+"
_ID = r"[A-Za-z0-9_-]+"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  RFC 9110's tchar, not a secret
_POINTER = r"(?:#(?P<pointer>(?:/(?:[^/~]|~[01])*)*))?"
_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("plain", r"\$(?P<a>url|method|statusCode)"),
    ("header", rf"\$(?P<a>request|response)\.header\.(?P<b>{_TOKEN})"),
    ("parameter", rf"\$request\.(?P<a>query|path)\.(?P<b>{_NAME})"),
    ("body", rf"\$(?P<a>request|response)\.body(?P<b>(?:\.{_ID})*){_POINTER}"),
    ("inputs", rf"\$inputs\.(?P<a>{_NAME}){_POINTER}"),
    ("outputs", rf"\$outputs\.(?P<a>{_NAME}){_POINTER}"),
    ("steps", rf"\$steps\.(?P<a>{_ID})\.outputs\.(?P<b>{_NAME}){_POINTER}"),
    ("workflows", rf"\$workflows\.(?P<a>{_ID})\.(?P<c>inputs|outputs)\.(?P<b>{_NAME}){_POINTER}"),
    ("source", rf"\$sourceDescriptions\.(?P<a>{_ID})\.(?P<b>{_NAME})"),
    ("components", rf"\$components\.(?P<a>parameters|successActions|failureActions|inputs)\.(?P<b>{_NAME})"),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.DOTALL)) for kind, pattern in _FORMS)
_EMBEDDED = re.compile(r"\{(\$[^{}]*)\}")
_LOOKS_MEANT = re.compile(rf"^\$(?:(?:{'|'.join(ROOTS)})(?![A-Za-z0-9])|[A-Za-z]+\.)")


class _Missing:
    """The value of an expression that leads to nothing; unlike null, which is a value."""

    def __repr__(self) -> str:
        return "nothing"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


class ExpressionError(ValueError):
    """Text that is no runtime expression, or no condition; `text` says why in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Text(en, zh)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `kind` is the form, `a`, `b`, `c` its names, `pointer` the unescaped JSON Pointer tokens after `#`.

    `path` holds what follows by the operators `.` and `[]` of simple conditions: member names and indices.
    """

    source: str
    kind: str
    a: str
    b: str = ""
    c: str = ""
    pointer: tuple[str, ...] = ()
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return self.source


def parse(text: str) -> Expression:
    """The expression that `text` is, from its first to its last character. Raises ExpressionError."""
    for kind, pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None:
            found = match.groupdict()
            if kind == "body":
                steps = tuple(part for part in (found["b"] or "").split(".") if part)
                return Expression(text, kind, found["a"], "", "", unescape(found.get("pointer")), steps)
            return Expression(
                text, kind, found["a"], found.get("b") or "", found.get("c") or "", unescape(found.get("pointer"))
            )
    raise ExpressionError(
        f"{text!r} is no runtime expression of Arazzo 1.0.1; they look like $response.body#/id or $steps.create.outputs.id.",
        f"{text!r} 不是 Arazzo 1.0.1 的运行时表达式，正确写法如 $response.body#/id、$steps.create.outputs.id。",
    )


def unescape(pointer: str | None) -> tuple[str, ...]:
    """The tokens of a JSON Pointer (RFC 6901): "/a~1b/0" -> ("a/b", "0"); none for None or ""."""
    if not pointer:
        return ()
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def is_expression(value: Any) -> bool:
    """Whether a payload or parameter value is meant as one expression as a whole, rightly written or not."""
    return isinstance(value, str) and _LOOKS_MEANT.match(value) is not None


def expressions_in(value: Any) -> Iterator[Expression]:
    """Every expression inside a value: whole strings, and `{$...}` within strings. Raises ExpressionError at a broken one."""
    if isinstance(value, str):
        if is_expression(value):
            yield parse(value)
        else:
            for match in _EMBEDDED.finditer(value):
                yield parse(match[1])
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from expressions_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from expressions_in(member)


@dataclass(slots=True)
class Message:
    """The parts of the current step's HTTP exchange that expressions can name."""

    url: str = ""
    method: str = ""
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: Any = MISSING
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: Any = MISSING


@dataclass(slots=True)
class Scope:
    """Everything that an expression can see at one moment of a run.

    steps       outputs by stepId, of the current workflow
    workflows   {"inputs": …, "outputs": …} by workflowId, of those that have ended
    outputs     of the workflow that the current step called, or that is ending
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    workflows: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    message: Message = field(default_factory=Message)


def resolve(expression: Expression, scope: Scope) -> Any:
    """The value, with its type; MISSING when there is none."""
    value = descend(_FINDERS[expression.kind](expression, scope), expression.pointer)
    for step in expression.path:
        value = _member(value, step)
    return value


def descend(value: Any, tokens: tuple[str, ...]) -> Any:
    """What a JSON Pointer leads to from `value`; MISSING when it leads nowhere. "-" and leading zeros are no indices."""
    for token in tokens:
        if isinstance(value, list):
            if not re.fullmatch(r"0|[1-9][0-9]*", token) or int(token) >= len(value):
                return MISSING
            value = value[int(token)]
        else:
            value = _member(value, token)
    return value


def _member(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else MISSING
    return value.get(step, MISSING) if isinstance(value, Mapping) else MISSING


def _named(values: Mapping[str, Any], name: str) -> Any:
    """A value by its name; names may hold dots, and a dot may also de-reference a member of the value."""
    if name in values:
        return values[name]
    head, dot, rest = name.rpartition(".")
    return _member(_named(values, head), rest) if dot else MISSING


def _header(expression: Expression, scope: Scope) -> Any:
    headers = scope.message.request_headers if expression.a == "request" else scope.message.response_headers
    wanted = expression.b.lower()
    return next((value for name, value in headers.items() if name.lower() == wanted), MISSING)


def _plain(expression: Expression, scope: Scope) -> Any:
    message = scope.message
    value = {"url": message.url or None, "method": message.method or None, "statusCode": message.status}[expression.a]
    return MISSING if value is None else value


_FINDERS: Final[dict[str, Callable[[Expression, Scope], Any]]] = {
    "plain": _plain,
    "header": _header,
    "parameter": lambda e, s: _named(s.message.query if e.a == "query" else s.message.path, e.b),
    "body": lambda e, s: s.message.request_body if e.a == "request" else s.message.response_body,
    "inputs": lambda e, s: _named(s.inputs, e.a),
    "outputs": lambda e, s: _named(s.outputs, e.a),
    "steps": lambda e, s: _named(s.steps.get(e.a, {}), e.b),
    "workflows": lambda e, s: _named(s.workflows.get(e.a, {}).get(e.c, {}), e.b),
    "source": lambda e, s: _named(s.sources.get(e.a, {}), e.b),
    "components": lambda e, s: _named(s.components.get(e.a, {}), e.b),
}


class Unresolved(Exception):
    """A value that a request needs is not there; `expression` is the one that leads to nothing."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(str(expression))
        self.expression = expression


def evaluate(value: Any, scope: Scope) -> Any:
    """`value` with every expression replaced: a string that is one keeps the type, `{$...}` becomes text. Raises Unresolved."""
    if isinstance(value, str):
        if is_expression(value):
            return _needed(parse(value), scope)
        return _EMBEDDED.sub(lambda match: as_text(_needed(parse(match[1]), scope)), value)
    if isinstance(value, Mapping):
        return {name: evaluate(member, scope) for name, member in value.items()}
    if isinstance(value, list):
        return [evaluate(member, scope) for member in value]
    return value


def render(text: str, scope: Scope) -> str:
    """A sentence for people with its `{$...}` filled in; what is not there shows as "?". Never raises for a parsed text."""
    return _EMBEDDED.sub(lambda match: _shown(resolve(parse(match[1]), scope)), text)


def _shown(value: Any) -> str:
    return "?" if value is MISSING else as_text(value)


def _needed(expression: Expression, scope: Scope) -> Any:
    value = resolve(expression, scope)
    if value is MISSING:
        raise Unresolved(expression)
    return value


def as_text(value: Any) -> str:
    """A value inside a text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
