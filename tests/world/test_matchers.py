"""The matchers of docs/matching.md, run as a user would: export, script, score. They know the sandbox by its files only."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("exact", "normalise", "full")


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def _accuracies(folder: Path, mess: str, size: str) -> dict[str, dict[str, object]]:
    """Method -> the score's report, over one export."""
    tables = [part for table in ("crm/customers", "scm/partners", "finance/customers") for part in ("--only", table)]
    _run(
        "-m", "shapan", "world", "export", "data", "--size", size, "--seed", "303", "--mess", mess, *tables, cwd=folder
    )
    found = {}
    for method in METHODS:
        crosswalk = _run(str(ROOT / "docs" / "matching" / f"{method}.py"), "data", cwd=folder)
        (folder / f"{method}.csv").write_text(crosswalk, "utf-8")
        report = _run("-m", "shapan", "score", f"{method}.csv", "--key", "data/answer-key", "--json", cwd=folder)
        found[method] = json.loads(report)
    return found


def test_the_mess_of_the_field_report_is_60_percent_by_name_and_98_after_cleansing(tmp_path: Path) -> None:
    found = _accuracies(tmp_path, "article", "medium")
    assert 0.57 <= float(str(found["exact"]["accuracy"])) <= 0.63
    assert 0.64 <= float(str(found["normalise"]["accuracy"])) <= 0.75
    assert float(str(found["full"]["accuracy"])) >= 0.975


def test_where_nothing_is_wrong_every_method_is_right(tmp_path: Path) -> None:
    found = _accuracies(tmp_path, "clean", "small")
    assert {method: report["accuracy"] for method, report in found.items()} == dict.fromkeys(METHODS, 1.0)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "matching").glob("*.py")), ids=lambda path: path.stem)
def test_they_know_nothing_of_the_sandbox(path: Path) -> None:
    imported = set(re.findall(r"^(?:from|import) ([a-z_]+)", path.read_text("utf-8"), re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names) | {"parties", "tables", "exact", "normalise"} | {"__future__"}
