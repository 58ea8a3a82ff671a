"""The rules of the house: the scenarios that come with Shapan keep them, and so do the templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapan.kernel.resources import data_folder
from shapan.scenario import ScenarioError, check
from shapan.scenario.house import house_faults
from shapan.scenario.templates import names, start

SCRIPTS = sorted(data_folder("scenarios").glob("*.arazzo.yaml"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_the_scripts_that_come_with_shapan_keep_the_rules(file: Path) -> None:
    assert [str(fault) for fault in house_faults(file)] == []


def test_what_breaks_the_rules_is_named_at_its_place(tmp_path: Path) -> None:
    file = start("mine", "order", tmp_path)
    text = file.read_text(encoding="utf-8")
    text = text[text.index("arazzo:") :].replace("deadline_seconds: 45", "deadline_seconds: 90")
    text = text.replace("  pace: fast\n", "").replace("zh: 等待 SCM 出现销售订单", "zh: waiting")
    file.write_text(
        text[: text.index("      # --- The oracle")] + text[text.index("    outputs:\n      order:") :],
        encoding="utf-8",
    )
    said = [(fault.pointer, fault.en) for fault in house_faults(file)]
    assert [pointer for pointer, _ in said] == [
        "/x-shapan",
        "/x-shapan/deadline_seconds",
        "/workflows/0/steps/3/x-shapan/title",
        "/workflows/0/steps/3",
        "",
    ]
    assert "ends with the oracle" in said[3][1]


@pytest.mark.parametrize("template", names())
def test_a_template_is_a_good_scenario_in_an_empty_folder(tmp_path: Path, template: str) -> None:
    file = start("rush-order", template, tmp_path / "mine")
    scenario, faults = check(file)
    assert [*faults, *house_faults(file)] == []
    assert scenario is not None
    assert (scenario.name, scenario.main) == ("rush-order", ("rush-order",))


@pytest.mark.parametrize(("name", "template", "says"), [("Rush Order", "order", "is no name"), ("rush", "none", "There is no template 'none'; there are fault, master-data, order.")])  # fmt: skip
def test_what_cannot_be_started_is_said(tmp_path: Path, name: str, template: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        start(name, template, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    start("rush-order", "order", tmp_path)
    with pytest.raises(ScenarioError, match="is there already"):
        start("rush-order", "fault", tmp_path)
