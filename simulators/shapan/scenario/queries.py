"""JSONPath queries as criteria (RFC 9535), by python-jsonpath. They hold when they select anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jsonpath

from shapan.kernel.expressions import Expression as Pattern
from shapan.kernel.expressions import UnusableExpression
from shapan.scenario.expressions import ExpressionError

DRAFT: Final = "draft-goessner-dispatch-jsonpath-00"
"""The one other variant that Arazzo 1.0.1 allows; of it, scripts such as `[(@.length-1)]` are not supported."""
MOST_DESCENTS: Final = 2
"""Each `..` multiplies the time that a query can take by the size of the answer."""
LONGEST_QUERY: Final = 500


class _Matching:
    """match() and search() of RFC 9535 (section 2.4.6 and 2.4.7), in time that grows with the text and no faster."""

    arg_types = (jsonpath.function_extensions.ExpressionType.VALUE,) * 2
    return_type = jsonpath.function_extensions.ExpressionType.LOGICAL

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._patterns: dict[str, Pattern | None] = {}

    def __call__(self, value: object, text: object) -> bool:
        if not isinstance(value, str) or not isinstance(text, str):
            return False
        if text not in self._patterns:
            # A pattern may come from the data; it is then one of many, and not worth keeping.
            if len(self._patterns) > 100:
                self._patterns.clear()
            self._patterns[text] = _pattern(text)
        pattern = self._patterns[text]
        return pattern is not None and (pattern.fullmatch(value) if self._whole else pattern.search(value))


def _pattern(text: str) -> Pattern | None:
    try:
        return Pattern(text)
    except UnusableExpression:
        return None


class _Environment(jsonpath.JSONPathEnvironment):
    """With functions of our own, whatever the regular expression."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Matching(whole=True)
        self.function_extensions["search"] = _Matching(whole=False)


_ENVIRONMENTS: Final = {None: _Environment(strict=True), DRAFT: _Environment()}


def query(text: str, version: str | None = None) -> Callable[[Any], bool]:
    """Whether the query selects anything in a value. Raises ExpressionError for a query that cannot be used."""
    environment = _ENVIRONMENTS.get(version)
    if environment is None:
        raise ExpressionError(
            f"JSONPath in version {version} is not supported; leave the version away for RFC 9535, or say {DRAFT}.",
            f"不支持 {version} 版的 JSONPath；省略 version 即为 RFC 9535，也可写 {DRAFT}。",
        )
    if len(text) > LONGEST_QUERY or text.count("..") > MOST_DESCENTS:
        raise ExpressionError(
            f"The query is longer than {LONGEST_QUERY} characters or has more than {MOST_DESCENTS} descents (`..`), and could take for ever.",
            f"查询超过 {LONGEST_QUERY} 个字符，或含有 {MOST_DESCENTS} 个以上的递归下降（..），可能耗时过长。",
        )
    try:
        if "=~" in text:
            raise ValueError("=~ is an operator of other dialects; use search(…)")
        compiled = environment.compile(text)
    except (jsonpath.JSONPathError, ValueError, RecursionError) as error:
        # Its first argument and not its text: of a query that ends too soon, jsonpath fails to write one.
        reason = str(error.args[0]).partition("\n")[0] if error.args else type(error).__name__
        standard = "RFC 9535" if version is None else version
        raise ExpressionError(
            f"{text!r} is no JSONPath query of {standard}: {reason}.",
            f"{text!r} 不是 {standard} 的 JSONPath 查询：{reason}。",
        ) from error

    def test(value: Any) -> bool:
        # A text or number has no children, and python-jsonpath would read a text as JSON.
        try:
            return isinstance(value, dict | list) and next(iter(compiled.finditer(value)), None) is not None
        except (jsonpath.JSONPathError, RecursionError):
            return False

    return test
