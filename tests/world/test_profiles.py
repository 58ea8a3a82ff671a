"""World files: ours, the user's, and every way in which one can be wrong, with one sentence in each language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from shapan.world import World, WorldError, WorldSpec, build_world, list_profiles, load_profile


def _refusal(name: str) -> WorldError:
    with pytest.raises(WorldError) as caught:
        load_profile(name)
    error = caught.value
    for sentence, end in ((error.en, "."), (error.zh, "。")):
        assert "\n" not in sentence
        assert sentence.endswith(end)
    assert str(error) == f"{error.en}\n{error.zh}"
    return error


def _file(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "world.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_trading_comes_with_tiny_and_small() -> None:
    assert "trading" in list_profiles()
    for name in list_profiles():
        profile = load_profile(name)
        assert profile.name == name
        assert {"tiny", "small"} <= set(profile.sizes)


def test_a_file_of_the_users_makes_a_world(edited: Callable[..., str]) -> None:
    path = edited(
        {
            "name: trading": "name: mine",
            "tiny: {customers: 12, products: 12, warehouses: 2}": "one: {customers: 1, products: 2, warehouses: 1}",
            "bank_yuan: 3000000": "bank_yuan: 77",
        }
    )
    world = build_world(WorldSpec(path, "one", 1, date(2026, 5, 1)))
    assert (len(world.companies), len(world.products), len(world.warehouses)) == (1, 2, 1)
    assert ("100201", None, 7700, 0) in world.finance.opening_balances
    assert load_profile(path).title["zh"] == load_profile("trading").title["zh"]


def test_a_changed_file_is_read_again(edited: Callable[..., str]) -> None:
    assert load_profile(edited({"customers: 12": "customers: 13"})).sizes["tiny"].customers == 13
    assert load_profile(edited({"customers: 12": "customers: 14"})).sizes["tiny"].customers == 14


@pytest.mark.parametrize("name", ["trade", "", "../trading", "foo/bar"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    error = _refusal(name)
    assert "trading" in error.en
    assert "trading" in error.zh


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "none.yaml")
    error = _refusal(path)
    assert path in error.en
    assert path in error.zh
    assert "--world" in error.en


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    assert str(folder) in _refusal(str(folder)).en


def test_broken_yaml_names_line_and_column(tmp_path: Path) -> None:
    error = _refusal(_file(tmp_path, "name: trading\nsizes: [1,\nfoo: }"))
    assert "line 3, column 6" in error.en
    assert "第 3 行第 6 列" in error.zh


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00\xd8abc", "[" * 20000, "bank: " + "9" * 5000, 'title: "\\ud800"', "!!python/object:os.system x"],
)
def test_what_cannot_be_read_is_no_yaml(tmp_path: Path, content: str | bytes) -> None:
    assert "no valid YAML" in _refusal(_file(tmp_path, content)).en


@pytest.mark.parametrize("content", ["", "- 1", "text", "12", "null"])
def test_another_type_of_document_is_refused(tmp_path: Path, content: str) -> None:
    assert "/: Must be object" in _refusal(_file(tmp_path, content)).en


def test_every_fault_is_listed_at_once(edited: Callable[..., str]) -> None:
    error = _refusal(
        edited(
            {
                "name: trading": "name: Trading",
                "cash_yuan": "cash",
                "code: CK02": "code: CK01",
                "code: CAB": "code: CABLE",
                "customers: 200": "customers: many",
            }
        )
    )
    for pointer in (
        "/name",
        "/opening/cash_yuan",
        "/opening/cash",
        "/warehouses/1/code",
        "/catalogue/0/code",
        "/sizes/small/customers",
    ):
        assert f"{pointer}: " in error.en
        assert f"{pointer}：" in error.zh
    assert "6 faults" in error.en
    assert "6 处" in error.zh
    assert "contract" not in error.en
    assert "契约" not in error.zh


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"products: 120": "products: 9999"}, "/sizes/small/products"),
        ({"warehouses: 3": "warehouses: 4"}, "/sizes/small/warehouses"),
        ({'code: "M6X40"': 'code: "M6X4O"', 'code: "M8X40"': 'code: "M6X40"'}, "/catalogue/1/specs/2/code"),
        ({"code: BLT": "code: 8LT"}, "/catalogue/1/code"),
        (
            {"code: BLT": "code: CAB", '{code: "M6X20"': '{code: "3X15"', '"A2", "A4"': '"YJV22", "A4"'},
            "/catalogue/1/specs/0/code",
        ),
        ({"sales_unit: 卷": "sales_unit: 米"}, "/catalogue/0/pack"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    edited: Callable[..., str], changes: dict[str, str], pointer: str
) -> None:
    assert f"{pointer}: " in _refusal(edited(changes)).en


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ("tiny:", "1:", "/sizes/1"),
        ("bank_yuan: 3000000", "bank_yuan: .inf", "/opening/bank_yuan"),
        ("title: {", "title: !!set {", "/title"),
        ("en: Trading company", "en: !!binary aGk=", "/title/en"),
    ],
)
def test_what_json_does_not_know_is_refused(edited: Callable[..., str], old: str, new: str, pointer: str) -> None:
    assert f"{pointer}: " in _refusal(edited({old: new})).en


@pytest.mark.parametrize(
    "content",
    [
        "a: &a [*a]",
        "a: &a [x, x, x, x, x, x, x, x]\n"
        + "\n".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]" for old, new in zip("abcdefg", "bcdefgh", strict=True)
        ),
    ],
    ids=["in a circle", "a billion"],
)
def test_aliases_without_end_are_refused(tmp_path: Path, content: str) -> None:
    assert "aliases without end" in _refusal(_file(tmp_path, content)).en


def test_an_unknown_size_lists_the_known_ones(small: World) -> None:
    with pytest.raises(WorldError, match="no size huge; known are tiny, small") as caught:
        build_world(replace(small.spec, size="huge"))
    assert "huge" in caught.value.zh


def test_a_world_opens_on_the_first_of_a_month(small: World) -> None:
    with pytest.raises(WorldError, match="first day of a month, not on 2026-11-02"):
        build_world(replace(small.spec, opening=date(2026, 11, 2)))
