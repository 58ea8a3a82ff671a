"""Real processes that are killed (-9) in the middle of a change: all systems are before it or all after it, and clients wait meanwhile."""

from __future__ import annotations

import os
import signal
import threading

import httpx
import pytest

from shapan.control.changes import Coordinator
from shapan.kernel.auth import Client
from shapan.sandbox.options import SIMULATORS, plan
from shapan.sandbox.processes import ProcessSandbox

pytestmark = pytest.mark.long

CLIENT = Client("tests", "tests-secret")
WAREHOUSE = {"warehouse_code": "A1", "name": "店", "address": "上海市"}


@pytest.fixture
def sandbox(tmp_path):
    with ProcessSandbox(plan(size="tiny", data=tmp_path, port=None, client=CLIENT)) as running:
        watcher = threading.Thread(target=running.watch, args=(lambda en, zh: None,), daemon=True)
        watcher.start()
        yield running
    watcher.join(20)


@pytest.fixture
def systems(sandbox):
    with httpx.Client(trust_env=False, timeout=60) as http:
        yield {
            name: lambda method, path, name=name, **options: http.request(
                method, sandbox.options.url(name) + path, **options
            )
            for name in sandbox.options.ports
        }


def kill(sandbox, systems, name, eventually):
    """Kill a system's worker, and wait until another one serves it."""
    before = systems[name]("GET", "/_shapan/health").json()["pid"]
    os.kill(before, signal.SIGKILL)

    def another():
        try:
            return systems[name]("GET", "/_shapan/health").json()["pid"] != before
        except (httpx.HTTPError, ValueError):
            return False

    eventually(another)


def token(systems):
    form = {"grant_type": "client_credentials", "client_id": CLIENT.client_id, "client_secret": CLIENT.secret}
    return {"Authorization": f"Bearer {systems['scm']('POST', '/oauth/token', data=form).json()['access_token']}"}


def codes(systems, headers):
    answer = systems["scm"]("GET", "/warehouses?page_size=100", headers=headers)
    assert answer.status_code == 200, answer.text
    return {item["warehouse_code"] for item in answer.json()["items"]}


def prepare_and_commit(systems, change_id):
    for name in SIMULATORS:
        assert systems[name]("PUT", f"/_shapan/changes/{change_id}", json={"kind": "reset"}).status_code == 200
    for name in SIMULATORS:
        assert systems[name]("POST", f"/_shapan/changes/{change_id}/commit").status_code == 200


def test_a_system_that_is_killed_after_the_commit_is_told_how_it_ends(sandbox, systems, eventually):
    headers = token(systems)
    assert systems["scm"]("POST", "/warehouses", json=WAREHOUSE, headers=headers).status_code == 201
    for change_id, word in (("c1", "abort"), ("c2", "finish")):
        prepare_and_commit(systems, change_id)
        kill(sandbox, systems, "scm", eventually)
        for name in SIMULATORS:
            if word == "abort":
                assert systems[name]("DELETE", f"/_shapan/changes/{change_id}").status_code == 204
            else:
                assert systems[name]("POST", f"/_shapan/changes/{change_id}/finish").status_code == 200
        assert ("A1" in codes(systems, headers)) is (word == "abort")


def test_a_control_that_is_killed_after_its_decision_finishes_it_when_it_is_started_again(sandbox, systems, eventually):
    headers = token(systems)
    assert systems["scm"]("POST", "/warehouses", json=WAREHOUSE, headers=headers).status_code == 201
    prepare_and_commit(systems, "c3")
    # The decision as control writes it down before the last step, in which it is killed.
    Coordinator(None, sandbox.options.folder / "control" / "changes").decide("c3", "default")
    kill(sandbox, systems, "control", eventually)
    # Clients are let in by it, and not by the time that runs out: the systems would then have gone back.
    assert "A1" not in codes(systems, headers)
    assert not list((sandbox.options.folder / "control" / "changes").glob("*.json"))


def test_a_control_that_is_killed_before_its_decision_has_changed_nothing(sandbox, systems, eventually):
    headers = token(systems)
    assert systems["scm"]("POST", "/warehouses", json=WAREHOUSE, headers=headers).status_code == 201
    for name in SIMULATORS:
        plan_ = {"kind": "reset", "lease_seconds": 2}
        assert systems[name]("PUT", "/_shapan/changes/c4", json=plan_).status_code == 200
    kill(sandbox, systems, "control", eventually)
    assert "A1" in codes(systems, headers)
    for name in SIMULATORS:
        assert systems[name]("POST", "/_shapan/changes/c4/finish").status_code == 404
