"""`shapan workspace`: sandboxes side by side in one, each with data, clock, faults and journal of its own."""

from __future__ import annotations

import json

import click

from shapan.cli.common import json_option, segment
from shapan.cli.journal_options import url_option
from shapan.sandbox.running import control_call

_SECONDS = 120.0


@click.group("workspace")
def command() -> None:
    """List, create, fork and delete workspaces of a running sandbox, in all systems at once.

    A workspace NAME is served under /ws/NAME of each system; the one without a prefix is called default.

    Example: shapan workspace fork trial-1
    """


@command.command("list")
@url_option
@json_option
def list_(url: str, as_json: bool) -> None:
    """Show all workspaces.

    Example: shapan workspace list
    """
    items = control_call(url, "GET", "/workspaces", members=("items",))["items"]
    if as_json:
        click.echo(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for item in items:
        missing = "" if item["complete"] else f"  only in 仅存在于 {', '.join(item['systems'])}"
        click.echo(item["name"] + missing)


@command.command("create")
@click.argument("name")
@url_option
def create(name: str, url: str) -> None:
    """Create the workspace NAME, freshly seeded; nothing happens when there is one.

    Example: shapan workspace create team-a
    """
    made = control_call(url, "PUT", f"/workspaces/{segment(name)}", seconds=_SECONDS, members=("name",))
    click.echo(f"Workspace {made['name']} is served under /ws/{made['name']}. 工作区 {made['name']} 已就绪。")


@command.command("fork")
@click.argument("name")
@click.option("--from", "source", metavar="NAME", default="default", show_default=True, help="The workspace to copy.")
@click.option("--webhooks", is_flag=True, help="Copy webhook subscriptions too.")
@url_option
def fork(name: str, source: str, webhooks: bool, url: str) -> None:
    """Make the workspace NAME with the documents, events and clock of another, the same moment of all systems.

    Example: shapan workspace fork trial-1 --from default
    """
    body = {"name": name, "webhooks": webhooks}
    made = control_call(
        url, "POST", f"/workspaces/{segment(source)}/fork", body=body, seconds=_SECONDS, members=("name",)
    )
    click.echo(
        f"Workspace {made['name']}, a copy of {made['from']}, is served under /ws/{made['name']}. "
        f"工作区 {made['name']} 已从 {made['from']} 派生。"
    )


@command.command("delete")
@click.argument("name")
@url_option
def delete(name: str, url: str) -> None:
    """Delete the workspace NAME with all its data. The default one can only be reset.

    Example: shapan workspace delete trial-1
    """
    control_call(url, "DELETE", f"/workspaces/{segment(name)}", seconds=_SECONDS)
    click.echo(f"Workspace {name} is gone. 工作区 {name} 已删除。")
