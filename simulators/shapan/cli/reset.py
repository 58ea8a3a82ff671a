"""`shapan reset`: the first state again."""

from __future__ import annotations

import click

from shapan.cli.journal_options import at_option
from shapan.sandbox.running import control_call


@click.command("reset")
@click.option("--webhooks", is_flag=True, help="Drop webhook subscriptions too.")
@at_option
def command(webhooks: bool, at: str) -> None:
    """Put a workspace of a running sandbox back to its freshly seeded world, in all systems at once.

    Documents, events, faults and the journal go, the clock goes back to real time; webhook subscriptions stay.

    Example: shapan reset
    """
    parameters = {"webhooks": "true" if webhooks else "false"}
    control_call(at, "POST", "/reset", params=parameters, seconds=120, members=("items",))
    click.echo("The workspace is as it was seeded. 工作区已重置。")
