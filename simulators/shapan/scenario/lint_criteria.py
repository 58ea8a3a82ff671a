"""Criteria that say nothing: those that hold whatever the system answers, and those that never can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shapan.scenario.criteria import Binary, Criterion, Literal, Node, Not
from shapan.scenario.expressions import Expression, Message, Scope
from shapan.scenario.faults import Text

_ENDS: Final = frozenset({100, 199, 200, 299, 300, 599})
_SAMPLES: Final = ("", "0", "a", "Z", "200", "-", " ", "\n", "沙", '{"a": [1]}')

ALWAYS: Final = Text(
    "This criterion cannot fail: it holds whatever is answered.", "该条件不可能不成立：无论应答是什么都成立。"
)
NEVER: Final = Text(
    "This criterion can never hold, whatever is answered.", "该条件不可能成立：无论应答是什么都不成立。"
)
TOGETHER: Final = Text("No status can satisfy these criteria together.", "没有任何状态码能同时满足这些条件。")


def idle(criterion: Criterion) -> Text | None:
    """What is wrong with a criterion that always holds or never does; None for any other."""
    if criterion.kind == "regex":
        return ALWAYS if criterion.test is not None and all(map(criterion.test, _SAMPLES)) else None
    if criterion.kind == "jsonpath":
        return ALWAYS if criterion.condition.strip() == "$" else None
    found = _outcomes(criterion)
    if found is not None and len(found) == 1:
        return ALWAYS if found == {True} else NEVER
    return ALWAYS if criterion.node is not None and _same_on_both_sides(criterion.node) else None


def possible(criteria: Iterable[Criterion]) -> frozenset[int]:
    """Statuses that all those criteria allow that look at nothing else; one of each range between the numbers that they name."""
    plain = [one for one in criteria if _about_status(one)]
    samples = _ENDS.union(*(_samples(one.node) for one in plain))
    return frozenset(status for status in samples if all(one.holds(_answered(status)) for one in plain))


def expects_refusal(criteria: Iterable[Criterion]) -> bool:
    """Whether a step wants to be refused: no 2xx status would do."""
    return not any(200 <= status < 300 for status in possible(criteria))


def _outcomes(criterion: Criterion) -> set[bool] | None:
    """What a simple criterion says for all statuses, when it looks at nothing else; None otherwise."""
    if not _about_status(criterion):
        return None
    return {criterion.holds(_answered(status)) for status in _ENDS | _samples(criterion.node)}


def _samples(node: Node | None) -> frozenset[int]:
    """The statuses that a condition names, and their neighbours: between them its outcome does not change."""
    if isinstance(node, Binary):
        return _samples(node.left) | _samples(node.right)
    if isinstance(node, Not):
        return _samples(node.operand)
    text = str(node.value) if isinstance(node, Literal) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) == 3 else 0
    return frozenset(n for n in (number - 1, number, number + 1) if 100 <= n < 600)


def _about_status(criterion: Criterion) -> bool:
    """Whether a simple criterion looks at the status, or at nothing at all."""
    read = criterion.expressions()
    return criterion.node is not None and all(e.kind == "plain" and e.a == "statusCode" for e in read)


def _answered(status: int) -> Scope:
    return Scope(message=Message(status=status))


def _same_on_both_sides(node: Node) -> bool:
    """`a == a`, `a <= a` and what consists of such."""
    if isinstance(node, Binary) and node.operator in ("==", "<=", ">="):
        return isinstance(node.left, Expression) and node.left == node.right
    if isinstance(node, Binary) and node.operator == "&&":
        return _same_on_both_sides(node.left) and _same_on_both_sides(node.right)
    if isinstance(node, Binary) and node.operator == "||":
        return _certain(node.left) or _certain(node.right)
    return False


def _certain(node: Node) -> bool:
    if isinstance(node, Literal):
        return node.value is True
    if isinstance(node, Not):
        return isinstance(node.operand, Literal) and node.operand.value is False
    return _same_on_both_sides(node)
