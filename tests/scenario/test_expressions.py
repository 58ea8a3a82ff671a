"""Runtime expressions: the forms of the specification's table, what they lead to, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.scenario.expressions import (
    MISSING,
    ExpressionError,
    Message,
    Scope,
    Unresolved,
    evaluate,
    expressions_in,
    is_expression,
    parse,
    render,
    resolve,
)
from shapan.scenario.faults import pointer_of

SCOPE = Scope(
    inputs={"name": "华信", "dotted.name": 1, "nested": {"deep": [10, 20]}},
    steps={"create": {"id": 7, "body": {"items": [{"a/b": "slash", "c~d": None}]}}},
    workflows={"other": {"inputs": {"x": 1}, "outputs": {"y": {"z": True}}}},
    outputs={"bar": "out"},
    sources={"crm": {"name": "crm", "url": "crm.yaml"}},
    components={"parameters": {"page": {"name": "page", "value": 3}}},
    message=Message(
        url="http://x.test/orders/7?q=1",
        method="GET",
        path={"id": 7},
        query={"q": 1},
        request_headers={"Accept": "application/json"},
        request_body={"customer": "C"},
        status=200,
        response_headers={"ETag": '"v1"', "Retry-After": "2"},
        response_body={"items": [{"no": "A"}, {"no": "B"}], "total": 2, "": "empty name", "open": None},
    ),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$url", "http://x.test/orders/7?q=1"),
        ("$method", "GET"),
        ("$statusCode", 200),
        ("$request.header.accept", "application/json"),
        ("$request.query.q", 1),
        ("$request.path.id", 7),
        ("$request.body#/customer", "C"),
        ("$response.header.etag", '"v1"'),
        ("$response.header.Retry-After", "2"),
        ("$response.body#/items/1/no", "B"),
        ("$response.body#/total", 2),
        ("$response.body#/open", None),
        ("$response.body#/", "empty name"),
        ("$response.body.total", 2),
        ("$inputs.name", "华信"),
        ("$inputs.dotted.name", 1),
        ("$inputs.nested.deep#/1", 20),
        ("$outputs.bar", "out"),
        ("$steps.create.outputs.id", 7),
        ("$steps.create.outputs.body#/items/0/a~1b", "slash"),
        ("$steps.create.outputs.body#/items/0/c~0d", None),
        ("$workflows.other.inputs.x", 1),
        ("$workflows.other.outputs.y#/z", True),
        ("$sourceDescriptions.crm.url", "crm.yaml"),
        ("$components.parameters.page", {"name": "page", "value": 3}),
    ],
)
def test_an_expression_leads_to_its_value_with_its_type(text: str, value: Any) -> None:
    found = resolve(parse(text), SCOPE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "$response.body#/items/2",
        "$response.body#/items/-",
        "$response.body#/items/01",
        "$response.body#/total/x",
        "$response.header.Location",
        "$inputs.unknown",
        "$steps.nobody.outputs.id",
        "$workflows.other.outputs.nothing",
    ],
)
def test_an_expression_may_lead_to_nothing(text: str) -> None:
    assert resolve(parse(text), SCOPE) is MISSING


@pytest.mark.parametrize(
    "text",
    [
        "$",
        "$status",
        "$statusCode.x",
        "$response",
        "$response.query.x",
        "$response.header.",
        "$response.body#items",
        "$response.body#/a~2b",
        "$steps.create",
        "$steps.create.id",
        "$workflows.other.steps.x",
        "$input.name",
        "inputs.name",
        "$inputs.a b",
        " $statusCode",
    ],
)
def test_other_text_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    assert repr(text) in raised.value.text.en
    assert "运行时表达式" in raised.value.text.zh


def test_values_are_filled_in_with_their_type_and_embedded_ones_as_text() -> None:
    payload = {
        "id": "$steps.create.outputs.id",
        "text": "客户 {$inputs.name} 第 {$steps.create.outputs.id} 号",
        "list": ["$statusCode", 1],
        "no": None,
    }
    assert evaluate(payload, SCOPE) == {"id": 7, "text": "客户 华信 第 7 号", "list": [200, 1], "no": None}


def test_an_embedded_object_is_written_as_json() -> None:
    assert evaluate("{$workflows.other.outputs.y}", SCOPE) == '{"z": true}'


def test_a_needed_value_that_is_not_there_is_named() -> None:
    with pytest.raises(Unresolved) as raised:
        evaluate({"a": ["{$inputs.unknown}"]}, SCOPE)
    assert str(raised.value.expression) == "$inputs.unknown"


def test_sentences_for_people_show_what_is_missing() -> None:
    assert render("no {$inputs.unknown} for {$inputs.name}", SCOPE) == "no ? for 华信"


def test_text_with_a_dollar_that_is_no_expression_stays() -> None:
    assert evaluate("$5 off", SCOPE) == "$5 off"
    assert evaluate("{not one}", SCOPE) == "{not one}"
    assert not is_expression("$5 off")
    assert is_expression("$input.name"), "a misspelt root is meant as an expression, so that lint can refuse it"


def test_expressions_are_found_wherever_they_stand() -> None:
    value = {"a": "$inputs.x", "b": ["y {$steps.s.outputs.z} and {$url}", 3]}
    assert [str(e) for e in expressions_in(value)] == ["$inputs.x", "$steps.s.outputs.z", "$url"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    found = [(here, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found += _places(member, (*here, name))
    return found


@given(JSON)
def test_every_place_of_every_body_can_be_reached_by_its_pointer(body: Any) -> None:
    scope = Scope(message=Message(response_body=body))
    for place, value in _places(body):
        expression = parse("$response.body#" + pointer_of(*place))
        assert expression.pointer == tuple(map(str, place))
        assert resolve(expression, scope) is value


@given(st.text() | st.text().map(lambda rest: "$inputs." + rest))
def test_any_text_either_parses_or_is_refused_in_both_languages(text: str) -> None:
    try:
        said = parse(text).source
    except ExpressionError as error:
        said = text if error.text.en and error.text.zh else ""
    assert said == text
