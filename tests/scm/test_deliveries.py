"""Deliveries over HTTP: making, shipping in parts, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]
SOURCE = {"system": "crm", "document": "ORD-202611-00001", "id": None}


def make(scm: Api, number: str, *lines: tuple[int, str]) -> Any:
    body = {
        "sales_order_no": number,
        "lines": [{"line_no": line_no, "quantity": quantity} for line_no, quantity in lines],
    }
    return scm.post("/deliveries", json=body)


def test_an_order_goes_out_whole(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    before = clerk.balance(code)
    order = clerk.approved(clerk.line("10", source_line=3), clerk.line("2"), source_reference=SOURCE)
    answer = scm.post("/deliveries", json={"sales_order_no": order["sales_order_no"]})
    draft = clerk.document(answer, 201)
    number = draft["delivery_no"]
    assert answer.headers["Location"].endswith(f"/deliveries/{number}")
    assert (draft["state"], draft["ship_date"], draft["shipped_at"]) == ("draft", None, None)
    assert clerk.balance(code)["reserved"] == "12"
    delivery = clerk.act(f"/deliveries/{number}/ship")
    assert delivery["state"] == "shipped"
    assert delivery["ship_date"] == delivery["shipped_at"][:10]
    for name in ("sales_order_no", "partner_code", "partner_short_name", "warehouse_code", "source_reference"):
        assert delivery[name] == order[name]
    for name in ("amount", "tax_amount", "gross_amount"):
        assert delivery[name] == order[name]
        assert [line[name] for line in delivery["lines"]] == [line[name] for line in order["lines"]]
    assert [(line["line_no"], line["quantity"], line["source_line"]) for line in delivery["lines"]] == [
        (1, "10", 3),
        (2, "2", None),
    ]
    after = clerk.balance(code)
    assert Decimal(before["on_hand"]) - Decimal(after["on_hand"]) == 12
    assert (after["reserved"], after["available"]) == ("0", after["on_hand"])
    closed = clerk.get(f"/sales-orders/{order['sales_order_no']}")
    assert (closed["state"], closed["closed_at"]) == ("closed", delivery["shipped_at"])
    assert [(line["shipped_quantity"], line["reserved_quantity"]) for line in closed["lines"]] == [
        ("10", "0"),
        ("2", "0"),
    ]
    movements = scm.get("/stock-movements", params={"source_document": number}).json()["items"]
    assert [(m["kind"], m["direction"], m["quantity"]) for m in movements] == [
        ("sales_issue", "out", "10"),
        ("sales_issue", "out", "2"),
    ]
    event = clerk.events()[-1]
    assert (event["type"], event["subject"]) == ("scm.delivery.shipped", order["sales_order_no"])
    assert event["data"] == delivery == clerk.get(f"/deliveries/{number}")


def test_part_shipments_take_their_share_to_the_fen(clerk: Clerk) -> None:
    order = clerk.approved(clerk.line("3", unit_price="3.3333", amount="10.00", tax_amount="1.30"))
    parts = [clerk.shipped(order, (1, "1")) for _ in range(3)]
    assert [part["amount"] for part in parts] == ["3.33", "3.34", "3.33"]
    assert [part["tax_amount"] for part in parts] == ["0.43", "0.44", "0.43"]
    path = f"/sales-orders/{order['sales_order_no']}"
    assert clerk.get(path)["state"] == "closed"
    shipped = [event for event in clerk.events() if event["type"] == "scm.delivery.shipped"]
    assert [event["data"]["delivery_no"] for event in shipped] == [part["delivery_no"] for part in parts]
    assert {event["subject"] for event in shipped} == {order["sales_order_no"]}


def test_the_shares_follow_the_order_of_shipping_not_of_making(clerk: Clerk) -> None:
    order = clerk.approved(clerk.line("3", unit_price="3.3333", amount="10.00", tax_amount="1.30"))
    drafts = [clerk.delivery(order, (1, "1")) for _ in range(3)]
    assert {draft["amount"] for draft in drafts} == {"3.33"}
    shipped = [clerk.act(f"/deliveries/{draft['delivery_no']}/ship") for draft in reversed(drafts)]
    assert sum(Decimal(part["amount"]) for part in shipped) == Decimal("10.00")
    assert sum(Decimal(part["tax_amount"]) for part in shipped) == Decimal("1.30")


def test_by_default_everything_reserved_that_is_on_no_other_draft_goes(
    scm: Api, clerk: Clerk, refusal: Refusal
) -> None:
    order = clerk.approved(clerk.line("10"), clerk.line("4"))
    clerk.shipped(order, (1, "3"))
    clerk.delivery(order, (1, "2"), (2, "4"))
    rest = clerk.delivery(order)
    assert [(line["line_no"], line["quantity"]) for line in rest["lines"]] == [(1, "5")]
    nothing = scm.post("/deliveries", json={"sales_order_no": order["sales_order_no"], "lines": None})
    assert refusal(nothing, 409, "nothing-to-deliver") == []


def test_a_cancelled_draft_gives_back_its_quantity(clerk: Clerk, scm: Api) -> None:
    order = clerk.approved(clerk.line("10"))
    draft = clerk.delivery(order)
    cancelled = clerk.act(f"/deliveries/{draft['delivery_no']}/cancel")
    assert (cancelled["state"], cancelled["cancelled_at"]) == ("cancelled", cancelled["updated_at"])
    assert clerk.get(f"/sales-orders/{order['sales_order_no']}")["lines"][0]["reserved_quantity"] == "10"
    assert clerk.shipped(order)["lines"][0]["quantity"] == "10"
    assert [event["type"] for event in clerk.events()] == ["scm.sales_order.approved", "scm.delivery.shipped"]


def test_only_what_is_reserved_can_be_delivered(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    code = clerk.other["product_code"]
    on_hand = Decimal(clerk.balance(code)["on_hand"])
    order = clerk.approved({"product_code": code, "quantity": str(on_hand + 10), "unit_price": "1", "tax_rate": "0.13"})
    number = order["sales_order_no"]
    assert order["lines"][0]["backorder_quantity"] == "10"
    answer = make(scm, number, (1, str(on_hand + 1)))
    assert refusal(answer, 409, "insufficient-stock") == ["/lines/0/quantity"]
    answer = make(scm, number, (1, str(on_hand + 11)))
    assert refusal(answer, 422, "business-rule") == ["/lines/0/quantity"]
    clerk.shipped(order)
    assert clerk.balance(code)["on_hand"] == "0"
    assert refusal(scm.post("/deliveries", json={"sales_order_no": number}), 409, "nothing-to-deliver") == []
    assert clerk.get(f"/sales-orders/{number}")["state"] == "approved"
    clerk.receive(code, "25")
    clerk.act(f"/sales-orders/{number}/allocate")
    clerk.shipped(order)
    assert clerk.get(f"/sales-orders/{number}")["state"] == "closed"
    assert clerk.balance(code)["on_hand"] == "15"


def test_every_wrong_line_is_named(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    order = clerk.approved(clerk.line("10"), clerk.line("4"))
    answer = make(scm, order["sales_order_no"], (1, "11"), (9, "1"), (2, "4"), (2, "1"))
    assert refusal(answer, 422, "business-rule") == ["/lines/0/quantity", "/lines/1/line_no", "/lines/3/line_no"]
    assert scm.get("/deliveries").json()["total"] == 0


def test_a_delivery_needs_an_approved_order_that_exists(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    for order in (clerk.order(), clerk.act(f"/sales-orders/{clerk.order()['sales_order_no']}/cancel")):
        answer = scm.post("/deliveries", json={"sales_order_no": order["sales_order_no"]})
        assert refusal(answer, 409, "sales-order-not-approved") == []
    unknown = scm.post("/deliveries", json={"sales_order_no": "XSDD-209901-00001"})
    assert refusal(unknown, 422, "business-rule") == ["/sales_order_no"]


def test_every_fault_of_a_delivery_is_named(scm: Api, refusal: Refusal) -> None:
    body = {"sales_order_no": "1", "lines": [{"line_no": 0, "quantity": "0"}, {}], "date": "2026-01-01"}
    assert sorted(refusal(scm.post("/deliveries", json=body), 400, "validation-failed")) == [
        "/date",
        "/lines/0/line_no",
        "/lines/0/quantity",
        "/lines/1/line_no",
        "/lines/1/quantity",
        "/sales_order_no",
    ]


def test_the_ship_date(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    order = clerk.approved(order_date="2026-01-05")
    today = date.fromisoformat(order["approved_at"][:10])
    draft = clerk.delivery(order)
    path = f"/deliveries/{draft['delivery_no']}/ship"
    for wrong in (str(today + timedelta(days=1)), "2026-01-04"):
        assert refusal(scm.post(path, json={"ship_date": wrong}), 422, "business-rule") == ["/ship_date"]
    assert refusal(scm.post(path, json={"ship_date": "5.1.2026", "by": "me"}), 400, "validation-failed")
    assert clerk.get(f"/deliveries/{draft['delivery_no']}") == draft
    shipped = clerk.document(scm.post(path, json={"ship_date": "2026-01-05"}))
    assert shipped["ship_date"] == "2026-01-05"
    (movement,) = scm.get("/stock-movements", params={"source_document": draft["delivery_no"]}).json()["items"]
    assert movement["business_date"] == "2026-01-05"
    assert movement["movement_no"] == "KCLS-202601-00001"


def test_what_the_state_does_not_allow_changes_nothing(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    shipped = clerk.shipped(clerk.approved())
    draft = clerk.delivery(clerk.approved())
    cancelled = clerk.act(f"/deliveries/{draft['delivery_no']}/cancel")
    told, balance = clerk.events(), clerk.balance(clerk.product["product_code"])
    for delivery in (shipped, cancelled):
        for action in ("ship", "cancel"):
            path = f"/deliveries/{delivery['delivery_no']}"
            assert refusal(scm.post(f"{path}/{action}"), 409, "delivery-not-draft") == []
            assert clerk.get(path) == delivery
    assert clerk.events() == told
    assert clerk.balance(clerk.product["product_code"]) == balance


def test_a_delivery_is_made_once_per_key(scm: Api, clerk: Clerk) -> None:
    body = {"sales_order_no": clerk.approved()["sales_order_no"], "lines": [{"line_no": 1, "quantity": "1"}]}
    first, again = (scm.post("/deliveries", json=body, headers={"Idempotency-Key": "d-1"}) for _ in range(2))
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert scm.get("/deliveries").json()["total"] == 1


def test_deliveries_are_filtered_and_paged(scm: Api, clerk: Clerk) -> None:
    order, other = clerk.approved(source_reference=SOURCE), clerk.approved()
    first, second = clerk.shipped(order, (1, "1")), clerk.delivery(order, (1, "2"))
    third = clerk.delivery(other)
    queries: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [first, second, third]),
        ({"sales_order_no": order["sales_order_no"]}, [first, second]),
        ({"source_document": "ORD-202611-00001", "state": "draft"}, [second]),
        ({"state": "shipped"}, [first]),
        ({"state": "cancelled"}, []),
        ({"page": 2, "page_size": 2}, [third]),
    ]
    for query, found in queries:
        assert scm.get("/deliveries", params=query).json()["items"] == found
