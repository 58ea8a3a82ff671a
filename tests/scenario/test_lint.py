"""Every fault of a script is found before it runs, with its place, in both languages, all at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapan.kernel.resources import data_folder
from shapan.scenario import ScenarioError, ScriptFault, check, load_scenarios
from shapan.scenario.contracts import ContractReader

CREATE: dict[str, Any] = {
    "stepId": "create",
    "operationId": "createOrder",
    "requestBody": {"payload": {"customer": "$inputs.customer"}},
    "successCriteria": [{"condition": "$statusCode == 201"}],
    "outputs": {"id": "$response.body#/id"},
}
READ: dict[str, Any] = {
    "stepId": "read",
    "operationId": "$sourceDescriptions.shop.getOrder",
    "parameters": [{"name": "order_id", "in": "path", "value": "$steps.create.outputs.id"}],
    "successCriteria": [{"condition": "$response.body#/balance/open == 0"}],
    "onFailure": [{"reference": "$components.failureActions.wait"}],
}
WORKFLOW = {
    "inputs": {
        "type": "object",
        "properties": {"customer": {"type": "string", "default": "C", "x-shapan-generate": "run-id"}},
    },
    "outputs": {"order": "$steps.create.outputs.id"},
}
COMPONENTS = {"failureActions": {"wait": {"name": "wait", "type": "retry", "retryAfter": 0.5, "retryLimit": 3}}}


READER = ContractReader()


def faults_of(path: Path) -> list[ScriptFault]:
    scenario, faults = check(path)
    assert (scenario is None) == bool(faults)
    return faults


def changed(original: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(original), **members}


def test_a_right_script_has_no_fault(write_script: Callable[..., Path]) -> None:
    assert faults_of(write_script(CREATE, READ, workflow=WORKFLOW, components=COMPONENTS)) == []


@pytest.mark.parametrize("file", sorted(data_folder("scenarios").glob("*.arazzo.yaml")), ids=lambda file: file.stem)
def test_the_scripts_that_come_with_shapan_fit_their_contracts(file: Path) -> None:
    assert check(file, READER)[1] == []


# Each: what is wrong with one step, where, and what the sentence says.
@pytest.mark.parametrize(
    ("step", "pointer", "says"),
    [
        ({"operationId": "createOrders"}, "/operationId", "has no operation 'createOrders'"),
        ({"operationId": "$sourceDescriptions.shop.none"}, "/operationId", "has no operation 'none'"),
        ({"operationId": "$sourceDescriptions.mall.createOrder"}, "/operationId", "no source 'mall'"),
        ({"workflowId": "main"}, "", "exactly one of operationId"),
        ({"operationId": "getOrder", "requestBody": {}}, "", "needs the path parameter 'order_id'"),
        ({"parameters": [{"name": "page", "in": "query", "value": 1}]}, "/parameters/0/name", "no query parameter 'page'"),
        ({"parameters": [{"name": "page", "value": 1}]}, "/parameters/0", "needs `in`"),
        ({"parameters": [{"reference": "$components.parameters.p"}]}, "/parameters/0/reference", "no $components.parameters.p"),
        ({"parameters": [{"reference": "components"}]}, "/parameters/0/reference", "no runtime expression"),
        ({"requestBody": {"payload": {"custmer": "C"}}}, "/requestBody/payload/custmer", "no member /custmer"),
        ({"requestBody": {"payload": {"customer": "C", "lines": [{"sku": 1}]}}}, "/requestBody/payload/lines/0/sku", "no member /lines/0/sku"),
        ({"requestBody": {"payload": {"customer": "$inputs.nobody"}}}, "/requestBody/payload/customer", "no such input"),
        ({"requestBody": {"payload": {"customer": "$input.customer"}}}, "/requestBody/payload/customer", "no runtime expression"),
        ({"requestBody": {"payload": {"customer": "x {$steps.last.outputs.id}"}}}, "/requestBody/payload/customer", "no such step"),
        ({"requestBody": {"payload": {"customer": "$response.body#/id"}}}, "/requestBody/payload/customer", "no exchange to read"),
        ({"requestBody": {"payload": {}, "replacements": [{"target": "//x", "value": 1}]}}, "/requestBody/replacements/0/target", "has no member"),
        ({"requestBody": {"payload": {}, "replacements": [{"target": "customer", "value": 1}]}}, "/requestBody/replacements/0/target", "no JSON Pointer"),
        ({"successCriteria": [{"condition": "$statusCode = 201"}]}, "/successCriteria/0/condition", "goes wrong at character"),
        ({"successCriteria": [{"condition": "$response.body#/ide == 1"}]}, "/successCriteria/0/condition", "no response of createOrder has this member"),
        ({"successCriteria": [{"condition": "//x", "context": "$response.body", "type": "xpath"}]}, "/successCriteria/0/condition", "xpath"),
        ({"successCriteria": [{"condition": "x", "type": "regexp"}]}, "/successCriteria/0/type", "is not one of"),
        ({"successCriteria": [{}]}, "/successCriteria/0", "required"),
        ({"outputs": {"id": "$response.body#/number"}}, "/outputs/id", "no response of createOrder has this member"),
        ({"outputs": {"id": "$response.body#id"}}, "/outputs/id", "no runtime expression"),
        ({"outputs": {"id": "$steps.create.outputs.no"}}, "/outputs/id", "no such output"),
        ({"outputs": {"id": "$outputs.none"}}, "/outputs/id", "no such output"),
        ({"outputs": {"id": "$workflows.none.outputs.x"}}, "/outputs/id", "no such workflow"),
        ({"outputs": {"id": "$workflows.main.inputs.x"}}, "/outputs/id", "no such input"),
        ({"outputs": {"id": "$sourceDescriptions.shop.port"}}, "/outputs/id", "no such source"),
        ({"outputs": {"id": "$components.parameters.p"}}, "/outputs/id", "no such component"),
        ({"onSuccess": [{"name": "a", "type": "goto"}]}, "/onSuccess/0", "exactly one of stepId"),
        ({"onSuccess": [{"name": "a", "type": "goto", "stepId": "none"}]}, "/onSuccess/0/stepId", "no step 'none'"),
        ({"onSuccess": [{"name": "a", "type": "goto", "workflowId": "none"}]}, "/onSuccess/0/workflowId", "no workflow 'none'"),
        ({"onSuccess": [{"name": "a", "type": "end", "stepId": "create"}]}, "/onSuccess/0", "exclude each other"),
        ({"onSuccess": [{"name": "a", "type": "end"}, {"name": "a", "type": "end"}]}, "/onSuccess/1", "listed twice"),
        ({"onSuccess": [{"name": "a", "type": "retry"}]}, "/onSuccess/0/type", "is not one of"),
        ({"onFailure": [{"name": "a", "type": "retry", "retryAfter": -1}]}, "/onFailure/0/retryAfter", "less than the minimum"),
        ({"onFailure": [{"name": "a", "type": "end", "criteria": [{"condition": "("}]}]}, "/onFailure/0/criteria/0/condition", "goes wrong"),
        ({"onFailure": [{"reference": "$components.failureActions.none"}]}, "/onFailure/0/reference", "no $components.failureActions.none"),
        ({"stepId": "create it"}, "/stepId", "does not match"),
        ({"operation": "x"}, "/operation", "no such field"),
        ({"x-shapan": {"failure": {"en": "no zh"}}}, "/x-shapan/failure", "required"),
        ({"x-shapan": {"failure": {"en": "{$steps.x.outputs.y}", "zh": "无"}}}, "/x-shapan/failure/en", "no such step"),
        ({"x-shapan": {"failure": [{"when": "x", "en": "a", "zh": "b"}]}}, "/x-shapan/failure/0/when", "goes wrong"),
        ({"x-shapan": {"document": "{$response.body#/nr}"}}, "/x-shapan/document", "no response of createOrder"),
    ],
)  # fmt: skip
def test_a_fault_of_a_step_is_named_at_its_place(
    write_script: Callable[..., Path], step: dict[str, Any], pointer: str, says: str
) -> None:
    faults = faults_of(
        write_script(changed(CREATE, **step), workflow={**WORKFLOW, "outputs": {}}, components=COMPONENTS)
    )
    found = [fault for fault in faults if says in fault.en]
    assert [fault.pointer for fault in found] == ["/workflows/0/steps/0" + pointer], faults
    assert found[0].zh != found[0].en
    assert found[0].line is not None


@pytest.mark.parametrize(
    ("members", "pointer", "says"),
    [
        ({"arazzo": "2.0.0"}, "/arazzo", "does not match"),
        ({"info": {"title": "x"}}, "/info", "required"),
        ({"step": []}, "/step", "no such field"),
        ({"sourceDescriptions": []}, "/sourceDescriptions", "less than 1 item"),
        ({"sourceDescriptions": [{"name": "shop", "url": "none.yaml"}]}, "/sourceDescriptions/0/url", "There is no file at"),
        ({"sourceDescriptions": [{"name": "shop", "url": "https://x.test/a.yaml"}]}, "/sourceDescriptions/0/url", "not a relative path"),
        ({"sourceDescriptions": [{"name": "shop", "url": "test.arazzo.yaml", "type": "openapi"}]}, "/sourceDescriptions/0/url", "no OpenAPI 3 document"),
        ({"sourceDescriptions": [{"name": "shop", "url": "shop.yaml"}] * 2}, "/sourceDescriptions/0/name", "given twice"),
        ({"sourceDescriptions": [{"name": "o", "url": "shop.yaml", "type": "arazzo"}]}, "/sourceDescriptions/0/url", "no Arazzo document"),
        ({"others": [{"workflowId": "main", "steps": [READ]}]}, "/workflows/1/workflowId", "given twice"),
        ({"workflow": {"dependsOn": ["none"]}}, "/workflows/0/dependsOn/0", "no workflow 'none'"),
        ({"workflow": {"dependsOn": ["main"]}}, "/workflows/0", "waits for itself"),
        ({"workflow": {"outputs": {"x": "$statusCode"}}}, "/workflows/0/outputs/x", "no exchange to read"),
        ({"workflow": {"inputs": {"type": "text"}}}, "/workflows/0/inputs", "no valid JSON Schema"),
        ({"workflow": {"inputs": {"properties": {"n": {"type": "integer", "default": "x"}}}}}, "/workflows/0/inputs/properties/n/default", "default does not fit"),
        ({"workflow": {"inputs": {"properties": {"n": {"x-shapan-generate": "luck"}}}}}, "/workflows/0/inputs/properties/n/x-shapan-generate", "no generator 'luck'"),
        ({"x-shapan": {"deadline": 5}}, "/x-shapan/deadline", "no such field"),
        ({"x-shapan": {"requirements": ["first"]}}, "/x-shapan/requirements/0", "does not match"),
    ],
)  # fmt: skip
def test_a_fault_of_the_document_is_named_at_its_place(
    write_script: Callable[..., Path], members: dict[str, Any], pointer: str, says: str
) -> None:
    faults = faults_of(write_script(CREATE, **members))
    assert pointer in [fault.pointer for fault in faults if says in fault.en], faults


def test_all_faults_come_at_once_structural_and_semantic(write_script: Callable[..., Path]) -> None:
    bad = changed(CREATE, operationId="none", retries=3, successCriteria=[{"condition": "1 +"}], outputs={"id": 5})
    pointers = {
        fault.pointer
        for fault in faults_of(write_script(bad, changed(bad), workflow={"outputs": {"o": "$steps.x.outputs.y"}}))
    }
    for step in ("/workflows/0/steps/0", "/workflows/0/steps/1"):
        assert {
            step + "/operationId",
            step + "/retries",
            step + "/successCriteria/0/condition",
            step + "/outputs/id",
            step + "/stepId",
        } <= pointers
    assert "/workflows/0/outputs/o" in pointers


def test_several_sources_need_qualified_operations(write_script: Callable[..., Path]) -> None:
    sources = [{"name": "a", "url": "shop.yaml"}, {"name": "b", "url": "shop.yaml"}]
    (fault, *_) = faults_of(write_script(changed(CREATE, requestBody={}), sourceDescriptions=sources))
    assert "$sourceDescriptions.<name>.<operationId>" in fault.en


def test_an_operation_may_be_named_by_its_path(write_script: Callable[..., Path]) -> None:
    step = {"stepId": "ping", "operationPath": "{$sourceDescriptions.shop.url}#/paths/~1ping/get"}
    assert faults_of(write_script(step)) == []
    step["operationPath"] = "{$sourceDescriptions.shop.url}#/paths/~1pong/get"
    assert "has no operation '/paths/~1pong/get'" in faults_of(write_script(step))[0].en


def test_workflows_that_call_each_other_in_a_circle_are_refused(write_script: Callable[..., Path]) -> None:
    others = [{"workflowId": "other", "steps": [{"stepId": "back", "workflowId": "main"}]}]
    faults = faults_of(write_script({"stepId": "on", "workflowId": "other"}, others=others))
    assert ["waits for itself" in fault.en for fault in faults] == [True, True]


def test_a_member_given_twice_and_broken_yaml_are_named_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "x.arazzo.yaml"
    file.write_text("arazzo: 1.0.1\ninfo: {title: a, title: b, version: '1'}\n", encoding="utf-8")
    assert ("/info/title", 2) in [(fault.pointer, fault.line) for fault in faults_of(file) if "twice" in fault.en]
    file.write_text("arazzo: 1.0.1\ninfo: {title: a\nworkflows: [", encoding="utf-8")
    (fault,) = faults_of(file)
    assert "no valid YAML" in fault.en
    assert fault.line is not None
    file.write_bytes("arazzo: 沙盘".encode("gb18030"))
    assert "not UTF-8" in faults_of(file)[0].en


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "workflows: 3", "workflows: [null]", "components: []"])
def test_documents_that_are_something_else_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.arazzo.yaml"
    file.write_text(text, encoding="utf-8")
    assert faults_of(file)


def test_yaml_is_read_as_json_would_be(write_script: Callable[..., Path]) -> None:
    path = write_script(CREATE)
    text = path.read_text(encoding="utf-8").replace(
        "customer: $inputs.customer", "customer: 2026-11-01\n        note: on"
    )
    path.write_text(text, encoding="utf-8")
    scenario, faults = check(path)
    assert faults == []
    assert scenario is not None
    assert scenario.workflows["main"].steps[0].payload == {"customer": "2026-11-01", "note": "on"}


def test_the_error_lists_the_faults_of_all_files(write_script: Callable[..., Path], tmp_path: Path) -> None:
    first = write_script(changed(CREATE, operationId="none", requestBody={}))
    second = tmp_path / "second.arazzo.yaml"
    second.write_text("arazzo: 1.0.1\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        load_scenarios([tmp_path])
    assert {fault.file for fault in raised.value.faults} == {first, second}
    assert str(first) in str(raised.value)
    assert "处错误" in raised.value.zh


def _slots(value: Any) -> list[tuple[Any, Any]]:
    members = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in members] + [slot for _, member in members for slot in _slots(member)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_a_script_makes_the_reader_fall_over(
    write_script: Callable[..., Path], tmp_path: Path, data: st.DataObject
) -> None:
    texts = {
        "title": {"en": "a", "zh": "b"},
        "document": "{$statusCode}",
        "failure": [{"when": "true", "en": "c", "zh": "d"}],
    }
    steps = (
        changed(CREATE, **{"x-shapan": texts}),
        READ,
        {"stepId": "on", "workflowId": "other", "outputs": {"o": "$outputs.p"}},
    )
    others = [
        {
            "workflowId": "other",
            "dependsOn": ["main"],
            "steps": [{"stepId": "ping", "operationId": "ping"}],
            "outputs": {"p": "$inputs.q"},
        }
    ]
    file = write_script(
        *steps, workflow=WORKFLOW, components=COMPONENTS, others=others, **{"x-shapan": {"requirements": ["P1"]}}
    )
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        slots = _slots(document)
        holder, key = slots[data.draw(st.integers(0, len(slots) - 1))]
        holder[key] = data.draw(
            st.sampled_from(
                [
                    None,
                    3,
                    -1.5,
                    True,
                    "",
                    "x",
                    "$",
                    "$steps.a.outputs.b",
                    [],
                    [None],
                    {},
                    {"reference": "$components.failureActions.wait"},
                    {"a": [1]},
                ]
            )
        )
    file = tmp_path / "changed.arazzo.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    for fault in faults_of(file):
        assert fault.en
        assert fault.zh
