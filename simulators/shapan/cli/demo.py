"""`shapan demo`: the guided tour in the terminal, ended by the oracle's verdict."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import click

from shapan.cli.common import WorldWish, json_option, quiet_logs, tls_options, world_options

WITH_INTEGRATION_SECONDS = 20.0
WITHOUT_INTEGRATION_SECONDS = 3.0


@click.command("demo")
@click.option("--no-integration", is_flag=True, help="Leave the systems unjoined, to see what the oracle then says.")
@world_options
@tls_options
@json_option
def command(no_integration: bool, world: WorldWish, tls: tuple[str, ...] | None, as_json: bool) -> None:
    """One customer and one order through three systems: what each person enters, which documents appear where, and the verdict.

    Exit code 0 when the systems agree at the end, 1 when not.

    Example: shapan demo
    """
    from rich.console import Console

    from shapan.cli.common import fail
    from shapan.cli.desk import TourError
    from shapan.sandbox.integration import REFERENCE, Integration
    from shapan.sandbox.options import plan
    from shapan.sandbox.processes import ProcessSandbox

    quiet_logs()
    console = Console(highlight=False, quiet=as_json)
    with ExitStack() as stack:
        with console.status("Starting CRM, SCM, finance and control… 正在启动三个系统与总控…"):
            options = plan(**{**world.options(), "size": world.size or "tiny"}, port=None, tls=tls)
            stack.enter_context(ProcessSandbox(options))
            if not no_integration:
                stack.enter_context(Integration(REFERENCE, options.urls, options.client))
        console.print(
            f"[bold]Shapan 沙盘[/]  world 世界 {options.world.profile} / {options.world.size} / seed {options.world.seed}"
        )
        joined = "none 未接入" if no_integration else "the reference integration 参考集成"
        console.print(f"Integration 集成: {joined}\n")
        try:
            steps, order = _play(
                console, options, WITHOUT_INTEGRATION_SECONDS if no_integration else WITH_INTEGRATION_SECONDS
            )
        except TourError as error:
            fail(f"The tour broke off: {error.en}", f"导览中断：{error.zh}")
        complete = not any(step.missing for step in steps)
        verdict = _verdict(options.url("control"), order, complete)
    passed = bool(verdict["ok"]) and complete
    if as_json:
        answer = {"ok": passed, "order": order, "steps": [_as_dict(step) for step in steps], "verdict": verdict}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _print(console, verdict)
    sys.exit(0 if passed else 1)


def _as_dict(step: Any) -> dict[str, Any]:
    return {
        "en": step.en,
        "zh": step.zh,
        "documents": [asdict(document) for document in step.documents],
        "missing": [{"en": en, "zh": zh} for en, zh in step.missing],
    }


def _play(console: Any, options: Any, wait_seconds: float) -> tuple[list[Any], str]:
    """(the steps that were done, the order's number)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from shapan.cli.desk import Desk
    from shapan.cli.tour import Tour

    with ExitStack() as stack:
        crm, scm, finance = (Desk(name, options.url(name), options.client) for name in ("crm", "scm", "finance"))
        for desk in (crm, scm, finance):
            stack.callback(desk.close)
        tour = Tour(crm, scm, finance, wait_seconds)
        steps = []
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task("", total=9)
            for number, step in enumerate(tour.steps(), 1):
                progress.update(bar, description=step.en)
                assert step.run is not None
                step.run()
                _show(progress.console, number, step)
                steps.append(step)
                progress.advance(bar)
        return steps, tour.order_number


def _show(console: Any, number: int, step: Any) -> None:
    from rich.markup import escape

    mark = "[red]✗[/]" if step.missing else "[green]✓[/]"
    console.print(f"{mark} [bold]{number}. {escape(step.en)}[/]\n     {escape(step.zh)}", soft_wrap=True)
    for document in step.documents:
        console.print(
            f"     [cyan]{document.system:<8}[/]{escape(document.kind)}  [bold]{escape(document.number)}[/]  {escape(document.detail)}",
            soft_wrap=True,
        )
    for en, zh in step.missing:
        console.print(f"     [red]{escape(en)}[/]\n     [red]{escape(zh)}[/]", soft_wrap=True)


def _verdict(control: str, order: str, complete: bool) -> Any:
    """The oracle's verdict; with all documents there it may need a moment for the last balance to arrive."""
    from shapan.cli.desk import wait_for
    from shapan.sandbox.running import control_get

    def look() -> Any:
        verdict = control_get(control, "/reconciliation", order=order)
        return verdict if verdict["ok"] else None

    return (wait_for(look, 5) if complete else None) or control_get(control, "/reconciliation", order=order)


def _print(console: Any, verdict: Any) -> None:
    from shapan.cli.oracle import print_verdict

    console.print("\n[bold]Verdict of the oracle 对账结论[/]")
    print_verdict(verdict)
    if verdict["ok"]:
        console.print("[bold green]✓ The three systems agree. 三个系统一致。[/]")
    else:
        number = len(verdict["differences"])
        console.print(f"[bold red]✗ The systems do not agree: {number} difference(s). 系统不一致：{number} 处差异。[/]")
