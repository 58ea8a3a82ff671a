"""Changes in two steps in one system: what holds between the steps, when one is not finished in time, and when the process is killed."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlite_utils

from shapan.kernel.auth import Client
from shapan.kernel.changes import kept_beside, note_beside
from shapan.kernel.errors import Problem
from shapan.kernel.runtime import Runtime, Settings

CLIENT = Client("tests", "tests-secret")


def change(scm, change_id, plan, workspace=""):
    return scm.http.put(f"{workspace}/_shapan/changes/{change_id}", json=plan)


def step(scm, change_id, name):
    return scm.http.post(f"/_shapan/changes/{change_id}/{name}")


def enter(scm, code):
    body = {"warehouse_code": code, "name": code, "address": "上海市"}
    return scm.post("/warehouses", json=body)


def codes(scm):
    return {item["warehouse_code"] for item in scm.get("/warehouses?page_size=100").json()["items"]}


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("urn:shapan:problem:")


def test_clients_wait_from_the_preparation_to_the_end_and_then_see_the_new_state(scm):
    assert enter(scm, "A1").status_code == 201
    assert change(scm, "c1", {"kind": "reset"}).json() == {
        "id": "c1",
        "kind": "reset",
        "workspace": "default",
        "state": "prepared",
    }
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(codes, scm)
        assert step(scm, "c1", "commit").json()["state"] == "committed"
        assert step(scm, "c1", "commit").json()["state"] == "committed"
        assert not waiting.done()
        assert step(scm, "c1", "finish").json()["state"] == "finished"
        assert "A1" not in waiting.result(20)
    assert problem(step(scm, "c1", "finish")) == (404, "not-found")


@pytest.mark.parametrize("committed", [False, True])
def test_an_aborted_change_leaves_everything_as_it_was(scm, committed):
    assert enter(scm, "A1").status_code == 201
    change(scm, "c1", {"kind": "reset"})
    if committed:
        step(scm, "c1", "commit")
    assert scm.http.delete("/_shapan/changes/c1").status_code == 204
    assert "A1" in codes(scm)
    assert enter(scm, "A2").status_code == 201
    folder = scm.runtime.workspace("default").database.path.parent
    assert [path.name for path in folder.iterdir() if path.suffix in (".kept", ".change", ".new")] == []


@pytest.mark.in_process
@pytest.mark.parametrize("committed", [False, True])
def test_a_change_that_nobody_finishes_is_undone_before_anybody_comes_in(scm, committed):
    assert enter(scm, "A1").status_code == 201
    change(scm, "c1", {"kind": "reset", "lease_seconds": 0.3})
    if committed:
        assert step(scm, "c1", "commit").status_code == 200
    assert "A1" in codes(scm)
    assert problem(step(scm, "c1", "finish")) == (404, "not-found")


def test_only_one_change_of_a_workspace_at_a_time(scm):
    change(scm, "c1", {"kind": "save", "name": "one"})
    second = change(scm, "c2", {"kind": "save", "name": "two", "patience_seconds": 0})
    assert problem(second) == (409, "workspace-busy")
    assert problem(scm.http.post("/_shapan/reset")) == (409, "workspace-busy")
    assert problem(change(scm, "c1", {"kind": "save", "name": "two"})) == (409, "change-exists")
    assert step(scm, "c1", "finish").status_code == 200
    assert [one["name"] for one in scm.http.get("/_shapan/snapshots").json()["items"]] == ["one"]


def test_requests_that_do_not_end_stop_a_change_and_are_not_harmed(scm):
    gate = scm.runtime.workspace("default").gate
    assert gate.enter() is None
    answer = change(scm, "c1", {"kind": "reset", "patience_seconds": 0})
    assert problem(answer) == (409, "workspace-busy")
    gate.leave()
    assert enter(scm, "A1").status_code == 201


@pytest.mark.parametrize(
    ("plan", "pointers"),
    [
        ({"kind": "fork"}, ["/name"]),
        ({"kind": "save", "webhooks": True}, ["/name", "/webhooks"]),
        ({"kind": "reset", "name": "x", "note": "y"}, ["/name", "/note"]),
        ({"kind": "restore", "name": "x", "world": {}}, ["/world"]),
    ],
)
def test_members_that_do_not_go_with_a_kind_are_named_all_of_them(scm, refusal, plan, pointers):
    assert refusal(change(scm, "c1", plan), 422, "business-rule") == pointers


def test_a_name_is_kept_for_a_fork_that_is_being_made(scm):
    change(scm, "c1", {"kind": "fork", "name": "new"})
    assert problem(scm.http.put("/_shapan/workspaces/new")) == (409, "workspace-exists")
    assert scm.http.delete("/_shapan/changes/c1").status_code == 204
    assert scm.http.put("/_shapan/workspaces/new").status_code == 200
    assert problem(change(scm, "c2", {"kind": "fork", "name": "new"})) == (409, "workspace-exists")


def test_an_unknown_snapshot_holds_nobody_up(scm):
    assert problem(change(scm, "c1", {"kind": "restore", "name": "none"})) == (404, "not-found")
    assert enter(scm, "A1").status_code == 201


# -- killed --


def killed(scm, tmp_path):
    """The files of the system at this moment, as a killed process leaves them, served anew."""
    folder = tmp_path / "after"
    shutil.copytree(scm.runtime.settings.folder, folder)
    return Runtime(scm.runtime.system, Settings(folder, (CLIENT,), scm.runtime.settings.world))


def has(runtime, code):
    with runtime.workspace("default").database.read() as db:
        return bool(db.execute("SELECT 1 FROM warehouse WHERE code = ?", (code,)).fetchone())


@pytest.mark.in_process
def test_a_process_that_was_killed_before_the_commit_has_done_nothing(scm, tmp_path):
    enter(scm, "A1")
    change(scm, "c1", {"kind": "reset"})
    runtime = killed(scm, tmp_path)
    assert has(runtime, "A1")
    assert runtime.workspace("default").gate.enter() is None
    assert not list((tmp_path / "after" / "scm" / "workspaces").glob(".*"))
    runtime.stop()


@pytest.mark.in_process
@pytest.mark.parametrize("word", ["finish", "abort"])
def test_a_process_that_was_killed_after_the_commit_waits_for_the_word(scm, tmp_path, word):
    enter(scm, "A1")
    change(scm, "c1", {"kind": "reset"})
    step(scm, "c1", "commit")
    runtime = killed(scm, tmp_path)
    workspace = runtime.workspace("default")
    assert workspace.gate.enter() is not None, "clients wait"
    getattr(runtime.changes, word)("c1")
    assert workspace.gate.enter() is None
    assert has(runtime, "A1") is (word == "abort")
    assert not kept_beside(workspace.database.path).exists()
    assert not note_beside(workspace.database.path).exists()
    runtime.stop()


@pytest.mark.in_process
def test_without_the_word_it_is_undone_when_its_time_is_up(scm, tmp_path):
    enter(scm, "A1")
    change(scm, "c1", {"kind": "reset"})
    step(scm, "c1", "commit")
    note = note_beside(scm.runtime.workspace("default").database.path)
    note.write_text(note.read_text().replace('"until": ', '"until": -'))
    runtime = killed(scm, tmp_path)
    assert has(runtime, "A1")
    assert runtime.workspace("default").gate.enter() is None
    runtime.stop()


@pytest.mark.in_process
def test_a_note_that_was_not_written_whole_stands_for_nothing(scm, tmp_path):
    enter(scm, "A1")
    note_beside(scm.runtime.workspace("default").database.path).write_text("{")
    runtime = killed(scm, tmp_path)
    assert has(runtime, "A1")
    assert not note_beside(runtime.workspace("default").database.path).exists()
    runtime.stop()


@pytest.mark.in_process
def test_a_process_that_was_killed_while_it_saved_leaves_nothing_behind(scm, tmp_path):
    change(scm, "c1", {"kind": "save", "name": "kept"})
    step(scm, "c1", "finish")
    change(scm, "c2", {"kind": "save", "name": "lost"})
    shelf = tmp_path / "after" / "scm" / "snapshots"
    after = killed(scm, tmp_path)
    assert {path.name for path in shelf.iterdir()} == {"kept.sqlite", "kept.json"}
    after.stop()
    # Its database is in place, and what is told of it is not.
    (shelf / "kept.json").rename(shelf / ".kept.note")
    after = Runtime(scm.runtime.system, Settings(tmp_path / "after", (CLIENT,), scm.runtime.settings.world))
    assert list(shelf.iterdir()) == []
    assert after.snapshots.all() == []
    after.stop()


# -- snapshots of earlier releases --


@pytest.mark.in_process
def test_a_snapshot_of_an_earlier_release_is_brought_up_to_date(tmp_path, memo_of):
    old = memo_of(tmp_path, ())
    plans_save(old)
    old.stop()
    added = lambda db: db.table("memo").add_column("colour", str)  # noqa: E731
    new = memo_of(tmp_path, (added,))
    change_in(new, "c2", "restore")
    with new.workspace("default").database.read() as db:
        assert [row["name"] for row in db.execute("PRAGMA table_info(memo)")] == ["id", "colour"]
    new.stop()


def plans_save(runtime):
    from shapan.kernel.plans import Plans

    workspace = runtime.workspace("default")
    runtime.changes.prepare("c1", "save", workspace, Plans(runtime).save("c1", workspace, "old", ""))
    runtime.changes.finish("c1")


def change_in(runtime, change_id, kind):
    from shapan.kernel.plans import Plans

    workspace = runtime.workspace("default")
    runtime.changes.prepare(change_id, kind, workspace, Plans(runtime).restore(change_id, workspace, "old"))
    runtime.changes.finish(change_id)


@pytest.fixture
def memo_of():
    """memo_of(folder, migrations): a system with one table, and these migrations after it."""
    from shapan.control import SYSTEM
    from shapan.kernel.system import System

    def table(db: sqlite_utils.Database) -> None:
        db.table("memo").create({"id": int}, pk="id")

    def make(folder, migrations):
        system = System("control", "Memo", "control.yaml", SYSTEM.operations, (table, *migrations))
        return Runtime(system, Settings(folder, (CLIENT,)))

    return make


@pytest.mark.in_process
def test_two_who_ask_at_once_get_one_fork(scm):
    from shapan.kernel.plans import Plans

    runtime, workspace = scm.runtime, scm.runtime.workspace("default")
    gate = threading.Barrier(2)

    def fork(number):
        gate.wait(10)
        try:
            plan = Plans(runtime).fork(f"c{number}", workspace, "same", webhooks=False)
            runtime.changes.prepare(f"c{number}", "fork", workspace, plan)
            runtime.changes.finish(f"c{number}")
        except Problem as refused:
            return refused.name
        return "made"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(fork, range(2))) == ["made", "workspace-exists"]
