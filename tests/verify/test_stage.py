"""The stage in a sandbox of threads: who shares what, worlds beside the sandbox's own, and that nothing is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shapan.sandbox.clients import integration_client
from shapan.sandbox.options import plan
from shapan.sandbox.remote import RunningSandbox
from shapan.sandbox.threads import ThreadSandbox
from shapan.verify import Stage, Wish, World, make_plan
from shapan.verify.journal import Reader
from shapan.verify.running import GONE_SECONDS, _Gone, _hopeless

HERE = World("trading", "tiny", 42)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with ThreadSandbox(plan(size="tiny", port=None)) as served:
        running = RunningSandbox(served.options.urls, served.options.client)
        yield running
        running.close()


class Started:
    """What a stage has started: an integration that does nothing."""

    every: list[Started]

    def __init__(self, command, urls, client, broker, extra):
        self.command, self.urls, self.client, self.extra, self.running = command, urls, client, extra, None

    def __enter__(self):
        self.running = True
        self.every.append(self)
        return self

    def __exit__(self, *_):
        self.running = False


@pytest.fixture
def stage(sandbox: RunningSandbox) -> Iterator[Stage]:
    Started.every = []
    running = dict(sandbox.urls), sandbox.client
    with Stage(["run"], HERE, running=running, make_integration=Started) as made:
        yield made
    assert not [one for one in Started.every if one.running]
    assert [one["name"] for one in sandbox.control.call("GET", "/workspaces")["items"]] == ["default"]


def test_shared_ones_have_one_place_and_own_ones_each_their_own(stage, sandbox, scenario):
    jobs = make_plan(
        [
            scenario("a"),
            scenario("b"),
            scenario("c", isolation="own", environment={"EXTRA": "1"}),
            scenario("d", isolation="own", needs_integration=False),
        ],
        Wish(size="tiny"),
    ).jobs
    a, b, c, d = jobs
    stage.expect(jobs)
    with stage.place(a) as first, stage.place(b) as second, stage.place(c) as own, stage.place(d) as quiet:
        assert first is second
        assert (first.workspace, first.urls) == ("default", sandbox.urls)
        assert len({first.workspace, own.workspace, quiet.workspace}) == 3
        assert own.urls == {name: f"{url}/ws/{own.workspace}" for name, url in sandbox.urls.items()}
        assert quiet.integration is None
        assert [one.extra for one in Started.every] == [{}, {"EXTRA": "1"}]
        assert {one["name"] for one in sandbox.control.call("GET", "/workspaces")["items"]} == {
            "default", own.workspace, quiet.workspace,
        }  # fmt: skip
    assert [one.running for one in Started.every] == [True, False]
    # The shared one ends with the last who could need it.
    stage.leave(a)
    assert Started.every[0].running
    stage.leave(b)
    assert not Started.every[0].running


def test_other_worlds_are_beside_the_sandbox_s_own(stage, sandbox, scenario):
    several = [scenario("a", seed=7), scenario("b", seed=7, isolation="own"), scenario("c", seed=7, isolation="own")]
    jobs = make_plan(several, Wish(size="tiny")).jobs
    stage.expect(jobs)
    names = []
    for job in jobs:
        with stage.place(job) as place:
            names.append(place.workspace)
            worlds = {
                system["health"]["world"]["seed"]
                for system in sandbox.control.call("GET", "/systems", place.workspace)["items"]
            }
            assert worlds == {7}
    assert len({*names}) == 3
    assert "default" not in names
    assert [Started.every[n].running for n in range(3)] == [True, False, False]


def test_a_defect_goes_to_the_integration_s_command(stage, scenario):
    from dataclasses import replace

    [job] = make_plan([scenario("a", isolation="own")], Wish(size="tiny")).jobs
    with stage.place(replace(job, defect="stale-credit")) as place:
        assert place.integration.command == ["run", "--defect", "stale-credit"]


def test_the_journal_is_read_on_from_where_it_was(sandbox):
    with sandbox.new_workspace() as workspace:
        workspace.crm.get("/customers")
        reader = Reader(sandbox.control, workspace.name)
        assert reader.entries() == []
        workspace.crm.get("/products", params={"limit": 1})
        client = integration_client(sandbox.client).client_id
        workspace.http("scm", client_id=client).get("/partners/KH99999")
        found = [(one.system, one.operation, one.client, one.status) for one in reader.entries()]
        assert [one for one in found if one[1] != "issueToken"] == [
            ("crm", "listProducts", "shapan", 200),
            ("scm", "getPartner", "integration", 404),
        ]
        assert len(reader.entries()) == len(found)


def test_everything_is_ended_although_an_integration_does_not_end_in_order(sandbox, scenario):
    class Stubborn(Started):
        def __exit__(self, *_):
            super().__exit__()
            raise KeyboardInterrupt

    Started.every = []
    over = []
    with (
        pytest.raises(KeyboardInterrupt),
        Stage(["run"], HERE, running=(dict(sandbox.urls), sandbox.client), make_integration=Stubborn) as stage,
    ):
        stage._stack.callback(over.append, "sandbox")
        for job in make_plan([scenario("a"), scenario("b", seed=7)], Wish(size="tiny")).jobs:
            stage._join(job)
    assert [one.running for one in Started.every] == [False, False]
    assert over == ["sandbox"]


class Ended:
    """An integration that has ended, or not."""

    def __init__(self):
        self.is_gone = False

    def gone(self):
        return self.is_gone

    def exit_code(self):
        return 0


def test_nobody_waits_long_for_an_integration_that_is_gone(monkeypatch):
    import time

    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    integration = Ended()
    gone = _Gone(integration)
    assert _hopeless(gone, 60) is None
    integration.is_gone = True
    assert _hopeless(gone, 60) is None
    now += GONE_SECONDS
    assert _hopeless(gone, GONE_SECONDS - 1) is None
    told = _hopeless(gone, GONE_SECONDS)
    assert told is not None
    assert "exit code 0" in told.en
    # It has been started again.
    integration.is_gone = False
    assert _hopeless(gone, 60) is None
