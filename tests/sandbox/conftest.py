"""A client for sandboxes that are started for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from shapan.cli.clients import Desk
from shapan.sandbox import SandboxOptions


@pytest.fixture
def desk() -> Iterator[Callable[[SandboxOptions, str], Desk]]:
    """desk(options, "crm") is a person's client of a system."""
    with ExitStack() as stack:

        def make(options: SandboxOptions, name: str) -> Desk:
            made = Desk(name, options.url(name), options.client)
            stack.callback(made.close)
            return made

        yield make
