"""What `shapan verify` says to people: verdicts, reasons, figures, the table of defects."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from rich.console import Console

from shapan.cli.verify_defects import print_defects
from shapan.cli.verify_live import Live
from shapan.cli.verify_text import print_report
from shapan.cli.verify_watch import changed, state_of, wait_for_change
from shapan.verify import Report, make_plan
from tests.verify.fixture import report


def said(show, *arguments) -> str:
    """What is printed, without colours."""
    out = io.StringIO()
    show(*arguments, Console(file=out, highlight=False, width=200))
    return out.getvalue()


def test_every_scenario_has_its_verdict_and_reason(scenario):
    text = said(print_report, report(scenario, "[red]ORD-1[/]"))
    for line in (
        "✓ passed  order-to-receivable (P6)  5.3 s",
        "at step receivable: Finance has no receivable for delivery [red]ORD-1[/]",
        "财务系统没有出库单 [red]ORD-1[/] 对应的应收单",
        "– skipped  restaurant-day",
        "It does not apply to the world trading, only to restaurant.",
        "4 scenario(s): 2 passed, 1 failed, 1 skipped, 24.2 s. 共 4 个场景：通过 2，未通过 1，跳过 1。",
        "Order lead time 订单交付周期: 97 → 0.25 hours",
        "Reconciliation differences 对账差异: 0 → 1",
        "order → SCM 订单 → SCM: 50 % 0.04 s, 95 % 0.21 s, max 0.35 s (7)",
        "crm 1/",
        "ended by itself with exit code 3",
        "died [red]ORD-1[/]",
    ):
        assert line in text, line


def test_nothing_run_and_stopped_runs_are_told(scenario):
    assert "Nothing was run, so nothing is proved." in said(print_report, Report())
    stopped = replace(report(scenario), complete=False)
    assert "The run was stopped before its end." in said(print_report, stopped)
    assert "stopped" not in said(print_report, report(scenario))


def test_without_a_terminal_progress_is_a_line_for_each(scenario):
    out = io.StringIO()
    outcomes = report(scenario).outcomes
    with Live(4, console=Console(file=out, highlight=False, width=200)) as live:
        for outcome in outcomes:
            live.began(outcome.job)
            live.ended(outcome)
    assert out.getvalue().splitlines() == [
        "✓ passed order-to-receivable 5.3 s (1/4)",
        "✗ failed partial-shipments 5.3 s (2/4)",
        "✓ passed credit-hold 5.3 s (4/4)",
    ]


def test_on_a_terminal_each_scenario_under_way_has_its_step(scenario):
    from shapan.scenario import StepEvent, Text

    out = io.StringIO()
    [job] = make_plan([scenario("partial-shipments")]).jobs
    event = StepEvent("waiting", "partial-shipments", "main", "s1", Text("Wait for [it]", "等待"), "scm", 7)
    with Live(1, console=Console(file=out, force_terminal=True, width=120)) as live:
        live.began(job)
        live.stepped(job, event)
        live._progress.refresh()
    assert "partial-shipments: Wait for [it] (7)" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())


def test_the_table_of_defects():
    row = {
        "defect": "float-money", "scenario": "partial-shipments", "caught": True, "step": "receivable-1",
        "mistake": {"en": "Floats.", "zh": "浮点数。"}, "reason": {"en": "A fen is lost.", "zh": "少一分。"},
        "scenarios": {"partial-shipments": "failed", "order-rush": "failed", "restaurant-day": "passed"},
    }  # fmt: skip
    missed = {**row, "defect": "stale-credit", "caught": False, "step": None, "scenarios": {}}
    clean = [{"name": "lost-answer", "verdict": "failed", "reason": {"en": "It is broken.", "zh": "坏了。"}}]
    text = said(print_defects, {"defects": [row, missed], "clean": clean, "caught": 1, "seconds": 9.0})
    for line in (
        "✓ caught  float-money in partial-shipments",
        "at step receivable-1: A fen is lost.",
        "also fails 同时未通过: order-rush (2)",
        "✗ missed  stale-credit",
        "✗ lost-answer fails without any defect: It is broken.",
        "1 of 2 defects caught, 9.0 s. 共 2 个缺陷，发现 1 个。",
    ):
        assert line in text, line


def test_files_are_watched_until_nothing_more_changes(tmp_path):
    kept, gone, cache = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "__pycache__"
    kept.write_text("1")
    gone.write_text("1")
    cache.mkdir()
    before = state_of([tmp_path, tmp_path / "nothing"])
    assert set(before) == {kept, gone}

    def nothing():
        pass

    def edit():
        kept.write_text("12")
        (cache / "x.pyc").write_text("x")

    def remove():
        gone.unlink()

    # Each is done while the watcher sleeps; it comes back when a whole pause brought nothing new.
    acts = [nothing, edit, remove, nothing, nothing]
    assert wait_for_change([tmp_path], before, lambda _: acts.pop(0)()) == [kept, gone]
    assert acts == [nothing]
    assert changed(before, before) == []
