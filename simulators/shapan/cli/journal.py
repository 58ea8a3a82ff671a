"""`shapan journal`: what was asked, answered and delivered in a running sandbox."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import fail, json_option
from shapan.cli.journal_options import at_option, filter_options
from shapan.cli.journal_verify import verify
from shapan.sandbox.errors import SandboxError, told
from shapan.sandbox.running import control_call

_PAGE = ("items", "next")
WAIT_SECONDS = 20
PATIENCE_SECONDS = 30.0
"""So long `--follow` waits for a sandbox that does not answer, such as one that is started again."""


@click.group("journal", invoke_without_command=True)
@at_option
@filter_options
@click.option("--method", metavar="NAME", help="Only this method.")
@click.option("--path", metavar="PATTERN", help="Only paths of this pattern, as in /orders/*.")
@click.option("--problem", metavar="NAME", help="Only answers with this problem, as in validation-failed.")
@click.option("--fault", metavar="ID", help="Only what this fault rule acted on.")
@click.option("--request-id", metavar="ID", help="Only this X-Request-Id.")
@click.option("--kind", type=click.Choice(["request", "delivery", "all"]), default="all", show_default=True, help="Only requests, only deliveries, or both.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, the latest.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--bodies", is_flag=True, help="Show bodies too.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    at: str,
    filters: dict[str, Any],
    method: str | None,
    path: str | None,
    problem: str | None,
    fault: str | None,
    request_id: str | None,
    kind: str,
    limit: int,
    follow: bool,
    bodies: bool,
    as_json: bool,
) -> None:
    """Show the latest requests, answers and deliveries of all systems, oldest first; with --follow also those that come.

    With --json each entry is a line of its own.

    Example: shapan journal --follow --status 4xx
    """
    if ctx.invoked_subcommand is not None:
        return
    asked = {
        **filters,
        "method": method.upper() if method else None,
        "path": path,
        "problem": problem,
        "fault": fault,
        "request_id": request_id,
        "kind": kind,
        "bodies": _flag(bodies or as_json),
    }
    page = control_call(at, "GET", "/journal", params={**asked, "limit": limit}, members=_PAGE)
    _show(reversed(page["items"]), bodies, as_json)
    if follow:
        # To be stopped is what --follow is for, so the exit code is 0.
        with suppress(KeyboardInterrupt):
            _follow(at, asked, page["next"], bodies, as_json)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _follow(at: str, asked: dict[str, Any], cursor: str, bodies: bool, as_json: bool) -> None:
    """Ask for what comes, again and again; control answers as soon as there is something. A sandbox that is away for a while is waited for."""
    silent_since: float | None = None
    while True:
        try:
            page = control_call(
                at,
                "GET",
                "/journal",
                params={**asked, "after": cursor, "wait": WAIT_SECONDS},
                seconds=WAIT_SECONDS + 20,
                members=_PAGE,
            )
        except SandboxError as error:
            now = time.monotonic()
            if silent_since is None:
                silent_since = now
                click.echo(told(error.en, error.zh), err=True)
            if now - silent_since > PATIENCE_SECONDS:
                raise
            threading.Event().wait(1)
            continue
        silent_since = None
        cursor = page["next"]
        _show(page["items"], bodies, as_json)


def _show(entries: Any, bodies: bool, as_json: bool) -> None:
    from rich.console import Console

    from shapan.cli import journal_lines

    console = Console(highlight=False)
    for entry in entries:
        if as_json:
            click.echo(json.dumps(entry, ensure_ascii=False))
            continue
        for text in (journal_lines.line(entry), *(journal_lines.bodies(entry) if bodies else ())):
            console.print(text, soft_wrap=True)
    sys.stdout.flush()


@command.command("violations")
@at_option
@click.option("--system", metavar="NAME", help="Only crm, scm or finance.")
@click.option("--client", metavar="ID", help="Only requests of this client.")
@json_option
def violations(at: str, system: str | None, client: str | None, as_json: bool) -> None:
    """Say what clients did that the contracts do not allow, with the members at fault; exit 1 when there is anything.

    Example: shapan journal violations --client shapan
    """
    from rich.console import Console
    from rich.markup import escape

    asked = {"system": system, "client": client}
    found = control_call(at, "GET", "/journal/violations", params=asked, members=("items",))["items"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        sys.exit(1 if found else 0)
    console = Console(highlight=False)
    for group in found:
        what = group["operation_id"] or f"{group['method']} {group['path']}"
        console.print(
            f"[yellow]{group['count']} ×[/] {group['system']} {escape(what)} [red]{group['status']} {group['problem']}[/]"
            f" [dim]by {escape(group['client_id'] or 'nobody known')}, last {group['last_at']}, request {escape(group['last_request_id'] or '-')}[/]",
            soft_wrap=True,
        )
        for fault in group["faults"]:
            where = f"{fault['in']} {fault['pointer'] or '(whole)'}"
            console.print(f"    {fault['count']} × {escape(where)}: {escape(fault['detail'])}", soft_wrap=True)
    if not found:
        click.echo("No client broke a contract. 没有违反契约的请求。")
    sys.exit(1 if found else 0)


@command.command("har")
@at_option
@filter_options
@click.option("--output", "-o", required=True, metavar="FILE", help="The file to write, as in run.har; - for standard output.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 1000), default=1000, show_default=True, help="How many, the latest.")
def har(at: str, filters: dict[str, Any], output: str, limit: int) -> None:
    """Write the journal as a HAR file, to be opened in a browser's network panel.

    Example: shapan journal har -o run.har --document ORD-202611-00001
    """
    archive = control_call(at, "GET", "/journal/har", params={**filters, "limit": limit}, members=("log",))
    text = json.dumps(archive, ensure_ascii=False, indent=1)
    if output == "-":
        click.echo(text)
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        fail(f"{output} cannot be written ({error.strerror}).", f"无法写入 {output}（{error.strerror}）。")
    click.echo(f"{len(archive['log']['entries'])} entries written to {output}. 已写入 {output}。")


@command.command("trace")
@at_option
@click.argument("what", metavar="TRACE_ID|DOCUMENT")
@json_option
def trace(at: str, what: str, as_json: bool) -> None:
    """Show what led to what in all systems: all of a trace, or all about a document and those made from it.

    Example: shapan journal trace ORD-202611-00001
    """
    from urllib.parse import quote

    from rich.console import Console

    from shapan.cli import journal_lines

    is_trace = len(what) == 32 and all(sign in "0123456789abcdef" for sign in what)
    path = f"/journal/traces/{what}" if is_trace else f"/journal/documents/{quote(what, safe='')}"
    found = control_call(at, "GET", path, members=("items", "has_more"))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    depth: dict[tuple[str, str], int] = {}
    for item in found["items"]:
        entry, led_by = item["entry"], item["led_by"]
        level = depth.get((led_by["system"], led_by["cursor"]), 0) + 1 if led_by else 0
        depth[entry["system"], entry["cursor"]] = level
        console.print("  " * min(level, 12) + ("└ " if level else "") + journal_lines.line(entry), soft_wrap=True)
    if found["has_more"]:
        click.echo("There is more than is shown here. 另有更多条目未显示。")


@command.command("clear")
@at_option
def clear(at: str) -> None:
    """Forget what was asked until now, in all systems. Documents and events stay.

    Example: shapan journal clear
    """
    control_call(at, "DELETE", "/journal")
    click.echo("The journal is empty. 请求日志已清空。")


command.add_command(verify)
