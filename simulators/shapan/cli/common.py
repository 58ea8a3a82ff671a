"""What the verbs share: options, errors as one sentence, and finding a running sandbox."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast
from urllib.parse import quote

import click

from shapan.sandbox.errors import sentences_of, told
from shapan.sandbox.options import PORT

if TYPE_CHECKING:
    from shapan.world import WorldSpec

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


@dataclass(frozen=True)
class WorldWish:
    """The world that a command line asks for; None, and no rates, where it says nothing."""

    profile: str | None = None
    size: str | None = None
    seed: int | None = None
    mess: str | None = None
    rates: tuple[tuple[str, float], ...] = ()

    def spec(self, opening: date, size: str = "small") -> WorldSpec:
        """The world, with the defaults for what was not said."""
        from shapan.sandbox.options import spec_of

        return spec_of(self.profile, self.size or size, self.seed, self.mess, self.rates, opening)

    def options(self) -> dict[str, Any]:
        """What `plan` and `session` take."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def world_options(function: F) -> F:
    """--world, --size, --seed, --mess and --rate; the command gets them as one `world`, a WorldWish."""

    @functools.wraps(function)
    def wishing(
        *args: Any, world: str | None, size: str | None, seed: int | None, mess: str | None, rate: Any, **others: Any
    ) -> Any:
        return function(*args, world=WorldWish(world, size, seed, mess, rate), **others)

    command: Any = wishing
    for option in reversed(
        [
            click.option(
                "--world",
                metavar="NAME|FILE",
                help="World profile (default trading; `shapan world list` has all), or a YAML file of the same form.",
            ),
            click.option(
                "--size", metavar="SIZE", help="tiny, small, medium, large or huge (default small; tiny for demo)."
            ),
            click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Same seed, same world (default 42)."),
            click.option(
                "--mess",
                metavar="NAME|FILE",
                help="How wrong the records are: clean, article, all-different or filthy (default article), or a YAML file.",
            ),
            click.option(
                "--rate",
                metavar="PATH=NUMBER",
                multiple=True,
                callback=lambda _, __, given: _rates(given),
                help="Change one rate of the mess, as in surface.homophone=0.05.",
            ),
        ]
    ):
        command = option(command)
    return cast(F, command)


def opening_option(function: F) -> F:
    """--opening: when the world's books open."""
    return click.option(
        "--opening",
        metavar="DATE",
        type=click.DateTime(["%Y-%m-%d"]),
        help="First day of the world's books, the first of a month (default this month's).",
    )(function)


def _rates(given: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """(path, number) of each; what cannot be read is named, all of it. Whether there is such a rate the world knows."""
    found, faults = [], []
    for text in given:
        path, equals, number = text.partition("=")
        try:
            found.append((path.strip(), float(number)))
        except ValueError:
            equals = ""
        if not equals or not path.strip():
            faults.append(text)
    if faults:
        fail(
            f"--rate takes a path and a number, as in surface.homophone=0.05, and not {', '.join(faults)}.",
            f"--rate 应为“路径=数字”，例如 surface.homophone=0.05，而不是 {'、'.join(faults)}。",
        )
    return tuple(dict(found).items())


def tls_options(function: F) -> F:
    """--tls and --tls-name; the command gets them as one `tls`: the names besides those of this machine, or None without --tls."""

    @functools.wraps(function)
    def wishing(*args: Any, tls: bool, tls_name: tuple[str, ...], **others: Any) -> Any:
        if tls_name and not tls:
            fail("--tls-name needs --tls.", "--tls-name 需要与 --tls 一起使用。")
        return function(*args, tls=tls_name if tls else None, **others)

    command: Any = wishing
    for option in (
        click.option(
            "--tls-name", metavar="NAME", multiple=True, help="Another name or address that the certificate is for."
        ),
        click.option(
            "--tls", is_flag=True, help="Serve HTTPS, with a certificate by an authority of the sandbox's own."
        ),
    ):
        command = option(command)
    return cast(F, command)


def outgoing_options(function: F) -> F:
    """--broker and --allow-public-webhooks, and what the environment says of webhooks; the command gets them as one `outgoing`."""

    @functools.wraps(function)
    def wishing(*args: Any, broker: str | None, allow_public_webhooks: bool, **others: Any) -> Any:
        from shapan.sandbox.outgoing import WEBHOOKS, outgoing

        return function(*args, outgoing=outgoing(broker, os.environ.get(WEBHOOKS), allow_public_webhooks), **others)

    command: Any = wishing
    for option in (
        click.option(
            "--allow-public-webhooks",
            is_flag=True,
            help="Let webhooks go beyond loopback and private addresses; to some of them only by SHAPAN_ALLOW_WEBHOOKS.",
        ),
        click.option(
            "--broker",
            metavar="URL",
            envvar="SHAPAN_BROKER_URL",
            help="Publish every event to RabbitMQ (amqp://…) or Redis (redis://…) as well. [env SHAPAN_BROKER_URL]",
        ),
    ):
        command = option(command)
    return cast(F, command)


def journal_options(function: F) -> F:
    """--no-journal and --journal-entries; the command gets them as one `journal_entries`, 0 without a journal."""

    @functools.wraps(function)
    def wishing(*args: Any, no_journal: bool, journal_entries: int, **others: Any) -> Any:
        return function(*args, journal_entries=0 if no_journal else journal_entries, **others)

    command: Any = wishing
    for option in (
        click.option("--no-journal", is_flag=True, help="Keep no journal of requests and deliveries."),
        click.option(
            "--journal-entries",
            type=click.IntRange(1, 1_000_000),
            metavar="N",
            default=10_000,
            show_default=True,
            help="So many entries of the journal are kept of each workspace.",
        ),
    ):
        command = option(command)
    return cast(F, command)


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


def segment(name: str) -> str:
    """A name as one segment of a path, whatever somebody typed."""
    return quote(name, safe="") if name not in ("", ".", "..") else "%2E"
