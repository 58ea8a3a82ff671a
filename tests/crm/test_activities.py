"""Activities over HTTP: following up customers, leads and opportunities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

CALL = {"kind": "call", "subject": "确认四季度采购计划"}


def test_ten_customers_are_followed_up(crm: Api, desk: Desk) -> None:
    followed = [
        desk.enter("/activities", customerId=customer["id"], owner="陈立", nextDate="2026-12-01", **CALL)
        for customer in desk.customers[:10]
    ]
    assert len({one["customerId"] for one in followed}) == 10
    assert all(one["occurredAt"] == one["createdAt"] for one in followed)
    assert desk.walk("/activities", limit=3) == followed
    for one in followed[:2]:
        assert desk.walk("/activities", customerId=one["customerId"].upper()) == [one]
        assert crm.get(f"/activities/{one['id']}").json() == one
    assert desk.events() == []


def test_what_is_about_an_opportunity_is_about_its_customer(desk: Desk) -> None:
    deal = desk.enter(
        "/opportunities", customerId=desk.customer_id, name="一期", amount=1, expectedCloseDate="2026-12-31"
    )
    lead = desk.enter("/leads", companyName="苏州恒泰包装有限公司", contactName="周敏")
    mail = desk.enter("/activities", opportunityId=deal["id"], kind="mail", subject="发出方案")
    visit = desk.enter("/activities", leadId=lead["id"], kind="visit", subject="参观工厂")
    note = desk.enter("/activities", customerId=desk.customer_id, kind="note", subject="换了采购负责人")
    assert (mail["customerId"], mail["opportunityId"], mail["leadId"]) == (desk.customer_id, deal["id"], None)
    assert (visit["customerId"], visit["opportunityId"], visit["leadId"]) == (None, None, lead["id"])
    assert desk.walk("/activities", customerId=desk.customer_id) == [mail, note]
    assert desk.walk("/activities", opportunityId=deal["id"]) == [mail]
    assert desk.walk("/activities", leadId=lead["id"]) == [visit]
    assert desk.walk("/activities", kind="note") == [note]


def test_an_activity_is_corrected(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    one = desk.enter("/activities", customerId=desk.customer_id, occurredAt="2026-01-05T02:30:00Z", **CALL)
    assert one["occurredAt"] == "2026-01-05T10:30:00.000+08:00"
    path = f"/activities/{one['id']}"
    same = crm.patch(path, json={"occurredAt": "2026-01-05T10:30:00+08:00"}, headers={"If-Match": '"1"'})
    assert (same.json(), same.headers["ETag"]) == (one, '"1"')
    desk.later(seconds=1)
    change = {"kind": "visit", "detail": "客户要求十二月十日前到货", "nextDate": "2026-12-03"}
    changed = crm.patch(path, json=change, headers={"If-Match": '"1"'})
    assert changed.json() == {**one, **change, "updatedAt": changed.json()["updatedAt"]}
    assert desk.walk("/activities", updatedSince=changed.json()["updatedAt"]) == [changed.json()]
    refusal(crm.patch(path, json={"detail": None}, headers={"If-Match": '"1"'}), 412, "precondition-failed")
    assert refusal(crm.patch(path, json={"leadId": None}, headers={"If-Match": "*"}), 400, "validation-failed") == [
        "/leadId"
    ]


def test_an_activity_is_about_exactly_one_thing_that_is_there(
    crm: Api, desk: Desk, refusal: Callable[..., Any]
) -> None:
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["/customerId"]),
        ({"leadId": desk.unknown}, ["/leadId"]),
        ({"opportunityId": desk.unknown}, ["/opportunityId"]),
        (
            {"customerId": desk.unknown, "leadId": desk.unknown, "opportunityId": desk.unknown},
            ["/leadId", "/opportunityId", "/customerId"],
        ),
    ]
    for body, pointers in wrong:
        assert refusal(crm.post("/activities", json={**CALL, **body}), 422, "business-rule") == pointers
    assert desk.walk("/activities") == []
