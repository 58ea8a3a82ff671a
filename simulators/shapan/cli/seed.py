"""`shapan seed`: another world in a workspace."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from shapan.cli.common import WorldWish, fail, world_options
from shapan.cli.journal_options import at_option
from shapan.sandbox.running import control_call


@click.command("seed")
@world_options
@at_option
def command(world: WorldWish, at: str) -> None:
    """Put another world into a workspace of a running sandbox, in all systems at once; what is not said stays as it is.

    Everything in the workspace goes but webhook subscriptions. `shapan reset` then goes back to the new world.

    Example: shapan seed --seed 7 --size tiny
    """
    wish = {name: value for name, value in world.options().items() if value not in (None, ())}
    if not wish:
        fail(
            "Say what is to be different: --seed, --size, --world, --mess or --rate. `shapan reset` goes back to the same world.",
            "请指定要改变的内容：--seed、--size、--world、--mess 或 --rate。要回到同一个世界，请使用 shapan reset。",
        )
    if "rates" in wish:
        wish["rates"] = dict(wish["rates"])
    for name in ("profile", "mess"):
        # A file by its whole path: the systems may run elsewhere.
        if name in wish and Path(wish[name]).suffix:
            wish[name] = str(Path(wish[name]).resolve())
    answer = control_call(at, "POST", "/seed", body=wish, seconds=600, members=("items",))
    health = answer["items"][0]["health"]
    if health is None:
        sys.exit(2)
    told = health["world"]
    click.echo(
        f"The world is {told['profile']}, {told['size']}, seed {told['seed']}. "
        f"世界已更换为 {told['profile']}、{told['size']}、种子 {told['seed']}。"
    )
