"""`pytest scenarios/`: each Arazzo file is a test, run as `shapan verify` runs it.

    pytest -n 2 scenarios/ --shapan-integration "python my_integration.py"

A scenario with `isolation: own` gets a workspace and an integration of its own, the others share both. Without an integration the
scenarios fail: nothing joins the systems.
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
    """One scenario, run in the sandbox that all scenarios of the run (with pytest-xdist: of the worker) share."""

    def __init__(self, *, scenario: Any, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario

    def runtest(self) -> None:
        """Run it. ScenarioFailed with the reason; skipped where it does not apply, with the reason too."""
        from shapan.scenario import run_scenario
        from shapan.verify.running import environment

        stage, jobs = for_scenarios(self.config, self._together())
        job = jobs[id(self.scenario)]
        if job.skipped is not None:
            pytest.skip(f"{job.skipped.en} {job.skipped.zh}")
        with stage.place(job) as place:
            result = run_scenario(self.scenario, environment(place))
        if result.verdict == "skipped" and result.reason is not None:
            pytest.skip(f"{result.reason.en} {result.reason.zh}")
        if not result.passed:
            assert result.reason is not None
            raise ScenarioFailed(f"at step {result.step}: {result.reason.en}\n{result.reason.zh}")

    def _together(self) -> list[Any]:
        """The scenarios of the run, in its order."""
        return [item.scenario for item in self.session.items if isinstance(item, ScenarioItem)]

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
