"""pytest plugin: a sandbox for tests, and `pytest scenarios/` runs *.arazzo.yaml files as tests. docs/pytest.md is its manual.

    def test_my_sync(workspace):
        run_my_sync(workspace.environment())
        workspace.oracle.check(within=5)

The application is imported only when a test uses it: every pytest run of a project that has shapan installed imports this.

`options`     command line and ini file
`fixtures`    what tests ask for by name
`session`     the sandbox of this run: in this process, in a container, or one that runs already
`scenarios`   Arazzo files as tests
`report`      what a failing test shows of its workspace
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from shapan.pytest_plugin import options, session
from shapan.pytest_plugin.fixtures import (
    clock,
    crm,
    faults,
    finance,
    journal,
    oracle,
    scm,
    shapan,
    shapan_integration,
    shapan_template,
    workspace,
)

__all__ = [
    "clock",
    "crm",
    "faults",
    "finance",
    "journal",
    "oracle",
    "scm",
    "shapan",
    "shapan_integration",
    "shapan_template",
    "workspace",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all with the prefix --shapan, each also in the ini file."""
    options.add(parser)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Arazzo files are scenarios."""
    if not file_path.name.endswith(".arazzo.yaml"):
        return None
    from shapan.pytest_plugin.scenarios import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """What failed shows what its workspace was asked, while that is still there."""
    report = yield
    if report.failed and session.WORKSPACE in item.stash:
        from shapan.pytest_plugin.report import sections

        report.sections.extend(sections(item))
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the sandbox and the integration of the scenarios."""
    session.close(config)
