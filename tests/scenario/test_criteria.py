"""Criteria: operators and their order, loose comparisons, regex, JSONPath, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.scenario.criteria import compare, parse_condition, parse_criterion
from shapan.scenario.expressions import MISSING, ExpressionError, Message, Scope

SCOPE = Scope(
    inputs={"a-b": 1, "yes": True, "no": False, "zero": 0, "empty": "", "list": []},
    steps={"s": {"gross": 2999.97, "rows": [{"qty": 5}, {"qty": 6}]}},
    message=Message(
        status=200,
        response_headers={"Content-Type": "application/json"},
        response_body={
            "state": "Approved",
            "gross": "2999.97",
            "open": None,
            "name": "it's",
            "ok": True,
            "items": [{"no": "A", "lines": [{"qty": 1}, {"qty": 3}]}],
        },
    ),
)


def holds(condition: str, **more: Any) -> bool:
    return parse_criterion({"condition": condition, **more}).holds(SCOPE)


@pytest.mark.parametrize(
    "condition",
    [
        "$statusCode == 200",
        "$statusCode==200",
        "$statusCode != 201",
        "$statusCode >= 200 && $statusCode < 300",
        "$statusCode == 404 || $statusCode == 200",
        "!($statusCode == 404)",
        "!$inputs.no",
        "$inputs.yes",
        "($statusCode == 404 || $statusCode == 200) && $inputs.yes",
        "$statusCode == 200 || $statusCode == 404 && $inputs.no",
        "$response.body#/state == 'approved'",
        "$response.body#/state == 'APPROVED'",
        "$response.body#/name == 'it''s'",
        "$response.body#/gross == 2999.97",
        "$response.body#/gross == $steps.s.outputs.gross",
        "$response.body#/gross == '2999.97'",
        "$response.body#/gross > 2999.96",
        "$response.body#/open == null",
        "$response.body#/absent == null",
        "$response.body#/state != null",
        "$response.body#/ok == true",
        "$response.body#/ok == 'true'",
        "$response.body#/ok",
        "$response.body#/items/0/no == 'A'",
        "$response.body#/items[0].no == 'a'",
        "$response.body.items[0].lines[1].qty == 3",
        "$steps.s.outputs.rows[1].qty == 6",
        "{$response.body#/state} == 'approved'",
        "$inputs.a-b == 1",
        "$inputs.list",
        "$response.header.content-type == 'application/json'",
        "-1 < 0 && 1e2 == 100",
        "'b' > 'A'",
    ],
)
def test_conditions_that_hold(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "$statusCode == 201",
        "$statusCode == 200 && $inputs.no",
        "$inputs.zero",
        "$inputs.empty",
        "$inputs.unknown",
        "$response.body#/open",
        "$response.body#/absent == 'x'",
        "$response.body#/absent == 0",
        "$response.body#/absent < 1",
        "$response.body#/absent >= 1",
        "$response.body#/open == 0",
        "$response.body#/ok == 1",
        "$response.body#/ok > false",
        "$response.body#/state < 1",
        "$response.body#/items == 'A'",
        "$response.body#/items < 1",
        "$response.body#/gross == '2999.970'",
        "$response.body#/items[1].no == 'A'",
        "!$inputs.yes == true",
    ],
)
def test_conditions_that_do_not_hold(condition: str) -> None:
    assert not holds(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "$statusCode = 200",
        "$statusCode == ",
        "$statusCode == 200 &&",
        "($statusCode == 200",
        "$statusCode == 200)",
        '$response.body#/state == "approved"',
        "$statusCode == 200 == true",
        "$status == 200",
        "approved == 'x'",
        "'open",
        "1 2",
        "200x == 1",
        "$response.body[x] == 1",
    ],
)
def test_broken_conditions_are_refused_in_both_languages(condition: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse_condition(condition)
    assert raised.value.text.en != raised.value.text.zh


def test_the_place_of_a_fault_is_named() -> None:
    with pytest.raises(ExpressionError, match=r"character 15 \('= 200'\)"):
        parse_condition("$statusCode == = 200")


@pytest.mark.parametrize(
    ("context", "pattern", "expected"),
    [
        ("$statusCode", "^200$", True),
        ("$statusCode", "^2$", False),
        ("$response.body#/gross", r"^\d+\.\d{2}$", True),
        ("$response.body#/absent", "", False),
    ],
)
def test_regex(context: str, pattern: str, expected: bool) -> None:
    assert holds(pattern, context=context, type="regex") is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$.items[?@.no == 'A']", True),
        ("$.items[?@.no == 'B']", False),
        ("$.items[0].lines[?@.qty > 2]", True),
        ("$.items[0].lines[?@.qty > 3]", False),
        ("$[?count(@[*].lines[*]) > 1]", True),
        ("$.items[?length(@.lines) == 2]", True),
        ("$.items[?match(@.no, '[A-C]')]", True),
        ("$.open", True),
        ("$.absent", False),
    ],
)
def test_jsonpath_as_in_rfc_9535(query: str, expected: bool) -> None:
    assert holds(query, context="$response.body", type="jsonpath") is expected


def test_jsonpath_finds_nothing_in_a_text() -> None:
    assert not holds("$.a", context="$response.body#/state", type="jsonpath")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"condition": "//order", "context": "$response.body", "type": "xpath"}, "xpath criteria are not supported"),
        ({"condition": "(", "context": "$response.body", "type": "regex"}, "no regular expression"),
        ({"condition": "$.a[", "context": "$response.body", "type": "jsonpath"}, "no JSONPath query"),
        ({"condition": "$.a", "type": "jsonpath"}, "needs a `context`"),
        (
            {
                "condition": "$.a",
                "context": "$response.body",
                "type": {"type": "jsonpath", "version": "draft-other"},
            },
            "is not supported",
        ),
        ({"condition": "x", "context": "$nothing", "type": "regex"}, "no runtime expression"),
    ],
)
def test_what_cannot_be_tested_is_refused(raw: dict[str, Any], reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        parse_criterion(raw)


def test_what_was_found_is_told() -> None:
    criterion = parse_criterion(
        {"condition": "$response.body#/state == 'draft' && $response.body#/absent == $statusCode"}
    )
    assert (
        criterion.found(SCOPE)
        == "$response.body#/state = 'Approved', $response.body#/absent = nothing, $statusCode = 200"
    )


@given(st.integers(-(10**12), 10**12))
def test_money_as_number_and_as_text_is_equal_to_the_fen(fen: int) -> None:
    text = f"{Decimal(fen).scaleb(-2):.2f}"
    assert compare("==", fen / 100, text)
    assert not compare("==", fen / 100, f"{Decimal(fen + 1).scaleb(-2):.2f}")
    assert compare("<", text, (fen + 1) / 100)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.just(MISSING),
    st.lists(st.integers(), max_size=2),
)


@given(VALUES, VALUES)
def test_comparisons_never_fail_and_fit_together(left: Any, right: Any) -> None:
    assert compare("==", left, right) == compare("==", right, left)
    assert compare("!=", left, right) != compare("==", left, right)
    assert compare("<", left, right) == compare(">", right, left)
    assert compare("<=", left, right) == (
        compare("<", left, right) or (compare("==", left, right) and compare("<=", left, left))
    )


def _trees() -> st.SearchStrategy[tuple[str, bool]]:
    """Conditions with the truth that Python gives them, written without any more parentheses than the order of operators needs."""
    leaf = st.sampled_from([("true", True), ("false", False), ("1 == 1", True), ("1 > 2", False), ("!false", True)])

    def grow(inner: st.SearchStrategy[tuple[str, bool]]) -> st.SearchStrategy[tuple[str, bool]]:
        grouped = inner.map(lambda t: (f"({t[0]})", t[1]))
        negated = inner.map(lambda t: (f"!({t[0]})", not t[1]))
        term = st.one_of(leaf, grouped, negated)
        all_of = st.lists(term, min_size=1, max_size=3).map(
            lambda ts: (" && ".join(t[0] for t in ts), all(t[1] for t in ts))
        )
        return st.lists(all_of, min_size=1, max_size=3).map(
            lambda ts: (" || ".join(t[0] for t in ts), any(t[1] for t in ts))
        )

    return st.recursive(leaf, grow, max_leaves=12)


@given(_trees())
def test_logic_is_that_of_every_language(tree: tuple[str, bool]) -> None:
    condition, truth = tree
    assert holds(condition) is truth
