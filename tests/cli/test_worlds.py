"""Worlds on the command line: messes and single rates, and the whole of a world as files."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys

import pytest

from shapan.cli.common import STOPPED_EXIT
from shapan.cli.desk import wait_for
from shapan.world.export import FORMATS
from shapan.world.tables import WorldTables

from .test_sentences import refused


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def test_the_formats_are_those_that_can_be_written():
    from shapan.cli.world_export import FORMATS as named

    assert list(named) == list(FORMATS)


def test_messes_can_be_listed_and_shown(invoke, tmp_path):
    assert {mess["name"] for mess in json.loads(invoke("world", "mess", "--json").stdout)} == {"clean", "article", "all-different", "filthy"}  # fmt: skip
    assert "article: " in invoke("world", "mess").stdout
    (tmp_path / "mine.yaml").write_text("base: clean\ncoverage: {scm: 0.5}\n")
    shown = invoke("world", "mess", str(tmp_path / "mine.yaml")).stdout.splitlines()
    assert {"coverage.scm=0.5", "surface.homophone=0"} <= set(shown)
    # What is shown can be given back.
    again = [word for line in shown for word in ("--rate", line)]
    assert invoke("world", "show", "--size", "tiny", "--json", "--mess", "clean", *again).exit_code == 0


def test_an_export_says_what_is_in_it(invoke, tmp_path):
    done = invoke("world", "export", str(tmp_path / "out"), "--size", "tiny", "--opening", "2026-11-01")
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["world"]["opening"] == "2026-11-01"
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[:-2] == [[f"{table['rows']:,}", f"{table['system']}/{table['name']}"] for table in manifest["tables"]]
    assert done.stderr == ""
    for table in manifest["tables"]:
        assert len(rows(tmp_path / "out" / table["system"] / f"{table['name']}.csv")) == table["rows"]


def test_the_files_have_every_customer_and_the_key_knows_each(invoke, tmp_path):
    command = ("world", "export", str(tmp_path / "out"), "--size", "tiny", "--seed", "7", "--mess", "clean", "--json")
    manifest = json.loads(invoke(*command).stdout)
    assert manifest["world"]["mess"]["name"] == "clean"
    crm, scm = rows(tmp_path / "out" / "crm" / "customers.csv"), rows(tmp_path / "out" / "scm" / "partners.csv")
    assert [row["name"] for row in crm] == [row["short_name"] for row in scm]
    key = {(row["system"], row["record_id"]): row["entity"] for row in rows(tmp_path / "out" / "answer-key" / "records.csv") if row["kind"] == "customer"}  # fmt: skip
    assert [key["crm", row["id"]] for row in crm] == [key["scm", row["partner_code"]] for row in scm]
    assert len(set(key.values())) == 20
    wrong = ("--rate", "surface.annot=1", "--force", "--only", "scm/partners")
    manifest = json.loads(invoke(*command, *wrong).stdout)
    assert manifest["world"]["mess"]["rates"]["surface.annot"] == 1
    assert not (tmp_path / "out" / "crm").exists()
    annotated = [row["short_name"] for row in rows(tmp_path / "out" / "scm" / "partners.csv")]
    assert all(name != row["name"] for name, row in zip(annotated, crm, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "surface.homophone", "--rate", "=1", "--rate", "surface.ocr=x", "--rate", "surface.ocr=1"], "--rate takes a path and a number, as in surface.homophone=0.05, and not surface.homophone, =1, surface.ocr=x."),
        (["--rate", "surface.homofone=0.1", "--rate", "surface.ocr=nan", "--rate", "surface.ocr=2"], "--rate surface.homofone: there is no such rate; did you mean surface.homophone?; --rate surface.ocr: 2 is not between 0 and 1."),
        (["--mess", "awful"], "There is no mess awful; known are"),
        (["--mess", "none.yaml"], "cannot be read"),
        (["--world", "nowhere"], "There is no world nowhere"),
        (["--size", "vast"], "has no size vast"),
        (["--opening", "2026-11-02"], "opens on the first day of a month"),
        (["--only", "crm/customer", "--only", "hr"], "There is no table crm/customer, hr to export."),
    ],
)  # fmt: skip
def test_what_cannot_be_exported(invoke, tmp_path, arguments, message):
    assert message in refused(invoke("world", "export", str(tmp_path / "out"), *arguments))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_an_export_is_replaced_only_when_it_is_said(invoke, tmp_path):
    command = ("world", "export", str(tmp_path / "out"), "--size", "tiny")
    assert invoke(*command).exit_code == 0
    assert "replace it with --force" in refused(invoke(*command))
    assert invoke(*command, "--force", "--no-answers").exit_code == 0
    assert not (tmp_path / "out" / "answer-key").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_ctrl_c_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "shapan", "world", "export", "out", "--size", "huge", "--format", "csv", "--format", "sqlite"]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    with process:
        # Rows are being written.
        assert wait_for(lambda: any(path.stat().st_size > 100_000 for path in tmp_path.rglob("customers.csv")), 30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == STOPPED_EXIT, out + err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    from shapan.cli import world_export

    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes rich take its stream for a terminal
    monkeypatch.setattr(world_export, "_TELL_SECONDS", -1)
    with world_export._bar(20) as advance:
        advance(5, 1_200)
        advance(15, 3_000)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "20/20" in shown.err
    assert "4,200 rows 行" in shown.err


def test_worlds_are_streams(monkeypatch):
    """A source gives its customers one at a time; what an export holds of them are the rows that wait to be written."""
    from datetime import date

    from shapan.world import WorldSpec

    class EnoughError(Exception):
        pass

    given = []

    def advance(customers: int) -> None:
        given.append(customers)
        if sum(given) >= 50:
            raise EnoughError

    source = WorldTables(WorldSpec("trading", "huge", 42, date(2026, 11, 1)))
    with pytest.raises(EnoughError):
        source.run([lambda row: None] * len(source.tables), advance)
    assert sum(given) == 50
