"""pytest plugin: `pytest scenarios/` runs *.arazzo.yaml files as tests, and other tests may use a sandbox.

    pytest scenarios/ --shapan-integration "python my_integration.py"

Without an integration the scenarios fail: nothing joins the systems. The application is imported only when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shapan.sandbox.session import Session

_STACK = pytest.StashKey[Any]()
_SESSION = pytest.StashKey["Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all with the prefix --shapan."""
    group = parser.getgroup("shapan", "Shapan scenarios")
    group.addoption("--shapan-integration", metavar="COMMAND", help="integration to start and judge")
    group.addoption("--shapan-reference", action="store_true", help="judge the reference integration")
    group.addoption("--shapan-url", metavar="URL", help="control of a sandbox that runs already")
    group.addoption("--shapan-size", metavar="SIZE", default="tiny", help="size of the world (default tiny)")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Arazzo files are scenarios."""
    if file_path.name.endswith(".arazzo.yaml"):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


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

        here = _session(self.config)
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


def _session(config: pytest.Config) -> Session:
    if _SESSION not in config.stash:
        from contextlib import ExitStack

        from shapan.sandbox.integration import REFERENCE, command_of
        from shapan.sandbox.running import running_sandbox
        from shapan.sandbox.session import session

        command, url = config.getoption("--shapan-integration"), config.getoption("--shapan-url")
        start = REFERENCE if config.getoption("--shapan-reference") else command_of(command) if command else None
        stack = config.stash[_STACK] = ExitStack()
        _end_in_order(stack)
        running = running_sandbox(url, *_credentials()) if url else None
        config.stash[_SESSION] = stack.enter_context(
            session(start, running=running, size=config.getoption("--shapan-size"))
        )
    return config.stash[_SESSION]


def _end_in_order(stack: Any) -> None:
    """From now on processes depend on us: SIGTERM and a closed terminal end the run as Ctrl-C does, unless somebody else has a say there."""
    import signal
    import threading

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, stop)
                stack.callback(signal.signal, number, signal.SIG_DFL)


def _credentials() -> tuple[str, str | None]:
    import os

    return os.environ.get("SHAPAN_CLIENT_ID", "shapan"), os.environ.get("SHAPAN_CLIENT_SECRET")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the sandbox and the integration."""
    if _STACK in config.stash:
        config.stash[_STACK].close()
