"""World files: ours, the user's, and every way in which one can be wrong, with one sentence in each language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

import shapan.world
from shapan.kernel.yaml_file import load_yaml
from shapan.world import World, WorldError, WorldSpec, build_world, list_profiles, load_profile
from shapan.world.checks import profile_faults
from shapan.world.spec import History

TRADING = Path(shapan.world.__file__).parent / "profiles" / "trading.yaml"


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


def test_five_profiles_come_in_five_sizes() -> None:
    assert list_profiles() == ["ecommerce", "garments", "machines", "restaurant", "trading"]
    for name in list_profiles():
        profile = load_profile(name)
        assert profile.name == name
        sizes = {size: numbers.customers for size, numbers in profile.sizes.items()}
        assert sizes == {"tiny": 20, "small": 200, "medium": 2_000, "large": 20_000, "huge": 200_000}
        for one, more in pairwise(profile.sizes.values()):
            assert (one.products, one.suppliers) < (more.products, more.suppliers)
            assert one.warehouses <= more.warehouses
        for words in (profile.title, profile.description):
            assert re.search(r"[a-z]", words["en"])
            assert re.search(r"[\u4e00-\u9fa5]", words["zh"])


def test_the_web_shop_is_small_and_the_restaurant_has_five_stores() -> None:
    assert (load_profile("ecommerce").staff["sales"], load_profile("ecommerce").staff["buyers"]) == (3, 2)
    restaurant = load_profile("restaurant")
    kinds = {warehouse["code"]: warehouse["kind"] for warehouse in restaurant.warehouses}
    assert kinds == {"CK01": "warehouse", **{f"MD0{n}": "store" for n in range(1, 6)}}
    assert all(size.warehouses == 6 for size in restaurant.sizes.values())


def test_what_a_file_leaves_out_gets_the_values_that_the_schema_names(tmp_path: Path) -> None:
    data = load_yaml(TRADING)
    for member in ("description", "staff", "history"):
        del data[member]
    del data["sizes"]["tiny"]["suppliers"]
    profile = load_profile(_file(tmp_path, json.dumps(data)))
    assert profile.description == profile.title
    assert profile.staff == {"sales": 1, "buyers": 1, "keepers": 1, "accountants": 1}
    assert profile.history == History()
    assert (profile.sizes["tiny"].suppliers, profile.sizes["tiny"].orders_per_customer) == (4, 3)
    assert profile.sizes["large"].orders_per_customer == 2
    assert {warehouse["kind"] for warehouse in profile.warehouses} == {"warehouse"}


def test_the_history_of_a_file_is_read(edited: Callable[..., str]) -> None:
    profile = load_profile(
        edited({"orders_per_customer: 3\n": "orders_per_customer: 9\n", "lines: [1, 4]": "lines: [2, 2]"})
    )
    assert profile.history.lines == (2, 2)
    assert sum(profile.history.months) > 0
    assert (profile.sizes["small"].orders_per_customer, profile.sizes["huge"].orders_per_customer) == (9, 2)


def test_a_file_of_the_users_makes_a_world(edited: Callable[..., str]) -> None:
    path = edited(
        {
            "name: trading": "name: mine",
            "tiny: {customers: 20, products: 12, warehouses: 2, suppliers: 4}": "one: {customers: 1, products: 2, warehouses: 1}",
            "bank_yuan: 3000000": "bank_yuan: 77",
        }
    )
    world = build_world(WorldSpec(path, "one", 1, date(2026, 5, 1)))
    assert (len(world.companies), len(world.products), len(world.warehouses)) == (1, 2, 1)
    assert ("100201", 7700) in [(row.account, row.debit_fen) for row in world.finance.opening_balances]
    assert load_profile(path).title["zh"] == load_profile("trading").title["zh"]


def test_the_world_of_the_page_on_worlds_can_be_built(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "worlds.md").read_text("utf-8")
    (block,) = re.findall(r"^```yaml program\n(.*?)^```$", page, re.M | re.S)
    world = build_world(WorldSpec(_file(tmp_path, block), "tiny", 42, date(2026, 11, 1)))
    assert {product.kind for product in world.products} == {"goods", "dish", "material"}
    assert (len(world.companies), len(world.products), len(world.warehouses)) == (5, 8, 2)
    (fault,) = profile_faults(
        load_yaml(Path(_file(tmp_path, block.replace("code: TEA, quantity", "code: TEE, quantity"))))
    )
    assert f"`{fault.pointer}: {fault.en}`" in page


def test_a_changed_file_is_read_again(edited: Callable[..., str]) -> None:
    assert load_profile(edited({"customers: 20,": "customers: 13,"})).sizes["tiny"].customers == 13
    assert load_profile(edited({"customers: 20,": "customers: 14,"})).sizes["tiny"].customers == 14


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
                "customers: 200,": "customers: many,",
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
        ({"products: 120,": "products: 9999,"}, "/sizes/small/products"),
        ({"products: 120, warehouses: 3": "products: 120, warehouses: 4"}, "/sizes/small/warehouses"),
        ({'code: "M6X40"': 'code: "M6X4O"', 'code: "M8X40"': 'code: "M6X40"'}, "/catalogue/1/specs/2/code"),
        ({"code: BLT": "code: 8LT"}, "/catalogue/1/code"),
        (
            {"code: BLT": "code: CAB", '{code: "M6X20"': '{code: "3X15"', '"A2", "A4"': '"YJV22", "A4"'},
            "/catalogue/1/specs/0/code",
        ),
        ({"sales_unit: 卷": "sales_unit: 米"}, "/catalogue/0/pack"),
        ({"name: 主仓库": "kind: store, name: 主仓库"}, "/warehouses/0/kind"),
        ({"lines: [1, 4]": "lines: [4, 1]"}, "/history/lines"),
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
    with pytest.raises(WorldError, match="no size vast; known are tiny, small, medium, large, huge") as caught:
        build_world(replace(small.spec, size="vast"))
    assert "vast" in caught.value.zh


def test_a_world_opens_on_the_first_of_a_month(small: World) -> None:
    with pytest.raises(WorldError, match="first day of a month, not on 2026-11-02"):
        build_world(replace(small.spec, opening=date(2026, 11, 2)))
