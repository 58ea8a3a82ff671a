"""Scenarios by name, file and folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.resources import data_folder
from shapan.scenario import ScenarioError, load_scenarios
from shapan.scenario.library import scenario_name

PING: dict[str, Any] = {"stepId": "ping", "operationId": "ping"}


@pytest.fixture
def known(write_script: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the scenarios `alpha` and `beta`, in the place of the installed ones."""
    folder = tmp_path / "known"
    folder.mkdir()
    for name in ("shop.yaml", "parts.yaml"):
        shutil.copy(tmp_path / name, folder)
    script = write_script(
        PING,
        **{
            "x-shapan": {
                "title": {"en": "A", "zh": "甲"},
                "requirements": ["P6"],
                "world": "trading",
                "seed": 7,
                "deadline_seconds": 9,
            }
        },
    )
    for name in ("beta", "alpha"):
        shutil.copy(script, folder / f"{name}.arazzo.yaml")
    monkeypatch.setenv("SHAPAN_SCENARIOS", str(folder))
    return folder


def names(*wanted: str | Path) -> list[str]:
    return [scenario.name for scenario in load_scenarios(wanted)]


def test_by_name_by_file_by_folder_and_all(known: Path) -> None:
    assert names("beta") == ["beta"]
    assert names(known / "alpha.arazzo.yaml") == ["alpha"]
    assert names(str(known)) == ["alpha", "beta"]
    assert names() == ["alpha", "beta"]
    assert names("beta", known) == ["beta", "alpha"]


def test_what_the_script_says_of_itself(known: Path) -> None:
    (scenario,) = load_scenarios(["alpha"])
    assert scenario.title == ("A", "甲")
    assert scenario.requirements == ("P6",)
    assert (scenario.world, scenario.size, scenario.seed, scenario.deadline_seconds) == ("trading", None, 7, 9.0)
    assert scenario.main == ("main",)


def test_a_script_without_extension_has_defaults(write_script: Callable[..., Path]) -> None:
    (scenario,) = load_scenarios([write_script(PING)])
    assert scenario.title == ("A test", "A test")
    assert (scenario.name, scenario.requirements, scenario.deadline_seconds) == ("test", (), 60.0)


def test_an_unknown_name_lists_the_known_ones(known: Path) -> None:
    with pytest.raises(ScenarioError, match=r"called gamma\. Scenarios: alpha, beta") as raised:
        load_scenarios(["alpha", "gamma"])
    assert "可用的场景：alpha、beta" in raised.value.zh
    assert raised.value.faults == ()


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(ScenarioError, match="holds no scenario"):
        load_scenarios([tmp_path / "none"])


def test_a_missing_installation_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAPAN_SCENARIOS", str(tmp_path / "gone"))
    with pytest.raises(ScenarioError, match="SHAPAN_SCENARIOS"):
        load_scenarios(["alpha"])


def test_a_script_elsewhere_finds_the_installed_contracts(write_script: Callable[..., Path], tmp_path: Path) -> None:
    sources = [{"name": "crm", "url": "../contracts/crm.yaml"}]
    (scenario,) = load_scenarios(
        [write_script({"stepId": "a", "operationId": "listCustomers"}, sourceDescriptions=sources)]
    )
    assert scenario.contracts["crm"].file == (data_folder("contracts") / "crm.yaml").resolve()


def test_a_contract_beside_the_script_goes_before_the_installed_one(
    write_script: Callable[..., Path], tmp_path: Path
) -> None:
    shutil.copy(tmp_path / "shop.yaml", tmp_path / "crm.yaml")
    (scenario,) = load_scenarios([write_script(PING, sourceDescriptions=[{"name": "crm", "url": "crm.yaml"}])])
    assert scenario.contracts["crm"].file == (tmp_path / "crm.yaml").resolve()


@pytest.mark.parametrize(
    ("contract", "says"),
    [
        ("openapi: 3.1.0\npaths: {/a: {get: {parameters: [{in: query}]}}}", "no well-formed OpenAPI"),
        ("openapi: 3.1.0\npaths: {/a: {$ref: 'parts.yaml#/nowhere'}}", "leads nowhere"),
        ("openapi: 3.1.0\npaths: {/a: {$ref: 'gone.yaml#/a'}}", "cannot be read"),
        ("openapi: 3.1.0\npaths: [", "no valid YAML"),
        ("swagger: '2.0'\npaths: {}", "no OpenAPI 3 document"),
        ("openapi: 3.1.0\npaths: {/a: {$ref: '#/paths/~1a'}}", "leads nowhere"),
    ],
)
def test_a_broken_contract_is_one_sentence(
    write_script: Callable[..., Path], tmp_path: Path, contract: str, says: str
) -> None:
    script = write_script(PING)
    (tmp_path / "shop.yaml").write_text(contract, encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        load_scenarios([script])
    assert [says in fault.en for fault in raised.value.faults if fault.pointer == "/sourceDescriptions/0/url"] == [True]


@pytest.mark.parametrize(
    ("file", "name"), [("a-b.arazzo.yaml", "a-b"), ("a.arazzo.json", "a"), ("a.b.yml", "a.b"), ("plain", "plain")]
)
def test_names_of_files(file: str, name: str) -> None:
    assert scenario_name(Path("x") / file) == name
