"""What the verbs share: options, errors as one sentence, and finding a running sandbox."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from shapan.sandbox.errors import sentences_of, told
from shapan.sandbox.options import PORT

F = TypeVar("F", bound=Callable[..., Any])

STOPPED = "Stopped. 已停止。"
STOPPED_EXIT = 130
"""What shells say of a command that Ctrl-C ended. 1 would be an answer, and there is none."""


def fail(en: str, zh: str) -> NoReturn:
    """It could not be run: one sentence in each language on standard error, exit code 2."""
    click.echo(told(en, zh), err=True)
    sys.exit(2)


@contextmanager
def sentences() -> Iterator[None]:
    """SandboxError, and what else may be wrong with what we were given, becomes `fail`."""
    try:
        yield
    except Exception as error:
        if (found := sentences_of(error)) is None:
            raise
        fail(*found)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP (a terminal that closes) become KeyboardInterrupt, so that what was started is ended and removed.

    Later ones are ignored: the clearing up takes seconds and should be done to its end. One that was ignored when we came (nohup) stays
    so. A KeyboardInterrupt that nobody takes inside ends with one line and exit code 130.
    """

    def stop(*_: object) -> None:
        for number in kept:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    kept: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                kept[number] = signal.signal(number, stop)
    try:
        yield
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"\n{STOPPED}", err=True)
        sys.exit(STOPPED_EXIT)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def world_options(function: F) -> F:
    """--world, --size, --seed."""
    for option in reversed(
        [
            click.option(
                "--world", metavar="NAME|FILE", help="World profile: trading, or a YAML file of the same form."
            ),
            click.option("--size", metavar="SIZE", help="tiny or small (default small; tiny for demo)."),
            click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Same seed, same world (default 42)."),
        ]
    ):
        function = option(function)
    return function


def target_options(function: F) -> F:
    """--url, --client-id, --client-secret: a sandbox that runs already."""
    for option in reversed(
        [
            click.option("--url", metavar="URL", help=f"Control of a running sandbox, e.g. http://127.0.0.1:{PORT}."),
            click.option(
                "--client-id",
                envvar="SHAPAN_CLIENT_ID",
                default="shapan",
                show_default=True,
                help="[env SHAPAN_CLIENT_ID]",
            ),
            click.option(
                "--client-secret",
                envvar="SHAPAN_CLIENT_SECRET",
                help="As `shapan up` printed it. [env SHAPAN_CLIENT_SECRET]",
            ),
        ]
    ):
        function = option(function)
    return function


def json_option(function: F) -> F:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


def quiet_logs() -> None:
    """httpx tells of each request at INFO; users asked for something else."""
    import logging

    logging.getLogger("httpx").setLevel(logging.WARNING)


def existing_folder(path: str | None) -> Path | None:
    """A folder option as a path."""
    return Path(path) if path else None
