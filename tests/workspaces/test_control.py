"""Workspaces and snapshots over all systems, asked of control: what comes back, what stays, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shapan.control.changes import coordinator_of
from shapan.control.clients import SystemsClient

ALL = {"crm", "scm", "finance"}
HOOK = {"url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 32}


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("urn:shapan:problem:")


def events(house, system, workspace, after="0"):
    return house.ask(system, workspace, "GET", f"/events?after={after}&limit=500").json()


def clock_of(house, system, workspace):
    return house.systems[system].get(f"/ws/{workspace}/_shapan/clock").json()


# -- forks --


def test_a_fork_has_documents_events_and_clock_and_goes_its_own_way(house, workspace):
    house.enter_all(workspace, "A1")
    for system in ALL:
        house.systems[system].post(f"/ws/{workspace}/_shapan/clock", json={"advance_seconds": 86400, "frozen": True})
        house.ask(system, workspace, "POST", "/webhooks", json=HOOK)
    answer = house.control.post(f"/workspaces/{workspace}/fork", json={"name": f"{workspace}-fork"})
    assert (answer.status_code, answer.json()) == (201, {"name": f"{workspace}-fork", "from": workspace})
    fork = f"{workspace}-fork"
    assert house.having(fork, "A1") == ALL
    house.enter_all(fork, "A2")
    house.enter_all(workspace, "A3")
    assert (house.having(workspace, "A2"), house.having(fork, "A3")) == (set(), set())
    for system in ALL:
        assert clock_of(house, system, fork) == clock_of(house, system, workspace)
        assert house.ask(system, fork, "GET", "/webhooks").json()["items"] == []
    before, after = events(house, "scm", workspace)["events"], events(house, "scm", fork)["events"]
    assert [[e["data"]["warehouse_code"] for e in some] for some in (before, after)] == [["A1", "A3"], ["A1", "A2"]]
    assert (before[0]["id"], after[0]["source"]) == (after[0]["id"], f"urn:shapan:scm:{fork}")


def test_a_fork_takes_subscriptions_along_when_asked(house, workspace):
    house.ask("crm", workspace, "POST", "/webhooks", json=HOOK)
    house.control.post(f"/workspaces/{workspace}/fork", json={"name": f"{workspace}-hooks", "webhooks": True})
    assert [h["url"] for h in house.ask("crm", f"{workspace}-hooks", "GET", "/webhooks").json()["items"]] == [
        HOOK["url"]
    ]


def test_a_fork_takes_no_faults_and_no_waiting_deliveries_along(house, workspace):
    house.ask("crm", workspace, "POST", "/webhooks", json=HOOK)
    house.enter("crm", workspace, "A1")
    fault = {"fault": "error", "parameters": {"status": 503}}
    assert house.systems["crm"].post(f"/ws/{workspace}/_shapan/faults", json=fault).status_code == 201
    house.control.post(f"/workspaces/{workspace}/fork", json={"name": f"{workspace}-calm"})
    assert house.systems["crm"].get(f"/ws/{workspace}-calm/_shapan/faults").json()["items"] == []
    assert house.ask("crm", f"{workspace}-calm", "GET", "/stores").status_code == 200
    with house.runtimes["crm"].workspace(f"{workspace}-calm").database.read() as db:
        assert db.execute("SELECT count(*) FROM shapan_delivery").fetchone()[0] == 0


def test_names_that_are_taken_or_wrong_are_refused_and_nothing_is_made(house, workspace):
    taken = house.control.post("/workspaces/default/fork", json={"name": workspace})
    assert problem(taken) == (409, "workspace-exists")
    for wrong in ("A", "a_b", "-a", "a-", "a" * 41, "..", "a/b", "a.b", ""):
        assert house.control.post("/workspaces/default/fork", json={"name": wrong}).status_code == 400, wrong
    gone = house.control.post("/workspaces/nowhere/fork", json={"name": f"{workspace}-x"})
    assert problem(gone) == (404, "not-found")
    assert f"{workspace}-x" not in [w["name"] for w in house.control.get("/workspaces").json()["items"]]


def test_a_fork_that_one_system_refuses_is_made_in_none(house, workspace):
    house.systems["scm"].put(f"/_shapan/workspaces/{workspace}-half")
    answer = house.control.post("/workspaces/default/fork", json={"name": f"{workspace}-half"})
    assert problem(answer) == (409, "workspace-exists")
    assert answer.json()["detail"].startswith("scm: ")
    listed = {w["name"]: w for w in house.control.get("/workspaces").json()["items"]}
    assert listed[f"{workspace}-half"] == {"name": f"{workspace}-half", "complete": False, "systems": ["scm"]}
    # It is mended by making it whole, or by deleting it.
    assert house.control.put(f"/workspaces/{workspace}-half").status_code == 200
    listed = {w["name"]: w for w in house.control.get("/workspaces").json()["items"]}
    assert listed[f"{workspace}-half"]["complete"]


def test_workspaces_are_created_once_listed_and_deleted_everywhere(house, workspace):
    name = f"{workspace}-new"
    assert house.control.put(f"/workspaces/{name}").json() == {"name": name}
    house.enter_all(name, "B1")
    assert house.control.put(f"/workspaces/{name}").status_code == 200
    assert house.having(name, "B1") == ALL
    assert house.control.delete(f"/workspaces/{name}").status_code == 204
    assert problem(house.control.delete(f"/workspaces/{name}")) == (404, "not-found")
    for system in ALL:
        folder = house.sandbox.options.folder / system / "workspaces"
        assert list(folder.glob(f"{name}*")) == []
    assert problem(house.control.delete("/workspaces/default")) == (409, "default-workspace")


# -- snapshots --


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "clock", {"advance_seconds": 60, "frozen": True}),
        ("POST", "faults", {"id": "slow", "fault": "error", "parameters": {"status": 503}}),
        ("DELETE", "faults", None),
        ("POST", "snapshots/{}/restore", None),
    ],
)
def test_what_changes_all_systems_is_done_one_after_the_other(house, workspace, monkeypatch, method, path, body):
    assert house.control.put(f"/ws/{workspace}/snapshots/{workspace}").status_code == 201
    call, asked = SystemsClient.call, []

    def watched(client, method, path, asked_workspace, *rest, **options):
        def is_free():
            lock = coordinator_of(client, Path()).quiet(workspace)
            free = lock.acquire(blocking=False)
            if free:
                lock.release()
            return free

        if method != "GET" and asked_workspace == workspace:
            with ThreadPoolExecutor(1) as somebody_else:
                asked.append((path, somebody_else.submit(is_free).result()))
        return call(client, method, path, asked_workspace, *rest, **options)

    monkeypatch.setattr(SystemsClient, "call", watched)
    answer = house.control.request(method, f"/ws/{workspace}/{path.format(workspace)}", json=body)
    assert answer.is_success, answer.text
    assert asked
    assert [path for path, free in asked if free] == []


def test_a_restore_brings_back_documents_events_faults_and_clock_and_keeps_subscriptions_and_cursors(house, workspace):
    for system in ALL:
        house.systems[system].post(f"/ws/{workspace}/_shapan/clock", json={"frozen": True})
    house.enter_all(workspace, "A1")
    saved = clock_of(house, "scm", workspace)["now"]
    answer = house.control.put(f"/ws/{workspace}/snapshots/{workspace}", json={"note": "before"})
    assert answer.status_code == 201
    assert (answer.json()["complete"], answer.json()["note"], answer.json()["workspace"]) == (True, "before", workspace)
    house.enter_all(workspace, "A2")
    hook = house.ask("scm", workspace, "POST", "/webhooks", json=HOOK).json()["id"]
    cursor = events(house, "scm", workspace)["next"]
    house.systems["scm"].post(f"/ws/{workspace}/_shapan/clock", json={"advance_seconds": 3600})
    fault = {"fault": "error", "parameters": {"status": 503}}
    assert house.systems["scm"].post(f"/ws/{workspace}/_shapan/faults", json=fault).status_code == 201
    answer = house.control.post(f"/ws/{workspace}/snapshots/{workspace}/restore")
    assert answer.status_code == 200, answer.text
    assert all(item["reachable"] for item in answer.json()["items"])
    assert (house.having(workspace, "A1"), house.having(workspace, "A2")) == (ALL, set())
    assert clock_of(house, "scm", workspace)["now"] == saved
    assert house.systems["scm"].get(f"/ws/{workspace}/_shapan/faults").json()["items"] == []
    assert [h["id"] for h in house.ask("scm", workspace, "GET", "/webhooks").json()["items"]] == [hook]
    # What a client has read stays read; what comes after it is new.
    assert events(house, "scm", workspace, cursor)["events"] == []
    house.enter("scm", workspace, "A3")
    [event] = events(house, "scm", workspace, cursor)["events"]
    assert event["data"]["warehouse_code"] == "A3"
    assert int(event["sequence"]) > int(cursor)


def test_a_running_clock_goes_on_from_where_the_snapshot_stood(house, workspace):
    for system in ALL:
        house.systems[system].post(f"/ws/{workspace}/_shapan/clock", json={"advance_seconds": 86400 * 40})
    saved = house.control.put(f"/ws/{workspace}/snapshots/{workspace}").json()["now"]
    for system in ALL:
        house.systems[system].post(f"/ws/{workspace}/_shapan/clock", json={"advance_seconds": 86400 * 40})
    house.control.post(f"/ws/{workspace}/snapshots/{workspace}/restore")
    after = clock_of(house, "finance", workspace)
    assert saved < after["now"] < saved[:11] + "99"
    assert not after["frozen"]


def test_a_snapshot_can_be_restored_into_another_workspace(house, workspace):
    house.enter_all(workspace, "A1")
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    other = house.workspace()
    assert house.control.post(f"/ws/{other}/snapshots/{workspace}/restore").status_code == 200
    assert house.having(other, "A1") == ALL


def test_snapshots_are_listed_shown_and_deleted(house, workspace):
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    shown = house.control.get(f"/snapshots/{workspace}").json()
    assert shown in house.control.get("/snapshots").json()["items"]
    assert [one["name"] for one in shown["systems"]] == ["crm", "scm", "finance"]
    assert shown["world"]["size"] == "tiny"
    assert problem(house.control.put(f"/ws/{workspace}/snapshots/{workspace}")) == (409, "snapshot-exists")
    assert house.control.delete(f"/snapshots/{workspace}").status_code == 204
    for request in (
        ("GET", f"/snapshots/{workspace}"),
        ("DELETE", f"/snapshots/{workspace}"),
        ("POST", f"/snapshots/{workspace}/restore"),
        ("GET", f"/snapshots/{workspace}/file"),
    ):
        assert problem(house.control.request(*request)) == (404, "not-found")


def test_a_snapshot_that_not_all_systems_have_is_not_restored(house, workspace):
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    house.systems["crm"].delete(f"/_shapan/snapshots/{workspace}")
    assert house.control.get(f"/snapshots/{workspace}").json()["complete"] is False
    answer = house.control.post(f"/ws/{workspace}/snapshots/{workspace}/restore")
    assert problem(answer) == (409, "snapshot-incomplete")
    assert "scm, finance" in answer.json()["detail"]


# -- reset and seed --


def test_a_reset_goes_back_to_the_seed_in_all_systems(house, workspace):
    for system in ALL:
        house.ask(system, workspace, "POST", "/webhooks", json=HOOK)
    house.enter_all(workspace, "A1")
    cursor = events(house, "scm", workspace)["next"]
    assert house.control.post(f"/ws/{workspace}/reset").status_code == 200
    assert house.having(workspace, "A1") == set()
    assert events(house, "scm", workspace)["events"] == []
    house.enter("scm", workspace, "A2")
    assert len(events(house, "scm", workspace, cursor)["events"]) == 1
    assert len(house.ask("finance", workspace, "GET", "/webhooks").json()["items"]) == 1
    assert house.control.post(f"/ws/{workspace}/reset?webhooks=true").status_code == 200
    assert house.ask("finance", workspace, "GET", "/webhooks").json()["items"] == []


def test_another_world_comes_into_all_systems_with_its_answer_key_and_is_what_a_reset_goes_back_to(house, workspace):
    before = {c["name"] for c in house.ask("crm", workspace, "GET", "/customers?limit=100").json()["items"]}
    answer = house.control.post(f"/ws/{workspace}/seed", json={"seed": 7})
    assert {item["health"]["world"]["seed"] for item in answer.json()["items"]} == {7}
    after = {c["name"] for c in house.ask("crm", workspace, "GET", "/customers?limit=100").json()["items"]}
    assert after != before
    named = {row["name"] for row in house.control.get(f"/ws/{workspace}/answer-key/entities?limit=100").json()["items"]}
    assert named != {row["name"] for row in house.control.get("/answer-key/entities?limit=100").json()["items"]}
    assert house.control.get(f"/ws/{workspace}/reconciliation").json()["ok"] is True
    house.enter_all(workspace, "A1")
    house.control.post(f"/ws/{workspace}/reset")
    assert {c["name"] for c in house.ask("crm", workspace, "GET", "/customers?limit=100").json()["items"]} == after
    assert house.control.get("/systems").json()["items"][0]["health"]["world"]["seed"] == 42


@pytest.mark.parametrize("wish", [{"size": "no-such-size"}, {"profile": "no-such-profile"}, {"rates": {"x.y": 2}}])
def test_a_world_that_cannot_be_built_changes_nothing(house, workspace, wish):
    folders = [runtime.settings.folder / name / "pristine" for name, runtime in house.runtimes.items()]
    before = [sorted(folder.glob("*")) for folder in folders]
    house.enter_all(workspace, "A1")
    answer = house.control.post(f"/ws/{workspace}/seed", json=wish)
    assert problem(answer) == (422, "business-rule")
    assert answer.json()["errors"][0]["pointer"] == "/world"
    assert [sorted(folder.glob("*")) for folder in folders] == before
    assert house.having(workspace, "A1") == ALL
    house.enter_all(workspace, "A2")


# -- a change that cannot be made --


def test_a_system_that_is_busy_stops_the_change_everywhere(house, workspace):
    held = house.runtimes["finance"].workspace(workspace).gate.hold(30, 5)
    assert held is not None
    try:
        answer = house.control.put(
            f"/ws/{workspace}/snapshots/{workspace}-busy", headers={"Accept-Language": "zh"}, timeout=60
        )
        assert problem(answer) == (409, "workspace-busy")
        assert answer.json()["detail"].startswith("财务系统：工作区")
    finally:
        house.runtimes["finance"].workspace(workspace).gate.release(held)
    assert all(s["name"] != f"{workspace}-busy" for s in house.control.get("/snapshots").json()["items"])
    # Nobody is held up any more.
    house.enter_all(workspace, "A1")
    assert house.control.put(f"/ws/{workspace}/snapshots/{workspace}-busy").status_code == 201
