"""Scheduled work: in order, each thing once, whether time passes or is advanced, over restarts; what fails is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapan.kernel.clock_step import step_target
from shapan.kernel.runtime import Runtime, Settings

pytestmark = pytest.mark.in_process

DAY = "2099-11-24T"
NAMES = {400: "validation-failed", 422: "business-rule"}


def events(household):
    return household.http.get("/_shapan/events").json()["events"]


def test_an_advance_does_what_is_due_in_between_in_order_and_says_so(household):
    late, early = household.chore("2099-12-02T10:00:01"), household.chore("2099-11-30T08:30:01")
    beyond = household.chore("2100-01-01T00:00:01")
    answer = household.change(advance_seconds=30 * 86400)
    assert answer["now"] == "2099-12-24T09:00:00.000+08:00"
    assert [(each["at"], each["work"], each["detail"]) for each in answer["done"]] == [
        ("2099-11-30T08:30:01.000+08:00", "chores.do", {"chores": [early]}),
        ("2099-12-02T10:00:01.000+08:00", "chores.do", {"chores": [late]}),
    ]
    assert answer["done"][0]["zh"] == "1 项。"
    assert answer["next_due"] == {
        "at": "2100-01-01T00:00:01.000+08:00",
        "work": "chores.do",
        "en": "Chores are done",
        "zh": "执行杂务",
    }
    # The events bear the time at which it was due.
    assert [e["event"]["time"] for e in events(household)[-2:]] == [each["at"] for each in answer["done"]]
    assert household.done() == answer["done"]
    sealed = household.api.with_scopes("memos:read").get("/memos?sealed=true").json()["items"]
    assert {memo["id"] for memo in sealed} == {early, late}
    assert beyond not in {memo["id"] for memo in sealed}


def test_what_is_due_at_the_target_itself_is_done_and_only_once(household):
    household.chore(DAY + "10:00:01")
    assert len(household.change(advance_to=DAY + "10:00:01+08:00")["done"]) == 1
    assert household.change(advance_to=DAY + "10:00:01+08:00")["done"] == []
    assert household.change(advance_seconds=86400)["done"] == []


def test_work_of_one_instant_is_done_in_the_order_of_its_declaration(household):
    household.chore(DAY + "10:00:30")
    answer = household.change(advance_seconds=7200)
    assert [each["work"] for each in answer["done"]] == ["chores.do", "chores.look"]


def test_work_that_finds_nothing_to_do_is_not_told(household):
    household.chore(DAY + "10:00:00")
    assert household.change(advance_seconds=7200)["done"] == []


def test_work_that_fails_is_told_changes_nothing_and_holds_up_nothing(household):
    bad, good = household.chore(DAY + "10:00:13"), household.chore(DAY + "10:00:14")
    before = len(events(household))
    first, second = household.change(advance_seconds=7200)["done"]
    assert first["detail"] == {"failed": True}
    assert "RuntimeError" in first["en"]
    assert second["detail"] == {"chores": [good]}
    assert [e["event"]["data"]["id"] for e in events(household)[before:]] == [good]
    memos = {memo["id"]: memo for memo in household.api.with_scopes("memos:read").get("/memos").json()["items"]}
    assert not memos[bad]["sealed"]
    assert household.change(advance_seconds=7200)["done"] == []


def test_while_time_passes_work_is_done_by_itself(household, eventually):
    household.chore(DAY + "10:00:01")
    household.chore(DAY + "11:00:01")
    household.change(frozen=False, rate=36_000)
    assert eventually(lambda: len(household.done()) == 2)
    assert household.times() == [DAY + "10:00:01", DAY + "11:00:01"]


def test_what_is_written_while_the_clock_runs_is_not_missed(household, eventually):
    household.change(frozen=False, rate=3600)
    household.chore("2099-11-24T12:00:01")
    assert eventually(household.done)
    assert household.times() == ["2099-11-24T12:00:01"]


def test_a_clock_that_is_moved_by_other_ways_is_followed(household, eventually):
    household.chore(DAY + "10:00:01")
    household.runtime.workspace("default").clock.advance(timedelta(hours=5))
    assert eventually(household.done)
    assert household.times() == [DAY + "10:00:01"]
    # The documents of the work are of its hour, also when it comes late.
    assert events(household)[-1]["event"]["time"] == DAY + "10:00:01.000+08:00"


def test_what_fell_due_while_nobody_served_is_done_at_the_start(household, eventually):
    household.chore(DAY + "10:00:01")
    household.change(rate=100)
    household.runtime.stop()
    again = Runtime(household.runtime.system, household.runtime.settings)
    try:
        again.workspace("default").change_clock(lambda clock: clock.advance(timedelta(hours=5)))
        assert again.workspace("default").clock.rate == 100
        again.start()
        done = eventually(lambda: again.schedule.latest(again.workspace("default"), 10))
        assert [each["at"] for each in done] == [DAY + "10:00:01.000+08:00"]
    finally:
        again.stop()


def test_a_reset_begins_anew(household):
    household.chore(DAY + "10:00:01")
    household.change(advance_seconds=7200)
    assert household.http.post("/_shapan/reset").status_code == 200
    clock = household.http.get("/_shapan/clock").json()
    assert (clock["frozen"], clock["rate"], clock["next_due"]) == (False, 1, None)
    assert clock["now"] < "2099"
    assert household.done() == []


def test_every_workspace_has_its_own(household):
    assert household.http.put("/_shapan/workspaces/two").status_code == 200
    household.chore(DAY + "10:00:01")
    household.change(advance_seconds=7200)
    assert household.http.get("/ws/two/_shapan/schedule").json() == {"next": [], "done": []}
    assert household.http.get("/ws/two/_shapan/clock").json()["now"] < household.change(rate=2)["now"]


def test_a_workspace_that_is_held_does_its_work_afterwards(household, eventually):
    household.chore(DAY + "10:00:01")
    workspace = household.runtime.workspace("default")
    holder = workspace.gate.hold(60, 5)
    assert holder is not None
    workspace.clock.advance(timedelta(hours=5))
    assert household.done() == []
    assert workspace.gate.release(holder)
    assert eventually(household.done)
    assert household.times() == [DAY + "10:00:01"]


def test_a_long_advance_holds_up_no_other_workspace(household, eventually):
    assert household.http.put("/_shapan/workspaces/two").status_code == 200
    two = household.runtime.workspace("two")
    with two.database.write() as db:
        db.execute("INSERT INTO memo (text, sealed) VALUES ('2099-11-24T10:00:01', 0)")
    household.chore(DAY + "09:00:01")
    with household.runtime.schedule._turn("default"):
        household.runtime.workspace("default").clock.advance(timedelta(hours=1))
        two.clock.advance_to(datetime.fromisoformat(DAY + "12:00:00+08:00"))
        assert eventually(lambda: household.http.get("/ws/two/_shapan/schedule").json()["done"])
        assert household.done() == []
    household.change(advance_seconds=1)
    assert household.times() == [DAY + "09:00:01"]


@pytest.mark.parametrize(
    ("change", "status", "pointers"),
    [
        ({"advance_to": "2099-11-24T08:59:59+08:00", "rate": 5}, 422, ["/advance_to"]),
        ({"advance_to": "2201-01-01T00:00:00+08:00"}, 422, ["/advance_to"]),
        ({"advance_to": "9999-12-31T23:59:60Z"}, 422, ["/advance_to"]),
        ({"advance_to": "2201-01-01T00:00:00Z", "advance_seconds": 1}, 422, ["/advance_seconds", "/advance_to"]),
        ({"rate": 0}, 400, ["/rate"]),
        ({"rate": 100_001}, 400, ["/rate"]),
        ({"rate": 2, "advance_seconds": -1}, 400, ["/advance_seconds"]),
        ({}, 400, [""]),
    ],
)
def test_a_change_that_cannot_be_is_refused_whole(household, refusal, change, status, pointers):
    household.chore(DAY + "10:00:01")
    before = household.http.get("/_shapan/clock").json()
    assert refusal(household.http.post("/_shapan/clock", json=change), status, NAMES[status]) == pointers
    assert household.http.get("/_shapan/clock").json() == before
    assert household.done() == []


def test_a_target_that_the_clock_passes_meanwhile_is_no_fault(household, monkeypatch):
    def late(body, now):
        # As a fast clock does between the look and the step.
        household.runtime.workspace("default").clock.advance(timedelta(hours=1))
        return step_target(body, now)

    monkeypatch.setattr("shapan.kernel.operator.clock.step_target", late)
    answer = household.change(advance_to="2099-11-24T09:30:00+08:00")
    assert answer["now"] == DAY + "10:00:00.000+08:00"


def test_beyond_the_target_already_is_no_fault_where_it_is_said(household):
    answer = household.change(advance_to="2099-11-24T08:00:00+08:00", or_later=True)
    assert answer["now"] == DAY + "09:00:00.000+08:00"
    assert answer["done"] == []


SECONDS = st.lists(st.integers(1, 3000), min_size=1, max_size=12, unique=True)
STEPS = st.lists(st.integers(0, 900), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chores_at=SECONDS, steps=STEPS)
def test_however_the_clock_gets_there_the_same_is_done_in_the_same_order(chores, tmp_path_factory, chores_at, steps):
    begin = datetime(2099, 11, 24, 1, tzinfo=chores.SHANGHAI)
    with_one, with_many = (
        _played(chores, tmp_path_factory.mktemp("way"), begin, chores_at, way) for way in ([], steps)
    )
    assert with_one == with_many
    at = [datetime.fromisoformat(each["at"]) for each in with_many]
    assert at == sorted(at)
    expected = sorted(second for second in chores_at if not _text(begin, second).endswith((":00:00", ":13")))
    assert [
        (each - begin).total_seconds()
        for each, done in zip(at, with_many, strict=True)
        if done["work"] == "chores.do" and "failed" not in done["detail"]
    ] == expected


def _text(begin: datetime, second: int) -> str:
    return (begin + timedelta(seconds=second)).replace(tzinfo=None).isoformat()


def _played(chores, folder, begin, chores_at, steps):
    """What is done when the clock goes to an hour later by these steps."""
    runtime = Runtime(chores.chores(), Settings(folder))
    try:
        workspace = runtime.workspace("default")
        runtime.schedule.advance(workspace, begin)
        workspace.clock.freeze()
        workspace.clock.advance_to(begin, or_later=True)
        begin = workspace.clock.now()
        with workspace.database.write() as db:
            db.executemany(
                "INSERT INTO memo (text, sealed) VALUES (?, 0)",
                [(_text(datetime(2099, 11, 24, 1), second),) for second in chores_at],
            )
        done = []
        for step in steps:
            to = min(workspace.clock.now() + timedelta(seconds=step), begin + timedelta(hours=1))
            done += runtime.schedule.advance(workspace, to, or_later=True)
        return done + runtime.schedule.advance(workspace, begin + timedelta(hours=1), or_later=True)
    finally:
        runtime.stop()
