"""The control operations over HTTP, with the three systems played by a mock transport."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from openapi_spec_validator import validate

from shapan.control.oracle import CHECKS
from shapan.kernel.contract import load_contract
from shapan.kernel.contract_lint import house_rules
from shapan.kernel.resources import data_folder

from .conftest import AS_OF, URLS, Played

Control = Callable[..., httpx.Client]
Refusal = Callable[..., list[str]]


def refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused", request=request)


def answers(status: int, **content: object) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, **content)  # type: ignore[arg-type]


# -- contract --


def test_the_contract_is_valid_and_keeps_the_house_rules() -> None:
    contract = load_contract(data_folder("contracts") / "control.yaml")
    validate(dict(contract.document))
    assert house_rules(contract) == []


def test_the_answer_in_the_contract_is_a_possible_answer() -> None:
    """The example shows a check, a code and a sentence that the oracle really has."""
    document = load_contract(data_folder("contracts") / "control.yaml").document
    (example,) = document["components"]["schemas"]["Reconciliation"]["examples"]
    checks = {check.code: check for check in CHECKS}
    for shown in example["checks"]:
        check = checks[shown["code"]]
        assert (check.name, check.en, check.zh) == (shown["name"], shown["en"], shown["zh"])
    for shown in example["differences"]:
        assert shown["code"] in {kind.code for kind in checks[shown["check"]].kinds}


# -- reconciliation --


def test_a_correct_flow_is_ok(control: Control, played: Played) -> None:
    answer = control().get("/reconciliation")
    assert answer.status_code == 200
    body = answer.json()
    assert body["ok"] is True
    assert body["differences"] == []
    assert body["workspace"] == "default"
    assert body["as_of"] == AS_OF["finance"]
    assert body["party_evidence"]["answer_key"] is True
    assert [system["name"] for system in body["systems"]] == ["crm", "scm", "finance"]
    assert {check["code"]: check["compared"] for check in body["checks"]}["O3"] == 3


def test_facts_are_read_downstream_first(control: Control, played: Played) -> None:
    control().get("/reconciliation")
    assert [name for _, name, path in played.asked if path == "/_shapan/facts"] == ["finance", "scm", "crm"]


def test_a_missing_order_is_named_with_its_check(control: Control, played: Played) -> None:
    played.facts["scm"]["sales_orders"].pop(2)
    del played.facts["scm"]["deliveries"][3:]
    played.facts["scm"]["stock"][0]["reserved_milli"] = 0
    body = control().get("/reconciliation").json()
    assert body["ok"] is False
    assert body["differences"] == [
        {
            "code": "order-missing",
            "check": "O1",
            "severity": "error",
            "documents": [{"system": "crm", "type": "order", "number": "ORD-202611-00003"}],
            "expected": "one sales order",
            "found": "none",
            "en": "CRM order ORD-202611-00003 has no sales order in SCM.",
            "zh": "CRM 订单 ORD-202611-00003 在 SCM 中没有对应的销售订单。",
        }
    ]
    (first, *_) = body["checks"]
    assert (first["code"], first["compared"], first["differences"]) == ("O1", 3, 1)


def test_a_warning_does_not_spoil_the_verdict(control: Control, played: Played) -> None:
    played.facts["scm"]["sales_orders"][2]["state"] = "draft"
    body = control().get("/reconciliation").json()
    assert body["ok"] is True
    assert [found["code"] for found in body["differences"]] == ["order-unapproved"]


def test_order_narrows_the_verdict(control: Control, played: Played) -> None:
    played.facts["crm"]["customers"][1]["open_fen"] = 1
    client = control()
    assert client.get("/reconciliation", params={"order": "ORD-202611-00001"}).json()["ok"] is True
    assert client.get("/reconciliation", params={"order": "ORD-202611-00002"}).json()["ok"] is False


def test_since_narrows_the_verdict(control: Control, played: Played) -> None:
    played.facts["finance"]["receivables"][0]["source_document"] = "XSCK-202611-00099"
    client = control()
    assert client.get("/reconciliation").json()["ok"] is False
    late = client.get("/reconciliation", params={"since": "2026-11-20T00:00:00+08:00"}).json()
    assert late["ok"] is True
    assert client.get("/reconciliation", params={"since": "2026-11-10t16:00:00z"}).json()["ok"] is False


def test_an_unknown_order_is_404(control: Control) -> None:
    answer = control().get("/reconciliation", params={"order": "ORD-202611-00077"})
    assert answer.status_code == 404
    assert "ORD-202611-00077" in answer.json()["detail"]


def test_every_bad_parameter_is_named_at_once(control: Control) -> None:
    answer = control().get("/reconciliation", params={"order": "#1", "since": "yesterday", "verbose": "1"})
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/order/0", "/since", "/verbose"}


def test_documents_of_any_kind_narrow_the_verdict_and_all_unknown_ones_are_named(
    control: Control, played: Played
) -> None:
    played.facts["crm"]["customers"][1]["open_fen"] = 1
    client = control()
    assert client.get("/reconciliation?document=XSCK-202611-00001&document=YS-202611-00002").json()["ok"] is True
    assert client.get("/reconciliation?order=ORD-202611-00001,ORD-202611-00002").json()["ok"] is False
    assert client.get("/reconciliation?document=SU-EL-001").json()["ok"] is False
    answer = client.get("/reconciliation?document=SU-EL-001,GY-1&document=GY-2&order=ORD-202611-00077")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith(
        "There is no CRM order ORD-202611-00077 and no document or record GY-1, GY-2 in this workspace."
    )


def test_delays_are_told_and_late_only_against_a_deadline(control: Control) -> None:
    client = control()
    body = client.get("/reconciliation").json()
    assert body["ok"] is True
    delay = next(delay for delay in body["delays"] if delay["link"] == "order-to-sales-order")
    assert (delay["count"], delay["p50_seconds"], delay["max_seconds"], delay["late"]) == (3, 3600, 3600, 3)
    late = client.get("/reconciliation", params={"deadline_seconds": 3599, "order": "ORD-202611-00003"}).json()
    assert {(found["check"], found["code"]) for found in late["differences"]} == {("O9", "late")}
    assert client.get("/reconciliation?deadline_seconds=90000&order=ORD-202611-00003").json()["ok"] is True


def test_a_leap_second_is_refused_and_not_a_crash(control: Control) -> None:
    answer = control().get("/reconciliation", params={"since": "2026-12-31T23:59:60Z"})
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/since"]


def test_without_the_answer_key_the_answer_says_so(control: Control) -> None:
    body = control(answer_key=False).get("/reconciliation").json()
    assert body["party_evidence"]["answer_key"] is False
    assert "legal name alone" in body["party_evidence"]["en"]
    assert {found["code"] for found in body["differences"]} == {"party-unproven", "credit-stale"}


@pytest.mark.parametrize("down", [{"crm"}, {"scm"}, {"finance"}, {"crm", "scm", "finance"}])
def test_no_verdict_without_all_three(control: Control, played: Played, down: set[str]) -> None:
    played.answers = dict.fromkeys(down, refuse_connection)
    client = control()
    answer = client.get("/reconciliation")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:shapan:problem:system-unreachable"
    for name in ("crm", "scm", "finance"):
        assert (f"http://{name}.test/_shapan/facts" in answer.json()["detail"]) == (name in down)
    chinese = client.get("/reconciliation", headers={"Accept-Language": "zh"}).json()["detail"]
    assert "无法访问" in chinese
    assert "三个系统缺一不可" in chinese


def test_a_system_without_address_is_named_too(control: Control) -> None:
    answer = control(urls={"crm": URLS["crm"], "scm": URLS["scm"]}).get("/reconciliation")
    assert answer.status_code == 503
    assert "finance at no address" in answer.json()["detail"]


def test_a_fourth_system_is_listed_and_reset_but_not_needed_for_the_verdict(control: Control, played: Played) -> None:
    client = control(urls={**URLS, "marketing": "http://marketing.test"})
    assert [item["name"] for item in client.get("/systems").json()["items"]] == [*URLS, "marketing"]
    assert client.post("/reset").status_code == 200
    assert [
        path.rpartition("/")[2] for method, name, path in played.asked if (method, name) == ("POST", "marketing")
    ] == [
        "commit",
        "finish",
    ]
    played.answers["marketing"] = refuse_connection
    assert client.get("/reconciliation").json()["ok"] is True
    assert "marketing" in client.post("/reset", headers={"Accept-Language": "zh"}).json()["detail"]


def test_a_failing_system_is_as_good_as_down(control: Control, played: Played) -> None:
    played.answers["scm"] = answers(500)
    assert control().get("/reconciliation").status_code == 503


def test_a_refused_token_is_told_as_such(control: Control, played: Played) -> None:
    played.answers["finance"] = answers(401)
    answer = control().get("/reconciliation")
    assert answer.status_code == 502
    assert answer.json()["type"] == "urn:shapan:problem:system-refused"
    assert "SHAPAN_OPERATOR_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("content", [{"text": "<html>"}, {"json": []}, {"json": {"facts": {}}}])
def test_a_system_that_is_none_is_told_as_such(control: Control, played: Played, content: dict[str, object]) -> None:
    played.answers["crm"] = answers(200, **content)
    answer = control().get("/reconciliation")
    assert answer.status_code == 502
    assert "crm" in answer.json()["detail"]


def test_facts_of_another_shape_are_named_with_every_fault(control: Control, played: Played) -> None:
    del played.facts["scm"]["sales_orders"][0]["state"]
    played.facts["scm"]["stock"][1]["on_hand_milli"] = "many"
    answer = control().get("/reconciliation")
    assert answer.status_code == 502
    detail = answer.json()["detail"]
    assert answer.json()["type"] == "urn:shapan:problem:system-answer-unusable"
    assert "2 faults in the facts of scm" in detail
    assert "/sales_orders/0" in detail
    assert "/stock/1/on_hand_milli" in detail


# -- trace --


@pytest.mark.parametrize(
    "number",
    [
        "ORD-202611-00001",
        "XSDD-202611-00001",
        "XSCK-202611-00002",
        "YS-202611-00001",
        "SK-202611-00001",
        "HX-202611-00001",
    ],
)
def test_any_document_of_the_chain_shows_all_of_it(control: Control, number: str) -> None:
    body = control().get(f"/trace/{number}").json()
    assert body["document_number"] == number
    assert body["order"] == "ORD-202611-00001"
    assert [(step["type"], step["number"], step["follows"], step["gross_amount"]) for step in body["steps"]] == [
        ("order", "ORD-202611-00001", None, "1099.95"),
        ("sales_order", "XSDD-202611-00001", "ORD-202611-00001", "1099.95"),
        ("delivery", "XSCK-202611-00001", "XSDD-202611-00001", "599.97"),
        ("receivable", "YS-202611-00001", "XSCK-202611-00001", "599.97"),
        ("receipt", "SK-202611-00001", "YS-202611-00001", "540.00"),
        ("settlement", "HX-202611-00001", "SK-202611-00001", "539.97"),
        ("delivery", "XSCK-202611-00002", "XSDD-202611-00001", "499.98"),
        ("receivable", "YS-202611-00002", "XSCK-202611-00002", "499.98"),
    ]


def test_each_step_has_its_time_state_and_party(control: Control) -> None:
    steps = control().get("/trace/ORD-202611-00003").json()["steps"]
    assert [(step["state"], step["at"], step["party"]) for step in steps] == [
        ("confirmed", "2026-11-03T09:00:00.000+08:00", "北京华信科技有限公司"),
        ("approved", "2026-11-03T10:00:00.000+08:00", "北京华信科技"),
        ("draft", None, "北京华信科技"),
        ("cancelled", None, "北京华信科技"),
    ]


def test_a_document_without_an_order_has_its_own_chain(control: Control, played: Played) -> None:
    played.facts["finance"]["receipts"].append(
        {**played.facts["finance"]["receipts"][0], "id": 9, "number": "SK-202611-00009"}
    )
    client = control()
    opening = client.get("/trace/YS-202610-00009").json()
    assert opening["order"] is None
    assert [step["number"] for step in opening["steps"]] == ["YS-202610-00009"]
    unapplied = client.get("/trace/SK-202611-00009").json()
    assert [step["number"] for step in unapplied["steps"]] == ["SK-202611-00009"]


def test_an_unknown_document_is_404(control: Control) -> None:
    answer = control().get("/trace/ORD-202611-00077", headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 404
    assert "ORD-202611-00077" in answer.json()["detail"]


# -- systems and reset --


def test_systems_are_listed_with_health_and_reason(control: Control, played: Played) -> None:
    played.answers["scm"] = refuse_connection
    items = {item["name"]: item for item in control().get("/systems").json()["items"]}
    assert items["crm"]["reachable"] is True
    assert items["crm"]["health"]["status"] == "ready"
    assert items["crm"]["url"] == "http://crm.test"
    assert items["crm"]["docs_url"] == "http://crm.test/docs/"
    assert items["scm"]["reachable"] is False
    assert items["scm"]["reason"] == "Connection refused"


def steps(played: Played, name: str) -> list[str]:
    """What a system was asked to do, without the name of the change."""
    return [
        f"{method} {path.rpartition('/')[2] if method == 'POST' else 'change'}"
        for method, system, path in played.asked
        if system == name and "/_shapan/changes/" in path
    ]


def test_every_system_prepares_before_any_commits_and_commits_before_any_finishes(
    control: Control, played: Played
) -> None:
    answer = control().post("/reset")
    assert answer.status_code == 200
    assert all(item["reachable"] for item in answer.json()["items"])
    for name in URLS:
        assert steps(played, name) == ["PUT change", "POST commit", "POST finish"]
    order = [path.rpartition("/")[2] for method, _, path in played.asked if method == "POST"]
    assert order == ["commit"] * 3 + ["finish"] * 3


@pytest.mark.parametrize("step", ["PUT", "commit"])
def test_nothing_is_reset_unless_every_system_can(control: Control, played: Played, step: str) -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        wrong = request.method == step or request.url.path.endswith(f"/{step}")
        return httpx.Response(500 if wrong else 200, json={"status": "ready"})

    played.answers["scm"] = breaks
    answer = control().post("/reset")
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.json()["detail"]
    for name in URLS:
        assert steps(played, name)[-1] == "DELETE change"
        assert "POST finish" not in steps(played, name)


def test_what_a_system_objects_to_is_said_in_its_words_and_undone_everywhere(control: Control, played: Played) -> None:
    busy = {"type": "urn:shapan:problem:workspace-busy", "title": "t", "status": 409, "detail": "It is busy."}
    played.answers["finance"] = lambda request: httpx.Response(409 if request.method == "PUT" else 204, json=busy)
    answer = control().post("/reset")
    assert (answer.status_code, answer.json()["type"]) == (409, busy["type"])
    assert answer.json()["detail"] == "finance: It is busy."
    assert [steps(played, name) for name in ("crm", "scm")] == [["PUT change", "DELETE change"]] * 2


def test_a_system_that_does_not_hear_the_last_word_is_told_again(control: Control, played: Played) -> None:
    failures = iter([500, 500])

    def late(request: httpx.Request) -> httpx.Response:
        wrong = next(failures, 200) if request.url.path.endswith("/finish") else 200
        return httpx.Response(wrong, json={"status": "ready"})

    played.answers["scm"] = late
    assert control().post("/reset").status_code == 200
    assert steps(played, "scm") == ["PUT change", "POST commit", "POST finish", "POST finish", "POST finish"]
    assert steps(played, "crm").count("POST finish") == 1


def test_a_system_whose_time_was_up_is_named(control: Control, played: Played) -> None:
    played.answers["scm"] = lambda request: httpx.Response(
        404 if request.url.path.endswith("/finish") else 200, json={"status": "ready"}
    )
    answer = control().post("/reset")
    assert (answer.status_code, answer.json()["type"]) == (502, "urn:shapan:problem:change-torn")
    assert answer.json()["detail"].startswith("scm did not finish")


# -- workspaces and tokens --


def test_the_workspace_is_passed_on(control: Control, played: Played) -> None:
    client = control()
    body = client.get("/ws/team-a/reconciliation").json()
    assert body["workspace"] == "team-a"
    assert body["systems"][0]["url"] == "http://crm.test/ws/team-a"
    client.post("/ws/team-a/reset")
    assert all(path.startswith("/ws/team-a/_shapan/") for _, _, path in played.asked)
    assert steps(played, "crm") == ["PUT change", "POST commit", "POST finish"]


@pytest.mark.parametrize("name", ["A", "%2e%2e", "a_b", "-a", "a" * 41])
def test_what_is_no_name_of_a_workspace_is_not_passed_on(control: Control, played: Played, name: str) -> None:
    assert control().post(f"/ws/{name}/reset").status_code in (404, 405)
    assert played.asked == []


def test_a_workspace_that_a_system_does_not_have_is_404(control: Control, played: Played) -> None:
    played.answers["scm"] = answers(404)
    answer = control().get("/ws/team-a/reconciliation")
    assert answer.status_code == 404
    assert "team-a" in answer.json()["detail"]
    assert "scm" in answer.json()["detail"]


def test_control_sends_its_operator_token(control: Control, played: Played) -> None:
    control(systems_token="op-secret").get("/systems")
    assert played.tokens == {"Bearer op-secret"}


def test_control_sends_no_token_when_it_has_none(control: Control, played: Played) -> None:
    control().get("/systems")
    assert played.tokens == {None}


def test_control_is_guarded_like_the_operator_interface(control: Control) -> None:
    client = control(operator_token="op-secret")
    assert [client.get(path).status_code for path in ("/reconciliation", "/trace/X", "/systems")] == [401, 401, 401]
    assert client.post("/reset").status_code == 401
    assert client.get("/systems", headers={"Authorization": "Bearer op-secret"}).status_code == 200


NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


def test_key_figures_of_all_systems_stand_side_by_side(control: Control, played: Played) -> None:
    report = control().get("/kpis", params=NOVEMBER).json()
    assert {key: report[key] for key in NOVEMBER} == NOVEMBER
    assert [(s["system"], s["items"][0]["key"]) for s in report["systems"]] == [(n, f"{n}_revenue") for n in URLS]
    team = control().get("/ws/team-a/kpis", params=NOVEMBER).json()
    assert {system["workspace"] for system in team["systems"]} == {"team-a"}


def test_a_period_that_ends_before_it_begins_has_no_key_figures(control: Control, refusal: Refusal) -> None:
    answer = control().get("/kpis", params={"from": "2026-11-30", "to": "2026-11-01"})
    assert refusal(answer, 422, "business-rule") == ["/to"]


def test_key_figures_are_given_for_all_systems_or_none(control: Control, played: Played) -> None:
    played.answers["scm"] = refuse_connection
    answer = control().get("/kpis", params=NOVEMBER)
    assert answer.status_code == 503
    assert "http://scm.test/_shapan/kpis" in answer.json()["detail"]
    played.answers["scm"] = answers(200, json={"items": "many"})
    assert control().get("/kpis", params=NOVEMBER).json()["type"] == "urn:shapan:problem:system-answer-unusable"
