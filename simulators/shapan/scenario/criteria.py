"""Criteria of Arazzo 1.0.1 (section "Criterion Object"): simple, regex and jsonpath. XPath is refused: the systems speak JSON.

Regular expressions are those of kernel/expressions.py, so that no text takes for ever; queries.py has the JSONPath.

How "loose comparisons" are understood, where the specification leaves it open:
- texts are compared without regard to case (that much it says), and ordered by code point;
- a number and a text that reads as a number are compared as decimals, so that "11300.00" equals 11300, and nothing is a float;
- true and false equal the texts 'true' and 'false', and no number;
- an expression that leads to nothing equals null, and nothing else; it is neither less nor greater than anything;
- alone, a value counts as true unless it is false, null, nothing, 0 or an empty text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shapan.kernel.expressions import UNUSABLE, UnusableExpression
from shapan.kernel.expressions import Expression as Pattern
from shapan.scenario.expressions import (
    MISSING,
    Expression,
    ExpressionError,
    Scope,
    as_text,
    parse,
    resolve,
)
from shapan.scenario.queries import query

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>==|!=|<=|>=|&&|\|\||[<>!()])
      | (?P<text>'(?:[^']|'')*')
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![A-Za-z0-9_.])
      | (?P<word>(?:true|false|null)\b)
      | \{(?P<braced>\$[^{}]*)\}
      | (?P<expression>\$[^\s()=!<>&|'\[\]{},]*)(?P<path>(?:\[[0-9]+\](?:\.[A-Za-z0-9_-]+)*)*)
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_IN_BRACES = re.compile(r"^\s*\{([^{}]*[\s=<>!&|][^{}]*)\}\s*$")
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of a condition."""

    value: Any


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`"""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`, for comparisons and for && and ||."""

    operator: str
    left: Node
    right: Node


Node = Literal | Expression | Not | Binary


@dataclass(frozen=True, slots=True)
class Criterion:
    """One assertion, ready to be tested. `kind` is simple, regex or jsonpath; `context` belongs to the latter two."""

    kind: str
    condition: str
    context: Expression | None
    node: Node | None
    test: Callable[[Any], bool] | None

    def __str__(self) -> str:
        return self.condition if self.kind == "simple" else f"{self.context} matches {self.kind} {self.condition}"

    def expressions(self) -> tuple[Expression, ...]:
        """Every expression that the criterion reads, in order."""
        found = [] if self.context is None else [self.context]
        if self.node is not None:
            _collect(self.node, found)
        return tuple(dict.fromkeys(found))

    def holds(self, scope: Scope) -> bool:
        """Whether the assertion is satisfied now."""
        if self.test is not None and self.context is not None:
            value = resolve(self.context, scope)
            return value is not MISSING and self.test(value)
        return self.node is not None and _truth(_value(self.node, scope))

    def found(self, scope: Scope, nothing: str = "nothing") -> str:
        """What its expressions lead to now, for people: `$statusCode = 422, $response.body#/state = nothing`."""
        return ", ".join(
            f"{expression} = {_shown(resolve(expression, scope), nothing)}" for expression in self.expressions()
        )


def parse_criterion(raw: Mapping[str, Any]) -> Criterion:
    """A Criterion Object that has passed the document's schema. Raises ExpressionError for anything that cannot be tested."""
    condition: str = raw["condition"]
    kind: Any = raw.get("type", "simple")
    context = parse(raw["context"]) if "context" in raw else None
    version = None
    if isinstance(kind, Mapping):
        kind, version = str(kind.get("type")), str(kind.get("version"))
    if kind == "simple":
        return Criterion(kind, condition, context, parse_condition(condition), None)
    if kind == "xpath":
        raise ExpressionError(
            "xpath criteria are not supported, because the systems answer in JSON; use jsonpath or a simple condition.",
            "不支持 xpath 条件，因为各系统以 JSON 应答；请使用 jsonpath 或 simple 条件。",
        )
    if context is None:
        raise ExpressionError(
            f"A {kind} criterion needs a `context`, for instance $response.body.",
            f"{kind} 条件必须给出 context，例如 $response.body。",
        )
    return Criterion(
        kind, condition, context, None, _regex(condition) if kind == "regex" else query(condition, version)
    )


def _regex(text: str) -> Callable[[Any], bool]:
    try:
        pattern = Pattern(text)
    except UnusableExpression as error:
        raise ExpressionError(f"{text!r}: {UNUSABLE.en}", f"{text!r}：{UNUSABLE.zh}") from error
    return lambda value: pattern.search(as_text(value))


MOST_OPERATORS = 200
"""Of one condition. Each may be a step deeper, and Python's own depth is bounded."""


def parse_condition(text: str) -> Node:
    """The syntax tree of a simple condition. Raises ExpressionError with the place of the first fault.

    `{$statusCode == 401}`, a whole condition in braces as an example of the specification has it, is the same without them.
    """
    parser = _Parser(_IN_BRACES.sub(r"\1", text))
    node = parser.any_of()
    if parser.kind != "end":
        raise parser.fault()
    return node


class _Parser:
    """Recursive descent over one condition; `kind` and `value` are the token ahead. `!` binds closest, then comparisons, &&, ||."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = 0
        self._start = 0
        self._taken = 0
        self.kind = ""
        self.value: Any = None
        self._advance()

    def fault(self) -> ExpressionError:
        place, rest = self._start + 1, self._text[self._start :].strip() or "the end"
        return ExpressionError(
            f"The condition {self._text!r} goes wrong at character {place} ({rest!r}). Texts stand in single quotes, "
            "operators are == != < <= > >= && || ! and parentheses.",
            f"条件 {self._text!r} 在第 {place} 个字符处有误（{rest!r}）。文本须用单引号括起，运算符为 == != < <= > >= && || ! 和括号。",
        )

    def _advance(self) -> None:
        self._start = self._next
        match = _TOKEN.match(self._text, self._next)
        if match is None:
            raise self.fault()
        self._next = match.end()
        self.kind = str(match.lastgroup)
        if self.kind in ("expression", "path"):
            self.kind, self.value = "operand", _with_path(parse(match["expression"]), match["path"])
        elif self.kind == "braced":
            self.kind, self.value = "operand", parse(match["braced"])
        elif self.kind == "text":
            self.kind, self.value = "operand", Literal(match["text"][1:-1].replace("''", "'"))
        elif self.kind == "number":
            number = _as_number(match["number"])
            # Beyond a double nothing that JSON carries can equal it, and written out it would fill the memory.
            if number is None or abs(number.adjusted()) > 400:
                raise self.fault()
            self.kind, self.value = "operand", Literal(number)
        elif self.kind == "word":
            self.kind, self.value = "operand", Literal(_WORDS[match["word"]])
        else:
            self.value = match[self.kind]

    def _takes(self, *operators: str) -> str | None:
        if self.kind == "operator" and self.value in operators:
            taken: str = self.value
            self._taken += 1
            if self._taken > MOST_OPERATORS:
                raise ExpressionError(
                    f"The condition {self._text[:60]!r}… has more than {MOST_OPERATORS} operators and parentheses.",
                    f"条件 {self._text[:60]!r}… 的运算符和括号超过 {MOST_OPERATORS} 个。",
                )
            self._advance()
            return taken
        return None

    def any_of(self) -> Node:
        node = self._all_of()
        while self._takes("||"):
            node = Binary("||", node, self._all_of())
        return node

    def _all_of(self) -> Node:
        node = self._comparison()
        while self._takes("&&"):
            node = Binary("&&", node, self._comparison())
        return node

    def _comparison(self) -> Node:
        node = self._unary()
        sign = self._takes("==", "!=", "<=", ">=", "<", ">")
        return node if sign is None else Binary(sign, node, self._unary())

    def _unary(self) -> Node:
        if self._takes("!"):
            return Not(self._unary())
        if self._takes("("):
            node = self.any_of()
            if not self._takes(")"):
                raise self.fault()
            return node
        if self.kind != "operand":
            raise self.fault()
        operand: Node = self.value
        self._advance()
        return operand


def _with_path(expression: Expression, path: str | None) -> Expression:
    steps = re.findall(r"\[([0-9]+)\]|\.([A-Za-z0-9_-]+)", path or "")
    if not steps:
        return expression
    taken = tuple(int(index) if index else name for index, name in steps)
    return replace(expression, source=expression.source + (path or ""), path=expression.path + taken)


def _collect(node: Node, found: list[Expression]) -> None:
    if isinstance(node, Expression):
        found.append(node)
    elif isinstance(node, Not):
        _collect(node.operand, found)
    elif isinstance(node, Binary):
        _collect(node.left, found)
        _collect(node.right, found)


def _value(node: Node, scope: Scope) -> Any:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Expression):
        return resolve(node, scope)
    if isinstance(node, Not):
        return not _truth(_value(node.operand, scope))
    if node.operator == "&&":
        return _truth(_value(node.left, scope)) and _truth(_value(node.right, scope))
    if node.operator == "||":
        return _truth(_value(node.left, scope)) or _truth(_value(node.right, scope))
    return compare(node.operator, _value(node.left, scope), _value(node.right, scope))


def _truth(value: Any) -> bool:
    return value is not MISSING and (isinstance(value, list | dict) or bool(value))


_ORDERINGS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compare(sign: str, left: Any, right: Any) -> bool:
    """One loose comparison, as the module says; `sign` is one of == != < <= > >=."""
    if sign == "!=":
        return not compare("==", left, right)
    left = None if left is MISSING else left
    right = None if right is MISSING else right
    pair = _alike(left, right)
    if pair is None:
        return False
    if sign == "==":
        return bool(pair[0] == pair[1])
    orderable = isinstance(pair[0], Decimal) or isinstance(left, str)
    return orderable and _ORDERINGS[sign](*pair)


def _alike(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Both values as one type; None when they cannot be compared."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold(), right.casefold()
    if isinstance(left, bool) or isinstance(right, bool):
        pair = _as_bool(left), _as_bool(right)
        return None if None in pair else pair
    if _is_number(left) or _is_number(right):
        numbers = _as_number(left), _as_number(right)
        return None if None in numbers else numbers
    return (left, right) if type(left) is type(right) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return value if isinstance(value, bool) else None


def _as_number(value: Any) -> Decimal | None:
    """As a decimal, by the shortest form of a float; None for what is no finite number."""
    if not isinstance(value, str) and not _is_number(value):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _shown(value: Any, nothing: str) -> str:
    if value is MISSING:
        return nothing
    text = f"'{value}'" if isinstance(value, str) else as_text(value)
    return text if len(text) <= 120 else text[:117] + "…"
