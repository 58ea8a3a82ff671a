"""A snapshot as one file: what it holds, and that every fault of a bad one is named before anything of it is used."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.control.package import PackageError, pack, unpack

SYSTEMS = ("crm", "scm", "finance")
FILES = {name: name.encode() * 10 for name in SYSTEMS}


def good() -> bytes:
    return pack({"name": "x"}, FILES)


def changed(change) -> bytes:
    """The good package after `change(manifest, members)`."""
    with zipfile.ZipFile(io.BytesIO(good())) as package:
        members = {name: package.read(name) for name in package.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        if manifest is not None:
            package.writestr("manifest.json", json.dumps(manifest))
        for name, content in members.items():
            package.writestr(name, content)
    return target.getvalue()


def faults(content: bytes) -> list[str]:
    with pytest.raises(PackageError) as caught:
        unpack(content, SYSTEMS)
    return [fault.en for fault in caught.value.faults]


def test_what_is_packed_is_unpacked():
    assert unpack(good(), SYSTEMS) == FILES


def test_every_fault_is_named_at_once():
    def spoil(manifest, members):
        del members["scm.sqlite.gz"]
        members["../../etc/passwd"] = b"x"
        members["crm.sqlite.gz"] += b"!"

    assert faults(changed(spoil)) == [
        "../../etc/passwd: It does not belong into a snapshot.",
        "scm.sqlite.gz: It is missing.",
        "crm.sqlite.gz: It has 31 bytes, and the manifest says 30.",
    ]


def test_contents_that_are_not_those_of_the_manifest_are_named():
    def spoil(manifest, members):
        members["crm.sqlite.gz"] = bytes(30)
        members["finance.sqlite.gz"] = bytes(70)

    assert faults(changed(spoil)) == [
        "crm.sqlite.gz: It is not what the manifest says (SHA-256).",
        "finance.sqlite.gz: It is not what the manifest says (SHA-256).",
    ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda manifest, members: manifest.update(format=2), "Its format is 2, and this version reads 1"),
        (lambda manifest, members: manifest.pop("members"), "no manifest of a snapshot"),
        (lambda manifest, members: manifest.update(members=[]), "no manifest of a snapshot"),
        (lambda manifest, members: manifest["members"]["crm.sqlite.gz"].pop("size"), "no manifest of a snapshot"),
        (lambda manifest, members: manifest["members"].pop("crm.sqlite.gz"), "crm.sqlite.gz: It is missing"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_so(spoil, said):
    assert said in " ".join(faults(changed(spoil)))


def test_a_member_that_stands_twice_or_is_compressed_again_is_refused():
    target = io.BytesIO(good())
    with zipfile.ZipFile(target, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr("crm.sqlite.gz", FILES["crm"])
    assert "crm.sqlite.gz: It is in it more than once." in faults(target.getvalue())
    with zipfile.ZipFile(io.BytesIO(good())) as package:
        members = {name: package.read(name) for name in package.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    assert "crm.sqlite.gz: It is compressed again or encrypted." in faults(target.getvalue())


@given(st.binary(max_size=300) | st.tuples(st.integers(0, 700), st.binary(min_size=1, max_size=8)))
def test_no_bytes_whatever_make_it_fail_otherwise(case):
    content = case
    if isinstance(case, tuple):
        at, new = case
        content = good()[:at] + new + good()[at + len(new) :]
    try:
        files = unpack(content, SYSTEMS)
    except PackageError:
        return
    assert files == FILES


# -- over HTTP: loaded elsewhere --


def load(house, name, content):
    return house.control.put(f"/snapshots/{name}/file", content=content, headers={"Content-Type": "application/zip"})


def test_a_snapshot_goes_to_another_machine_as_one_file(house, workspace):
    house.enter_all(workspace, "A1")
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}", json={"note": "to go"})
    answer = house.control.get(f"/snapshots/{workspace}/file")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{workspace}.shapan.zip"'
    loaded = load(house, f"{workspace}-loaded", answer.content)
    assert loaded.status_code == 200, loaded.text
    assert loaded.json()["note"] == "to go"
    other = house.workspace()
    assert house.control.post(f"/ws/{other}/snapshots/{workspace}-loaded/restore").status_code == 200
    assert house.having(other, "A1") == set(SYSTEMS)
    assert load(house, f"{workspace}-loaded", answer.content).status_code == 409


def repacked(house, name, tmp_path, change):
    """The file of a snapshot whose CRM database was changed by SQL."""
    with zipfile.ZipFile(io.BytesIO(house.control.get(f"/snapshots/{name}/file").content)) as package:
        files = {system: package.read(f"{system}.sqlite.gz") for system in SYSTEMS}
        snapshot = json.loads(package.read("manifest.json"))["snapshot"]
    path = tmp_path / "crm.sqlite"
    path.write_bytes(gzip.decompress(files["crm"]))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(change)
    files["crm"] = gzip.compress(path.read_bytes())
    return pack(snapshot, files)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CREATE TRIGGER foreign_one AFTER INSERT ON store BEGIN DELETE FROM customer; END", "foreign_one"),
        ("CREATE VIEW foreign_view AS SELECT * FROM store", "foreign_view"),
        ("PRAGMA user_version = 900", "newer version"),
        ("CREATE TABLE foreign_table (x)", "no database of crm"),
        ("DELETE FROM shapan_meta WHERE key = 'snapshot'", "no file of a snapshot"),
    ],
)
def test_a_database_with_more_in_it_than_data_is_refused_and_nothing_is_loaded(
    house, workspace, tmp_path, change, said
):
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    answer = load(house, f"{workspace}-bad", repacked(house, workspace, tmp_path, change))
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert all(one["name"] != f"{workspace}-bad" for one in house.control.get("/snapshots").json()["items"])
    assert list((house.sandbox.options.folder / "scm" / "snapshots").glob(f"*{workspace}-bad*")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"no database " * 50),
        gzip.compress(b"SQLite format 3\x00" + bytes(5000)),
        gzip.compress(bytes(90))[:-9],
    ],
    # Named: what is compressed holds the second in which it was, and each worker collects in its own.
    ids=["empty", "no gzip", "no database", "a header only", "cut off"],
)
def test_a_member_that_is_no_database_is_refused(house, workspace, content):
    answer = load(house, f"{workspace}-none", pack({}, {**dict.fromkeys(SYSTEMS, content)}))
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"].endswith("business-rule")


def test_the_file_of_another_system_is_refused(house, workspace):
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    with zipfile.ZipFile(io.BytesIO(house.control.get(f"/snapshots/{workspace}/file").content)) as package:
        scm = package.read("scm.sqlite.gz")
    answer = load(house, f"{workspace}-swapped", pack({}, dict.fromkeys(SYSTEMS, scm)))
    assert answer.status_code == 422
    assert "no database of crm" in answer.json()["detail"]
