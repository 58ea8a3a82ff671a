"""`shapan oracle`: the verdict of a running sandbox."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from shapan.cli.common import json_option
from shapan.sandbox.options import PORT
from shapan.sandbox.running import control_get


@click.command("oracle")
@click.option("--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Control of a running sandbox.")
@click.option("--order", metavar="NUMBER", help="Only what concerns this CRM order.")
@json_option
def command(url: str, order: str | None, as_json: bool) -> None:
    """Ask whether CRM, SCM and finance agree; exit 0 when they do, 1 with every difference when not.

    Example: shapan oracle --order ORD-202611-00001
    """
    verdict = control_get(url.rstrip("/"), "/reconciliation", **({"order": order} if order else {}))
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
    for difference in verdict["differences"]:
        colour = "yellow" if difference["severity"] == "warning" else "red"
        console.print(
            f"[{colour}]{difference['check']} {difference['code']}[/]  {escape(difference['en'])}", soft_wrap=True
        )
        console.print(f"      {escape(difference['zh'])}", soft_wrap=True)
