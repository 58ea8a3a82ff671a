"""`shapan snapshot`: the state of a workspace under a name, to come back to, or to take to another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import fail, json_option, segment
from shapan.cli.journal_options import at_option, url_option
from shapan.sandbox.running import ControlRefusal, control_call, control_fetch, control_send

_SECONDS = 120.0
_ENDING = ".shapan.zip"


@click.group("snapshot")
def command() -> None:
    """Save, list, show, restore, delete, export and load snapshots of a running sandbox, in all systems at once.

    Example: shapan snapshot save before-close
    """


@command.command("save")
@click.argument("name")
@click.option("--note", metavar="TEXT", default="", help="What it is for.")
@at_option
@json_option
def save(name: str, note: str, at: str, as_json: bool) -> None:
    """Save documents, events, faults and clock of the workspace as the snapshot NAME.

    Example: shapan snapshot save before-close --note "Before the month-end close"
    """
    body = {"note": note}
    _tell(
        control_call(at, "PUT", f"/snapshots/{segment(name)}", body=body, seconds=_SECONDS, members=("name",)), as_json
    )


@command.command("list")
@url_option
@json_option
def list_(url: str, as_json: bool) -> None:
    """Show all snapshots.

    Example: shapan snapshot list
    """
    items = control_call(url, "GET", "/snapshots", members=("items",))["items"]
    if as_json:
        click.echo(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for item in items:
        _tell(item, as_json=False)
    if not items:
        click.echo("No snapshots. 没有快照。")


@command.command("show")
@click.argument("name")
@url_option
@json_option
def show(name: str, url: str, as_json: bool) -> None:
    """Show what is known of the snapshot NAME.

    Example: shapan snapshot show before-close
    """
    _tell(control_call(url, "GET", f"/snapshots/{segment(name)}", members=("name",)), as_json)


@command.command("restore")
@click.argument("name")
@at_option
def restore(name: str, at: str) -> None:
    """Make the workspace what the snapshot NAME is. No client sees one system before it and another after it.

    Example: shapan snapshot restore before-close
    """
    control_call(at, "POST", f"/snapshots/{segment(name)}/restore", seconds=_SECONDS, members=("items",))
    click.echo(f"The workspace is as snapshot {name} again. 工作区已恢复为快照 {name}。")


@command.command("delete")
@click.argument("name")
@url_option
def delete(name: str, url: str) -> None:
    """Delete the snapshot NAME.

    Example: shapan snapshot delete before-close
    """
    control_call(url, "DELETE", f"/snapshots/{segment(name)}", seconds=_SECONDS)
    click.echo(f"Snapshot {name} is gone. 快照 {name} 已删除。")


@command.command("export")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where to write it (default NAME{_ENDING}).",
)
@url_option
def export(name: str, output: Path | None, url: str) -> None:
    """Write the snapshot NAME as one file, which `shapan snapshot load` takes on another machine.

    Example: shapan snapshot export before-close -o close.shapan.zip
    """
    content = control_fetch(url, f"/snapshots/{segment(name)}/file")
    path = output or Path(f"{name}{_ENDING}")
    fresh = path.with_name(path.name + ".new")
    try:
        # It holds webhook secrets: for its owner only, and whole or not at all.
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        fail(
            f"{path} cannot be written ({error.strerror}). Name another file with --output.",
            f"{path} 无法写入（{error.strerror}）。请用 --output 指定其他文件。",
        )
    click.echo(f"{path} ({len(content):,} bytes). 已导出 {path}。")


@command.command("load")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the snapshot (default: the file's).")
@url_option
@json_option
def load(file: Path, name: str | None, url: str, as_json: bool) -> None:
    """Bring a snapshot in from FILE, which `shapan snapshot export` wrote; restore it afterwards. Every fault of a bad file is named.

    Example: shapan snapshot load close.shapan.zip --name close
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read ({error.strerror}).", f"{file} 无法读取（{error.strerror}）。")
    given = name or file.name.removesuffix(_ENDING).removesuffix(".zip")
    try:
        _tell(control_send(url, f"/snapshots/{segment(given)}/file", content, "application/zip"), as_json)
    except ControlRefusal as refusal:
        if not refusal.faults:
            raise
        listed = [(en, zh) for _, en, zh in refusal.faults]
        fail(f"{file}: " + " ".join(en for en, _ in listed), f"{file}：" + "".join(zh for _, zh in listed))


def _tell(snapshot: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(snapshot, ensure_ascii=False, indent=1))
        return
    world = snapshot["world"] or {}
    parts = [
        snapshot["name"],
        f"of 来自 {snapshot['workspace']}",
        f"clock 时钟 {snapshot['now'][:19]}",
        f"{world.get('profile', '?')}/{world.get('size', '?')}/{world.get('seed', '?')}",
        f"{snapshot['size']:,} bytes",
    ]
    if not snapshot["complete"]:
        parts.append(f"only in 仅存在于 {', '.join(one['name'] for one in snapshot['systems'])}")
    if snapshot["note"]:
        parts.append(snapshot["note"])
    click.echo("  ".join(parts))
