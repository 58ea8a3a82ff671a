"""Changes of confirmed orders: revisions, their history, approval anew, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process
Refusal = Callable[..., list[str]]


def test_each_change_is_a_revision_and_the_former_ones_are_kept(crm: Api, desk: Desk) -> None:
    order = desk.order(submit=True, note="上午送货").json()
    path = f"/orders/{order['id']}"
    assert (order["revision"], order["state"]) == (1, "confirmed")
    lines = desk.lines(5)
    lines[0]["discountPercent"] = 10
    answer = crm.post(
        f"{path}/change", json={"reason": "客户追加数量", "lines": lines, "requestedDeliveryDate": "2099-12-05"}
    )
    second = answer.json()
    assert answer.status_code == 200
    assert (second["revision"], second["state"], second["note"]) == (2, "confirmed", "上午送货")
    assert (second["requestedDeliveryDate"], len(second["lines"])) == ("2099-12-05", 1)
    assert second["lines"][0]["grossAmount"] == pytest.approx(desk.products[0]["listPrice"] * 4.5, abs=0.006)
    assert (second["confirmedAt"], second["submittedAt"]) == (order["confirmedAt"], order["submittedAt"])
    assert answer.headers["ETag"] == '"2"'
    third = crm.post(f"{path}/change", json={"reason": "改备注", "note": None}).json()
    assert (third["revision"], third["note"], third["lines"]) == (3, None, second["lines"])
    same = crm.post(f"{path}/change", json={"reason": "没有变化", "note": None, "lines": lines})
    assert (same.json(), same.headers["ETag"]) == (third, '"3"')

    former = desk.walk(f"{path}/revisions", limit=1)
    shared = ("requestedDeliveryDate", "note", "lines", "netAmount", "taxAmount", "grossAmount")
    for document, entry, reason, after in (
        (order, former[0], "客户追加数量", second),
        (second, former[1], "改备注", third),
    ):
        assert entry == {
            "orderId": order["id"],
            "revision": document["revision"],
            "replacedAt": after["updatedAt"],
            "reason": reason,
            **{member: document[member] for member in shared},
        }
    assert len(former) == 2
    events = desk.events()
    assert [event["type"] for event in events] == ["crm.order.confirmed", *["crm.order.changed"] * 2]
    assert [event["data"] for event in events] == [order, second, third]


def test_a_change_may_need_approval_anew(crm: Api, desk: Desk) -> None:
    order = desk.order(submit=True).json()
    path = f"/orders/{order['id']}"
    large = [{"productCode": desk.products[0]["code"], "quantity": 1, "unitPrice": 1_000_000}]
    changed = crm.post(f"{path}/change", json={"reason": "改为大单", "lines": large}).json()
    assert (changed["state"], changed["revision"], changed["confirmedAt"]) == (
        "pendingApproval",
        2,
        order["confirmedAt"],
    )
    assert changed["submittedAt"] == changed["updatedAt"]
    decision = {"role": "generalManager", "approver": "王总"}
    confirmed = crm.post(f"{path}/approve", json=decision).json()
    assert (confirmed["state"], confirmed["revision"], confirmed["confirmedAt"]) == (
        "confirmed",
        2,
        confirmed["updatedAt"],
    )
    # Its own sum counts once against the limit, whatever it was before the change.
    customer = f"/customers/{desk.customer_id}"
    crm.patch(customer, json={"creditLimit": 1_000_000}, headers={"If-Match": "*"})
    small = [{**large[0], "unitPrice": 999_999}]
    back = crm.post(f"{path}/change", json={"reason": "改回", "lines": small}).json()
    assert (back["state"], back["revision"], back["approval"]) == ("confirmed", 3, None)
    rejected_id = crm.post(f"{path}/change", json={"reason": "再改", "lines": large}).json()["id"]
    crm.post(f"/orders/{rejected_id}/reject", json={**decision, "comment": "否"})
    draft = crm.patch(path, json={"lines": small}, headers={"If-Match": "*"}).json()
    assert (draft["state"], draft["revision"]) == ("draft", 4)
    assert crm.post(f"{path}/submit").json()["state"] == "confirmed"
    assert [event["type"] for event in desk.events() if event["subject"] == order["number"]] == [
        "crm.order.confirmed",
        "crm.order.changed",
        "crm.order.approval_requested",
        "crm.order.approved",
        "crm.order.confirmed",
        "crm.order.changed",
        "crm.order.changed",
        "crm.order.approval_requested",
        "crm.order.rejected",
        "crm.order.confirmed",
    ]


def test_what_cannot_be_changed(crm: Api, desk: Desk, refusal: Refusal) -> None:
    body = {"reason": "客户要求", "note": "新"}
    draft, cancelled, delivered = desk.order().json(), desk.order().json(), desk.order(submit=True).json()
    crm.post(f"/orders/{cancelled['id']}/cancel", json={"reason": "放弃"})
    crm.patch(f"/orders/{delivered['id']}", json={"deliveryStatus": "partial"}, headers={"If-Match": "*"})
    for order in (draft, cancelled, delivered):
        assert refusal(crm.post(f"/orders/{order['id']}/change", json=body), 409, "order-not-changeable") == []
    confirmed = desk.order(submit=True).json()
    wrong = {
        "reason": "客户要求",
        "lines": [{"productCode": "NO-1", "quantity": 1}, {"productCode": "NO-2", "quantity": 1}],
    }
    answer = crm.post(f"/orders/{confirmed['id']}/change", json=wrong)
    assert refusal(answer, 422, "business-rule") == ["/lines/0/productCode", "/lines/1/productCode"]
    assert refusal(crm.post(f"/orders/{confirmed['id']}/change", json={"note": "新"}), 400, "validation-failed")
    assert refusal(crm.post(f"/orders/{confirmed['id']}/change", json={"reason": "新"}), 400, "validation-failed")
    assert crm.get(f"/orders/{confirmed['id']}").json() == confirmed
    assert crm.get(f"/orders/{confirmed['id']}/revisions").json() == {"items": [], "nextCursor": None}
