"""`shapan up`: serve the whole sandbox until Ctrl-C."""

from __future__ import annotations

import _thread
import os
import shlex
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from shapan.cli.common import (
    STOPPED,
    WorldWish,
    existing_folder,
    fail,
    journal_options,
    outgoing_options,
    quiet_logs,
    tls_options,
    world_options,
)

if TYPE_CHECKING:
    from shapan.sandbox.options import SandboxOptions
    from shapan.sandbox.outgoing import Outgoing

TITLES = {"control": "control 总控", "crm": "CRM 客户关系", "scm": "SCM 供应链", "finance": "finance 财务"}


@click.command("up")
@world_options
@click.option(
    "--port",
    type=click.IntRange(1, 65532),
    default=8100,
    show_default=True,
    help="Port of the control; CRM, SCM and finance take the next three.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; beyond loopback SHAPAN_OPERATOR_TOKEN must be set.",
)
@click.option("--data", metavar="DIR", help="Folder that keeps the data (default ./.shapan).")
@click.option("--ephemeral", is_flag=True, help="Keep nothing: a temporary folder, removed at the end.")
@click.option("--strict", is_flag=True, help="Check every answer and event against the contracts.")
@tls_options
@outgoing_options
@journal_options
@click.option("--with-parent", is_flag=True, hidden=True)
def command(
    world: WorldWish,
    port: int,
    host: str,
    data: str | None,
    ephemeral: bool,
    strict: bool,
    tls: tuple[str, ...] | None,
    outgoing: Outgoing,
    journal_entries: int,
    with_parent: bool,
) -> None:
    """Serve CRM, SCM, finance and the control, and print where they are and how to get in. Ctrl-C stops all.

    Example: shapan up --ephemeral --size tiny
    """
    from shapan.sandbox.options import plan
    from shapan.sandbox.processes import ProcessSandbox

    quiet_logs()
    if with_parent:
        _end_with_parent()
    if data and ephemeral:
        fail("--data and --ephemeral exclude each other; give one of them.", "--data 与 --ephemeral 只能选其一。")

    try:
        folder = None if ephemeral else existing_folder(data or ".shapan")
        options = plan(
            **world.options(),
            port=port,
            data=folder,
            strict=strict,
            host=host,
            tls=tls,
            outgoing=outgoing,
            journal_entries=journal_entries,
        )
        with ProcessSandbox(options) as sandbox:
            _welcome(options)
            sandbox.watch(lambda en, zh: click.echo(f"{en} {zh}", err=True))
    except KeyboardInterrupt:
        # To be stopped is what `up` is for, so the exit code is 0.
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"\n{STOPPED}")


def _end_with_parent() -> None:
    """End as by Ctrl-C when standard input ends, which a parent holds open: that of a container does with whoever is attached to it."""

    def listen() -> None:
        while os.read(0, 4096):
            pass
        # Not SIGINT: it may be ignored by what started us.
        _thread.interrupt_main(signal.SIGTERM)

    threading.Thread(target=listen, daemon=True).start()


def _authority(options: SandboxOptions) -> list[str]:
    """What clients need in order to believe us, where we serve HTTPS."""
    if options.tls is None:
        return []
    return [
        "Certificate authority 证书颁发机构",
        f"  export SHAPAN_CA_FILE={shlex.quote(str(options.tls.ca))}",
        "",
    ]


def _broker(options: SandboxOptions) -> list[str]:
    """Where events are published as well."""
    if options.outgoing.broker is None:
        return []
    from shapan.kernel.delivery.brokers import shown

    return ["Broker 消息代理", f"  {shown(options.outgoing.broker)}", ""]


def _welcome(options: SandboxOptions) -> None:
    from rich.cells import set_cell_size

    # By cells, not characters: Chinese ones are two wide.
    titles = {name: set_cell_size(TITLES[name], 18) for name in options.ports}
    world = options.world
    client_id, secret = options.client.client_id, options.client.secret
    crm = options.url("crm")
    curl = "curl -s" if options.tls is None else f"curl -s --cacert {shlex.quote(str(options.tls.ca))}"
    lines = [
        f"Shapan is up: world {world.profile}, size {world.size}, seed {world.seed}. 沙盘已就绪。",
        "",
        "URLs 服务地址",
        *(f"  {titles[name]}{options.url(name)}" for name in options.ports),
        "",
        "Documentation 接口文档",
        *(f"  {titles[name]}{options.url(name)}/docs/" for name in options.ports),
        "",
        *_authority(options),
        *_broker(options),
        "Client 客户端凭证",
        f"  client id      {client_id}",
        f"  client secret  {secret}",
        "  other clients  shapan clients list",
        "",
        "First call, to be pasted 试一试",
        f"  TOKEN=$({curl} -d grant_type=client_credentials -d client_id={client_id} -d client_secret={secret} {crm}/oauth/token"
        r""" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')""",
        f'  {curl} -H "Authorization: Bearer $TOKEN" "{crm}/customers?limit=2"',
        "",
        f"Data: {'thrown away at the end' if options.ephemeral else options.folder}. Ctrl-C stops all. 按 Ctrl-C 停止。",
    ]
    click.echo("\n".join(lines))
