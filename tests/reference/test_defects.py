"""Seeded defects: each is there, changes one thing, is told in both languages and has a scenario that says it catches it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapan.reference.__main__ import main
from shapan.reference.defects import DEFECTS, Defect, UnknownDefect, find_defect
from shapan.reference.flows import FLOWS
from shapan.reference.flows.deliveries import DeliveryFlow
from shapan.reference.parts import STANDARD, Parts
from shapan.reference.worker import Worker
from shapan.scenario.documents import read_file

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def changed(parts: Parts) -> list[str]:
    """The parts that are not the standard ones."""
    ours = {**{name: getattr(parts, name) for name in Parts.__dataclass_fields__ if name != "flows"}}
    other = [name for name, part in ours.items() if part is not getattr(STANDARD, name)]
    return other + [flow.__name__ for flow in parts.flows if flow not in FLOWS]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_changes_a_part_and_is_told_in_both_languages(defect: Defect) -> None:
    assert 1 <= len(changed(defect.parts())) <= 2
    for text in (defect.title_en, defect.mistake_en):
        assert text.isascii()
        assert text.endswith(".") or text == defect.title_en
    for text in (defect.title_zh, defect.mistake_zh):
        assert any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_scenario_is_made_for_it(defect: Defect) -> None:
    made_for = read_file(SCENARIOS / f"{defect.scenario}.arazzo.yaml")
    assert defect.name in made_for.data["x-shapan"]["catches"]


def test_names_are_used_once() -> None:
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


def test_an_unknown_defect_is_told_with_those_that_are_near(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownDefect, match="Did you mean sequential-only"):
        find_defect("sequental-only")
    with pytest.raises(UnknownDefect, match=r"no defect 'zzz'\. docs/defects\.md"):
        find_defect("zzz")


def test_the_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-defects"]) == 0
    listing = capsys.readouterr().out
    for defect in DEFECTS:
        assert defect.name in listing
        assert defect.mistake_zh in listing


def test_a_part_takes_the_place_of_what_it_derives_from() -> None:
    class Slow(Worker):
        threads = 1

    class Careless(DeliveryFlow):
        pass

    parts = STANDARD.having(Slow).having(Careless)
    assert parts.worker is Slow
    assert Careless in parts.flows
    assert DeliveryFlow not in parts.flows
    assert changed(parts) == ["worker", "Careless"]
    with pytest.raises(TypeError, match="int is a subclass of no part"):
        STANDARD.having(int)
