"""`shapan workspace`, `snapshot`, `reset` and `seed` against a running sandbox."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from shapan.cli import main


@pytest.fixture
def run(house):
    """run("workspace", "list") -> the result of the command, which is given the address of the control."""

    def command(*words, code=0):
        answer = CliRunner().invoke(main, [*words, "--url", house.sandbox.options.url("control")])
        assert answer.exit_code == code, answer.output
        return answer.output

    return command


def test_workspaces_are_made_forked_listed_and_deleted(house, run, workspace):
    house.enter_all(workspace, "A1")
    assert f"/ws/{workspace}-cli" in run("workspace", "create", f"{workspace}-cli")
    assert house.having(f"{workspace}-cli", "A1") == set()
    assert workspace in run("workspace", "fork", f"{workspace}-cli-2", "--from", workspace)
    assert house.having(f"{workspace}-cli-2", "A1") == {"crm", "scm", "finance"}
    listed = json.loads(run("workspace", "list", "--json"))
    assert {"name": f"{workspace}-cli", "complete": True, "systems": ["crm", "scm", "finance"]} in listed
    run("workspace", "delete", f"{workspace}-cli")
    assert f"{workspace}-cli\n" not in run("workspace", "list")


def test_what_cannot_be_done_is_one_sentence_in_each_language(run, workspace):
    said = run("workspace", "fork", workspace, code=2)
    assert "There is a workspace" in said
    assert "已存在" in said
    said = run("workspace", "delete", "..", code=2)
    assert "refuses" in said
    assert "reset" in run("workspace", "delete", "default", code=2)
    for words, said, zh in [
        (("workspace", "delete", "nope"), "There is no workspace nope. Check", "没有工作区 nope。"),
        (("workspace", "fork", "x", "--from", "nope"), "There is no workspace nope in crm, scm, finance. Check", "（crm, scm, finance）。"),
        (("snapshot", "restore", "nope"), "There is no snapshot nope. Check", "没有快照 nope。"),
    ]:  # fmt: skip
        told = run(*words, code=2)
        assert said in told
        assert zh in told


def test_what_is_wrong_is_said_once_and_with_its_place(run):
    told = run("seed", "--size", "gigantic", code=2)
    assert told.count("has no size gigantic") == 1
    assert "Choose one with --size. (/world)" in told


def test_a_snapshot_is_saved_listed_shown_exported_loaded_restored_and_deleted(house, run, workspace, tmp_path):
    house.enter_all(workspace, "A1")
    assert "for later" in run("snapshot", "save", workspace, "--note", "for later", "--workspace", workspace)
    house.enter_all(workspace, "A2")
    assert workspace in run("snapshot", "list")
    assert json.loads(run("snapshot", "show", workspace, "--json"))["note"] == "for later"
    file = tmp_path / f"{workspace}-moved.shapan.zip"
    run("snapshot", "export", workspace, "-o", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"{workspace}-moved" in run("snapshot", "load", str(file))
    assert "已恢复" in run("snapshot", "restore", f"{workspace}-moved", "--workspace", workspace)
    assert (house.having(workspace, "A1"), house.having(workspace, "A2")) == ({"crm", "scm", "finance"}, set())
    run("snapshot", "delete", workspace)
    assert "no snapshot" in run("snapshot", "show", workspace, code=2)


def test_a_file_that_cannot_be_loaded_says_all_that_is_wrong(run, tmp_path):
    bad = tmp_path / "bad.shapan.zip"
    bad.write_bytes(b"no archive")
    assert "It is no ZIP file." in run("snapshot", "load", str(bad), code=2)
    assert "cannot be read" in run("snapshot", "load", str(tmp_path / "none.zip"), code=2)


def test_a_file_that_cannot_be_written_says_so(house, run, workspace, tmp_path):
    run("snapshot", "save", f"{workspace}-w", "--workspace", workspace)
    target = tmp_path / "none" / "x.zip"
    assert "cannot be written" in run("snapshot", "export", f"{workspace}-w", "-o", str(target), code=2)


def test_reset_and_seed_change_the_workspace(house, run, workspace):
    house.enter_all(workspace, "A1")
    assert "已重置" in run("reset", "--workspace", workspace)
    assert house.having(workspace, "A1") == set()
    assert "seed 9" in run("seed", "--seed", "9", "--workspace", workspace)
    health = house.systems["scm"].get(f"/ws/{workspace}/_shapan/health").json()
    assert health["world"]["seed"] == 9
    assert "Say what is to be different" in run("seed", "--workspace", workspace, code=2)
    assert "no-such" in run("seed", "--size", "no-such", "--workspace", workspace, code=2)
