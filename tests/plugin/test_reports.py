"""What a failing test shows, and what is said when there is no sandbox to be had."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from shapan.pytest_plugin.report import sections
from shapan.pytest_plugin.session import WORKSPACE
from tests.plugin.conftest import Run
from tests.plugin.test_fixtures import HELPERS

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long


def test_a_failing_test_shows_the_journal_of_its_workspace_and_the_words_of_the_integration(
    run: Callable[..., Run],
) -> None:
    source = """
        import threading
        import pytest
        from helpers import order

        def test_fails(workspace, faults):
            added = faults.add("error", parameters={"status": 503}, match={"operations": ["listOrders"]}, id="trouble")
            workspace.crm.get("/orders")
            workspace.scm.get("/nowhere")
            assert "SECRET" == workspace.client.secret[:0]

        @pytest.fixture
        def prepared(crm):
            crm.get("/products")
            raise RuntimeError("in the fixture")

        def test_fails_before_it_begins(prepared):
            pass

        def test_passes(crm):
            crm.get("/customers")

        def test_apart(crm, oracle, shapan_integration):
            number = order(crm)
            while shapan_integration.exit_code() is None:
                threading.Event().wait(0.01)
            oracle.check(number)
    """
    files = {"test_it.py": source, "helpers.py": HELPERS, "idle.py": "print('I do nothing')\n"}
    done = run(files, "--shapan-integration", f"'{sys.executable}' idle.py")
    assert done.outcomes == {
        "test_apart": "failure",
        "test_fails": "failure",
        "test_fails_before_it_begins": "error",
        "test_passes": "passed",
    }
    shown = dict(
        re.findall(r"-+ shapan journal of workspace (\S+?)-[0-9a-f]{10} -+\n(.*?)(?=\n[-=_]{5}|\Z)", done.text, re.S)
    )
    assert set(shown) == {"test-fails", "test-fails-before-it-begins", "test-apart"}
    first, second = shown["test-fails"], shown["test-fails-before-it-begins"]
    assert re.search(r"crm +GET /orders \(listOrders\) -> 503 injected-fault, \d+ ms  \[fault trouble\]", first)
    assert re.search(r"scm +GET /nowhere \(no operation\) -> 404 no-such-path", first)
    assert "POST /oauth/token (issueToken) -> 200" in first
    assert re.search(r"crm +GET /products \(listProducts\) -> 200", second)
    assert "test-passes" not in done.text
    assert "SystemsDisagree: The three systems do not agree" in done.text
    assert "order-missing" in done.text
    assert "I do nothing" in done.text.partition("shapan integration")[2]


@pytest.mark.parametrize(("wish", "limits"), [(None, [50]), ("2", [2]), ("5000", [1000]), ("0", [])])
def test_as_many_entries_as_wished_or_none(wish: str | None, limits: list[int]) -> None:
    asked: list[int] = []
    workspace = SimpleNamespace(name="w", journal=SimpleNamespace(entries=lambda limit: asked.append(limit) or []))
    config = SimpleNamespace(getoption=lambda name: {"--shapan-entries": wish}[name], getini=lambda name: "")
    assert sections(cast(pytest.Item, SimpleNamespace(config=config, stash={WORKSPACE: workspace}))) == []
    assert asked == limits


def test_a_journal_that_cannot_be_read_does_not_hide_the_failure() -> None:
    def entries(limit: int) -> list[dict[str, object]]:
        raise RuntimeError("gone")

    workspace = SimpleNamespace(name="w", journal=SimpleNamespace(entries=entries))
    config = SimpleNamespace(getoption=lambda name: None, getini=lambda name: "")
    [(heading, text)] = sections(cast(pytest.Item, SimpleNamespace(config=config, stash={WORKSPACE: workspace})))
    assert (heading, text) == ("shapan journal of workspace w", "The journal cannot be read (RuntimeError: gone).")


@pytest.mark.parametrize(
    ("arguments", "en", "zh"),
    [
        (("--shapan-size", "gigantic"), "no size gigantic", "没有规模 gigantic"),
        (("--shapan-url", "http://127.0.0.1:9"), "needs its client secret", "需要客户端密钥"),
        (("--shapan-url", "http://x", "--shapan-image", "y"), "exclude each other", "只能选其一"),
    ],
)
def test_what_cannot_be_run_is_said_in_two_sentences(
    run: Callable[..., Run], arguments: tuple[str, ...], en: str, zh: str
) -> None:
    done = run({"test_it.py": "def test_it(crm): pass\n"}, *arguments)
    assert done.outcomes == {"test_it": "error"}, done.text
    assert re.search(f"shapan: .*{en}", done.text)
    assert zh in done.text
    assert "Traceback" not in done.text
    assert ".py:" not in done.text.partition("ERRORS")[2].partition("short test summary")[0]


def test_a_number_that_is_none_is_a_usage_error(run: Callable[..., Run]) -> None:
    done = run({"test_it.py": "def test_it(crm): pass\n"}, "--shapan-seed", "many")
    assert "--shapan-seed takes a whole number, and not many" in done.text
    assert done.code != 0
