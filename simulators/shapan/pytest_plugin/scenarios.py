"""`pytest scenarios/`: each Arazzo file is a test.

    pytest scenarios/ --shapan-integration "python my_integration.py"

Without an integration the scenarios fail: nothing joins the systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shapan.pytest_plugin.session import for_scenarios


class ScenarioFile(pytest.File):
    """One Arazzo document."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item: the scenario. A document that cannot be used fails the collection with all its faults."""
        from shapan.sandbox.errors import sentences_of
        from shapan.scenario import ScenarioError, load_scenarios

        try:
            [scenario] = load_scenarios([str(self.path)])
        except ScenarioError as error:
            raise self.CollectError(f"{error}\n{error.zh}") from error
        except Exception as error:
            if (found := sentences_of(error)) is None:
                raise
            raise self.CollectError("\n".join(found)) from error
        yield ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)


class ScenarioFailed(Exception):
    """A scenario's verdict, for the report."""


class ScenarioItem(pytest.Item):
    """One scenario, run in the sandbox that all scenarios of the run share."""

    def __init__(self, *, scenario: Any, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario

    def runtest(self) -> None:
        """Run it. ScenarioFailed with the reason."""
        from shapan.sandbox.running import operator_tokens
        from shapan.scenario import Environment, run_scenario

        here = for_scenarios(self.config)
        environment = Environment(here.urls, here.client.client_id, here.client.secret, bearer_tokens=operator_tokens())
        result = run_scenario(self.scenario, environment)
        if not result.passed:
            assert result.reason is not None
            raise ScenarioFailed(f"at step {result.step}: {result.reason.en}\n{result.reason.zh}")

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        """The reason alone; a traceback through the runner would tell a scenario's reader nothing."""
        from shapan.sandbox.errors import sentences_of

        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        found = sentences_of(excinfo.value)
        return "\n".join(found) if found is not None else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the scenario is."""
        return self.path, None, self.name
