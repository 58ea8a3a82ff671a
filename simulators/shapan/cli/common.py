"""What the verbs share: options, errors as one sentence, and finding a running sandbox."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from shapan.sandbox.options import PORT, SandboxError

F = TypeVar("F", bound=Callable[..., Any])


def fail(en: str, zh: str) -> NoReturn:
    """It could not be run: one sentence in each language on standard error, exit code 2."""
    click.echo(f"shapan: {en}", err=True)
    click.echo(f"        {zh}", err=True)
    sys.exit(2)


@contextmanager
def sentences() -> Iterator[None]:
    """SandboxError inside becomes `fail`."""
    try:
        yield
    except SandboxError as error:
        fail(error.en, error.zh)


def world_options(function: F) -> F:
    """--world, --size, --seed."""
    for option in reversed(
        [
            click.option(
                "--world", metavar="NAME|FILE", help="World profile: trading, or a YAML file of the same form."
            ),
            click.option("--size", metavar="SIZE", help="tiny or small (default small)."),
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
