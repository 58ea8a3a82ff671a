"""The command `shapan`. Each verb is a module of its own and is imported when it is used: `serve` must start fast."""

from __future__ import annotations

import importlib
from typing import Any

import click

from shapan import __version__
from shapan.cli.common import sentences, stoppable
from shapan.sandbox.text import use_utf8

VERBS = {
    "up": "Serve the three systems and the control.",
    "demo": "The guided tour: one order through three systems, with a verdict.",
    "verify": "Run scenarios against an integration and give the verdict.",
    "load": "Run a load test with gates.",
    "oracle": "Ask a running sandbox whether its systems agree.",
    "trace": "Show the way of a document through all systems, with the requests that made it.",
    "journal": "Show, follow and verify what was asked, answered and delivered.",
    "events": "List events with their deliveries and dead letters, deliver them again.",
    "clock": "Show, advance, freeze and run the simulated time.",
    "fault": "List, add and remove faults: latency, lost answers, events out of order and more.",
    "workspace": "List, create, fork and delete workspaces.",
    "snapshot": "Save, restore, export and load the state of a workspace.",
    "reset": "Put a workspace back to its first state.",
    "seed": "Put another world into a workspace.",
    "clients": "Show who may do what, and with which secret.",
    "world": "List, show and export worlds.",
    "score": "Score a crosswalk against the answer key.",
    "quality": "Show the data standard, check records against it.",
    "scenario": "Check scenario scripts.",
    "contracts": "Show or lint the contracts.",
    "serve": "Serve one system (for containers).",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for; what ends a verb early is told alike for all."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """As click does it, on streams that can take Chinese."""
        use_utf8()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb: what cannot be run is one sentence, a signal ends it in order."""
        with stoppable(), sentences():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the manual."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, `shapan.cli.<verb>.command`."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"shapan.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="shapan")
def main() -> None:
    """Shapan (沙盘): a CRM, an SCM and a finance system to point an integration at, and an oracle that judges the result.

    Exit codes: 0 as wished, 1 the answer is no (a verdict, a gate), 2 it could not be run, 130 it was stopped.

    Example: shapan demo
    """
