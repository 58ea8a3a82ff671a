"""docs/errors.md describes every problem that the code can raise, with its status, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import shapan
from shapan.kernel.contract import load_contract
from shapan.kernel.resources import data_folder

PACKAGE = Path(shapan.__file__).parent
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text("utf-8")
# Where the name of a problem stands in the call that makes it; the status stands before it, or is the function's own.
MAKERS = {"Problem": (0, 1), "simple": (0, 1), "conflict": (None, 0)}
# These pass on a name that they are given: what counts are their callers.
PASS_ON = {"conflict", "passed_on", "simple", "unauthorized"}


def _strings(node: ast.expr) -> list[str]:
    """The texts that an expression can stand for; empty when that cannot be seen."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_strings(node.body), *_strings(node.orelse)]
    return []


def _raised(source: str, where: str) -> Iterator[tuple[str, str]]:
    """(name, status) of every problem that this source makes. Fails on one whose name cannot be seen."""
    tree = ast.parse(source)
    passing = {
        id(call)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name in PASS_ON and where == "kernel/errors.py"
        for call in ast.walk(function)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or id(call) in passing:
            continue
        maker = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        if maker == "unauthorized":
            errors = _strings(call.args[0])
            assert errors, f"{where}:{call.lineno}: the error of this 401 cannot be seen"
            yield from ((error.replace("_", "-") or "token-missing", "401") for error in errors)
        elif maker in MAKERS:
            status, name = MAKERS[maker]
            names = _strings(call.args[name])
            assert names, f"{where}:{call.lineno}: the name of this problem cannot be seen; write it out"
            first = call.args[status] if status is not None else ast.Constant(409)
            # A status that is passed on from the HTTP layer is one of several.
            code = str(first.value) if isinstance(first, ast.Constant) else "4xx"
            yield from ((each, code) for each in names)


def _of_the_code() -> set[tuple[str, str]]:
    found = {
        problem
        for path in sorted(PACKAGE.rglob("*.py"))
        for problem in _raised(path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix())
    }
    # What may have any status is described once.
    return {(name, status) for name, status in found if status == "4xx" or (name, "4xx") not in found}


SECTIONS = dict(re.findall(r"^### `([a-z_-]+)` · (?:\d{3}|4xx)\n\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S))
DOCUMENTED = set(re.findall(r"^### `([a-z_-]+)` · (\d{3}|4xx)$", PAGE, re.M))


def test_every_problem_is_documented_and_none_that_is_not_there() -> None:
    assert _of_the_code() == DOCUMENTED


def test_no_problem_is_described_twice() -> None:
    names = re.findall(r"^### `([a-z_-]+)`", PAGE, re.M)
    assert len(names) == len(set(names)) == len(DOCUMENTED) == len(SECTIONS)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_each_is_described_in_both_languages(name: str) -> None:
    english, chinese = SECTIONS[name].strip().split("\n\n")
    assert re.search(r"[A-Za-z]{3}", english)
    assert re.search(r"[\u4e00-\u9fff]{3}", chinese)


def test_the_collector_sees_what_it_must() -> None:
    source = """
def f(state, late):
    if late:
        raise conflict("too-late", "en", "zh")
    return Problem(418, "teapot", "t", "en", "zh") if state else unauthorized("" if late else "invalid_token", "en", "zh")
"""
    assert set(_raised(source, "x.py")) == {
        ("too-late", "409"),
        ("teapot", "418"),
        ("token-missing", "401"),
        ("invalid-token", "401"),
    }
    with pytest.raises(AssertionError, match="cannot be seen"):
        list(_raised("conflict(name, 'en', 'zh')", "x.py"))


@pytest.mark.parametrize("name", ["common", "crm", "scm", "finance", "control", "operator"])
def test_contracts_name_only_problems_that_there_are(name: str) -> None:
    text = load_contract(data_folder("contracts") / f"{name}.yaml").text()
    named = set(re.findall(r"\b(409|412|422|423|428) `([a-z-]+)`", text))
    assert {problem for _, problem in named} <= {problem for problem, _ in DOCUMENTED}
    assert {(problem, status) for status, problem in named} <= DOCUMENTED
