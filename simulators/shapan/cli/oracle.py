"""`shapan oracle`: the verdict of a running sandbox."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from shapan.cli.common import json_option
from shapan.sandbox.options import PORT
from shapan.sandbox.running import control_call

_MEMBERS = ("ok", "checks", "delays", "differences")


@click.command("oracle")
@click.option("--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Control of a running sandbox.")
@click.option("--order", metavar="NUMBER", multiple=True, help="Only what concerns this CRM order. May be repeated.")
@click.option(
    "--document",
    metavar="NUMBER",
    multiple=True,
    help="The same for a document of any kind, or the code of a customer, supplier, store or product. May be repeated.",
)
@click.option("--since", metavar="TIME", help="Leave out documents that are older, as 2026-11-24T09:00:00+08:00.")
@click.option("--deadline-seconds", type=click.FloatRange(min=0), help="What took longer between two systems is late.")
@json_option
def command(
    url: str,
    order: tuple[str, ...],
    document: tuple[str, ...],
    since: str | None,
    deadline_seconds: float | None,
    as_json: bool,
) -> None:
    """Ask whether CRM, SCM and finance agree; exit 0 when they do, 1 with every difference when not.

    Example: shapan oracle --order ORD-202611-00001
    """
    wanted = {
        "order": order or None,
        "document": document or None,
        "since": since,
        "deadline_seconds": deadline_seconds,
    }
    verdict = control_call(url.rstrip("/"), "GET", "/reconciliation", params=wanted, members=_MEMBERS)
    if as_json:
        click.echo(json.dumps(verdict, ensure_ascii=False, indent=1))
    else:
        print_verdict(verdict)
    sys.exit(0 if verdict["ok"] else 1)


def print_verdict(verdict: dict[str, Any]) -> None:
    """Each check on two lines, then each difference in both languages."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for check in verdict["checks"]:
        # A check that found nothing to compare has proved nothing.
        mark = "[red]✗[/]" if check["differences"] else "[green]✓[/]" if check["compared"] else "[dim]–[/]"
        count = f"{check['compared']} compared, {check['differences']} different"
        console.print(f"{mark} {check['code']:<4}{escape(check['en'])} [dim]{count}[/]", soft_wrap=True)
        console.print(f"      {escape(check['zh'])}", soft_wrap=True)
    for delay in verdict["delays"]:
        late = f"[red]{delay['late']}[/]" if delay["late"] else "0"
        console.print(
            f"[dim]⏱[/] {escape(delay['en'])} {escape(delay['zh'])} [dim]{delay['count']}: median {delay['p50_seconds']:g} s, "
            f"95 % {delay['p95_seconds']:g} s, most {delay['max_seconds']:g} s, {late} beyond {delay['deadline_seconds']:g} s[/]",
            soft_wrap=True,
        )
    for difference in verdict["differences"]:
        colour = "yellow" if difference["severity"] == "warning" else "red"
        console.print(
            f"[{colour}]{difference['check']} {difference['code']}[/]  {escape(difference['en'])}", soft_wrap=True
        )
        console.print(f"      {escape(difference['zh'])}", soft_wrap=True)
