"""The plugin's options: on the command line, and in the ini file with underscores (`shapan_size = tiny`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS: Mapping[str, tuple[str, str]] = {
    "integration": ("COMMAND", "integration to start and judge"),
    "url": ("URL", "control of a sandbox that runs already, instead of one of this run's own"),
    "image": ("IMAGE", "Docker image to run the sandbox from, instead of in this process"),
    "world": ("NAME|FILE", "world profile (default trading)"),
    "size": ("SIZE", "size of the world (default tiny)"),
    "seed": ("NUMBER", "seed of the world (default 42)"),
    "mess": ("NAME|FILE", "how wrong the records are (default article)"),
    "entries": ("NUMBER", "journal entries that a failing test shows (default 50)"),
}
_FLAGS: Mapping[str, str] = {
    "reference": "judge the reference integration",
    "strict": "check every answer and event against the contracts",
}


def add(parser: pytest.Parser) -> None:
    """--shapan-NAME for each, and shapan_NAME in the ini file."""
    group = parser.getgroup("shapan", "Shapan: a sandbox for tests, and scenarios as tests")
    for name, (metavar, text) in _OPTIONS.items():
        group.addoption(f"--shapan-{name}", metavar=metavar, help=text)
        parser.addini(f"shapan_{name}", text, default="")
    for name, text in _FLAGS.items():
        group.addoption(f"--shapan-{name}", action="store_true", default=None, help=text)
        parser.addini(f"shapan_{name}", text, type="bool", default=False)


def text(config: pytest.Config, name: str) -> str | None:
    """An option's value: the command line counts more than the ini file; None when neither says anything."""
    return config.getoption(f"--shapan-{name}") or config.getini(f"shapan_{name}") or None


def number(config: pytest.Config, name: str) -> int | None:
    """A whole number of 0 or more. pytest.UsageError for anything else."""
    given = text(config, name)
    if given is not None and not (given.isascii() and given.isdigit()):
        raise pytest.UsageError(
            f"shapan: --shapan-{name} takes a whole number, and not {given}. --shapan-{name} 应为整数。"
        )
    return None if given is None else int(given)


def flag(config: pytest.Config, name: str) -> bool:
    """Whether a flag is set, on the command line or in the ini file."""
    return bool(config.getoption(f"--shapan-{name}") or config.getini(f"shapan_{name}"))


def world(config: pytest.Config) -> dict[str, Any]:
    """The wishes for a world, as `plan` and `session` take them."""
    return {
        "profile": text(config, "world"),
        "size": text(config, "size") or "tiny",
        "seed": number(config, "seed"),
        "mess": text(config, "mess"),
    }
