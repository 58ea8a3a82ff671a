"""pytest in a process of its own, with the plugin as users have it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Run:
    """What a run of pytest gave: its exit code, all that it printed, and (outcome by test) from its JUnit report."""

    code: int
    text: str
    outcomes: dict[str, str]

    def passed(self, count: int) -> None:
        """So many tests were run, and all passed."""
        assert set(self.outcomes.values()) == {"passed"}, self.text
        assert (len(self.outcomes), self.code) == (count, 0), self.text


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """run({"test_it.py": source, "pytest.ini": …}, "--shapan-size", "small", SHAPAN_CLIENT_SECRET="…") runs pytest on these files."""

    def start(files: dict[str, str], *arguments: str, **environment: str) -> Run:
        for name, source in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(source), "utf-8")
        if "pytest.ini" not in files:
            (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
        report = tmp_path / "report.xml"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SHAPAN_", "PYTEST_"))}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={report}", *arguments],
            cwd=tmp_path,
            env={**clean, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr, _outcomes(report))

    return start


def _outcomes(report: Path) -> dict[str, str]:
    if not report.exists():
        return {}
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[case.attrib["name"]] = " ".join(sorted(kinds)) or "passed"
    return found
