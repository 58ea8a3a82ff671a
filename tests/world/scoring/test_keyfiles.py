"""The answer key from the files of an export is that of the world; what is wrong with such files is named, all of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shapan.world import AnswerKey, WorldError, WorldSpec, build_world
from shapan.world.export.run import Wish, export_world
from shapan.world.scoring import KINDS, key_of_world, read_key
from shapan.world.tables import world_tables

SPEC = WorldSpec("trading", "small", 7, date(2026, 11, 1), "filthy", history=False)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a filthy world."""
    folder = tmp_path_factory.mktemp("export") / "messy"
    export_world(world_tables(SPEC), SPEC, folder, Wish(only=("crm/products",)))
    return folder


def same(one: AnswerKey, other: AnswerKey) -> bool:
    return (
        dict(one.all()) == dict(other.all())
        and dict(one.entities) == dict(other.entities)
        and sorted(map(repr, one.relations)) == sorted(map(repr, other.relations))
        and all(one.name(record) == other.name(record) for record in one.all())
    )


def test_files_and_world_give_the_same_key(exported: Path) -> None:
    read = read_key(exported)
    made = key_of_world(SPEC)
    assert same(read, made)
    # Documents and stock are not made anew: what went wrong with them does not tell who is who.
    records = [n for n in read.noise if n.kind in KINDS and not n.rule.startswith("stock.")]
    assert sorted(map(repr, records)) == sorted(map(repr, made.noise))
    assert len(records) < len(read.noise)
    assert same(read_key(exported / "answer-key"), made)


def test_the_names_are_those_that_the_systems_show(exported: Path) -> None:
    world = build_world(SPEC)
    key = read_key(exported)
    shown = {("crm", "customer", c.id): c.name for c in world.crm.customers}
    shown |= {("scm", "customer", p.code): p.short_name for p in world.scm.partners}
    shown |= {("finance", "customer", str(c.id)): c.short_name for c in world.finance.customers}
    assert {record: key.name(record) for record in shown} == shown
    assert same(world.answer_key, key)
    # Without the names of the files, the noise log tells them as well.
    rows = ((*record, entity) for record, entity in key.all().items())
    nameless = AnswerKey(rows, key.entities.values(), key.relations, key.noise)
    assert {record: nameless.name(record) for record in shown} == shown
    assert any("\t" in name or "\u3000" in name for name in shown.values())


def copy(exported: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in (exported / "answer-key").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_every_fault_of_the_files_is_named(exported: Path, tmp_path: Path) -> None:
    folder = copy(exported, tmp_path / "key")
    (folder / "noise.csv").unlink()
    (folder / "relations.csv").write_text("kind,entity\n", "utf-8")
    (folder / "records.csv").write_text(
        "system,kind,record_id,entity,name\nscm,customer\nscm,customer,KH1,A,x\ncrm\n", "utf-8"
    )
    (folder / "entities.csv").write_bytes("entity,kind,name,uscc,demo\nA,customer,华信,9,0\n".encode("gb18030"))
    with pytest.raises(WorldError) as caught:
        read_key(folder)
    for text in (
        "noise.csv is missing",
        "relations.csv lacks other, detail",
        "records.csv line 2 has 2 cells, not 5",
        "records.csv line 4 has 1 cells, not 5",
        "entities.csv is no CSV in UTF-8",
    ):
        assert text in caught.value.en
    assert "缺少 noise.csv" in caught.value.zh
    with pytest.raises(WorldError, match="There is no folder"):
        read_key(tmp_path / "nothing")


def test_a_key_that_went_through_excel_can_be_read(exported: Path, tmp_path: Path) -> None:
    """A byte-order mark, CRLF, columns of somebody's own."""
    folder = copy(exported, tmp_path / "key")
    text = (folder / "relations.csv").read_text("utf-8")
    lines = [f"{'note' if n == 0 else 'x'},{line}" for n, line in enumerate(text.splitlines())]
    (folder / "relations.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert same(read_key(folder), read_key(exported))
