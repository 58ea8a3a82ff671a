"""What `shapan verify` does between its options and its verdict: what is asked for, running it, running it again, writing reports."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console

from shapan.cli.common import fail
from shapan.cli.verify_live import Live
from shapan.cli.verify_text import print_report
from shapan.cli.verify_watch import state_of, wait_for_change

if TYPE_CHECKING:
    from shapan.reference.defects import Defect
    from shapan.scenario import Scenario, ScenarioError
    from shapan.verify import Plan, Report, Stage, Wish, World


def cores() -> int:
    """So many scenarios at a time, when nobody says: as many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chosen_scenarios(names: tuple[str, ...], only: tuple[str, ...] = ()) -> list[Scenario]:
    """The scenarios that a command line names. Ends the command with every fault of all scripts when they cannot be used."""
    from shapan.scenario import ScenarioError, load_scenarios

    try:
        scenarios = load_scenarios(names)
    except ScenarioError as error:
        _tell_faults(error)
        fail(error.en, error.zh)
    scenarios = [s for s in scenarios if not only or any(part in s.name for part in only)]
    if not scenarios:
        fail(f"No scenario's name holds {' or '.join(only)}.", f"没有名称包含 {' 或 '.join(only)} 的场景。")
    return scenarios


def _tell_faults(error: ScenarioError) -> None:
    for fault in error.faults:
        click.echo(f"{fault}\n    {fault.zh}", err=True)


def require_fit(
    *,
    reference: bool,
    attach: bool,
    isolate: bool,
    defects: bool,
    all_scenarios: bool,
    watch: bool,
    watch_path: bool,
    as_json: bool,
    reports: bool,
) -> None:
    """Ends the command, naming every pair of options that do not go together."""
    wrong = [
        (en, zh)
        for bad, en, zh in (
            (
                isolate and attach,
                "--isolate needs an integration that can be started for each scenario: --integration or --reference.",
                "--isolate 需要能为每个场景单独启动的集成程序：请使用 --integration 或 --reference。",
            ),
            (
                defects and not reference,
                "--defects needs --reference: the defects are the reference integration's.",
                "--defects 需要与 --reference 一起使用：缺陷是参考集成的缺陷。",
            ),
            (
                all_scenarios and not defects,
                "--all-scenarios needs --defects.",
                "--all-scenarios 需要与 --defects 一起使用。",
            ),
            (
                defects and reports,
                "--defects gives a table, in which a scenario that fails is good; write it with --json, not with --junit or --html.",
                "--defects 给出缺陷表，其中场景未通过才是好结果；请用 --json 输出，不要用 --junit 或 --html。",
            ),
            (watch_path and not watch, "--watch-path needs --watch.", "--watch-path 需要与 --watch 一起使用。"),
            (
                watch and (defects or as_json),
                "--watch goes with neither --defects nor --json.",
                "--watch 不能与 --defects 或 --json 同时使用。",
            ),
        )
        if bad
    ]
    if wrong:
        fail(" ".join(en for en, _ in wrong), "".join(zh for _, zh in wrong))


def require_world(there: World, wish: Wish) -> None:
    """Ends the command when another world is wished for than the one in which an integration works that runs already."""
    if (wish.profile, wish.size, wish.seed, wish.mess, wish.rates) != (
        there.profile, there.size, there.seed, there.mess, there.rates,
    ):  # fmt: skip
        fail(
            f"With --attach the scenarios run where the integration works, in the world {there} with {there.mess} mess; leave --world, --size, --seed, --mess and --rate out.",
            f"使用 --attach 时，场景在集成程序所在的世界 {there}（{there.mess}）中运行；请去掉 --world、--size、--seed、--mess、--rate。",
        )


def command_line(integration: str | None, reference: bool, attach: bool, defect: str | None) -> list[str] | None:
    """How to start the integration; None where it runs already."""
    from shapan.sandbox.session import chosen_integration

    start = chosen_integration(integration, reference, attach)
    if defect is None:
        return start
    if not reference or start is None:
        fail("--defect needs --reference.", "--defect 需要与 --reference 一起使用。")
    _find(defect)
    return [*start, "--defect", defect]


def chosen_defects(name: str | None, scenarios: Sequence[Scenario] | None) -> tuple[Defect, ...]:
    """All defects; the one of this name; or those of the scenarios that were named."""
    from shapan.reference.defects import DEFECTS

    if name is not None:
        return (_find(name),)
    if scenarios is None:
        return DEFECTS
    names = {scenario.name for scenario in scenarios}
    found = tuple(defect for defect in DEFECTS if defect.scenario in names)
    if not found:
        listed = ", ".join(sorted(names))
        fail(f"No defect is made for {listed}.", f"没有为 {listed} 准备的缺陷。")
    return found


def _find(name: str) -> Defect:
    from shapan.reference.defects import UnknownDefect, find_defect

    try:
        return find_defect(name)
    except UnknownDefect as error:
        # It says both languages in one text, the English first.
        place = re.search("[\u4e00-\u9fff]", str(error))
        cut = place.start() if place is not None else None
        fail(str(error)[:cut].strip(), str(error)[cut:].strip() if cut is not None else str(error))


@contextmanager
def started(stage: Stage, quiet: bool = False) -> Iterator[Stage]:
    """The stage, with a word on a terminal while the sandbox starts: it takes some seconds."""
    console = Console(stderr=True, highlight=False, quiet=quiet)
    with ExitStack() as stack:
        with console.status("Starting the sandbox … 正在启动沙盘 …"):
            stack.enter_context(stage)
        yield stage


def judged(plan: Plan, stage: Stage, jobs: int, quiet: bool = False) -> Report:
    """Run all. When it is stopped by Ctrl-C, what is known by then is shown, and the interruption goes on."""
    from shapan.verify import Observer, Verification

    with Live(len(plan.jobs), quiet=quiet) as live:
        observer = Observer(stage.sandbox.control, stage.sandbox.client.client_id, plan)
        verification = Verification(plan, stage, jobs=jobs, listener=live, observer=observer)
        try:
            return verification.run()
        except KeyboardInterrupt:
            stopped = verification.report()
    if stopped.outcomes and not quiet:
        print_report(stopped)
    raise KeyboardInterrupt


@dataclass(frozen=True)
class Files:
    """The reports that were asked for."""

    junit: str | None
    html: str | None

    def write(self, report: Report) -> None:
        """Write them. Ends the command when one cannot be written."""
        from shapan.verify.report import write_html, write_junit

        told = report.as_dict()
        for path, write in ((self.junit, write_junit), (self.html, write_html)):
            if path:
                try:
                    write(told, path)
                except OSError as error:
                    fail(
                        f"The report {path} cannot be written ({error.strerror}).",
                        f"无法写入报告 {path}（{error.strerror}）。",
                    )


def keep_watching(
    chosen: list[Scenario],
    files: Files,
    watched: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    judge: Callable[[list[Scenario]], Report],
) -> NoReturn:
    """Until Ctrl-C: run, show the report, wait until a scenario or one of the paths changes, run again. The sandbox stays.

    `watched` are the names of the command line, the parts of --only, and the paths of --watch-path. What is changed while a run is under
    way leads to the next one. A script with faults is told and waited for.
    """
    from shapan.scenario import ScenarioError, load_scenarios

    names, only, paths = watched
    folders = [Path(name) for name in names if Path(name).is_dir()]
    while True:
        places = [*folders, *(scenario.file for scenario in chosen), *map(Path, paths)]
        # Files that are named may be saved while the run goes on; what it leaves in folders itself must not start the next.
        before = state_of(place for place in places if not place.is_dir())
        report = judge(chosen)
        before = state_of(place for place in places if place.is_dir()) | before
        files.write(report)
        print_report(report)
        click.echo(
            f"Watching {len(before)} file(s). Ctrl-C ends. 正在监视 {len(before)} 个文件，按 Ctrl-C 结束。", err=True
        )
        while True:
            for file in wait_for_change(places, before):
                click.echo(f"{file} changed. 已改动。", err=True)
            before = state_of(places)
            try:
                scenarios = load_scenarios(names)
            except ScenarioError as error:
                _tell_faults(error)
                click.echo(f"{error.en}\n{error.zh}", err=True)
                continue
            chosen = [s for s in scenarios if not only or any(part in s.name for part in only)]
            if chosen:
                break
