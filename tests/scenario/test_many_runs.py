"""Workflows that a step calls many times, restarts of the integration, and where a failure stands in its file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shapan.scenario import Environment, RestartFailed, Scenario, StepEvent, Text, load_scenarios, run_scenario

if TYPE_CHECKING:
    from conftest import Shop

OK = {"condition": "$statusCode == 200"}
PING = {"stepId": "ping", "operationId": "ping", "successCriteria": [OK]}
CREATE = {
    "stepId": "create",
    "operationId": "createOrder",
    "requestBody": {"payload": {"customer": "$inputs.run"}},
    "outputs": {"id": "$response.body#/id"},
}
BUY = {
    "workflowId": "buy",
    "x-shapan": {"generate": {"run": "run-id"}},
    "inputs": {"type": "object", "properties": {"run": {"type": "string"}}},
    "steps": [CREATE],
    "outputs": {"id": "$steps.create.outputs.id"},
}


def many(times: int, **members: Any) -> dict[str, Any]:
    says = {"times": times, **members}
    return {"stepId": "many", "workflowId": "buy", "outputs": {"ids": "$outputs.id"}, "x-shapan": says}


def test_each_run_has_its_own_inputs_and_the_outputs_are_lists(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("POST /orders", (201, {"id": "a"}), (201, {"id": "b"}), (201, {"id": "c"}))
    events: list[StepEvent] = []
    after = {"stepId": "after", "operationId": "createOrder", "requestBody": {"payload": {"customer": "$steps.many.outputs.ids#/1"}}}  # fmt: skip
    scenario = script(many(3), after, others=[BUY], workflow={"outputs": {"ids": "$steps.many.outputs.ids"}})
    result = run_scenario(scenario, environment, on_step=events.append)
    assert result.passed, result.reason
    assert result.outputs == {"ids": ["a", "b", "c"]}
    customers = [body["customer"] for body in shop.bodies()]
    assert len(set(customers[:3])) == 3
    assert customers[3] == "b"
    assert [step.run for step in result.steps] == [1, 2, 3, None, None]
    assert {event.run for event in events if event.step == "create"} == {1, 2, 3}


def test_runs_at_once_are_under_way_together(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    together = threading.Barrier(5, timeout=30)

    def answer(request: httpx.Request) -> httpx.Response:
        together.wait()
        return httpx.Response(201, json={"id": "x"})

    shop.on("POST /orders", answer)
    result = run_scenario(script(many(5, at_once=True), others=[BUY]), environment)
    assert result.passed, result.reason
    assert shop.tokens == 1


def test_the_first_failure_is_told_with_how_many_there_are(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("POST /orders", (201, {"id": "a"}), (422, {"detail": "no"}), (422, {"detail": "no"}))
    result = run_scenario(script(many(3), others=[BUY]), environment)
    assert (result.verdict, result.step) == ("failed", "many")
    assert result.reason is not None
    assert result.reason.en.startswith("2 of 3 runs failed; in run 2: shop: createOrder should have")
    assert result.reason.zh.startswith("3 次运行中有 2 次失败；第 2 次：")


RESTART = {**PING, "x-shapan": {"integration": "restart"}}
OWN = {"x-shapan": {"isolation": "own"}}


def test_the_integration_is_restarted_before_the_step(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("GET /ping", (200, None))
    seen: list[int] = []
    hook = replace(environment, restart_integration=lambda: seen.append(len(shop.routes())))
    assert run_scenario(script({**PING, "stepId": "first"}, RESTART, **OWN), hook).passed
    assert seen == [1]


def test_where_nobody_can_restart_it_the_scenario_is_skipped(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    result = run_scenario(script(RESTART, **OWN), environment)
    assert (result.verdict, result.passed, result.skipped) == ("skipped", False, True)
    assert result.reason is not None
    assert "nobody here can do that" in result.reason.en
    assert "无法执行" in result.reason.zh
    assert shop.requests == []


def test_an_integration_that_does_not_come_up_fails_the_scenario(
    script: Callable[..., Scenario], environment: Environment
) -> None:
    def broken() -> None:
        raise RestartFailed(Text("It does not start.", "无法启动。"))

    rescue = {"name": "rescue", "type": "goto", "stepId": "late"}
    scenario = script({**RESTART, "onFailure": [rescue]}, {**PING, "stepId": "late"}, **OWN)
    result = run_scenario(scenario, replace(environment, restart_integration=broken))
    assert (result.verdict, result.step) == ("failed", "ping")
    assert result.reason == Text("It does not start.", "无法启动。")


@pytest.mark.parametrize(("answer", "line"), [((503, None), "- condition: $statusCode == 200"), ((200, None), "- condition: $url == 'x'")])  # fmt: skip
def test_a_failure_names_the_line_of_the_criterion(
    write_script: Callable[..., Path], environment: Environment, shop: Shop, answer: Any, line: str
) -> None:
    shop.on("GET /ping", answer)
    file = write_script({**PING, "successCriteria": [OK, {"condition": "$url == 'x'"}]})
    (scenario,) = load_scenarios([file])
    result = run_scenario(scenario, environment)
    assert result.line is not None
    assert file.read_text(encoding="utf-8").splitlines()[result.line - 1].strip() == line
    assert result.place == f"{file}:{result.line}"


def test_a_failure_without_criteria_names_the_line_of_the_step(
    write_script: Callable[..., Path], environment: Environment, shop: Shop
) -> None:
    shop.on("GET /ping", httpx.ConnectError("refused"))
    file = write_script(PING)
    (scenario,) = load_scenarios([file])
    result = run_scenario(scenario, environment)
    assert result.line is not None
    assert file.read_text(encoding="utf-8").splitlines()[result.line - 1].strip() == "- stepId: ping"
