"""A sandbox with an integration beside it, ready to be judged: started here, or one that runs already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.integration import REFERENCE, Integration, command_of
from shapan.sandbox.options import plan
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.processes import ProcessSandbox


@dataclass(frozen=True)
class Session:
    """Base URLs by system (control included), the client, and the integration where we started one."""

    urls: dict[str, str]
    client: Client
    integration: Integration | None


def chosen_integration(command: str | None, reference: bool, attach: bool) -> list[str] | None:
    """The command to start, None for none of ours. SandboxError unless exactly one of the three ways was chosen."""
    if [command is not None, reference, attach].count(True) != 1:
        raise SandboxError(
            "Say which integration to judge: --integration COMMAND, --reference, or --attach for one that runs already.",
            "请指定要验证的集成：--integration 命令、--reference，或用 --attach 连接已在运行的集成。",
        )
    return REFERENCE if reference else command_of(command) if command is not None else None


@contextmanager
def session(
    command: list[str] | None,
    *,
    running: tuple[dict[str, str], Client] | None = None,
    profile: str | None = None,
    size: str | None = None,
    seed: int | None = None,
    mess: str | None = None,
    rates: tuple[tuple[str, float], ...] = (),
    tls: tuple[str, ...] | None = None,
    outgoing: Outgoing | None = None,
) -> Iterator[Session]:
    """A sandbox (a throw-away one on free ports, or `running`) and the integration that `command` starts. SandboxError."""
    with ExitStack() as stack:
        if running is None:
            options = plan(
                profile=profile, size=size, seed=seed, mess=mess, rates=rates, port=None, tls=tls, outgoing=outgoing
            )
            stack.enter_context(ProcessSandbox(options))
            running = options.urls, options.client
        urls, client = running
        broker = outgoing.broker if outgoing is not None else None
        integration = stack.enter_context(Integration(command, urls, client, broker)) if command is not None else None
        yield Session(urls, client, integration)
