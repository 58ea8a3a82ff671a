"""Jobs at the same time, in order, stopped, broken: with a stage that only writes down what is asked of it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager

import pytest

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError
from shapan.verify import Place, Verification, make_plan
from shapan.verify.report import as_html, as_junit

URLS = {"crm": "http://crm.test", "control": "http://control.test"}


class Stage:
    """Places without a sandbox."""

    def __init__(self, integration=None):
        self.integration = integration
        self.log = []
        self.now, self.most = 0, 0
        self._lock = threading.Lock()

    def expect(self, jobs):
        self.log += [("expect", job.scenario.name) for job in jobs]

    @contextmanager
    def place(self, job):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield Place(f"ws-{job.scenario.name}", URLS, Client("shapan", "s"), self.integration)
        finally:
            with self._lock:
                self.now -= 1
            self.log.append(("over", job.scenario.name))

    def leave(self, job):
        self.log.append(("leave", job.scenario.name))


class Listener:
    def __init__(self):
        self.told = []

    def began(self, job):
        self.told.append(("began", job.scenario.name))

    def stepped(self, job, event):
        self.told.append(("stepped", job.scenario.name, event))

    def ended(self, outcome):
        self.told.append((outcome.verdict, outcome.name))


def test_results_stand_in_the_order_of_the_catalogue_and_n_run_at_a_time(scenario, result):
    names = [f"s{n}" for n in range(6)]
    two = threading.Barrier(2)

    def judge(one, environment, on_step):
        # Passes only when another is under way at the same time.
        two.wait(20)
        on_step("a step")
        assert environment.base_urls == URLS
        assert (environment.client_id, environment.client_secret) == ("shapan", "s")
        return result(one.name, reason="bad" if one.name == "s3" else None)

    stage, listener = Stage(), Listener()
    plan = make_plan([scenario(name) for name in names] + [scenario("not", profiles=("machines",))])
    report = Verification(plan, stage, jobs=2, listener=listener, judge=judge).run()
    assert [outcome.name for outcome in report.outcomes] == [*names, "not"]
    assert [outcome.verdict for outcome in report.outcomes] == ["passed"] * 3 + ["failed"] + ["passed"] * 2 + [
        "skipped"
    ]
    assert (report.count("passed"), report.count("failed"), report.count("skipped")) == (5, 1, 1)
    assert report.outcomes[3].reason.en == "en bad"
    assert report.outcomes[0].workspace == "ws-s0"
    assert (report.ok, report.complete, stage.most) == (False, True, 2)
    assert Counter(kind for kind, _ in stage.log) == {"expect": 6, "over": 6, "leave": 6}
    assert Counter(told[0] for told in listener.told) == {
        "began": 6, "stepped": 6, "passed": 5, "failed": 1, "skipped": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "ok"),
    [
        (["passed"], True),
        (["passed", "skipped"], True),
        (["skipped"], False),
        ([], False),
        (["passed", "failed"], False),
    ],
)
def test_all_must_pass_and_something_must_be_run(scenario, result, verdicts, ok):
    some = [scenario(v, profiles=("machines",) if v == "skipped" else ()) for v in verdicts]

    def judge(one, environment, on_step):
        return result(one.name, reason="bad" if one.name == "failed" else None)

    assert Verification(make_plan(some), Stage(), judge=judge).run().ok is ok


def test_what_cannot_be_run_ends_the_whole_run(scenario, result):
    class Broken(Stage):
        @contextmanager
        def place(self, job):
            raise SandboxError("It cannot be started.", "无法启动。")
            yield

    stage = Broken()
    verification = Verification(
        make_plan([scenario(f"s{n}") for n in range(4)]), stage, jobs=1, judge=lambda *_, **__: result("x")
    )
    with pytest.raises(SandboxError, match="cannot be started"):
        verification.run()
    report = verification.report()
    assert (report.outcomes, report.complete, report.ok) == ((), False, False)


def test_a_run_that_is_stopped_gives_no_verdict_on_what_was_under_way(scenario, result):
    done = threading.Event()

    class Stopping(Listener):
        def ended(self, outcome):
            super().ended(outcome)
            done.set()

    def judge(one, environment, on_step):
        if one.name == "first":
            return result(one.name)
        done.wait(20)
        if one.name == "breaks":
            raise KeyboardInterrupt
        # Waits for a document for an hour, unless somebody stops the run.
        environment.sleep(3600)
        return result(one.name)

    plan = make_plan([scenario("first"), scenario("waits"), scenario("breaks")])
    verification = Verification(plan, Stage(), jobs=3, listener=Stopping(), judge=judge)
    with pytest.raises(KeyboardInterrupt):
        verification.run()
    report = verification.report()
    assert [outcome.name for outcome in report.outcomes] == ["first"]
    assert (report.complete, report.ok) == (False, False)


class Dead:
    """An integration that has ended."""

    def __init__(self, code):
        self.code = code

    def tail(self):
        return "its last words"

    def exit_code(self):
        return self.code


def test_what_the_runner_skips_is_neither_failed_nor_passed(scenario, result):
    from shapan.scenario import Text

    def judge(one, environment, on_step):
        why = Text("Nobody can restart it.", "无法重启。")
        return result(one.name, verdict="skipped", why_skipped=why, steps=(), exchanges=())

    report = Verification(make_plan([scenario("restarts")]), Stage(), judge=judge).run()
    assert [(one.verdict, one.reason.en) for one in report.outcomes] == [("skipped", "Nobody can restart it.")]
    assert report.ok is False
    assert as_html(report.as_dict())
    assert b"<skipped" in as_junit(report.as_dict())


def test_a_run_that_is_stopped_begins_no_further_step(scenario, result):
    broken = threading.Event()

    def judge(one, environment, on_step):
        if one.name == "breaks":
            broken.set()
            raise KeyboardInterrupt
        broken.wait(20)
        for _ in range(1_000_000):
            on_step("a step that waits for nothing")
        return result(one.name)

    listener = Listener()
    plan = make_plan([scenario("goes-on"), scenario("breaks")])
    with pytest.raises(KeyboardInterrupt):
        Verification(plan, Stage(), jobs=2, listener=listener, judge=judge).run()
    assert len(listener.told) < 1_000_000


def test_an_integration_that_ended_by_itself_is_told(scenario, result):
    def judge(one, environment, on_step):
        return result(one.name, reason=None if one.name == "needs-none" else "missing")

    plan = make_plan([scenario("needs-none", needs_integration=False), scenario("needs-one")])
    report = Verification(plan, Stage(Dead(3)), jobs=1, judge=judge).run()
    assert report.ended == (3, "its last words")
    assert [outcome.log for outcome in report.outcomes] == ["", "its last words"]
    assert [outcome.exit_code for outcome in report.outcomes] == [None, 3]
    told = report.as_dict()
    assert told["integration_ended"] == {"exit_code": 3, "log": "its last words"}
    assert [one["verdict"] for one in told["scenarios"]] == ["passed", "failed"]
    assert told["scenarios"][1]["reason"] == {"en": "en missing", "zh": "中 missing"}
