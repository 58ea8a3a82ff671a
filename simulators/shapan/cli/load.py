"""`shapan load`: run a load test with gates, in a process of its own (Locust brings its own event loop)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import WorldWish, fail, json_option, quiet_logs, target_options, world_options

_END_SECONDS = 5


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
@json_option
def command(
    name: str,
    users: int,
    max_seconds: float,
    integration: str | None,
    reference: bool,
    url: str | None,
    client_id: str,
    client_secret: str | None,
    world: WorldWish,
    html: str | None,
    as_json: bool,
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
    if integration is not None or reference:
        start = chosen_integration(integration, reference, False)
    else:
        start = None if url else REFERENCE
    running = running_sandbox(url, client_id, client_secret) if url else None
    with (
        session(start, running=running, **world.options()) as here,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = {
            **os.environ,
            **{f"SHAPAN_{system.upper()}_URL": base for system, base in here.urls.items()},
            "SHAPAN_CONTROL_URL": here.urls[CONTROL],
            "SHAPAN_CLIENT_ID": here.client.client_id,
            "SHAPAN_CLIENT_SECRET": here.client.secret,
            "PYTHONIOENCODING": "utf-8",
        }
        statistics = Path(folder) / "statistics"
        arguments = ["-f", str(script), "--headless", "-u", str(users), "-r", str(users), "--host", here.urls["crm"]]
        arguments += ["--max-seconds", str(max_seconds), "--only-summary", "--loglevel", "WARNING"]
        arguments += ["--json-file", str(statistics)] if as_json else []
        arguments += ["--html", html] if html else []
        code, said = _locust(arguments, environment, keep=as_json)
        if as_json:
            _print(code, said, statistics.with_suffix(".json"), name, users, max_seconds)
    sys.exit(code)


def _locust(arguments: list[str], environment: dict[str, str], *, keep: bool) -> tuple[int, str]:
    """(exit code, what it printed, when that is to be kept). It ends with us, however we are stopped."""
    from shapan.sandbox.children import end_group, own_group

    command = [sys.executable, "-m", "locust", *arguments]
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if keep else None,
        encoding="utf-8",
        errors="replace",
        **own_group(),
    )
    try:
        said, _ = process.communicate()
    finally:
        end_group(process, _END_SECONDS)
    return process.returncode, said or ""


def _print(code: int, said: str, statistics: Path, name: str, users: int, max_seconds: float) -> None:
    """The outcome as JSON: what the load test said of its gates, and Locust's figures for each request, in seconds."""
    if code not in (0, 1):
        # Not run, so there is no outcome.
        click.echo(said, err=True, nl=False)
        return
    answer = {
        "ok": code == 0,
        "name": name,
        "users": users,
        "max_seconds": max_seconds,
        "said": said.splitlines(),
        "requests": [_figures(row) for row in json.loads(statistics.read_text("utf-8"))],
    }
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "requests": row["num_requests"],
        "failures": row["num_failures"],
        "fastest_seconds": round((row["min_response_time"] or 0) / 1000, 3),
        "slowest_seconds": round(row["max_response_time"] / 1000, 3),
    }


def _script(name: str) -> Path:
    from shapan.kernel.resources import data_folder

    folder = data_folder("loadtests")
    script = folder / f"{name.replace('-', '_')}.py"
    if not script.is_file():
        known = ", ".join(sorted(p.stem.replace("_", "-") for p in folder.glob("*.py") if not p.stem.startswith("_")))
        fail(f"There is no load test {name}; known are {known}.", f"没有负载测试 {name}；已有的是 {known}。")
    return script
