"""`shapan clients`: who may ask the systems for tokens, with which scopes and secret."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapan.cli.common import fail, json_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapan.kernel.auth import Client

_ALL = {"en": "The sandbox's own client", "zh": "沙盘自有客户端"}
_ALL_ABOUT = {"en": "May do everything everywhere.", "zh": "在所有系统中拥有全部权限。"}


@click.group("clients")
def command() -> None:
    """The clients of a sandbox: its own, which may do all, and narrower ones to rehearse with.

    Example: shapan clients list
    """


def _source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--client-secret",
            envvar="SHAPAN_CLIENT_SECRET",
            help="The sandbox's own, where there is no folder. [env SHAPAN_CLIENT_SECRET]",
        ),
        click.option("--data", metavar="DIR", default=".shapan", show_default=True, help="Folder of the sandbox."),
    ):
        function = option(function)
    return function


@command.command("list")
@_source_options
@json_option
def list_(data: str, client_secret: str | None, as_json: bool) -> None:
    """Each client with its secret, and the systems that know it.

    Example: shapan clients list
    """
    described = _described(_own(data, client_secret))
    if as_json:
        click.echo(json.dumps({"clients": described}, ensure_ascii=False, indent=1))
        return
    for client in described:
        scopes = client["scopes"]
        where = (
            ", ".join(f"{system} ({'all' if some is None else len(some)})" for system, some in scopes.items())
            if scopes
            else "all"
        )
        click.echo(f"{client['client_id']}: {client['title']['en']} {client['title']['zh']}")
        click.echo(f"    {client['about']['en']}\n    {client['about']['zh']}")
        click.echo(f"    scopes 权限   {where}")
        click.echo(f"    secret 密钥   {client['client_secret']}")


@command.command("show")
@click.argument("client_id")
@_source_options
@json_option
def show(client_id: str, data: str, client_secret: str | None, as_json: bool) -> None:
    """One client: its scopes by system, its secret, and the key of its encrypted bodies; as lines for a shell where it is no JSON.

    Example: shapan clients show crm-integration
    """
    described = {client["client_id"]: client for client in _described(_own(data, client_secret))}
    found = described.get(client_id)
    if found is None:
        known = ", ".join(described)
        fail(f"There is no client {client_id}; known are {known}.", f"没有客户端 {client_id}；已有的是 {known}。")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(f"# {found['title']['en']} {found['title']['zh']}")
    for system, scopes in (found["scopes"] or {"all systems 所有系统": None}).items():
        click.echo(f"# {system}: {'all scopes 全部权限' if scopes is None else ' '.join(scopes)}")
    click.echo(f"export SHAPAN_CLIENT_ID={found['client_id']}")
    click.echo(f"export SHAPAN_CLIENT_SECRET={found['client_secret']}")
    click.echo(f"export SHAPAN_ENCRYPTION_KEY={found['encryption_key']}")


def _own(data: str, secret: str | None) -> Client:
    """The sandbox's own client: as the folder has it, else as the secret was given."""
    from shapan.kernel.auth import Client
    from shapan.sandbox.options import noted_client

    kept = noted_client(Path(data))
    if kept is not None:
        return kept
    if not secret:
        fail(
            f"There is no sandbox in the folder {data}. Name its folder with --data, or give its secret in SHAPAN_CLIENT_SECRET, as `shapan up` printed it.",
            f"目录 {data} 中没有沙盘。请用 --data 指定沙盘目录，或用 SHAPAN_CLIENT_SECRET 提供 shapan up 打印的密钥。",
        )
    return Client(os.environ.get("SHAPAN_CLIENT_ID", "shapan"), secret)


def _described(own: Client) -> list[dict[str, Any]]:
    """All clients as data; `scopes` None is all of all systems, None for a system all of that one."""
    from shapan.sandbox.clients import roles, secret_of

    found = [_one(own.client_id, own.secret, _ALL, _ALL_ABOUT, None)]
    for role in roles():
        title, about = {"en": role.en, "zh": role.zh}, {"en": role.about_en, "zh": role.about_zh}
        scopes = {system: None if some is None else list(some) for system, some in role.scopes.items()}
        found.append(_one(role.client_id, secret_of(role.client_id, own.secret), title, about, scopes))
    return found


def _one(
    client_id: str,
    secret: str,
    title: dict[str, str],
    about: dict[str, str],
    scopes: dict[str, list[str] | None] | None,
) -> dict[str, Any]:
    from shapan.kernel.jwe import encryption_key

    return {
        "client_id": client_id,
        "client_secret": secret,
        "encryption_key": base64.urlsafe_b64encode(encryption_key(secret)).rstrip(b"=").decode(),
        "title": title,
        "about": about,
        "scopes": scopes,
    }
