"""`shapan verify`: run scenarios against an integration and give the verdict."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shapan.cli.common import (
    WorldWish,
    fail,
    json_option,
    outgoing_options,
    quiet_logs,
    target_options,
    tls_options,
    world_options,
)

if TYPE_CHECKING:
    from shapan.sandbox.outgoing import Outgoing


@click.command("verify")
@click.argument("scenario", nargs=-1)
@click.option("--integration", metavar="COMMAND", help="Start this integration and judge it.")
@click.option("--reference", is_flag=True, help="Judge the reference integration.")
@click.option("--attach", is_flag=True, help="Judge an integration that runs already; needs --url.")
@target_options
@world_options
@tls_options
@outgoing_options
@click.option("--only", metavar="NAME", multiple=True, help="Only scenarios whose name holds this.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write a JUnit report.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write an HTML report.")
@json_option
def command(
    scenario: tuple[str, ...],
    integration: str | None,
    reference: bool,
    attach: bool,
    url: str | None,
    client_id: str,
    client_secret: str | None,
    world: WorldWish,
    tls: tuple[str, ...] | None,
    outgoing: Outgoing,
    only: tuple[str, ...],
    junit: str | None,
    html: str | None,
    as_json: bool,
) -> None:
    """Run SCENARIO… (names or files; all when none is given) and say for each whether the integration does what it asks.

    The integration finds the systems and its credentials in its environment (docs/integration.md). Exit code 0 when all scenarios pass,
    1 when one does not, 2 when it could not be run.

    Example: shapan verify --integration "python my_integration.py"
    """
    from shapan.sandbox.running import operator_tokens, running_sandbox
    from shapan.sandbox.session import chosen_integration, session
    from shapan.scenario import Environment, ScenarioError, load_scenarios, write_html, write_junit

    quiet_logs()
    try:
        scenarios = load_scenarios(scenario)
    except ScenarioError as error:
        for fault in error.faults:
            click.echo(f"{fault}\n    {fault.zh}", err=True)
        fail(error.en, error.zh)
    scenarios = [s for s in scenarios if not only or any(part in s.name for part in only)]
    if not scenarios:
        fail(f"No scenario's name holds {' or '.join(only)}.", f"没有名称包含 {' 或 '.join(only)} 的场景。")
    start = chosen_integration(integration, reference, attach)
    if attach and not url:
        fail(
            "--attach needs --url, the control of the running sandbox.",
            "--attach 需要用 --url 指定正在运行的沙盘总控。",
        )
    running = running_sandbox(url, client_id, client_secret) if url else None
    with session(start, running=running, tls=tls, outgoing=outgoing, **_world(scenarios, world)) as here:
        environment = Environment(here.urls, here.client.client_id, here.client.secret, bearer_tokens=operator_tokens())
        results = _run(scenarios, environment, quiet=as_json)
        ended = here.integration.exit_code() if here.integration else None
        tail = here.integration.tail() if here.integration else ""
    for path, write in ((junit, write_junit), (html, write_html)):
        if path:
            try:
                write(results, Path(path))
            except OSError as error:
                fail(
                    f"The report {path} cannot be written ({error.strerror}).",
                    f"无法写入报告 {path}（{error.strerror}）。",
                )
    passed = all(result.passed for result in results)
    if as_json:
        click.echo(
            json.dumps({"ok": passed, "scenarios": [r.as_dict() for r in results]}, ensure_ascii=False, indent=1)
        )
    else:
        _print(results, ended, tail)
    sys.exit(0 if passed else 1)


def _world(scenarios: list[Any], asked: WorldWish) -> dict[str, Any]:
    """The world to seed: what the options say, else what the scenarios were written for where they all agree."""
    wish = asked.options()
    for name, member in (("profile", "world"), ("size", "size"), ("seed", "seed")):
        written_for = {getattr(scenario, member) for scenario in scenarios} - {None}
        if wish[name] is None and len(written_for) == 1:
            wish[name] = written_for.pop()
    return wish


def _run(scenarios: list[Any], environment: Any, quiet: bool) -> list[Any]:
    """Run all in turn, with a live line of the step that is under way."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from shapan.scenario import run_scenario

    results = []
    with ExitStack() as stack:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn())
        progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet))
        bar = progress.add_task("", total=len(scenarios))
        for scenario in scenarios:

            def tell(event: Any, name: str = scenario.name) -> None:
                progress.update(bar, description=f"{name}: {event.step}")

            results.append(run_scenario(scenario, environment, on_step=tell))
            progress.advance(bar)
    return results


def _print(results: list[Any], ended: int | None, tail: str) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for result in results:
        mark = "[green]✓ passed[/]" if result.passed else "[red]✗ failed[/]"
        proves = f" ({', '.join(result.requirements)})" if result.requirements else ""
        console.print(f"{mark}  [bold]{escape(result.name)}[/]{proves}  {result.seconds:.1f} s", soft_wrap=True)
        console.print(f"          {escape(result.title.en)} {escape(result.title.zh)}", soft_wrap=True)
        if result.reason is not None:
            console.print(
                f"          at step {escape(str(result.step))}: [red]{escape(result.reason.en)}[/]", soft_wrap=True
            )
            console.print(f"          [red]{escape(result.reason.zh)}[/]", soft_wrap=True)
    failed = sum(not result.passed for result in results)
    console.print(f"{len(results)} scenario(s), {failed} failed. 共 {len(results)} 个场景，{failed} 个未通过。")
    if failed and ended is not None:
        console.print(
            f"[yellow]The integration ended by itself with exit code {ended}. 集成程序已自行退出（{ended}）。[/]"
        )
        if tail:
            console.print(escape(tail), soft_wrap=True)
