"""`shapan verify`: run scenarios against an integration and give the verdict."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from shapan.cli.common import (
    WorldWish,
    json_option,
    outgoing_options,
    quiet_logs,
    target_options,
    tls_options,
    world_options,
)
from shapan.cli.verify_defects import print_defects
from shapan.cli.verify_run import (
    Files,
    chosen_defects,
    chosen_scenarios,
    command_line,
    cores,
    judged,
    keep_watching,
    require_fit,
    require_world,
    started,
)
from shapan.cli.verify_text import print_plan, print_report
from shapan.sandbox.options import PORT

if TYPE_CHECKING:
    from shapan.sandbox.outgoing import Outgoing
    from shapan.scenario import Scenario
    from shapan.verify import Plan


@click.command("verify")
@click.argument("scenario", nargs=-1)
@click.option("--integration", metavar="COMMAND", help="Start this integration and judge it.")
@click.option("--reference", is_flag=True, help="Judge the reference integration.")
@click.option("--defect", metavar="NAME", help="Give the reference integration this defect; see --defects.")
@click.option(
    "--attach",
    is_flag=True,
    help=f"Judge an integration that runs already, in the sandbox at --url (default http://127.0.0.1:{PORT}).",
)
@target_options
@world_options
@tls_options
@outgoing_options
@click.option("--isolate", is_flag=True, help="Give every scenario a workspace and an integration process of its own.")
@click.option("--only", metavar="NAME", multiple=True, help="Only scenarios whose name holds this.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="Scenarios at the same time (default: the number of cores)."
)
@click.option(
    "--defects", is_flag=True, help="Give the reference integration one defect after the other; each must be caught."
)
@click.option(
    "--all-scenarios", is_flag=True, help="With --defects: each defect in every scenario, not only in its own."
)
@click.option("--watch", is_flag=True, help="Run again whenever a scenario file changes, until Ctrl-C.")
@click.option(
    "--watch-path", metavar="PATH", multiple=True, help="With --watch: also when this file or folder changes."
)
@click.option("--list", "list_only", is_flag=True, help="List the scenarios that would be run, and run none.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write a JUnit report.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write an HTML report.")
@json_option
def command(
    scenario: tuple[str, ...],
    integration: str | None,
    reference: bool,
    defect: str | None,
    attach: bool,
    url: str | None,
    client_id: str,
    client_secret: str | None,
    world: WorldWish,
    tls: tuple[str, ...] | None,
    outgoing: Outgoing,
    isolate: bool,
    only: tuple[str, ...],
    jobs: int | None,
    defects: bool,
    all_scenarios: bool,
    watch: bool,
    watch_path: tuple[str, ...],
    list_only: bool,
    junit: str | None,
    html: str | None,
    as_json: bool,
) -> None:
    """Run SCENARIO… (names, files or folders; all when none is given) and say for each whether the integration does what it asks.

    The integration finds the systems and its credentials in its environment (docs/integration.md). Exit code 0 when all scenarios pass
    that are not skipped, 1 when one does not or nothing was run, 2 when it could not be run.

    Example: shapan verify --integration "python my_integration.py"
    """
    from shapan.sandbox.running import running_sandbox, running_world
    from shapan.verify import Stage, Wish, World, make_plan
    from shapan.verify.defects import defects_report, plan_defects

    quiet_logs()
    scenarios = chosen_scenarios(scenario, only)
    require_fit(reference=reference, attach=attach, isolate=isolate, defects=defects, all_scenarios=all_scenarios,
                watch=watch, watch_path=bool(watch_path), as_json=as_json, reports=bool(junit or html))  # fmt: skip
    start = None if list_only else command_line(integration, reference, attach, None if defects else defect)
    if attach and not url:
        url = f"http://127.0.0.1:{PORT}"
    running = running_sandbox(url, client_id, client_secret) if url else None
    there = World.of(running_world(url)) if url else None
    wish = Wish(**world.options()) if there is None else Wish(**world.options()).within(there)
    if attach and there is not None:
        require_world(there, wish)
    mistakes = chosen_defects(defect, scenarios if scenario or only else None) if defects else ()

    def plan_of(some: list[Scenario]) -> Plan:
        if defects:
            return plan_defects(some, mistakes, wish, every=all_scenarios)
        return make_plan(some, wish, isolate=isolate, attached=attach)

    plan = plan_of(scenarios)
    if list_only:
        print_plan(plan, as_json)
        return
    files, most = Files(junit, html), jobs or cores()
    stage = Stage(start, there or plan.main_world, running=running, tls=tls, outgoing=outgoing)
    with started(stage, quiet=as_json):
        if watch:
            keep_watching(
                scenarios, files, (scenario, only, watch_path), lambda some: judged(plan_of(some), stage, most)
            )
        report = judged(plan, stage, most, quiet=as_json)
    files.write(report)
    told = defects_report(report, mistakes) if defects else report.as_dict()
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif defects:
        print_defects(told)
    else:
        print_report(report)
    sys.exit(0 if told["ok"] else 1)
