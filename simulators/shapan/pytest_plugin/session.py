"""The sandbox of a run, and what scenarios are run against. Nothing is started before somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from shapan.pytest_plugin import options

if TYPE_CHECKING:
    from shapan.sandbox.integration import Integration
    from shapan.sandbox.remote import RunningSandbox, Workspace
    from shapan.scenario import Scenario
    from shapan.verify import Job, Stage

WORKSPACE = pytest.StashKey["Workspace"]()
INTEGRATION = pytest.StashKey["Integration"]()
_STACK = pytest.StashKey[Any]()
_SCENARIOS = pytest.StashKey["tuple[Stage, dict[int, Job]]"]()


@contextmanager
def running(config: pytest.Config) -> Iterator[RunningSandbox]:
    """The sandbox that tests use: the one at --shapan-url, one from --shapan-image, else one of threads in this process.

    What cannot be run fails the test in two sentences.
    """
    from contextlib import ExitStack

    url, image = options.text(config, "url"), options.text(config, "image")
    with ExitStack() as stack:
        try:
            if url and image:
                _fail(
                    "--shapan-url and --shapan-image exclude each other; give one of them.",
                    "--shapan-url 与 --shapan-image 只能选其一。",
                )
            found = _attached(url) if url else stack.enter_context(_contained(config, image) if image else _own(config))
        except Exception as error:
            _told(error)
            raise
        stack.callback(found.close)
        yield found


def _attached(url: str) -> RunningSandbox:
    from shapan.sandbox.options import CONTROL
    from shapan.sandbox.remote import RunningSandbox
    from shapan.sandbox.running import operator_tokens, running_sandbox

    urls, client = running_sandbox(url, *credentials())
    return RunningSandbox(urls, client, operator_tokens().get(CONTROL))


@contextmanager
def _contained(config: pytest.Config, image: str) -> Iterator[RunningSandbox]:
    from shapan.docker import Sandbox

    wishes = options.world(config)
    wishes["world"] = wishes.pop("profile")
    with Sandbox(image, strict=options.flag(config, "strict"), **wishes) as sandbox:
        yield sandbox.running


@contextmanager
def _own(config: pytest.Config) -> Iterator[RunningSandbox]:
    from shapan.sandbox.options import plan
    from shapan.sandbox.remote import RunningSandbox
    from shapan.sandbox.systems import require_world
    from shapan.sandbox.threads import ThreadSandbox

    wish = plan(**options.world(config), port=None, strict=options.flag(config, "strict"))
    require_world(wish.world)
    with ThreadSandbox(wish) as sandbox:
        made = sandbox.options
        yield RunningSandbox(made.urls, made.client, made.operator_token)


def _told(error: Exception) -> None:
    """Fail the test in two sentences when they say it all."""
    from shapan.sandbox.errors import sentences_of

    if (found := sentences_of(error)) is not None:
        _fail(*found)


def _fail(en: str, zh: str) -> NoReturn:
    pytest.fail(f"shapan: {en}\n        {zh}", pytrace=False)


def command(config: pytest.Config) -> list[str] | None:
    """The integration that the options name, as words of a command line; None when they name none. SandboxError when it cannot be read."""
    from shapan.sandbox.integration import REFERENCE, command_of

    given = options.text(config, "integration")
    return REFERENCE if options.flag(config, "reference") else command_of(given) if given else None


@contextmanager
def integration(config: pytest.Config, workspace: Workspace) -> Iterator[Integration]:
    """The integration that the options name, at work in one workspace. What cannot be run fails the test in two sentences."""
    from contextlib import ExitStack

    from shapan.sandbox.integration import Integration

    with ExitStack() as stack:
        try:
            if (words := command(config)) is None:
                _fail(
                    "There is no integration to start; name one with --shapan-integration, or give --shapan-reference.",
                    "没有可启动的集成程序；请用 --shapan-integration 指定，或使用 --shapan-reference。",
                )
            started = stack.enter_context(Integration(words, workspace.urls, workspace.client))
        except Exception as error:
            _told(error)
            raise
        yield started


def for_scenarios(config: pytest.Config, scenarios: list[Scenario]) -> tuple[Stage, dict[int, Job]]:
    """What the scenarios of the run share, and the job of each by its `id`: a sandbox of processes, or the one at --shapan-url. SandboxError."""
    if _SCENARIOS not in config.stash:
        from contextlib import ExitStack

        from shapan.sandbox.running import running_sandbox, running_world
        from shapan.verify import Stage, Wish, World, make_plan

        start, url = command(config), options.text(config, "url")
        stack = config.stash[_STACK] = ExitStack()
        _end_in_order(stack)
        running = running_sandbox(url, *credentials()) if url else None
        there = World.of(running_world(url)) if url else None
        # A scenario knows the world that it was written for, where the options do not say.
        wish = Wish(**{**options.world(config), "size": options.text(config, "size")})
        attached = running is not None and start is None
        plan = make_plan(scenarios, wish if there is None else wish.within(there), attached=attached)
        stage = stack.enter_context(Stage(start, there or plan.main_world, running=running))
        config.stash[_SCENARIOS] = stage, {id(job.scenario): job for job in plan.jobs}
    return config.stash[_SCENARIOS]


def credentials() -> tuple[str, str | None]:
    """Client id and secret for a sandbox that runs already, from the environment."""
    import os

    return os.environ.get("SHAPAN_CLIENT_ID", "shapan"), os.environ.get("SHAPAN_CLIENT_SECRET")


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


def close(config: pytest.Config) -> None:
    """End what the scenarios started."""
    if _STACK in config.stash:
        config.stash[_STACK].close()
