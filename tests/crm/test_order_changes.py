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
            "lines": [{k: v for k, v in line.items() if k != "deliveredQuantity"} for line in document["lines"]],
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
    # A change that is rejected leaves what was agreed, as a revision of its own.
    rejected = crm.post(f"/orders/{rejected_id}/reject", json={**decision, "comment": "否"}).json()
    assert (rejected["state"], rejected["revision"], rejected["confirmedAt"]) == ("confirmed", 5, back["confirmedAt"])
    assert [rejected[member] for member in ("lines", "grossAmount", "note")] == [
        back[member] for member in ("lines", "grossAmount", "note")
    ]
    assert rejected["approval"]["steps"][0]["state"] == "rejected"
    former = desk.walk(f"{path}/revisions")
    assert [(one["revision"], one["reason"]) for one in former][2:] == [(3, "再改"), (4, "否")]
    assert former[3]["grossAmount"] == 1_000_000
    assert crm.get(path).json() == rejected
    assert [event["type"] for event in desk.events() if event["subject"] == order["number"]] == [
        "crm.order.confirmed",
        "crm.order.changed",
        "crm.order.approval_requested",
        "crm.order.approved",
        "crm.order.confirmed",
        "crm.order.changed",
        "crm.order.changed",
        "crm.order.approval_requested",
        "crm.order.change_rejected",
        "crm.order.confirmed",
    ]
    assert desk.events()[-1]["data"] == rejected


def test_lines_that_a_change_does_not_touch_stay_as_agreed(crm: Api, desk: Desk) -> None:
    first, second = desk.products[0], desk.products[1]
    lines = [{"productCode": one["code"], "quantity": 2, "discountPercent": 12.5} for one in (first, second)]
    order = desk.order(lines=lines, submit=True).json()
    path = f"/orders/{order['id']}"
    decided = {"role": "salesManager", "approver": "张经理"}
    agreed = crm.post(f"{path}/approve", json=decided).json()
    for product in (first, second):
        new = {"listPrice": product["listPrice"] + 100, "state": "discontinued" if product is second else "active"}
        assert crm.patch(f"/products/{product['code']}", json=new, headers={"If-Match": "*"}).status_code == 200
    # Another note is no reason to ask again.
    noted = crm.post(f"{path}/change", json={"reason": "改备注", "note": "送二号门"}).json()
    assert (noted["state"], noted["revision"], noted["approval"]) == ("confirmed", 2, agreed["approval"])
    less = [{**lines[0], "quantity": 1, "discountPercent": 0}, {**lines[1], "quantity": 1}]
    changed = crm.post(f"{path}/change", json={"reason": "减少数量", "lines": less}).json()
    # Another discount is another price; less of what is discontinued costs what was agreed, and more of it is not to be had.
    assert (changed["lines"][1]["unitPrice"], changed["lines"][1]["quantity"]) == (second["listPrice"], 1)
    assert changed["lines"][0]["unitPrice"] == first["listPrice"] + 100
    assert (changed["state"], changed["revision"]) == ("pendingApproval", 3)


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


def test_the_rest_of_a_part_delivered_order_is_closed(crm: Api, desk: Desk, refusal: Refusal) -> None:
    customer = f"/customers/{desk.customer_id}"
    desk.change(customer, creditLimit=1_000_000)
    order = desk.order(submit=True).json()
    path, reason = f"/orders/{order['id']}", {"reason": "剩余部分客户不再需要"}
    assert (order["closedAt"], order["closeReason"]) == (None, None)
    assert refusal(crm.post(f"{path}/close", json=reason), 409, "order-not-closable") == []
    part = desk.change(path, deliveredLines=[{"lineNumber": 1, "quantity": 1}])
    assert crm.get(f"{customer}/credit").json()["openOrderCount"] == 1
    answer = crm.post(f"{path}/close", json=reason)
    closed = answer.json()
    assert closed == {
        **part,
        "closedAt": closed["updatedAt"],
        "closeReason": reason["reason"],
        "updatedAt": closed["updatedAt"],
    }
    assert (closed["state"], closed["deliveryStatus"], answer.headers["ETag"]) == ("confirmed", "partial", '"3"')
    panel = crm.get(f"{customer}/credit").json()
    assert (panel["openOrderCount"], panel["openOrders"]) == (0, 0)
    assert refusal(crm.post(f"{path}/close", json=reason), 409, "order-not-closable") == []
    for action in ("cancel", "change"):
        assert (
            crm.post(f"{path}/{action}", json={**reason, **({"note": "新"} if action == "change" else {})}).status_code
            == 409
        )
    # What was on its way when the order was closed is still told, and may come back.
    late = desk.change(path, deliveredLines=[{"lineNumber": 1, "quantity": 2}])
    assert (late["closedAt"], late["lines"][0]["deliveredQuantity"]) == (closed["closedAt"], 2)
    desk.enter("/returns", orderId=order["id"], reason="外皮破损", lines=[{"lineNumber": 1, "quantity": 2}])
    done = desk.order(submit=True).json()
    desk.change(f"/orders/{done['id']}", deliveryStatus="complete")
    for other in (desk.order().json(), done):
        assert refusal(crm.post(f"/orders/{other['id']}/close", json=reason), 409, "order-not-closable") == []
    told = [event["data"] for event in desk.events() if event["type"] == "crm.order.closed"]
    assert told == [closed]
