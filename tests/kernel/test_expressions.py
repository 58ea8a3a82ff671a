"""Regular expressions that users give."""

from __future__ import annotations

import pytest

from shapan.kernel.expressions import Expression, UnusableExpression


@pytest.mark.parametrize(
    ("expression", "whole", "part"),
    [
        ("on.+", "ones", "(one on top)"),
        ("a.c", "a\nc", "xa-cx"),
        ("a|b", "b", "ab"),
        (r"\d{3}", "123", "tel. 123"),
        ("中+", "中中", "在中国"),
        ("(?i)abc", "ABC", "xAbCx"),
    ],
)
def test_what_fits(expression: str, whole: str, part: str) -> None:
    assert Expression(expression).fullmatch(whole)
    assert Expression(expression).search(part)
    assert not Expression(expression).fullmatch(part)
    assert not Expression(expression).search("")


def test_an_end_is_the_end() -> None:
    assert not Expression("a").fullmatch("a\n")
    assert Expression("").fullmatch("")


@pytest.mark.parametrize("text", ["(", "a)|(b", "(?=a)", r"(a)\1", "a{1000000}", "[", "*"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UnusableExpression):
        Expression(text)


@pytest.mark.parametrize("evil", ["(a+)+$", "(a|aa)+$", "(.*a){12}b", "([a-z]+)*1"])
def test_no_expression_takes_for_ever(evil: str) -> None:
    # By going back and forth, each would outlive whoever waits for this test.
    assert not Expression(evil).fullmatch("a" * 5000 + "!")
    assert not Expression(evil + "!!").search("a" * 5000 + "!")
