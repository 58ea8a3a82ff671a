"""Returns: shares of the order's lines, states, refusals and events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.crm.rules.deliveries import Delivered
from shapan.crm.rules.orders import Line
from shapan.crm.rules.returns import BEFORE, STATE_NAMES, ReturnLine, price_lines, step_refusal, undelivered_refusal

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

Refusal = Callable[..., list[str]]
in_process = pytest.mark.in_process


def line(number: int, quantity: int, net: int, tax: int) -> Line:
    return Line(number, f"P-{number}", "电缆", "箱", quantity * 1000, 100, 1300, net, tax)


# -- rules -----------------------------------------------------------------------------------------------------------------------


def test_every_line_that_cannot_come_back_is_named() -> None:
    wanted = [
        {"lineNumber": 1, "quantity": 3},
        {"lineNumber": 2, "quantity": 1},
        {"lineNumber": 3, "quantity": 1},
        {"lineNumber": 1, "quantity": 1},
    ]
    returned = {1: ReturnLine(1, 1000, 33, 0)}
    lines, faults = price_lines(wanted, [line(1, 3, 100, 10), line(2, 1, 50, 5)], Delivered("complete"), returned)
    assert [fault.pointer for fault in faults] == ["/lines/0/quantity", "/lines/2/lineNumber", "/lines/3/lineNumber"]
    assert lines == [ReturnLine(2, 1000, 50, 5)]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(0, 2_000),
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=12),
)
def test_what_comes_back_in_parts_adds_up_to_the_line(net: int, tax: int, parts: list[tuple[int, bool]]) -> None:
    """Whatever returns were rejected in between: no part is below nothing, and all of it back is the line."""
    ordered = line(1, sum(quantity for quantity, kept in parts if kept) + 10, net, tax)
    kept: list[ReturnLine] = []
    asked: list[tuple[ReturnLine, bool]] = []

    def ask(quantity: int) -> ReturnLine:
        so_far = [one for one, _ in asked] + kept
        before = ReturnLine(1, *(sum(one[i] for one in so_far) for i in (1, 2, 3)))
        [part], faults = price_lines(
            [{"lineNumber": 1, "quantity": quantity}], [ordered], Delivered("partial"), {1: before}
        )
        assert faults == []
        assert min(part.net_fen, part.tax_fen) >= 0
        return part

    for quantity, keep in parts:
        if sum(one.quantity_milli for one, _ in asked) + sum(one.quantity_milli for one in kept) + quantity * 1000 > (
            ordered.quantity_milli
        ):
            # Those that wait are decided, so that there is room again.
            kept += [one for one, stays in asked if stays]
            asked.clear()
        asked.append((ask(quantity), keep))
    kept += [one for one, stays in asked if stays]
    asked.clear()
    rest = (ordered.quantity_milli - sum(one.quantity_milli for one in kept)) // 1000
    kept.append(ask(rest))
    assert (sum(one.net_fen for one in kept), sum(one.tax_fen for one in kept)) == (net, tax)


def test_a_return_has_one_way_through_its_states() -> None:
    for wanted, before in BEFORE.items():
        for state in STATE_NAMES:
            refusal = step_refusal("RET-1", state, wanted)
            assert (refusal and refusal.name) == (None if state == before else f"return-not-{before}")
            assert refusal is None or STATE_NAMES[state] in refusal.zh


@pytest.mark.parametrize(
    ("state", "delivered", "refused"),
    [
        ("confirmed", "none", True),
        ("confirmed", "partial", False),
        ("confirmed", "complete", False),
        ("cancelled", "none", True),
        ("draft", "none", True),
    ],
)
def test_only_what_was_delivered_comes_back(state: str, delivered: str, refused: bool) -> None:
    refusal = undelivered_refusal("ORD-1", state, delivered)
    assert (refusal and refusal.name) == ("order-not-delivered" if refused else None)


# -- over HTTP -------------------------------------------------------------------------------------------------------------------


def delivered(crm: Api, desk: Desk, quantity: int = 3) -> dict[str, Any]:
    wanted = {"productCode": desk.products[0]["code"], "quantity": quantity, "unitPrice": 33.33, "discountPercent": 5}
    order = desk.order(submit=True, lines=[wanted, *desk.lines(1)]).json()
    crm.patch(f"/orders/{order['id']}", json={"deliveryStatus": "complete"}, headers={"If-Match": "*"})
    return dict(order)


def ask(crm: Api, order: dict[str, Any], *quantities: int) -> Any:
    lines = [{"lineNumber": number, "quantity": quantity} for number, quantity in enumerate(quantities, 1)]
    return crm.post("/returns", json={"orderId": order["id"], "reason": "外皮破损", "lines": lines})


@in_process
def test_a_return_from_the_customer_to_the_credit(crm: Api, desk: Desk, refusal: Refusal) -> None:
    order = delivered(crm, desk)
    answer = ask(crm, order, 1, 1)
    assert answer.status_code == 201
    first = answer.json()
    assert answer.headers["Location"].endswith(f"/returns/{first['id']}")
    assert (first["number"][:4], first["state"], first["orderNumber"]) == ("RET-", "requested", order["number"])
    assert (first["customerId"], first["reason"]) == (order["customerId"], "外皮破损")
    copied = ("lineNumber", "productCode", "productName", "unit", "unitPrice", "discountPercent", "taxRate")
    for ours, theirs in zip(first["lines"], order["lines"], strict=True):
        assert {member: ours[member] for member in copied} == {member: theirs[member] for member in copied}
    # 3 × 33.33 − 5 % = 94.99; a third of net 84.06 and tax 10.93.
    assert [first["lines"][0][a] for a in ("netAmount", "taxAmount", "grossAmount")] == [28.02, 3.64, 31.66]
    assert first["lines"][1]["grossAmount"] == order["lines"][1]["grossAmount"]
    assert first["grossAmount"] == pytest.approx(sum(one["grossAmount"] for one in first["lines"]))
    rest = ask(crm, order, 2).json()
    assert first["lines"][0]["grossAmount"] + rest["lines"][0]["grossAmount"] == pytest.approx(94.99)
    assert refusal(ask(crm, order, 1), 422, "business-rule") == ["/lines/0/quantity"]

    def act(document: dict[str, Any], action: str, **body: Any) -> Any:
        return crm.post(f"/returns/{document['id']}/{action}", json=body)

    refusal(act(first, "receive"), 409, "return-not-approved")
    refusal(act(first, "credit"), 409, "return-not-received")
    approved = act(first, "approve", approver="李建国", comment="质量问题").json()
    assert (approved["state"], approved["approver"], approved["comment"]) == ("approved", "李建国", "质量问题")
    assert approved["decidedAt"] == approved["updatedAt"]
    refusal(act(first, "approve", approver="李建国"), 409, "return-not-requested")
    refusal(act(first, "reject", approver="李建国", comment="晚了"), 409, "return-not-requested")
    received = act(first, "receive", reference="XSTH-202611-00003").json()
    assert (received["state"], received["receiptReference"]) == ("received", "XSTH-202611-00003")
    credited = act(first, "credit", reference="YS-202611-00012").json()
    assert (credited["state"], credited["creditReference"]) == ("credited", "YS-202611-00012")
    assert crm.get(f"/returns/{first['id']}").json() == credited

    rejected = act(rest, "reject", approver="李建国", comment="已过退货期").json()
    assert (rejected["state"], rejected["comment"]) == ("rejected", "已过退货期")
    again = ask(crm, order, 2)
    assert (again.status_code, again.json()["grossAmount"]) == (201, rest["grossAmount"])

    events = [event for event in desk.events() if event["type"].startswith("crm.return.")]
    assert [event["type"].rsplit(".")[-1] for event in events] == [
        "requested",
        "requested",
        "approved",
        "received",
        "credited",
        "rejected",
        "requested",
    ]
    assert {event["subject"] for event in events} == {order["number"]}
    assert (events[0]["data"], events[4]["data"], events[5]["data"]) == (first, credited, rejected)


@in_process
def test_returns_are_found_by_state_order_and_customer(crm: Api, desk: Desk) -> None:
    orders = [delivered(crm, desk), delivered(crm, desk)]
    first, second, third = (ask(crm, order, 1).json() for order in (*orders, orders[0]))
    crm.post(f"/returns/{second['id']}/reject", json={"approver": "李建国", "comment": "否"})

    def found(**params: str) -> list[str]:
        return [one["id"] for one in desk.walk("/returns", limit=1, **params)]

    assert found() == [first["id"], second["id"], third["id"]]
    assert found(orderId=orders[0]["id"].upper()) == [first["id"], third["id"]]
    assert found(orderId=desk.unknown) == []
    assert found(state="rejected", customerId=desk.customer_id) == [second["id"]]
    assert found(customerId=desk.unknown) == []


@in_process
def test_returns_that_are_refused(crm: Api, desk: Desk, refusal: Refusal) -> None:
    order = desk.order(submit=True).json()
    assert refusal(ask(crm, order, 1), 409, "order-not-delivered") == []
    assert refusal(ask(crm, {"id": desk.unknown}, 1), 422, "business-rule") == ["/orderId"]
    crm.patch(f"/orders/{order['id']}", json={"deliveryStatus": "partial"}, headers={"If-Match": "*"})
    assert refusal(ask(crm, order, 4, 3, 1), 422, "business-rule") == [
        "/lines/0/quantity",
        "/lines/1/quantity",
        "/lines/2/lineNumber",
    ]
    assert crm.get("/returns").json()["items"] == []
