"""`shapan verify --watch`: what starts the next run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shapan.cli import verify_run

SCRIPT = Path(__file__).parents[2] / "scenarios" / "order-to-receivable.arazzo.yaml"


def test_what_is_changed_while_a_run_is_under_way_leads_to_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = tmp_path / "integration.py"
    code.write_text("1")
    runs: list[list[Any]] = []

    def judge(chosen: list[Any]) -> Any:
        runs.append(chosen)
        if len(runs) == 3:
            raise KeyboardInterrupt
        # Somebody saves while the scenarios run: a change that the next look must find, whatever the clock of the files says.
        code.write_text("1" + "0" * len(runs))
        return SimpleNamespace()

    monkeypatch.setattr(verify_run, "print_report", lambda report: None)
    files: Any = SimpleNamespace(write=lambda report: None)
    [scenario] = verify_run.chosen_scenarios((str(SCRIPT),), ())
    with pytest.raises(KeyboardInterrupt):
        verify_run.keep_watching([scenario], files, ((str(SCRIPT),), (), (str(code),)), judge)
    assert [[one.name for one in chosen] for chosen in runs] == [["order-to-receivable"]] * 3
