"""Scenarios, jobs and results to verify with, without a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapan.scenario import Exchange, Failure, Scenario, ScenarioResult, StepResult, Text
from shapan.scenario.model import Script, Step, Workflow

MakeScenario = Callable[..., Scenario]
MakeResult = Callable[..., ScenarioResult]


@pytest.fixture
def scenario() -> MakeScenario:
    """scenario("name", isolation="own", restarts=True, …): a script without steps, or with one that restarts the integration."""

    def make(name: str, *, restarts: bool = False, **members: Any) -> Scenario:
        step = Step("s1", Text("Step", "步骤"), restart=restarts)
        script = Script(Path(f"{name}.arazzo.yaml"), {}, {}, {"main": "main"})
        return Scenario(
            **{
                "name": name, "file": Path(f"{name}.arazzo.yaml"), "title": Text(f"Title of {name}", f"{name} 的标题"),
                "requirements": ("P6",), "world": None, "size": None, "seed": None, "deadline_seconds": 60.0,
                "contracts": {}, "workflows": {"main": Workflow("main", "main", script, {}, (), (step,), {})},
                "main": ("main",), **members,
            }
        )  # fmt: skip

    return make


@pytest.fixture
def result() -> MakeResult:
    """result("name", reason=…, evil=…): passed, or failed at step s2 with `reason`; `evil` stands wherever scripts and systems have a say."""

    def make(
        name: str, *, reason: str | None = None, evil: str = "plain", seconds: float = 1.5, **members: Any
    ) -> ScenarioResult:
        failure = None
        if reason is not None:
            failure = Failure("finance", evil, f"$x == {evil}", evil, Text(f"en {reason}", f"中 {reason}"))
        url = f"http://x.test/{evil}"
        asked = Exchange("s1", "crm", "createOrder", "POST", url, {"A": evil}, evil, 201, {}, evil, None, 0.2, 0.012)
        seen = Exchange("s2", "finance", "listReceivables", "GET", url, {}, "", 200, {"B": evil}, "{}", None, 1.0, 0.02)
        last = "passed" if failure is None else "failed"
        steps = (
            StepResult("main", "s1", Text("Order", "下单"), "crm", "createOrder", "passed", 1, 0.2, None, {"id": evil}),
            StepResult("main", "s2", Text(f"Wait {evil}", "等待"), "finance", "listReceivables", last, 7, 1.2, failure),
        )
        return ScenarioResult(
            **{
                "name": name, "title": Text("Title", "标题"), "requirements": ("P6",), "verdict": last,
                "seconds": seconds, "started": "2026-11-24T10:00:00+00:00", "step": "s2" if failure else None,
                "failure": failure, "steps": steps, "exchanges": (asked, seen), "outputs": {"order": "ORD-1"}, **members,
            }
        )  # fmt: skip

    return make
