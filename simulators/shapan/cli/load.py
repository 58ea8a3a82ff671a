"""`shapan load`: run a load test with gates, in a process of its own (Locust brings its own event loop)."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import click

from shapan.cli.common import fail, quiet_logs, sentences, target_options, world_options


@click.command("load")
@click.argument("name")
@click.option("--users", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at once.")
@click.option(
    "--max-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=3.0,
    show_default=True,
    help="Gate: the slowest answer.",
)
@click.option("--integration", metavar="COMMAND", help="Start this integration beside the sandbox.")
@click.option("--reference", is_flag=True, help="Start the reference integration (so without --integration and --url).")
@target_options
@world_options
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write Locust's HTML report.")
def command(
    name: str,
    users: int,
    max_seconds: float,
    integration: str | None,
    reference: bool,
    url: str | None,
    client_id: str,
    client_secret: str | None,
    world: str | None,
    size: str | None,
    seed: int | None,
    html: str | None,
) -> None:
    """Run the load test NAME (order-rush) against a fresh sandbox, or the one at --url, and hold it to its gates.

    Afterwards the oracle is asked that nothing was lost or doubled. Exit code 0 when the gates hold, 1 when one is missed.
    Needs the extra `load`.

    Example: shapan load order-rush --users 100 --max-seconds 3
    """
    from shapan.sandbox.integration import REFERENCE
    from shapan.sandbox.options import CONTROL
    from shapan.sandbox.running import running_sandbox
    from shapan.sandbox.session import chosen_integration, session

    quiet_logs()
    if importlib.util.find_spec("locust") is None:
        fail("Load tests need Locust: pip install 'shapan[load]'.", "负载测试需要 Locust：pip install 'shapan[load]'。")
    script = _script(name)
    with sentences():
        if integration is not None or reference:
            start = chosen_integration(integration, reference, False)
        else:
            start = None if url else REFERENCE
        running = running_sandbox(url, client_id, client_secret) if url else None
        with session(start, running=running, profile=world, size=size, seed=seed) as here:
            environment = {
                **os.environ,
                **{f"SHAPAN_{system.upper()}_URL": base for system, base in here.urls.items()},
                "SHAPAN_CONTROL_URL": here.urls[CONTROL],
                "SHAPAN_CLIENT_ID": here.client.client_id,
                "SHAPAN_CLIENT_SECRET": here.client.secret,
            }
            arguments = [
                "-f",
                str(script),
                "--headless",
                "-u",
                str(users),
                "-r",
                str(users),
                "--host",
                here.urls["crm"],
            ]
            arguments += ["--max-seconds", str(max_seconds), "--only-summary", "--loglevel", "WARNING"]
            arguments += ["--html", html] if html else []
            code = subprocess.run([sys.executable, "-m", "locust", *arguments], env=environment, check=False).returncode
    sys.exit(code)


def _script(name: str) -> Path:
    from shapan.kernel.resources import data_folder

    folder = data_folder("loadtests")
    script = folder / f"{name.replace('-', '_')}.py"
    if not script.is_file():
        known = ", ".join(sorted(p.stem.replace("_", "-") for p in folder.glob("*.py") if not p.stem.startswith("_")))
        fail(f"There is no load test {name}; known are {known}.", f"没有负载测试 {name}；已有的是 {known}。")
    return script
