"""Opportunities over HTTP: through the stages to won or lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

DEAL = {"name": "一号车间电缆改造", "amount": 333.33, "expectedCloseDate": "2026-12-20"}


def test_an_opportunity_goes_through_its_stages_and_keeps_them(
    crm: Api, desk: Desk, refusal: Callable[..., Any]
) -> None:
    contact = desk.contact().json()
    answer = crm.post(
        "/opportunities", json={**DEAL, "customerId": desk.customer_id, "contactId": contact["id"], "probability": 25}
    )
    assert answer.status_code == 201, answer.text
    deal = answer.json()
    assert {key: deal[key] for key in DEAL} == DEAL
    assert (deal["stage"], deal["probability"], deal["weightedAmount"]) == ("prospecting", 25, 83.33)
    assert (deal["contactId"], deal["leadId"], deal["closedAt"]) == (contact["id"], None, None)
    path = f"/opportunities/{deal['id']}"
    assert crm.get(answer.headers["Location"]).json() == deal

    proposal = desk.act(f"{path}/stage", stage="proposal")
    assert (proposal["probability"], proposal["weightedAmount"]) == (40, 133.33)
    assert desk.act(f"{path}/stage", stage="proposal", probability=1) == proposal
    back = desk.act(f"{path}/stage", stage="prospecting", probability=5, reason="预算未批")
    assert back["probability"] == 5
    changed = desk.change(path, amount=500, probability=60, note="改为二期")
    assert (changed["amount"], changed["weightedAmount"], changed["note"]) == (500, 300, "改为二期")
    won = desk.act(f"{path}/stage", stage="won", probability=1)
    assert (won["probability"], won["weightedAmount"]) == (100, 500)
    assert won["closedAt"] == won["updatedAt"] == won["stages"][-1]["at"]
    assert [(stage["stage"], stage["reason"]) for stage in won["stages"]] == [
        ("prospecting", None),
        ("proposal", None),
        ("prospecting", "预算未批"),
        ("won", None),
    ]
    times = [stage["at"] for stage in won["stages"]]
    assert times == sorted(times)
    assert times[0] == won["createdAt"]
    refusal(crm.post(f"{path}/stage", json={"stage": "prospecting"}), 409, "opportunity-closed")
    refusal(crm.patch(path, json={"note": None}, headers={"If-Match": "*"}), 409, "opportunity-closed")

    assert desk.told() == [("opportunity.created", deal["number"])] + 3 * [
        ("opportunity.stage_changed", deal["number"])
    ]
    assert [event["data"] for event in desk.events()] == [deal, proposal, back, won]
    assert crm.get(path).json() == won


def test_losing_needs_a_reason(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    deal = desk.enter("/opportunities", customerId=desk.customer_id, **DEAL)
    assert deal["probability"] == 10
    path = f"/opportunities/{deal['id']}"
    assert refusal(crm.post(f"{path}/stage", json={"stage": "lost"}), 422, "business-rule") == ["/reason"]
    lost = desk.act(f"{path}/stage", stage="lost", reason="价格高于竞争对手", probability=99)
    assert (lost["stage"], lost["probability"], lost["weightedAmount"]) == ("lost", 0, 0)


def test_customer_and_contact_must_be_there_and_belong_together(
    crm: Api, desk: Desk, refusal: Callable[..., Any]
) -> None:
    stranger = crm.post(f"/customers/{desk.customers[1]['id']}/contacts", json={"name": "张三"}).json()
    wrong = [
        ({"customerId": desk.unknown, "contactId": desk.unknown}, ["/customerId", "/contactId"]),
        ({"customerId": desk.customer_id, "contactId": stranger["id"]}, ["/contactId"]),
    ]
    for body, pointers in wrong:
        assert refusal(crm.post("/opportunities", json={**DEAL, **body}), 422, "business-rule") == pointers
    deal = desk.enter("/opportunities", customerId=desk.customer_id, **DEAL)
    answer = crm.patch(f"/opportunities/{deal['id']}", json={"contactId": stranger["id"]}, headers={"If-Match": '"1"'})
    assert refusal(answer, 422, "business-rule") == ["/contactId"]
    known = desk.contact().json()["id"]
    assert desk.change(f"/opportunities/{deal['id']}", contactId=known.upper())["contactId"] == known
    assert desk.change(f"/opportunities/{deal['id']}", contactId=None)["contactId"] is None


def test_opportunities_are_listed_by_stage_customer_and_change(desk: Desk) -> None:
    deals = [
        desk.enter("/opportunities", customerId=customer["id"], **DEAL)
        for customer in (*desk.customers[:3], desk.customers[0])
    ]
    desk.later(seconds=1)
    moved = desk.act(f"/opportunities/{deals[1]['id']}/stage", stage="negotiation")
    assert desk.walk("/opportunities", limit=2) == [deals[0], moved, *deals[2:]]
    assert desk.walk("/opportunities", stage="negotiation") == [moved]
    assert desk.walk("/opportunities", customerId=desk.customer_id) == [deals[0], deals[3]]
    assert desk.walk("/opportunities", updatedSince=moved["updatedAt"]) == [moved]
