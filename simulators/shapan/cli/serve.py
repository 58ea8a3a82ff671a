"""`shapan serve`: one system in this process, for containers and as the child process of `up`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shapan.cli.common import WorldWish, fail, journal_options, outgoing_options, tls_options, world_options

if TYPE_CHECKING:
    from shapan.sandbox.outgoing import Outgoing


@click.command("serve")
@click.argument("system")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Port to listen on.")
@click.option("--data", required=True, metavar="DIR", help="Folder for its databases.")
@world_options
@click.option(
    "--opening",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day of the world; default the first of the month in which the folder was first used.",
)
@click.option("--strict", is_flag=True, help="Check every answer against the contract.")
@tls_options
@outgoing_options
@journal_options
@click.option("--with-parent", is_flag=True, hidden=True)
def command(
    system: str,
    host: str,
    port: int,
    data: str,
    world: WorldWish,
    opening: datetime | None,
    strict: bool,
    tls: tuple[str, ...] | None,
    outgoing: Outgoing,
    journal_entries: int,
    with_parent: bool,
) -> None:
    """Serve one system: crm, scm, finance, control, or one that a package registers.

    Client and neighbours come from the environment: SHAPAN_CLIENT_ID, SHAPAN_CLIENT_SECRET; for control SHAPAN_CRM_URL, SHAPAN_SCM_URL,
    SHAPAN_FINANCE_URL. Beyond loopback SHAPAN_OPERATOR_TOKEN guards the operator interface and must be set.

    Example: SHAPAN_CLIENT_SECRET=... shapan serve crm --port 8101 --data ./data
    """
    from shapan.kernel.auth import Client
    from shapan.sandbox.options import (
        CONTROL,
        SIMULATORS,
        SandboxOptions,
        kept_opening,
        operator_token_for,
        tls_names,
        writable_folder,
    )
    from shapan.sandbox.serving import serve
    from shapan.sandbox.systems import require_system, require_world
    from shapan.sandbox.tls import ensure_tls

    client_id, secret = os.environ.get("SHAPAN_CLIENT_ID", "shapan"), os.environ.get("SHAPAN_CLIENT_SECRET")
    if not secret:
        fail(
            "SHAPAN_CLIENT_SECRET is not set; it is the secret of the client that may ask for tokens.",
            "未设置 SHAPAN_CLIENT_SECRET（获取令牌的客户端密钥）。",
        )
    operator_token = operator_token_for(host)
    urls = {
        name: os.environ[f"SHAPAN_{name.upper()}_URL"]
        for name in SIMULATORS
        if f"SHAPAN_{name.upper()}_URL" in os.environ
    }
    if system == CONTROL and len(urls) < len(SIMULATORS):
        missing = ", ".join(f"SHAPAN_{name.upper()}_URL" for name in SIMULATORS if name not in urls)
        fail(f"The control needs {missing}.", f"总控需要环境变量 {missing}。")
    require_system(system)
    folder = writable_folder(Path(data))
    day = opening.date() if opening else kept_opening(folder)
    options = SandboxOptions(
        world.spec(day),
        folder,
        {system: port},
        Client(client_id, secret),
        host,
        strict=strict,
        operator_token=operator_token,
        external_urls=urls,
        outgoing=outgoing,
        journal_entries=journal_entries,
        tls=None if tls is None else ensure_tls(folder, tls_names(host, tls)),
    )
    require_world(options.world)
    serve(system, options, with_parent=with_parent)
