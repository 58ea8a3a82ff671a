"""How a scenario runs: steps, what follows them, waiting, the deadline, and the reason when it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shapan.kernel.uscc import check as credit_code_is_right
from shapan.scenario import Environment, Scenario, ScenarioResult, StepEvent, Text, run_scenario

if TYPE_CHECKING:
    from conftest import FakeTime, Shop

Run = Callable[..., ScenarioResult]
OK = {"condition": "$statusCode == 200"}


def ping(step: str = "ping", **members: Any) -> dict[str, Any]:
    return {"stepId": step, "operationId": "ping", "successCriteria": [OK], **members}


def read(step: str = "read", order: Any = "7", **members: Any) -> dict[str, Any]:
    parameters = [{"name": "order_id", "in": "path", "value": order}]
    return {"stepId": step, "operationId": "getOrder", "parameters": parameters, "successCriteria": [OK], **members}


def create(payload: Any, step: str = "create", **members: Any) -> dict[str, Any]:
    return {"stepId": step, "operationId": "createOrder", "requestBody": {"payload": payload}, **members}


def wait(limit: int | None = None, after: float = 1, **members: Any) -> dict[str, Any]:
    limits = {} if limit is None else {"retryLimit": limit}
    return {"name": "wait", "type": "retry", "retryAfter": after, **limits, **members}


def open_order(**members: Any) -> dict[str, Any]:
    return {"id": "7", "state": "open", "gross": "10.00", **members}


def test_values_flow_from_inputs_and_answers_into_requests_and_outputs(run: Run, shop: Shop) -> None:
    shop.on("POST /orders", (201, open_order())).on("GET /orders/7", (200, open_order(state="done")))
    result = run(
        create({"customer": "客户 {$inputs.n}", "lines": [{"quantity": "$inputs.n"}]}, outputs={"id": "$response.body#/id", "all": "$response.body"}),
        read(order="$steps.create.outputs.id", outputs={"state": "$response.body#/state"}),
        workflow={
            "inputs": {"type": "object", "properties": {"n": {"type": "integer", "default": 3}}},
            "outputs": {"state": "$steps.read.outputs.state", "gross": "$steps.create.outputs.all#/gross"},
        },
    )  # fmt: skip
    assert result.passed, result.reason
    assert shop.routes() == ["POST /orders", "GET /orders/7"]
    assert shop.bodies() == [{"customer": "客户 3", "lines": [{"quantity": 3}]}]
    assert result.outputs == {"state": "done", "gross": "10.00"}
    assert result.inputs == {"n": 3}
    assert [(s.step, s.verdict, s.attempts) for s in result.steps] == [("create", "passed", 1), ("read", "passed", 1)]


def test_given_inputs_override_defaults_and_are_checked(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/9", (200, open_order()))
    inputs = {
        "inputs": {"type": "object", "properties": {"id": {"type": "string", "pattern": "^[0-9]+$", "default": "7"}}}
    }
    assert run(read(order="$inputs.id"), workflow=inputs, inputs={"id": "9"}).passed
    bad = run(read(order="$inputs.id"), workflow=inputs, inputs={"id": "x"})
    assert not bad.passed
    assert bad.reason is not None
    assert '/id "x" does not match' in bad.reason.en


def test_generated_inputs_are_new_in_each_run_and_shared_within_one(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("POST /orders", (201, open_order()))
    properties = {
        "run": {"type": "string", "default": "X", "x-shapan-generate": "run-id"},
        "code": {"type": "string", "x-shapan-generate": "credit-code"},
    }
    inputs = {"inputs": {"type": "object", "properties": properties}}
    first = {"workflowId": "first", "steps": [create({"customer": "$inputs.run"})], **inputs}
    scenario = script(create({"customer": "$inputs.run"}), workflow={**inputs, "dependsOn": ["first"]}, others=[first])
    results = [run_scenario(scenario, environment) for _ in range(2)]
    runs = [body["customer"] for body in shop.bodies()]
    assert runs[0] == runs[1] != runs[2] == runs[3]
    assert all(re.fullmatch("[0-9A-HJ-NPQRTUWXY]{6}", run) for run in runs)
    assert all(credit_code_is_right(result.inputs["code"]) for result in results)


def test_a_step_without_criteria_needs_a_2xx(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", (500, {"detail": "out of order"}))
    result = run({"stepId": "ping", "operationId": "ping"})
    assert result.verdict == "failed"
    assert result.reason is not None
    assert result.reason.en == "shop: ping should have a 2xx status, but $statusCode = 500: out of order"


def test_the_reason_names_what_was_expected_and_found_and_the_faults_that_the_system_listed(
    run: Run, shop: Shop
) -> None:
    faults = [{"pointer": f"/lines/{n}/quantity", "detail": f"fault {n}"} for n in range(4)]
    shop.on("POST /orders", (422, {"detail": "A rule refuses it.", "errors": faults}))
    result = run(create({"customer": "C"}, successCriteria=[{"condition": "$statusCode == 201"}]))
    assert result.step == "create"
    assert result.failure is not None
    assert result.failure.expected == "$statusCode == 201"
    assert result.failure.found == "$statusCode = 422"
    assert result.failure.reason.en == (
        "shop: createOrder should have $statusCode == 201, but $statusCode = 422: "
        "A rule refuses it. [/lines/0/quantity fault 0; /lines/1/quantity fault 1; /lines/2/quantity fault 2 … (4 faults)]"
    )
    assert result.failure.reason.zh.startswith("shop：createOrder 期望 $statusCode == 201，实际 $statusCode = 422：")


def test_the_script_says_it_in_its_own_words_when_the_status_was_right(run: Run, shop: Shop) -> None:
    step = read(
        order="$inputs.no",
        successCriteria=[OK, {"condition": "$response.body#/state == 'done'"}],
        **{
            "x-shapan": {
                "document": "{$inputs.no}",
                "failure": {"en": "Order {$inputs.no} is not done.", "zh": "订单 {$inputs.no} 未完成。"},
            }
        },
    )
    inputs = {"inputs": {"properties": {"no": {"default": "7"}}}}
    shop.on("GET /orders/7", (200, open_order()))
    result = run(step, workflow=inputs)
    assert result.failure is not None
    assert result.failure.document == "7"
    assert result.failure.system == "shop"
    assert result.reason is not None
    assert (
        result.reason.en
        == "Order 7 is not done (expected $response.body#/state == 'done'; found $response.body#/state = 'open')."
    )
    assert (
        result.reason.zh
        == "订单 7 未完成（期望 $response.body#/state == 'done'；实际 $response.body#/state = 'open'）。"
    )
    shop.on("GET /orders/7", (503, {"detail": "busy"}))
    other = run(step, workflow=inputs)
    assert other.reason is not None
    assert other.reason.en == "shop: getOrder for 7 should have $statusCode == 200, but $statusCode = 503: busy"


@pytest.mark.parametrize(
    ("total", "says"), [(0, "there is none"), (2, "there are 2"), (1, "shop: listOrders should have")]
)
def test_the_first_text_whose_condition_holds_is_taken(run: Run, shop: Shop, total: int, says: str) -> None:
    shop.on("GET /orders", (200, {"total": total, "items": []}))
    texts = [
        {"when": "$response.body#/total == 0", "en": "there is none", "zh": "没有"},
        {"when": "$response.body#/total > 1", "en": "there are {$response.body#/total}", "zh": "有多张"},
    ]
    result = run({"stepId": "list", "operationId": "listOrders", "successCriteria": [{"condition": "$response.body#/items/0/id == 7"}], "x-shapan": {"failure": texts}})  # fmt: skip
    assert result.reason is not None
    assert result.reason.en.startswith(says)


def test_a_step_is_retried_once_unless_told_otherwise(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /ping", (503, None), (503, None), (200, None))
    assert not run(ping(onFailure=[wait()])).passed
    assert time.naps == [1.0]
    assert shop.routes() == ["GET /ping"] * 2


def test_a_step_is_retried_until_it_succeeds_or_its_limit(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /orders/7", *[(200, open_order())] * 3, (200, open_order(state="done")))
    done = [OK, {"condition": "$response.body#/state == 'done'"}]
    events: list[StepEvent] = []
    result = run(read(successCriteria=done, onFailure=[wait(5, 0.25)]), on_step=events.append)
    assert result.passed
    assert result.steps[0].attempts == 4
    assert time.naps == [0.25] * 3
    assert [(e.kind, e.attempt) for e in events] == [
        ("started", 1),
        ("waiting", 2),
        ("waiting", 3),
        ("waiting", 4),
        ("passed", 4),
    ]
    shop.on("GET /orders/7", (200, open_order()))
    again = run(read(successCriteria=done, onFailure=[wait(2, 0.25)]))
    assert not again.passed
    assert again.steps[0].attempts == 3


def test_a_retry_limit_of_zero_means_none(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /ping", (503, None))
    assert not run(ping(onFailure=[wait(0)])).passed
    assert time.naps == []


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("0", 0.0), ("soon", 1.0), ("-5", 1.0), ("", 1.0)])
def test_retry_after_overrules_the_script(run: Run, shop: Shop, time: FakeTime, header: str, seconds: float) -> None:
    shop.on("GET /ping", (429, None, {"Retry-After": header}), (200, None))
    assert run(ping(onFailure=[wait()])).passed
    assert time.naps == [seconds]


def test_retry_after_may_be_a_date(run: Run, shop: Shop, time: FakeTime) -> None:
    past, future = (format_datetime(datetime.now(UTC) + timedelta(seconds=s), usegmt=True) for s in (-30, 30))
    shop.on("GET /ping", (503, None, {"Retry-After": past}), (503, None, {"Retry-After": future}), (200, None))
    assert run(ping(onFailure=[wait(2)])).passed
    assert time.naps[0] == 0.0
    assert 20 < time.naps[1] <= 30


def test_only_the_action_whose_criteria_hold_is_taken(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /ping", (404, None))
    assert not run(ping(onFailure=[wait(criteria=[{"condition": "$statusCode == 503"}])])).passed
    assert time.naps == []


def test_after_the_retries_the_next_action_follows(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /ping", (503, None)).on("GET /orders/7", (200, open_order()))
    on_failure = [wait(2), {"name": "other", "type": "goto", "stepId": "read"}]
    result = run(ping(onFailure=on_failure), ping("skipped"), read())
    assert result.passed
    assert len(time.naps) == 2
    assert [(s.step, s.verdict) for s in result.steps] == [("ping", "failed"), ("read", "passed")]


def test_a_retry_may_do_another_step_first(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/7", (404, None), (200, open_order())).on("GET /ping", (200, None))
    result = run(read(onFailure=[wait(stepId="ping")], onSuccess=[{"name": "end", "type": "end"}]), ping())
    assert result.passed
    assert shop.routes() == ["GET /orders/7", "GET /ping", "GET /orders/7"]


def test_a_retry_whose_other_workflow_fails_is_given_up(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/7", (404, None)).on("GET /ping", (500, None))
    result = run(read(onFailure=[wait(9, workflowId="mend")]), others=[{"workflowId": "mend", "steps": [ping()]}])
    assert not result.passed
    assert shop.routes() == ["GET /orders/7", "GET /ping"]
    assert result.failure is not None
    assert "ping" in result.failure.reason.en


def test_failure_without_action_or_with_end_ends_the_scenario(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", (500, None))
    for actions in ([], [{"name": "end", "type": "end"}]):
        result = run(ping(onFailure=actions), read())
        assert (result.verdict, result.step) == ("failed", "ping")
    assert shop.routes() == ["GET /ping"] * 2


def test_success_may_end_go_elsewhere_or_go_on_by_criteria(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/7", (200, open_order())).on("GET /ping", (200, None))
    actions = [
        {"name": "done", "type": "end", "criteria": [{"condition": "$response.body#/state == 'done'"}]},
        {
            "name": "open",
            "type": "goto",
            "stepId": "last",
            "criteria": [{"condition": "$response.body#/state == 'open'"}],
        },
    ]
    result = run(read(onSuccess=actions), ping("skipped"), ping("last"))
    assert [s.step for s in result.steps] == ["read", "last"]
    shop.on("GET /orders/7", (200, open_order(state="done")))
    assert [s.step for s in run(read(onSuccess=actions), ping("skipped"), ping("last")).steps] == ["read"]
    shop.on("GET /orders/7", (200, open_order(state="other")))
    assert [s.step for s in run(read(onSuccess=actions), ping("next"), ping("last")).steps] == ["read", "next", "last"]


def test_workflow_actions_and_parameters_apply_to_every_step_and_give_way_to_its_own(
    run: Run, shop: Shop, time: FakeTime
) -> None:
    shop.on("GET /orders/7", (503, None), (200, open_order())).on("GET /orders/8", (503, None), (200, open_order()))
    workflow = {
        "failureActions": [{"reference": "$components.failureActions.patient"}],
        "parameters": [{"name": "X-Shop", "in": "header", "value": "all"}],
    }
    components = {
        "failureActions": {"patient": wait(1, 3)},
        "parameters": {"mine": {"name": "X-Shop", "in": "header", "value": "?"}},
    }
    own = read("two", "8", onFailure=[wait(1, 5)])
    own["parameters"].append({"reference": "$components.parameters.mine", "value": "mine"})
    result = run(read("one"), own, workflow=workflow, components=components)
    assert result.passed
    assert time.naps == [3.0, 5.0]
    assert [r.headers["X-Shop"] for r in shop.requests if r.method == "GET"] == ["all", "all", "mine", "mine"]


def test_a_workflow_is_a_step_with_inputs_and_outputs(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/9", (200, open_order(id="9")))
    sub = {
        "workflowId": "sub",
        "inputs": {"type": "object", "properties": {"no": {"type": "string"}}},
        "steps": [read(order="$inputs.no", outputs={"id": "$response.body#/id"})],
        "outputs": {"found": "$steps.read.outputs.id"},
    }
    call = {
        "stepId": "call",
        "workflowId": "sub",
        "parameters": [{"name": "no", "value": "9"}],
        "successCriteria": [{"condition": "$outputs.found == 9"}],
        "outputs": {"id": "$outputs.found"},
    }
    workflow = {
        "outputs": {"a": "$steps.call.outputs.id", "b": "$workflows.sub.outputs.found", "c": "$workflows.sub.inputs.no"}
    }
    result = run(call, others=[sub], workflow=workflow)
    assert result.passed, result.reason
    assert result.outputs == {"a": "9", "b": "9", "c": "9"}
    shop.on("GET /orders/9", (404, {"detail": "gone"}))
    failed = run(call, others=[sub], workflow=workflow)
    assert failed.reason is not None
    assert "gone" in failed.reason.en
    wrong = {**call, "successCriteria": [{"condition": "$outputs.found == 10"}]}
    shop.on("GET /orders/9", (200, open_order(id="9")))
    other = run(wrong, others=[sub])
    assert other.reason is not None
    assert "workflow sub should have $outputs.found == 10, but $outputs.found = '9'" in other.reason.en


def test_what_a_workflow_depends_on_runs_first_and_once(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", (200, None)).on("GET /orders/7", (200, open_order()))
    others = [
        {"workflowId": "base", "steps": [ping()]},
        {"workflowId": "second", "dependsOn": ["base"], "steps": [read()]},
    ]
    assert run(read(), workflow={"dependsOn": ["base"]}, others=others).passed
    assert shop.routes() == ["GET /ping", "GET /orders/7", "GET /orders/7"]


def test_what_a_workflow_depends_on_is_tried_again_when_it_had_failed(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", (503, None), (200, None)).on("GET /orders/7", (200, open_order()))
    others = [
        {"workflowId": "base", "steps": [ping()]},
        {"workflowId": "second", "dependsOn": ["base"], "steps": [read()]},
    ]
    call = {"stepId": "call", "workflowId": "second", "onFailure": [wait(1)]}
    assert run(call, others=others).passed
    assert shop.routes() == ["GET /ping", "GET /ping", "GET /orders/7"]


def test_the_actions_of_a_step_see_its_outputs(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/7", (200, open_order(state="draft")), (200, open_order())).on("GET /ping", (200, None))
    done = {"name": "done", "type": "end", "criteria": [{"condition": "$steps.read.outputs.state == 'open'"}]}
    again = {"name": "again", "type": "goto", "stepId": "read"}
    result = run(read(outputs={"state": "$response.body#/state"}, onSuccess=[done]), ping(onSuccess=[again]))
    assert result.passed
    assert shop.routes() == ["GET /orders/7", "GET /ping", "GET /orders/7"]


def test_what_cannot_be_written_as_a_request_fails_its_step(run: Run, shop: Shop) -> None:
    shop.on(
        "GET /orders/7",
        lambda request: httpx.Response(200, text='{"id": "\\ud800"}', headers={"Content-Type": "application/json"}),
    )
    result = run(read(outputs={"id": "$response.body#/id"}), read("again", "$steps.read.outputs.id"))
    assert (result.verdict, result.step) == ("failed", "again")
    assert result.reason is not None
    assert "cannot be sent" in result.reason.en
    # Whatever the systems say, what is told of it can be written to a file or a terminal.
    failed = read(successCriteria=[{"condition": "$response.body#/id == 'x'"}])
    failed["x-shapan"] = {"document": "{$response.body#/id}"}
    for one in (result, run(failed)):
        json.dumps(one.as_dict(), ensure_ascii=False).encode()


def test_goto_another_workflow_does_not_come_back(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", (200, None)).on("GET /orders/7", (200, open_order()))
    go = {"name": "go", "type": "goto", "workflowId": "other", "criteria": [OK]}
    other = {"workflowId": "other", "inputs": {"properties": {"no": {}}}, "steps": [read(order="$inputs.no")]}
    result = run(
        ping(onSuccess=[go]),
        ping("never"),
        others=[other],
        workflow={"inputs": {"properties": {"no": {"default": "7"}}}},
    )
    assert result.passed, result.reason
    assert shop.routes() == ["GET /ping", "GET /orders/7"]


def test_a_script_in_circles_is_stopped(
    run: Run, shop: Shop, environment: Environment, script: Callable[..., Scenario]
) -> None:
    shop.on("GET /ping", (200, None))
    again = {"name": "again", "type": "goto", "stepId": "ping"}
    result = run_scenario(script(ping(onSuccess=[again])), replace(environment, max_attempts=20))
    assert result.reason is not None
    assert "in circles: it was stopped after 20 calls" in result.reason.en
    assert len(shop.routes()) == 20
    deep = run(ping(onSuccess=[{"name": "again", "type": "goto", "workflowId": "main"}]))
    assert deep.reason is not None
    assert "after 50 workflows" in deep.reason.en


def test_waiting_ends_at_the_deadline_with_the_last_reason(run: Run, shop: Shop, time: FakeTime) -> None:
    shop.on("GET /ping", (503, {"detail": "busy"}))
    rescue = {"name": "rescue", "type": "goto", "stepId": "late"}
    result = run(ping(onFailure=[wait(100), rescue]), ping("late"), **{"x-shapan": {"deadline_seconds": 3.5}})
    assert time.naps == [1.0, 1.0, 1.0]
    assert (result.verdict, result.step) == ("failed", "ping")
    assert result.reason is not None
    assert "busy" in result.reason.en
    assert "The deadline of 3.5 s" in result.reason.en
    assert "3.5 秒的期限" in result.reason.zh


def test_waiting_ends_when_it_is_of_no_use_any_more(
    script: Callable[..., Scenario], environment: Environment, shop: Shop, time: FakeTime
) -> None:
    shop.on("GET /ping", (503, {"detail": "busy"}))

    def hopeless(waited: float) -> Text | None:
        return Text("It is dead.", "它已退出。") if waited >= 2 else None

    rescue = {"name": "rescue", "type": "goto", "stepId": "late"}
    scenario = script(ping(onFailure=[wait(100), rescue]), ping("late"))
    result = run_scenario(scenario, replace(environment, hopeless=hopeless))
    assert time.naps == [1.0, 1.0]
    assert (result.verdict, result.step) == ("failed", "ping")
    assert result.reason is not None
    assert "busy" in result.reason.en
    assert result.reason.en.endswith(" It is dead.")
    assert result.reason.zh.endswith("它已退出。")


def test_no_step_begins_after_the_deadline(run: Run, shop: Shop, time: FakeTime) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        time.now += 61
        return httpx.Response(200)

    shop.on("GET /ping", slow)
    result = run(ping(), read())
    assert (result.step, shop.routes()) == ("read", ["GET /ping"])
    assert result.reason is not None
    assert "deadline of 60 s passed before read" in result.reason.en


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("Connection refused"), httpx.ReadTimeout("timed out"), httpx.RemoteProtocolError("gone")],
)
def test_a_system_that_gives_no_answer_fails_the_scenario_with_its_address(
    run: Run, shop: Shop, error: Exception
) -> None:
    shop.on("GET /ping", error)
    result = run(ping(**{"x-shapan": {"failure": {"en": "wrong words", "zh": "错误"}}}))
    assert result.verdict == "failed"
    assert result.reason is not None
    assert result.reason.en == f"shop at http://shop.test/ gave no answer to ping ({error}); check that it runs there."
    assert result.exchanges[-1].error == str(error)
    assert result.exchanges[-1].status is None


def test_a_retry_without_criteria_outlasts_a_restart(run: Run, shop: Shop) -> None:
    shop.on("GET /ping", httpx.ConnectError("refused"), (200, None))
    assert run(ping(onFailure=[wait()])).passed


def test_a_system_without_base_url_is_named(script: Callable[..., Scenario], environment: Environment) -> None:
    result = run_scenario(script(ping()), replace(environment, base_urls={}))
    assert result.reason is not None
    assert result.reason.en == "No base URL is known for shop; give one for 'shop'."


def test_an_output_that_leads_to_nothing_fails_its_step(run: Run, shop: Shop) -> None:
    shop.on("GET /orders/7", (200, {"id": "7"}))
    result = run(read(outputs={"gross": "$response.body#/gross"}), ping())
    assert result.step == "read"
    assert result.reason is not None
    assert result.reason.en == "The answer to read has no $response.body#/gross, which its output 'gross' needs."


def test_a_value_that_is_not_there_is_not_sent(run: Run, shop: Shop) -> None:
    result = run(read(order="$inputs.no"), workflow={"inputs": {"properties": {"no": {"type": "string"}}}})
    assert shop.requests == []
    assert result.reason is not None
    assert "$inputs.no leads to nothing" in result.reason.en


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"{broken", headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"\xff\xfe", headers={"Content-Type": "text/plain; charset=nonsense"}),
        httpx.Response(200, content=b"[" * 100_000, headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"NaN", headers={"Content-Type": "application/json"}),
        httpx.Response(204),
        httpx.Response(302, headers={"Location": "http://elsewhere.test/"}),
    ],
    ids=["broken", "charset", "deep", "nan", "empty", "redirect"],
)
def test_nonsense_answers_become_a_verdict(run: Run, shop: Shop, answer: httpx.Response) -> None:
    shop.on("GET /orders/7", lambda request: answer)
    result = run(read(successCriteria=[{"condition": "$response.body#/state == 'open'"}]))
    assert result.verdict == "failed"
    assert result.failure is not None
    assert result.failure.found == "$response.body#/state = nothing"


def test_replacements_change_the_payload_and_not_the_script(
    script: Callable[..., Scenario], environment: Environment, shop: Shop
) -> None:
    shop.on("POST /orders", (201, open_order()))
    body = {
        "payload": {"customer": "C", "lines": [{"quantity": 1}]},
        "replacements": [{"target": "/lines/0/quantity", "value": "$inputs.n"}, {"target": "/note", "value": "x"}],
    }
    step = {"stepId": "create", "operationId": "createOrder", "requestBody": body}
    scenario = script(step, workflow={"inputs": {"properties": {"n": {"default": 5}}}})
    for _ in range(2):
        assert run_scenario(scenario, environment).passed
    assert shop.bodies() == [{"customer": "C", "lines": [{"quantity": 5}], "note": "x"}] * 2
    assert scenario.workflows["main"].steps[0].payload == {"customer": "C", "lines": [{"quantity": 1}]}
    body["replacements"] = [{"target": "/lines/4/quantity", "value": 1}]
    failed = run_scenario(script(step), environment)
    assert failed.reason is not None
    assert "no place /lines/4/quantity" in failed.reason.en
