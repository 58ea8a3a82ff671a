"""The example matchers of docs/matching, run as a user runs them: an export, a script, a score."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "docs" / "matching"
CUSTOMERS = ("crm/customers", "scm/partners", "finance/customers")
NOBODY = ("finance", "1000")
"""The record 待查款项 of finance, for receipts of which nobody knows whom they are from."""


def run(*command: str | Path) -> bytes:
    """What a program prints; the test fails when it does."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def exported(folder: Path, *options: str) -> Path:
    """The customers of a world as files, with the key."""
    only = [word for table in CUSTOMERS for word in ("--only", table)]
    run("-m", "shapan", "world", "export", folder, "--seed", "303", *only, *options)
    return folder


@pytest.fixture(scope="session")
def medium_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 customers with the mess of the field report."""
    return exported(tmp_path_factory.mktemp("matchers") / "medium", "--size", "medium", "--mess", "article")


def matched(script: str, folder: Path, crosswalk: Path) -> list[dict[str, str]]:
    """The rows of the crosswalk that a script prints."""
    crosswalk.write_bytes(run(SCRIPTS / script, folder))
    with crosswalk.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scored(crosswalk: Path, folder: Path) -> dict[str, Any]:
    """The report on a crosswalk."""
    report: dict[str, Any] = json.loads(run("-m", "shapan", "score", crosswalk, "--key", folder, "--json"))
    return report


@pytest.mark.parametrize(
    ("script", "low", "high"),
    [("exact.py", 0.57, 0.63), ("normalise.py", 0.64, 0.74), ("full.py", 0.975, 1.0)],
)
def test_the_mess_of_the_field_report_is_matched_as_well_as_the_page_says(
    script: str, low: float, high: float, medium_export: Path, tmp_path: Path
) -> None:
    rows = matched(script, medium_export, tmp_path / "crosswalk.csv")

    report = scored(tmp_path / "crosswalk.csv", medium_export)

    assert low <= report["accuracy"] <= high
    # Every record is said once.
    assert len(rows) == len({(row["system"], row["record_id"]) for row in rows}) == report["counts"]["records"]
    sizes = Counter(row["cluster"] for row in rows)
    [nobody] = [row["cluster"] for row in rows if (row["system"], row["record_id"]) == NOBODY]
    assert sizes[nobody] == 1


def test_full_merges_no_company_with_its_parent_or_branch(medium_export: Path, tmp_path: Path) -> None:
    matched("full.py", medium_export, tmp_path / "crosswalk.csv")

    report = scored(tmp_path / "crosswalk.csv", medium_export)

    merged = {row["relation"]: (row["merged"], row["pairs"]) for row in report["false_merges"]["relations"]}
    assert {relation: merged[relation][0] for relation in ("branch", "parent", "hard-negative.branch")} == {
        "branch": 0,
        "parent": 0,
        "hard-negative.branch": 0,
    }
    assert merged["branch"][1] > 10, "a world without branches proves nothing"
    assert report["pairwise"]["precision"] > 0.995


@pytest.mark.parametrize("script", ["exact.py", "normalise.py", "full.py"])
def test_a_clean_world_is_matched_without_fault(script: str, tmp_path: Path) -> None:
    clean = exported(tmp_path / "clean", "--size", "small", "--mess", "clean")
    matched(script, clean, tmp_path / "crosswalk.csv")

    report = scored(tmp_path / "crosswalk.csv", clean)

    assert report["accuracy"] == report["pairwise"]["f1"] == 1
    assert report["false_merges"]["merged"] == 0


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_the_matchers_know_nothing_of_the_generator(script: Path) -> None:
    text = script.read_text("utf-8")
    imported = set(re.findall(r"^(?:from|import) ([a-z_]+)", text, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names) | {"__future__", "parties", "tables", "exact", "normalise"}
    assert "answer-key" not in text


def test_a_reader_who_has_seen_enough_ends_a_matcher_in_peace(medium_export: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, str(SCRIPTS / "exact.py"), str(medium_export)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline() == b"system,record_id,cluster\n"
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait(60) == 0
    running.stderr.close()
