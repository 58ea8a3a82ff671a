"""An export is there as a whole or not at all, and takes away only what an export made."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from datetime import date
from pathlib import Path

import pytest

import shapan
from shapan.world import WorldError, WorldSpec
from shapan.world.export import FORMATS, Wish, export_world

from .conftest import CUSTOMERS, ITEMS, RECORDS, ROWS, SPEC, Few


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_manifest(export, tmp_path):
    manifest = export()
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert files_of(tmp_path / "out") == sorted(["manifest.json", *(file["path"] for file in manifest["files"])])
    assert (manifest["format"], manifest["version"], manifest["shapan"]) == (
        "shapan-world-export",
        1,
        shapan.__version__,
    )
    world = manifest["world"]
    assert (world["profile"], world["size"], world["seed"], world["opening"]) == ("trading", "tiny", 42, "2026-11-01")
    assert world["mess"]["name"] == "article"
    assert world["mess"]["rates"]["coverage.scm"] < 1
    customers = manifest["tables"][0]
    assert (customers["system"], customers["name"], customers["rows"]) == ("crm", "customers", 5)
    assert customers["columns"][:2] == [{"name": "name", "kind": "text"}, {"name": "since", "kind": "date"}]


def test_without_answers_nobody_is_told_how_to_make_them(export, tmp_path):
    manifest = export(answers=False)
    assert [table["system"] for table in manifest["tables"]] == ["crm", "finance"]
    assert not manifest.keys() & {"seed", "mess"}
    assert manifest["world"].keys() == {"profile", "size", "opening", "history"}
    assert not (tmp_path / "out" / "answer-key").exists()


@pytest.mark.parametrize(
    ("only", "answers", "paths"),
    [
        (("crm/customers",), False, ["crm/customers.csv"]),
        (("finance",), True, ["answer-key/records.csv", "finance/items.csv"]),
        (("answer-key",), True, ["answer-key/records.csv"]),
        (("finance/items", "crm"), False, ["crm/customers.csv", "finance/items.csv"]),
    ],
)
def test_only_some_tables(export, only, answers, paths):
    assert [file["path"] for file in export(only=only, answers=answers)["files"]] == paths


def test_every_table_that_is_none_is_named(export, tmp_path):
    with pytest.raises(WorldError) as refusal:
        export(only=("crm/customer", "crm", "hr"))
    assert "no table crm/customer, hr to export. Known are crm/customers, finance/items, answer-key/records, and whole systems: crm, finance, answer-key" in refusal.value.en  # fmt: skip
    assert "crm/customer、hr" in refusal.value.zh
    with pytest.raises(WorldError, match="Nothing is left to export"):
        export(only=("answer-key",), answers=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "ends",
    [
        KeyboardInterrupt(),
        ZeroDivisionError(),
        OSError(28, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("there", [False, True])
def test_what_breaks_off_leaves_nothing(export, tmp_path, ends, there):
    if there:
        (tmp_path / "out").mkdir()
    before = list(tmp_path.rglob("*"))
    told = WorldError if isinstance(ends, OSError | sqlite3.Error) else type(ends)
    with pytest.raises(told) as refusal:
        export(Few(ends=ends), *FORMATS)
    assert list(tmp_path.rglob("*")) == before
    if told is WorldError:
        assert "cannot be written to" in refusal.value.en
        assert f"({getattr(ends, 'strerror', ends)}). Name another folder, or make room there." in refusal.value.en


def test_folders_above_are_made_and_taken_back(export, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        export(Few(ends=KeyboardInterrupt()), to="a/b/out")
    assert list(tmp_path.iterdir()) == []
    export(to="a/b/out")
    assert (tmp_path / "a" / "b" / "out" / "manifest.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such permissions")
def test_others_may_read_it_as_far_as_the_user_lets_them(export, tmp_path):
    (tmp_path / "made").mkdir()
    export()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == stat.S_IMODE((tmp_path / "made").stat().st_mode)


def test_an_empty_folder_is_filled(export, tmp_path):
    (tmp_path / "out").mkdir()
    manifest = export(None, "xlsx")
    assert files_of(tmp_path / "out") == sorted(["manifest.json", *(file["path"] for file in manifest["files"])])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "answer-key",
        "crm",
        "finance",
        "manifest.json",
    ]


def test_a_stop_while_files_are_put_in_their_place_leaves_none_of_them(export, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    put = []

    def replace(source, target):
        if len(put) == 2:
            raise KeyboardInterrupt
        put.append(target)
        Path(source).rename(target)

    monkeypatch.setattr("shapan.world.export.folder.os.replace", replace)
    with pytest.raises(KeyboardInterrupt):
        export()
    assert len(put) == 2
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_of_somebody_else_is_left_alone(export, tmp_path, replace):
    (tmp_path / "out").mkdir()
    for n in range(5):
        (tmp_path / "out" / f"{n}.txt").write_text("mine")
    with pytest.raises(WorldError, match=r"has files already \(0.txt, 1.txt, 2.txt, …\), and no export is among them"):
        export(replace=replace)
    assert files_of(tmp_path) == [f"out/{n}.txt" for n in range(5)]


@pytest.mark.parametrize(
    "manifest", ["{", "[]", '{"format": "other", "files": []}', '{"format": "shapan-world-export"}']
)
def test_a_manifest_that_is_none_of_ours(export, tmp_path, manifest):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(manifest)
    with pytest.raises(WorldError, match="no export is among them"):
        export(replace=True)


def test_an_earlier_export_gives_way_when_it_is_said(export, tmp_path):
    export(None, "csv", "sqlite")
    (tmp_path / "out" / "crosswalk.csv").write_text("mine")
    (tmp_path / "out" / "crm" / "notes.txt").write_text("mine")
    before = files_of(tmp_path / "out")
    with pytest.raises(WorldError, match="has an export already"):
        export(None, "xlsx")
    with pytest.raises(KeyboardInterrupt):
        export(Few(ends=KeyboardInterrupt()), "xlsx", replace=True)
    assert files_of(tmp_path / "out") == before
    export(Few({CUSTOMERS: ROWS, RECORDS: []}), "xlsx", replace=True)
    assert files_of(tmp_path / "out") == ["answer-key/records.csv", "crm/customers.xlsx", "crm/notes.txt", "crosswalk.csv", "manifest.json"]  # fmt: skip
    assert not (tmp_path / "out" / "finance").exists()


def test_a_file_that_would_be_written_over(export, tmp_path):
    export()
    (tmp_path / "out" / "crm" / "customers.xlsx").write_text("mine")
    before = files_of(tmp_path / "out")
    with pytest.raises(WorldError, match=r"files that no export made: crm/customers.xlsx"):
        export(None, "xlsx", replace=True)
    assert files_of(tmp_path / "out") == before
    assert (tmp_path / "out" / "crm" / "customers.xlsx").read_text() == "mine"


def test_a_manifest_cannot_have_files_elsewhere_removed(export, tmp_path):
    export(Few({CUSTOMERS: ROWS}))
    (tmp_path / "precious").write_text("mine")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    manifest["files"] += [{"path": "../precious"}, {"path": str(tmp_path / "precious")}]
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    export(Few({CUSTOMERS: ROWS, ITEMS: []}), replace=True)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_place_where_no_folder_can_be(export, tmp_path):
    (tmp_path / "file").write_text("mine")
    for to in ("file", "file/out"):
        with pytest.raises(WorldError, match=r"cannot be written to .*file"):
            export(to=to)
    assert files_of(tmp_path) == ["file"]


def test_progress_counts_customers_and_rows(tmp_path):
    told: list[tuple[int, int]] = []
    export_world(Few(), SPEC, tmp_path / "out", Wish(), lambda *done: told.append(done))
    assert [sum(numbers) for numbers in zip(*told, strict=True)] == [5, 7]


def test_the_manifest_has_no_path_of_this_machine(tmp_path):
    from shapan.world.spec import HERE

    copy = tmp_path / "mine.yaml"
    copy.write_text(
        (HERE / "profiles" / "trading.yaml").read_text("utf-8").replace("name: trading", "name: mine"), "utf-8"
    )
    spec = WorldSpec(str(copy), "tiny", 1, date(2026, 11, 1))
    assert export_world(Few(), spec, tmp_path / "out", Wish())["world"]["profile"] == "mine"
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text("utf-8")
