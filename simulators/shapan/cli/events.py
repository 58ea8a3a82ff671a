"""`shapan events`: the events of a running sandbox, what became of their deliveries, and delivering them again."""

from __future__ import annotations

import json
from typing import Any

import click

from shapan.cli.common import fail, json_option
from shapan.cli.journal_options import at_option
from shapan.sandbox.running import control_call


@click.group("events")
def command() -> None:
    """List events with their deliveries and dead letters, and deliver them again.

    Example: shapan events list --dead
    """


@command.command("list")
@at_option
@click.option("--system", metavar="NAME", help="Only crm, scm or finance.")
@click.option(
    "--state", type=click.Choice(["waiting", "delivered", "given-up"]), help="Only with a delivery in this state."
)
@click.option("--dead", is_flag=True, help="Only dead letters: the same as --state given-up.")
@click.option("--type", "type_", metavar="TYPE", help="Only this type, as in crm.order.confirmed.")
@click.option("--subject", metavar="NUMBER", help="Only about this document.")
@click.option(
    "--since", metavar="TIME", help="Only from this moment of simulated time on, as in 2026-11-01T09:00:00+08:00."
)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="How many, the oldest.")
@json_option
def list_events(
    at: str,
    system: str | None,
    state: str | None,
    dead: bool,
    type_: str | None,
    subject: str | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show events of all systems, oldest first, each with what became of its deliveries.

    Example: shapan events list --subject ORD-202611-00001
    """
    if dead and state not in (None, "given-up"):
        fail("--dead and --state exclude each other; give one of them.", "--dead 与 --state 只能选其一。")
    asked = {
        "system": system,
        "state": "given-up" if dead else state,
        "type": type_,
        "subject": subject,
        "since": since,
    }
    page = control_call(at, "GET", "/events", params={**asked, "limit": limit})
    if as_json:
        click.echo(json.dumps(page, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for item in page["items"]:
        event = item["event"]
        console.print(
            f"{event['time'][:19]}  {escape(event['type'])}  [bold]{escape(event['subject'])}[/]  [dim]{event['id']}[/]",
            soft_wrap=True,
        )
        for delivery in item["deliveries"]:
            for line in _lines(delivery):
                console.print(f"    {line}", soft_wrap=True)
    if not page["items"]:
        console.print("No events. 没有事件。")
    if page["has_more"]:
        console.print("There are more; raise --limit. 还有更多，请增大 --limit。")


_COLOURS = {"delivered": "green", "waiting": "yellow", "given-up": "red"}


def _lines(delivery: dict[str, Any]) -> list[str]:
    from rich.markup import escape

    colour = _COLOURS[delivery["state"]]
    result = f"  {escape(delivery['last_result'])}" if delivery["last_result"] else ""
    again = f"  next 下次 {delivery['next_attempt_at'][:19]}" if delivery["next_attempt_at"] else ""
    found = [f"[{colour}]{delivery['state']}[/]  {escape(delivery['url'])}  ×{delivery['attempts']}{result}{again}"]
    if delivery.get("reason"):
        found += [escape(delivery["reason"]["en"]), escape(delivery["reason"]["zh"])]
    return found


@command.command("resend")
@at_option
@click.argument("event_id", nargs=-1)
@click.option("--dead", is_flag=True, help="Dead letters, to the receivers that did not take them.")
@click.option(
    "--since", metavar="TIME", help="All from this moment of simulated time on, as in 2026-11-01T09:00:00+08:00."
)
@click.option("--type", "types", metavar="TYPE", multiple=True, help="Only this type.")
@click.option("--system", "systems", metavar="NAME", multiple=True, help="Only crm, scm or finance.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@json_option
def resend(
    at: str,
    event_id: tuple[str, ...],
    dead: bool,
    since: str | None,
    types: tuple[str, ...],
    systems: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put EVENT_ID…, all dead letters, or all events since a moment back in line for their receivers.

    Those of one document go in their order. What is given must all hold.

    Example: shapan events resend --dead
    """
    if not (event_id or dead or since):
        fail(
            "Say which events: their ids, --dead, or --since.",
            "请指定要重新投递的事件：事件编号、--dead 或 --since。",
        )
    body = {
        "ids": list(event_id) or None,
        "dead": dead or None,
        "since": since,
        "types": list(types) or None,
        "systems": list(systems) or None,
        "dry_run": dry_run,
    }
    given = {name: value for name, value in body.items() if value is not None}
    resent = control_call(at, "POST", "/events/resend", body=given)
    if as_json:
        click.echo(json.dumps(resent, ensure_ascii=False, indent=1))
        return
    for item in resent["items"]:
        click.echo(f"{item['system']:<8} {item['events']} event(s) for {item['deliveries']} receiver(s)")
    en, zh = ("would be sent again", "将重新投递") if dry_run else ("in line again", "已重新排队")
    click.echo(
        f"{resent['events']} event(s) {en}, {resent['deliveries']} deliveries. {zh} {resent['events']} 个事件，共 {resent['deliveries']} 次投递。"
    )
