"""`shapan up`: serve the whole sandbox until Ctrl-C."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from shapan.cli.common import STOPPED, WorldWish, existing_folder, fail, quiet_logs, world_options

if TYPE_CHECKING:
    from shapan.sandbox.options import SandboxOptions

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
@click.option("--data", metavar="DIR", help="Folder that keeps the data (default ./.shapan).")
@click.option("--ephemeral", is_flag=True, help="Keep nothing: a temporary folder, removed at the end.")
@click.option("--strict", is_flag=True, help="Check every answer and event against the contracts.")
def command(world: WorldWish, port: int, data: str | None, ephemeral: bool, strict: bool) -> None:
    """Serve CRM, SCM, finance and the control, and print where they are and how to get in. Ctrl-C stops all.

    Example: shapan up --ephemeral --size tiny
    """
    from shapan.sandbox.options import plan
    from shapan.sandbox.processes import ProcessSandbox

    quiet_logs()
    if data and ephemeral:
        fail("--data and --ephemeral exclude each other; give one of them.", "--data 与 --ephemeral 只能选其一。")

    try:
        folder = None if ephemeral else existing_folder(data or ".shapan")
        options = plan(**world.options(), port=port, data=folder, strict=strict)
        with ProcessSandbox(options) as sandbox:
            _welcome(options)
            sandbox.watch(lambda en, zh: click.echo(f"{en} {zh}", err=True))
    except KeyboardInterrupt:
        # To be stopped is what `up` is for, so the exit code is 0.
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"\n{STOPPED}")


def _welcome(options: SandboxOptions) -> None:
    from rich.cells import set_cell_size

    # By cells, not characters: Chinese ones are two wide.
    titles = {name: set_cell_size(TITLES[name], 18) for name in options.ports}
    world = options.world
    client_id, secret = options.client.client_id, options.client.secret
    crm = options.url("crm")
    lines = [
        f"Shapan is up: world {world.profile}, size {world.size}, seed {world.seed}. 沙盘已就绪。",
        "",
        "URLs 服务地址",
        *(f"  {titles[name]}{options.url(name)}" for name in options.ports),
        "",
        "Documentation 接口文档",
        *(f"  {titles[name]}{options.url(name)}/docs/" for name in options.ports),
        "",
        "Client 客户端凭证",
        f"  client id      {client_id}",
        f"  client secret  {secret}",
        "",
        "First call, to be pasted 试一试",
        f"  TOKEN=$(curl -s -d grant_type=client_credentials -d client_id={client_id} -d client_secret={secret} {crm}/oauth/token"
        r""" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')""",
        f'  curl -s -H "Authorization: Bearer $TOKEN" "{crm}/customers?limit=2"',
        "",
        f"Data: {'thrown away at the end' if options.ephemeral else options.folder}. Ctrl-C stops all. 按 Ctrl-C 停止。",
    ]
    click.echo("\n".join(lines))
