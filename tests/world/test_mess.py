"""How wrong a world is: presets, files over them, single rates over both; every fault of a wish is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapan.world import WorldError
from shapan.world.dirt.styles import STYLES
from shapan.world.dirt.surface import RULES
from shapan.world.mess import list_presets, load_mess, preset_title


def test_the_presets_and_what_they_stand_for() -> None:
    assert list_presets() == ["all-different", "article", "clean", "filthy"]
    for name in list_presets():
        title = preset_title(name)
        assert set(title) == {"en", "zh"}
        assert all(title.values())


def test_the_clean_preset_leaves_nothing_in() -> None:
    mess = load_mess("clean")
    assert not mess.demo
    assert all(rate == 1 for rate in mess.coverage.values())
    kept = ("coverage.", "fields.crm.former_kept", "fields.scm.full_name_kept", "fields.finance.full_name_kept")
    left = {path: rate for path, rate in mess.rates.items() if not path.startswith(kept)}
    assert left.pop("duplicates.surface_factor") == 1
    assert not any(left.values()), left


def test_every_rule_has_a_rate_and_every_rate_a_rule() -> None:
    mess = load_mess("article")
    named = {style for system in mess.styles.values() for style, _ in system}
    assert named == set(STYLES) - {"legal"}
    assert [rule for rule, _ in mess.surface] == list(RULES)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: article\nsurface: {mojibake: 0.5}\nstyle: {scm: {short: 0.2}}\n", "utf-8")
    mess, article = load_mess(str(path)), load_mess("article")
    assert mess.name == "mine"
    changed = {key: rate for key, rate in mess.rates.items() if article.rates[key] != rate}
    assert changed == {"surface.mojibake": 0.5, "style.scm.short": 0.2}


def test_single_rates_go_over_both(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: clean\nsurface: {mojibake: 0.5}\n", "utf-8")
    mess = load_mess(str(path), (("surface.mojibake", 0.25), ("duplicates.surface_factor", 4)))
    assert (mess.rates["surface.mojibake"], mess.rates["duplicates.surface_factor"]) == (0.25, 4)
    assert mess.rates["surface.kuntao"] == 0


def _refused(name: str, *rates: tuple[str, float]) -> str:
    with pytest.raises(WorldError) as error:
        load_mess(name, rates)
    assert error.value.zh
    return error.value.en


def test_a_wrong_wish_is_refused_with_every_fault(tmp_path: Path) -> None:
    said = _refused("article", ("surface.homophon", 0.1), ("surface.space", 3), ("coverage.crm", float("nan")))
    assert "did you mean surface.homophone?" in said
    assert "surface.space: 3 is not between 0 and 1" in said
    assert "coverage.crm: nan is no number" in said
    assert "known are all-different, article, clean, filthy" in _refused("muddy")
    said = _refused("article", ("style.scm.short", 0.9), ("fields.crm.uscc_bad", 0.9))
    assert "style.scm: its shares come to" in said
    assert "fields.crm.uscc: its shares come to 1.25" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "base: dirty\nsurface: {nothing: 1}\n",
            ["base: there is no preset 'dirty'", "surface.nothing: there is no such rate"],
        ),
        ("- 1\n", ["it must be a mapping"]),
        ("surface: {space: much}\n", ["surface.space: 'much' is no number"]),
        ("surface: {space: true}\n", ["surface.space: True is no number"]),
        ("surface: 1\n", ["surface: there is no such rate"]),
        ("surface: {space: [\n", ["no valid YAML"]),
        ("title: [1]\n1: 2\n", ["1: there is no such rate"]),
    ],
)
def test_a_wrong_file_is_refused_with_every_fault(tmp_path: Path, text: str, said: list[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    message = _refused(str(path))
    for part in said:
        assert part in message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in _refused(str(tmp_path / "none.yaml"))
