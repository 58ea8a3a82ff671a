"""The verdict of `shapan verify` as text for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape

from shapan.cli.verify_live import MARKS

if TYPE_CHECKING:
    from shapan.verify import Outcome, Plan, Report


def print_report(report: Report, console: Console | None = None) -> None:
    """Every scenario with its verdict and reason, then the counts."""
    console = console or Console(highlight=False)
    for outcome in report.outcomes:
        _print_outcome(console, outcome)
    passed, failed, skipped = (report.count(verdict) for verdict in ("passed", "failed", "skipped"))
    console.print(
        f"{len(report.outcomes)} scenario(s): {passed} passed, {failed} failed, {skipped} skipped, {report.seconds:.1f} s."
        f" 共 {len(report.outcomes)} 个场景：通过 {passed}，未通过 {failed}，跳过 {skipped}。",
        soft_wrap=True,
    )
    _print_summary(console, report.summary)
    if not passed and not failed:
        console.print(
            "[yellow]Nothing was run, so nothing is proved. 没有运行任何场景，不能得出结论。[/]", soft_wrap=True
        )
    if not report.complete:
        console.print("[yellow]The run was stopped before its end. 运行被提前停止。[/]", soft_wrap=True)
    if failed and report.ended is not None:
        code, tail = report.ended
        console.print(
            f"[yellow]The integration ended by itself with exit code {code}. 集成程序已自行退出（{code}）。[/]"
        )
        if tail:
            console.print(escape(tail), soft_wrap=True)


def _print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Key figures before and after, the delays, and how much of the contracts was used."""
    figures = [row for row in summary.get("kpis", ()) if row["after"] is not None]
    if figures:
        console.print("Key figures, before → after 关键指标（前 → 后）:")
    for row in figures:
        name, unit = row["name"], row["unit"]["en"]
        console.print(
            f"    {name['en']} {name['zh']}: {_figure(row['before'])} → {_figure(row['after'])} {unit}".rstrip(),
            soft_wrap=True,
        )
    late = [row for row in summary.get("delays", ()) if row["max"] > row["limit"]]
    for row in summary.get("delays", ()):
        colour = "red" if row in late else "default"
        console.print(
            f"    {escape(row['name']['en'])} {escape(row['name']['zh'])}: 50 % {row['p50']:.2f} s, 95 % {row['p95']:.2f} s,"
            f" max [{colour}]{row['max']:.2f} s[/] ({row['count']})",
            soft_wrap=True,
        )
    systems = summary.get("coverage", {}).get("systems", ())
    if systems:
        used = ", ".join(
            f"{one['system']} {len(one['used'])}/{len(one['used']) + len(one['unused'])}" for one in systems
        )
        console.print(f"Operations used by the integration 集成程序使用的操作: {used}", soft_wrap=True)


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.01" if 0 < value < 0.005 else f"{round(value, 2):.10g}"


def print_plan(plan: Plan, as_json: bool) -> None:
    """What would be run: name, title, world, and whether alone."""
    if as_json:
        listed = [
            {
                "name": job.scenario.name,
                "title": job.scenario.title._asdict(),
                "requirements": list(job.scenario.requirements),
                "world": str(job.world),
                "own_workspace": job.own,
                "pace": job.scenario.pace,
                "catches": list(job.scenario.catches),
                "skipped": job.skipped._asdict() if job.skipped is not None else None,
            }
            for job in plan.jobs
        ]
        click.echo(json.dumps({"scenarios": listed}, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    for job in plan.jobs:
        scenario = job.scenario
        alone = "own workspace 独立工作区" if job.own else "shared workspace 共享工作区"
        proves = f" ({', '.join(scenario.requirements)})" if scenario.requirements else ""
        console.print(f"[bold]{escape(scenario.name)}[/]{proves}  {escape(str(job.world))}, {alone}", soft_wrap=True)
        console.print(f"    {escape(scenario.title.en)} {escape(scenario.title.zh)}", soft_wrap=True)
        if job.skipped is not None:
            console.print(
                f"    [yellow]skipped 跳过: {escape(job.skipped.en)} {escape(job.skipped.zh)}[/]", soft_wrap=True
            )
    console.print(f"{len(plan.jobs)} scenario(s). 共 {len(plan.jobs)} 个场景。")


def _print_outcome(console: Console, outcome: Outcome) -> None:
    scenario = outcome.job.scenario
    proves = f" ({', '.join(scenario.requirements)})" if scenario.requirements else ""
    took = f"  {outcome.seconds:.1f} s" if outcome.result is not None else ""
    console.print(f"{MARKS[outcome.verdict]}  [bold]{escape(scenario.name)}[/]{proves}{took}", soft_wrap=True)
    console.print(f"          {escape(scenario.title.en)} {escape(scenario.title.zh)}", soft_wrap=True)
    if outcome.reason is None:
        return
    colour = "yellow" if outcome.verdict == "skipped" else "red"
    step = f"at step {escape(str(outcome.result.step))}: " if outcome.result is not None and outcome.result.step else ""
    console.print(f"          {step}[{colour}]{escape(outcome.reason.en)}[/]", soft_wrap=True)
    console.print(f"          [{colour}]{escape(outcome.reason.zh)}[/]", soft_wrap=True)
