"""Leads over HTTP: from the exhibition to customer, contact and opportunity, or to nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

NEW = {
    "companyName": "南京博远智能科技有限公司",
    "contactName": "李晓华",
    "title": "采购主管",
    "phone": "13700002468",
    "email": "lixh@boyuan.example",
    "region": "NJ",
    "industry": "EL",
    "source": "exhibition",
    "owner": "陈立",
    "note": "展会上要了报价",
}
DEAL = {"name": "一号车间电缆改造", "amount": 180000.5, "expectedCloseDate": "2026-12-20"}


def test_a_lead_becomes_customer_contact_and_opportunity(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    answer = crm.post("/leads", json=NEW)
    assert answer.status_code == 201
    lead = answer.json()
    assert {key: lead[key] for key in NEW} == NEW
    assert (lead["state"], lead["customerId"], lead["closedAt"]) == ("new", None, None)
    assert lead["number"].startswith("LEAD-")
    assert lead["number"].endswith("-00001")
    path = f"/leads/{lead['id']}"
    assert crm.get(answer.headers["Location"]).json() == lead
    desk.enter("/activities", leadId=lead["id"], kind="call", subject="约定拜访")

    refusal(crm.post(f"{path}/convert", json={"opportunity": DEAL}), 409, "lead-not-qualified")
    assert desk.act(f"{path}/qualify")["state"] == "qualified"
    refusal(crm.post(f"{path}/qualify"), 409, "lead-not-new")
    changed = desk.change(path, phone="13700001357")
    assert changed["phone"] == "13700001357"

    given = {"unifiedSocialCreditCode": "91110108MAY000017T", "paymentTerms": "NET60"}
    converted = desk.act(f"{path}/convert", customer=given, opportunity=DEAL)
    assert converted["state"] == "converted"
    assert converted["closedAt"] == converted["updatedAt"]
    assert crm.get(path).json() == converted

    customer = crm.get(f"/customers/{converted['customerId']}").json()
    assert customer["name"] == NEW["companyName"]
    assert customer["code"].startswith("NJ-EL-")
    assert {key: customer[key] for key in given} == given
    contact = crm.get(f"/contacts/{converted['contactId']}").json()
    assert (contact["customerId"], contact["name"], contact["primary"]) == (customer["id"], NEW["contactName"], True)
    assert contact["phone"] == "13700001357"
    opportunity = crm.get(f"/opportunities/{converted['opportunityId']}").json()
    assert {key: opportunity[key] for key in DEAL} == DEAL
    assert (opportunity["customerId"], opportunity["leadId"]) == (customer["id"], lead["id"])
    assert (opportunity["stage"], opportunity["owner"], opportunity["contactId"]) == (
        "prospecting",
        "陈立",
        contact["id"],
    )
    followed = desk.walk("/activities", customerId=customer["id"])
    assert [(one["leadId"], one["subject"]) for one in followed] == [(lead["id"], "约定拜访")]
    history = desk.walk(f"/customers/{customer['id']}/history")
    assert [(entry["kind"], entry["by"]) for entry in history] == [("created", "tests")]

    assert desk.told() == [
        ("lead.created", lead["number"]),
        ("customer.created", customer["code"]),
        ("opportunity.created", opportunity["number"]),
        ("lead.converted", lead["number"]),
    ]
    assert [event["data"] for event in desk.events()][1:] == [customer, opportunity, converted]
    refusal(crm.post(f"{path}/convert", json={"opportunity": DEAL}), 409, "lead-not-qualified")
    refusal(crm.post(f"{path}/lose", json={"reason": "太晚"}), 409, "lead-closed")
    refusal(crm.patch(path, json={"note": None}, headers={"If-Match": "*"}), 409, "lead-closed")
    assert len(desk.events()) == 4


def test_a_lead_of_a_customer_who_is_there_makes_no_second_one(crm: Api, desk: Desk) -> None:
    lead = desk.enter("/leads", companyName="苏州恒泰包装有限公司", contactName="周敏")
    assert [lead[key] for key in ("title", "phone", "email", "region", "industry", "owner", "note")] == [None] * 7
    assert lead["source"] == "other"
    desk.act(f"/leads/{lead['id']}/qualify")
    converted = desk.act(f"/leads/{lead['id']}/convert", customerId=desk.customer_id.upper(), opportunity=DEAL)
    assert converted["customerId"] == desk.customer_id
    assert crm.get(f"/contacts/{converted['contactId']}").json()["primary"] is False
    assert desk.walk("/customers") == desk.customers
    assert [type_ for type_, _ in desk.told()] == ["lead.created", "opportunity.created", "lead.converted"]


def test_a_conversion_names_every_fault_and_makes_nothing(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    lead = desk.enter("/leads", companyName="苏州恒泰包装有限公司", contactName="周敏", region="SU")
    path = f"/leads/{lead['id']}"
    desk.act(f"{path}/qualify")
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["/customer/industry"]),
        (
            {"customer": {"unifiedSocialCreditCode": "91110108MAY0000170"}},
            ["/customer/industry", "/customer/unifiedSocialCreditCode"],
        ),
        ({"customerId": desk.unknown}, ["/customerId"]),
        ({"customerId": desk.unknown, "customer": {"region": "SU"}}, ["/customer", "/customerId"]),
    ]
    for body, pointers in wrong:
        answer = crm.post(f"{path}/convert", json={**body, "opportunity": DEAL})
        assert refusal(answer, 422, "business-rule") == pointers
    assert crm.get(path).json()["state"] == "qualified"
    assert desk.walk("/opportunities") == []
    assert [type_ for type_, _ in desk.told()] == ["lead.created"]
    assert desk.act(f"{path}/convert", customer={"industry": "PK"}, opportunity=DEAL)["state"] == "converted"


@pytest.mark.parametrize("qualified", [False, True])
def test_a_lead_is_lost_for_a_reason(qualified: bool, crm: Api, desk: Desk) -> None:
    lead = desk.enter("/leads", **NEW)
    if qualified:
        desk.act(f"/leads/{lead['id']}/qualify")
    lost = desk.act(f"/leads/{lead['id']}/lose", reason="今年没有采购计划")
    assert (lost["state"], lost["lostReason"]) == ("lost", "今年没有采购计划")
    assert lost["closedAt"] is not None
    assert desk.events()[-1]["data"] == lost == crm.get(f"/leads/{lead['id']}").json()
    assert desk.told()[-1] == ("lead.lost", lead["number"])


def test_leads_are_listed_by_state_name_and_change(crm: Api, desk: Desk) -> None:
    leads = [desk.enter("/leads", companyName=f"示例{number}有限公司", contactName="王小明") for number in range(4)]
    desk.later(seconds=1)
    qualified = desk.act(f"/leads/{leads[1]['id']}/qualify")
    assert desk.walk("/leads", limit=2) == [leads[0], qualified, *leads[2:]]
    assert desk.walk("/leads", state="new") == [leads[0], *leads[2:]]
    assert desk.walk("/leads", companyName="示例2有限公司") == [leads[2]]
    assert desk.walk("/leads", updatedSince=qualified["updatedAt"]) == [qualified]


def test_a_change_that_changes_nothing_is_no_change(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    lead = desk.enter("/leads", **NEW)
    path = f"/leads/{lead['id']}"
    same = crm.patch(path, json={"owner": NEW["owner"]}, headers={"If-Match": '"1"'})
    assert (same.json(), same.headers["ETag"]) == (lead, '"1"')
    other = crm.patch(path, json={"owner": None}, headers={"If-Match": '"1"'})
    assert (other.json()["owner"], other.headers["ETag"]) == (None, '"2"')
    refusal(crm.patch(path, json={"owner": "王芳"}, headers={"If-Match": '"1"'}), 412, "precondition-failed")
