"""Approval of orders: what triggers it, its steps in their order, its refusals and events; and the credit panel behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.crm.rules.approvals import DEFAULT_POLICY, PolicyStep, decision_refusal, needed, policy_faults
from shapan.crm.rules.credit import Credit

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process
FREE = Credit(None, "none", None, None, 0)
Refusal = Callable[..., list[str]]


def dear(desk: Desk, **members: Any) -> dict[str, Any]:
    """A line of a million yuan, which the general manager must approve."""
    return {"productCode": desk.products[0]["code"], "quantity": 100, "unitPrice": 10_000, **members}


def decide(crm: Api, order: dict[str, Any], role: str, action: str = "approve", **members: Any) -> Any:
    body = {"role": role, "approver": "李建国", **members}
    return crm.post(f"/orders/{order['id']}/{action}", json=body)


def forward(crm: Api, seconds: float) -> None:
    crm.runtime.workspace("default").clock.advance(timedelta(seconds=seconds))
    crm.token = crm.fetch_token()


# -- rules -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount_bp", "gross_fen", "credit", "found"),
    [
        (1000, 99_999_999, FREE, []),
        (1001, 100, FREE, [("salesManager", "discountPercent", 10.01, 10.0)]),
        (
            2501,
            100,
            FREE,
            [("salesManager", "discountPercent", 25.01, 10.0), ("generalManager", "discountPercent", 25.01, 25.0)],
        ),
        (0, 100_000_000, FREE, [("generalManager", "grossAmount", 1_000_000.0, 1_000_000.0)]),
        (0, 50, Credit(100, "none", 30, 30, 20), []),
        (0, 51, Credit(100, "none", 30, 30, 20), [("creditController", "creditLimit", 1.01, 1.0)]),
        (0, 101, Credit(100, "none", None, None, 0), [("creditController", "creditLimit", 1.01, 1.0)]),
        (0, 150, Credit(100, "none", -50, 0, 0), []),
        (0, 0, Credit(None, "overdue", 0, 0, 0), []),
        (0, 0, Credit(None, "overdue", None, None, 0), []),
        (0, 0, Credit(None, "overdue", 500, 1, 0), [("creditController", "overdue", 0.01, 0.0)]),
        (0, 0, Credit(None, "always", None, None, 0), [("creditController", "hold", None, None)]),
        (
            3000,
            100_000_001,
            Credit(0, "always", 0, 0, 0),
            [
                ("salesManager", "discountPercent", 30.0, 10.0),
                ("creditController", "creditLimit", 1_000_000.01, 0.0),
                ("creditController", "hold", None, None),
                ("generalManager", "discountPercent", 30.0, 25.0),
                ("generalManager", "grossAmount", 1_000_000.01, 1_000_000.0),
            ],
        ),
    ],
)
def test_the_default_policy(discount_bp: int, gross_fen: int, credit: Credit, found: list[Any]) -> None:
    steps = needed(DEFAULT_POLICY, discount_bp, gross_fen, credit)
    reasons = [(step.role, r["rule"], r["value"], r["threshold"]) for step in steps for r in step.reasons]
    assert reasons == found


def test_without_a_policy_nobody_is_asked() -> None:
    assert needed([], 10_000, 10**12, Credit(0, "always", 1, 1, 1)) == []
    assert needed([PolicyStep("boss", ("amount",), None, 0)], 0, 0, FREE)[0].role == "boss"


def test_every_fault_of_a_policy_is_named() -> None:
    steps = [
        {"role": "a", "triggers": ["discount", "amount"]},
        {"role": "a", "triggers": ["credit"], "discountPercentOver": 0, "grossAmountFrom": 1},
        {"role": "b", "triggers": ["discount"], "discountPercentOver": 0, "grossAmountFrom": None},
    ]
    assert [fault.pointer for fault in policy_faults(steps)] == [
        "/steps/0/discountPercentOver",
        "/steps/0/grossAmountFrom",
        "/steps/1/role",
        "/steps/1/discountPercentOver",
        "/steps/1/grossAmountFrom",
    ]


@pytest.mark.parametrize(
    ("state", "pending", "name"),
    [
        ("pendingApproval", "salesManager", None),
        ("pendingApproval", "generalManager", "approval-step-not-due"),
        ("confirmed", None, "order-not-pending"),
        ("draft", None, "order-not-pending"),
    ],
)
def test_who_may_decide(state: str, pending: str | None, name: str | None) -> None:
    refusal = decision_refusal("ORD-1", state, pending, "salesManager")
    assert (refusal and refusal.name) == name


# -- over HTTP -------------------------------------------------------------------------------------------------------------------


def test_an_order_goes_through_all_its_steps(crm: Api, desk: Desk, refusal: Refusal) -> None:
    crm.patch(f"/customers/{desk.customer_id}", json={"creditHold": "always"}, headers={"If-Match": "*"})
    draft = desk.order(lines=[dear(desk, discountPercent=30)]).json()
    assert (draft["state"], draft["approval"], draft["submittedAt"]) == ("draft", None, None)
    answer = crm.post(f"/orders/{draft['id']}/submit")
    order = answer.json()
    assert (order["state"], order["confirmedAt"]) == ("pendingApproval", None)
    assert order["submittedAt"] == order["approval"]["requestedAt"]
    steps = order["approval"]["steps"]
    assert [(s["step"], s["role"], s["state"], len(s["reasons"])) for s in steps] == [
        (1, "salesManager", "pending", 1),
        (2, "creditController", "waiting", 1),
        (3, "generalManager", "waiting", 1),
    ]
    assert answer.headers["ETag"] == crm.get(f"/orders/{order['id']}").headers["ETag"] == '"2"'
    assert crm.get("/orders", params={"state": "pendingApproval"}).json()["items"] == [order]

    refusal(decide(crm, order, "generalManager"), 409, "approval-step-not-due")
    refusal(crm.post(f"/orders/{order['id']}/submit"), 409, "order-not-draft")
    change = crm.patch(f"/orders/{order['id']}", json={"note": "急"}, headers={"If-Match": "*"})
    refusal(change, 409, "order-pending-approval")
    refusal(crm.post(f"/orders/{order['id']}/change", json={"note": "急", "reason": "急"}), 409, "order-not-changeable")

    people = "李建国", "王会计", "张总"
    for seconds, role, person in zip(
        (60, 120, 3600), ("salesManager", "creditController", "generalManager"), people, strict=True
    ):
        forward(crm, seconds)
        if role != "salesManager":
            refusal(
                decide(crm, order, role, approver="李 建国" if person == "张总" else "李建国"),
                409,
                "approver-decided-already",
            )
        last = decide(crm, order, role, comment="同意", approver=person).json()
    steps = last["approval"]["steps"]
    assert last["state"] == "confirmed"
    assert [step["state"] for step in steps] == ["approved"] * 3
    assert [(step["approver"], step["comment"]) for step in steps] == [(person, "同意") for person in people]
    assert steps[2]["leadTimeSeconds"] == pytest.approx(3600, abs=30)
    assert last["approval"]["leadTimeSeconds"] == pytest.approx(3780, abs=60)
    assert last["approval"]["decidedAt"] == last["confirmedAt"] == last["updatedAt"]
    assert crm.get(f"/orders/{order['id']}").json() == last
    refusal(decide(crm, order, "generalManager"), 409, "order-not-pending")

    events = [event for event in desk.events() if event["subject"] == order["number"]]
    assert [event["type"] for event in events] == [
        "crm.order.approval_requested",
        *["crm.order.approved"] * 3,
        "crm.order.confirmed",
    ]
    assert events[0]["data"] == order
    assert events[3]["data"] == events[4]["data"] == last


def test_a_rejected_order_becomes_a_draft_and_is_submitted_anew(crm: Api, desk: Desk, refusal: Refusal) -> None:
    order = desk.order(lines=[dear(desk, discountPercent=12.5)], submit=True).json()
    assert [s["role"] for s in order["approval"]["steps"]] == ["salesManager"]
    rejected = decide(crm, order, "salesManager", "reject", comment="折扣过高").json()
    [step] = rejected["approval"]["steps"]
    assert (rejected["state"], step["state"], step["comment"]) == ("rejected", "rejected", "折扣过高")
    assert rejected["approval"]["decidedAt"] == step["decidedAt"] is not None
    refusal(decide(crm, order, "salesManager"), 409, "order-not-pending")
    refusal(crm.post(f"/orders/{order['id']}/submit"), 409, "order-not-draft")
    wrong = crm.patch(f"/orders/{order['id']}", json={"deliveryStatus": "partial"}, headers={"If-Match": "*"})
    assert refusal(wrong, 422, "business-rule") == ["/deliveryStatus"]

    again = crm.patch(f"/orders/{order['id']}", json={"note": order["note"]}, headers={"If-Match": '"2"'})
    assert (again.json()["state"], again.headers["ETag"]) == ("draft", '"3"')
    second = crm.post(f"/orders/{order['id']}/submit").json()
    assert (second["state"], [s["state"] for s in second["approval"]["steps"]]) == ("pendingApproval", ["pending"])
    decide(crm, order, "salesManager", "reject", comment="仍过高")
    lines = [dear(desk, quantity=1)]
    crm.patch(f"/orders/{order['id']}", json={"lines": lines}, headers={"If-Match": "*"})
    third = crm.post(f"/orders/{order['id']}/submit").json()
    assert (third["state"], third["approval"], third["revision"]) == ("confirmed", None, 1)
    assert [event["type"] for event in desk.events()] == [
        *["crm.order.approval_requested", "crm.order.rejected"] * 2,
        "crm.order.confirmed",
    ]


def test_later_steps_are_withdrawn_when_one_rejects_and_when_the_order_is_cancelled(
    crm: Api, desk: Desk, refusal: Refusal
) -> None:
    orders = [desk.order(lines=[dear(desk, discountPercent=50)], submit=True).json() for _ in range(2)]
    rejected = decide(crm, orders[0], "salesManager", "reject", comment="否").json()
    assert [s["state"] for s in rejected["approval"]["steps"]] == ["rejected", "withdrawn"]
    decide(crm, orders[1], "salesManager")
    cancelled = crm.post(f"/orders/{orders[1]['id']}/cancel", json={"reason": "客户放弃"}).json()
    assert [s["state"] for s in cancelled["approval"]["steps"]] == ["approved", "withdrawn"]
    assert (cancelled["state"], cancelled["confirmedAt"]) == ("cancelled", None)
    assert (cancelled["approval"]["decidedAt"], cancelled["approval"]["leadTimeSeconds"]) == (None, None)
    refusal(decide(crm, orders[1], "generalManager"), 409, "order-not-pending")
    assert crm.post(f"/orders/{orders[0]['id']}/cancel", json={"reason": "放弃"}).json()["state"] == "cancelled"


def test_the_policy_is_data(crm: Api, desk: Desk, refusal: Refusal) -> None:
    default = crm.get("/approval-policy").json()
    assert default["updatedAt"] is None
    assert [step["role"] for step in default["steps"]] == ["salesManager", "creditController", "generalManager"]
    bad = {"steps": [{"role": "a", "triggers": ["discount"]}, {"role": "a", "triggers": ["credit"]}]}
    wrong = crm.put("/approval-policy", json=bad)
    assert refusal(wrong, 422, "business-rule") == ["/steps/0/discountPercentOver", "/steps/1/role"]
    assert crm.get("/approval-policy").json() == default
    waiting = desk.order(lines=[dear(desk)], submit=True).json()
    steps = [{"role": "owner", "triggers": ["amount"], "grossAmountFrom": 0.01}]
    written = crm.put("/approval-policy", json={"steps": steps, "distinctApprovers": False}).json()
    assert written["steps"] == [{**steps[0], "discountPercentOver": None}]
    assert (default["distinctApprovers"], written["distinctApprovers"]) == (True, False)
    assert crm.get("/approval-policy").json() == written
    order = desk.order(submit=True).json()
    assert [s["role"] for s in order["approval"]["steps"]] == ["owner"]
    # What the policy wants now comes on top of what was asked for; one person may decide both.
    assert decide(crm, waiting, "generalManager").json()["state"] == "pendingApproval"
    approved = decide(crm, waiting, "owner").json()
    assert (approved["state"], [s["role"] for s in approved["approval"]["steps"]]) == (
        "confirmed",
        ["generalManager", "owner"],
    )
    crm.put("/approval-policy", json={"steps": []})
    assert desk.order(lines=[dear(desk, discountPercent=100)], submit=True).json()["state"] == "confirmed"


def test_a_low_price_is_a_discount_where_the_policy_says_so(crm: Api, desk: Desk) -> None:
    first, second = desk.products[:2]
    low = {"productCode": first["code"], "quantity": 2, "unitPrice": round(first["listPrice"] * 0.7, 2)}
    lines = [low, {"productCode": second["code"], "quantity": 1, "discountPercent": 5}]
    policy = crm.get("/approval-policy").json()
    assert policy["discountBasis"] == "line"
    assert desk.order(lines=lines, submit=True).json()["state"] == "confirmed"
    steps = [{"role": "salesManager", "triggers": ["discount"], "discountPercentOver": 10}]
    written = crm.put("/approval-policy", json={"steps": steps, "discountBasis": "effective"}).json()
    assert written["discountBasis"] == crm.get("/approval-policy").json()["discountBasis"] == "effective"
    held = desk.order(lines=lines, submit=True).json()
    [reason] = held["approval"]["steps"][0]["reasons"]
    assert (reason["rule"], reason["value"]) == ("discountPercent", pytest.approx(30, abs=0.02))
    # On top of a low price, the discount of the line counts; a price above the list is none.
    both = [{**low, "unitPrice": round(first["listPrice"] * 0.95, 2), "discountPercent": 10}]
    [reason] = desk.order(lines=both, submit=True).json()["approval"]["steps"][0]["reasons"]
    assert reason["value"] == pytest.approx(14.5, abs=0.02)
    dearer = [{**low, "unitPrice": first["listPrice"] + 1}]
    assert desk.order(lines=dearer, submit=True).json()["state"] == "confirmed"
    # What was agreed with the customer in its price list is no discount.
    items = [{"productCode": first["code"], "price": low["unitPrice"]}]
    agreed = desk.enter("/price-lists", name="经销商价", validFrom="2026-01-01", items=items)
    desk.change(f"/customers/{desk.customer_id}", priceListId=agreed["id"])
    assert desk.order(lines=[low], submit=True).json()["state"] == "confirmed"


def test_the_credit_panel_counts_what_is_owed_and_what_is_ordered(crm: Api, desk: Desk) -> None:
    path = f"/customers/{desk.customer_id}"
    crm.patch(path, json={"creditLimit": 2000, "creditHold": "overdue"}, headers={"If-Match": "*"})
    nothing = crm.get(f"{path}/credit").json()
    assert nothing == {
        "customerId": desk.customer_id,
        "known": False,
        "openAmount": None,
        "overdueAmount": None,
        "asOf": None,
        "ageSeconds": None,
        "creditLimit": 2000.0,
        "creditHold": "overdue",
        "openOrders": 0.0,
        "openOrderCount": 0,
        "used": 0.0,
        "available": 2000.0,
    }
    line = {"productCode": desk.products[0]["code"], "quantity": 1, "unitPrice": 600}
    orders = [desk.order(lines=[line], submit=True).json() for _ in range(3)]
    assert [order["state"] for order in orders] == ["confirmed"] * 3
    # The fourth would make 2,400; the warehouse reports one complete, and finance reports what is owed for it.
    held = desk.order(lines=[line], submit=True).json()
    [reason] = held["approval"]["steps"][0]["reasons"]
    assert reason == {"trigger": "credit", "rule": "creditLimit", "value": 2400.0, "threshold": 2000.0}
    # What waits takes its share of the limit, until somebody says no to it.
    panel = crm.get(f"{path}/credit").json()
    assert (panel["openOrderCount"], panel["openOrders"]) == (4, 2400.0)
    decide(crm, held, "creditController", "reject", comment="超限")
    crm.patch(f"/orders/{orders[0]['id']}", json={"deliveryStatus": "complete"}, headers={"If-Match": "*"})
    now = crm.runtime.workspace("default").clock.now()
    report = {"openAmount": 600, "overdueAmount": 0, "asOf": (now - timedelta(hours=2)).isoformat()}
    assert crm.put(f"{path}/balance", json=report).status_code == 200
    panel = crm.get(f"{path}/credit").json()
    assert (panel["known"], panel["openOrderCount"], panel["openOrders"]) == (True, 2, 1200.0)
    assert (panel["openAmount"], panel["used"], panel["available"]) == (600.0, 1800.0, 200.0)
    assert panel["ageSeconds"] == pytest.approx(7200, abs=60)
    # Paid, but the oldest part is overdue now.
    assert crm.put(f"{path}/balance", json={**report, "openAmount": 1, "overdueAmount": 1}).status_code == 200
    cheap = desk.order(lines=[{**line, "unitPrice": 1}], submit=True).json()
    assert [r["rule"] for r in cheap["approval"]["steps"][0]["reasons"]] == ["overdue"]
    crm.patch(path, json={"creditLimit": None, "creditHold": "none"}, headers={"If-Match": "*"})
    assert desk.order(lines=[line], submit=True).json()["state"] == "confirmed"
    free = crm.get(f"{path}/credit").json()
    assert (free["creditLimit"], free["available"], free["openOrderCount"]) == (None, None, 4)


def test_a_balance_of_the_future_is_refused(crm: Api, desk: Desk, refusal: Refusal) -> None:
    path = f"/customers/{desk.customer_id}/balance"
    now: datetime = crm.runtime.workspace("default").clock.now()
    body = {"openAmount": 1, "overdueAmount": 0, "asOf": (now + timedelta(minutes=10)).isoformat()}
    assert refusal(crm.put(path, json=body), 422, "business-rule") == ["/asOf"]
    assert crm.put(path, json={**body, "asOf": (now + timedelta(minutes=4)).isoformat()}).status_code == 200


def test_customers_of_a_world_have_limits_that_its_own_business_keeps(crm: Api, desk: Desk) -> None:
    limits = [customer["creditLimit"] for customer in desk.customers]
    prepaid = [customer for customer in desk.customers if customer["paymentTerms"] == "PREPAID"]
    assert [customer["creditLimit"] for customer in prepaid] == [None] * len(prepaid) != []
    assert all(limit is None or limit >= 500_000 for limit in limits)
    assert {customer["creditHold"] for customer in desk.customers} == {"none"}
    new = crm.post("/customers", json={"name": "示例有限公司", "region": "BJ", "industry": "IT"}).json()
    assert (new["creditLimit"], new["creditHold"]) == (None, "none")
