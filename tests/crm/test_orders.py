"""Sales orders over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.crm.rules.deliveries import Delivered, reported
from shapan.crm.rules.orders import price_line
from shapan.crm.rules.prices import Price
from shapan.crm.rules.products import Product

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

REASON = {"reason": "客户预算冻结，本月不再采购"}


def fen(amount: float) -> int:
    return round(amount * 100)


def test_a_draft_is_shown_as_it_was_entered(crm: Api, desk: Desk) -> None:
    answer = desk.order(requestedDeliveryDate="2026-12-01", note="请在上午送到三号库")
    order = answer.json()
    assert (order["state"], order["deliveryStatus"], order["currency"]) == ("draft", "none", "CNY")
    assert (order["customerId"], order["customerName"]) == (desk.customer_id, desk.customers[0]["name"])
    assert (order["requestedDeliveryDate"], order["note"]) == ("2026-12-01", "请在上午送到三号库")
    assert (order["confirmedAt"], order["cancelledAt"], order["cancelReason"]) == (None, None, None)
    assert answer.headers["Location"].endswith(f"/orders/{order['id']}")
    again = crm.get(answer.headers["Location"])
    assert again.json() == order
    assert again.headers["ETag"] == answer.headers["ETag"] == '"1"'
    assert desk.events() == []


def test_lines_are_copied_from_the_price_list_and_add_up(desk: Desk) -> None:
    first, second = desk.products[:2]
    lines = [
        {"productCode": first["code"], "quantity": 3},
        {"productCode": second["code"], "quantity": 7, "unitPrice": 33.33},
    ]
    order = desk.order(lines=lines).json()
    for number, (line, product, price, quantity) in enumerate(
        zip(order["lines"], (first, second), (first["listPrice"], 33.33), (3, 7), strict=True), 1
    ):
        assert line["lineNumber"] == number
        assert (line["productCode"], line["productName"]) == (product["code"], product["name"])
        assert (line["unit"], line["taxRate"]) == (product["unit"], product["taxRate"])
        assert (line["quantity"], line["unitPrice"]) == (quantity, price)
        assert fen(line["grossAmount"]) == quantity * fen(price) == fen(line["netAmount"]) + fen(line["taxAmount"])
    for amount in ("netAmount", "taxAmount", "grossAmount"):
        assert fen(order[amount]) == sum(fen(line[amount]) for line in order["lines"])


def test_numbers_run_on_by_month_without_gaps(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    first = desk.order().json()
    refused = crm.post("/orders", json={"customerId": desk.unknown, "lines": desk.lines(1)})
    assert sorted(refusal(refused, 422, "business-rule")) == ["/customerId"]
    second = desk.order(submit=True).json()
    month = datetime.fromisoformat(first["createdAt"]).strftime("%Y%m")
    assert [first["number"], second["number"]] == [f"ORD-{month}-00001", f"ORD-{month}-00002"]


def test_five_faults_give_one_answer_with_five_pointers(
    crm: Api, desk: Desk, refusal: Callable[..., list[str]]
) -> None:
    body = {
        "customerId": "BJ-IT-001",
        "requestedDeliveryDate": "2026-02-30",
        "lines": [{"productCode": desk.products[0]["code"], "quantity": 0}, {"quantity": 1, "unitPrice": 0.001}],
    }
    answer = crm.post("/orders", json=body)
    assert sorted(set(refusal(answer, 400, "validation-failed"))) == [
        "/customerId",
        "/lines/0/quantity",
        "/lines/1/productCode",
        "/lines/1/unitPrice",
        "/requestedDeliveryDate",
    ]


def test_bounds_of_a_line_are_kept(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    wrong: list[dict[str, Any]] = [
        {"quantity": 1.5},
        {"quantity": 1_000_001},
        {"unitPrice": 0},
        {"unitPrice": None},
        {"unitPrice": 12.345},
        {"productCode": "电缆"},
        {"discount": 0.1},
    ]
    for members in wrong:
        body = {"customerId": desk.customer_id, "lines": [{**desk.lines(1)[0], **members}]}
        pointers = refusal(crm.post("/orders", json=body), 400, "validation-failed")
        assert set(pointers) == {f"/lines/0/{member}" for member in members}


@pytest.mark.parametrize("number", [0, 201])
def test_an_order_has_1_to_200_lines(crm: Api, desk: Desk, refusal: Callable[..., list[str]], number: int) -> None:
    body = {"customerId": desk.customer_id, "lines": desk.lines(1) * number}
    assert sorted(refusal(crm.post("/orders", json=body), 400, "validation-failed")) == ["/lines"]
    assert len(desk.order(lines=desk.lines(1) * 200).json()["lines"]) == 200


def test_every_unknown_reference_is_named_at_once(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    lines = [{"productCode": "NO-1", "quantity": 1}, *desk.lines(1), {"productCode": "NO-2", "quantity": 1}]
    answer = crm.post(
        "/orders", json={"customerId": desk.unknown, "lines": lines}, headers={"Accept-Language": "zh-CN"}
    )
    pointers = refusal(answer, 422, "business-rule")
    assert pointers == ["/customerId", "/lines/0/productCode", "/lines/2/productCode"]
    assert "没有商品 NO-2" in answer.json()["detail"]
    assert desk.walk("/orders") == []


def test_a_sum_beyond_the_limit_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    line = {"productCode": desk.products[0]["code"], "quantity": 1_000_000, "unitPrice": 10_000.01}
    answer = crm.post("/orders", json={"customerId": desk.customer_id, "lines": [line]})
    assert sorted(refusal(answer, 422, "business-rule")) == ["/lines"]


def test_the_same_key_enters_one_order(crm: Api, desk: Desk) -> None:
    body = {"customerId": desk.customer_id, "lines": desk.lines(1), "submit": True}
    first, second = (crm.post("/orders", json=body, headers={"Idempotency-Key": "order-1"}) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert desk.walk("/orders") == [first.json()]
    assert len(desk.events()) == 1
    other = crm.post("/orders", json={**body, "submit": False}, headers={"Idempotency-Key": "order-1"})
    assert other.status_code == 422, other.text


def test_a_refused_order_does_not_use_up_its_key(crm: Api, desk: Desk) -> None:
    headers = {"Idempotency-Key": "order-2"}
    wrong = crm.post("/orders", json={"customerId": desk.unknown, "lines": desk.lines(1)}, headers=headers)
    right = crm.post("/orders", json={"customerId": desk.customer_id, "lines": desk.lines(1)}, headers=headers)
    assert (wrong.status_code, right.status_code) == (422, 201)


def test_an_order_can_be_confirmed_at_once(crm: Api, desk: Desk) -> None:
    order = desk.order(submit=True).json()
    assert order["state"] == "confirmed"
    assert order["confirmedAt"] == order["createdAt"]
    (event,) = desk.events()
    assert (event["type"], event["subject"]) == ("crm.order.confirmed", order["number"])
    assert event["data"] == order == crm.get(f"/orders/{order['id']}").json()


def test_a_draft_is_submitted_once(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    order = desk.order().json()
    path = f"/orders/{order['id']}"
    answer = crm.post(f"{path}/submit")
    confirmed = answer.json()
    assert answer.status_code == 200
    assert confirmed == {
        **order,
        "state": "confirmed",
        "submittedAt": confirmed["updatedAt"],
        "confirmedAt": confirmed["updatedAt"],
        "updatedAt": confirmed["updatedAt"],
    }
    assert answer.headers["ETag"] == crm.get(path).headers["ETag"] == '"2"'
    assert sorted(refusal(crm.post(f"{path}/submit"), 409, "order-not-draft")) == []
    (event,) = desk.events()
    assert (event["type"], event["data"]) == ("crm.order.confirmed", confirmed)


def test_a_confirmed_order_names_the_customer_as_of_then(crm: Api, desk: Desk) -> None:
    order = desk.order().json()
    rename = {"name": "更名后的示例有限公司"}
    crm.patch(f"/customers/{desk.customer_id}", json=rename, headers={"If-Match": "*"})
    confirmed = crm.post(f"/orders/{order['id']}/submit").json()
    assert confirmed["customerName"] == rename["name"]
    crm.patch(f"/customers/{desk.customer_id}", json={"name": "再次更名有限公司"}, headers={"If-Match": "*"})
    assert crm.get(f"/orders/{order['id']}").json() == confirmed


@pytest.mark.parametrize("submit", [False, True])
def test_an_order_is_cancelled_once(crm: Api, desk: Desk, refusal: Callable[..., list[str]], submit: bool) -> None:
    order = desk.order(submit=submit).json()
    path = f"/orders/{order['id']}"
    answer = crm.post(f"{path}/cancel", json=REASON)
    assert answer.status_code == 200
    cancelled = answer.json()
    assert (cancelled["state"], cancelled["cancelReason"]) == ("cancelled", REASON["reason"])
    assert cancelled["cancelledAt"] == cancelled["updatedAt"]
    assert cancelled["confirmedAt"] == order["confirmedAt"]
    event = desk.events()[-1]
    assert (event["type"], event["subject"], event["data"]) == ("crm.order.cancelled", order["number"], cancelled)
    for again, name in (
        (crm.post(f"{path}/cancel", json=REASON), "order-not-cancellable"),
        (crm.post(f"{path}/submit"), "order-not-draft"),
        (crm.patch(path, json={"note": "x"}, headers={"If-Match": "*"}), "order-cancelled"),
    ):
        assert sorted(refusal(again, 409, name)) == []
    assert crm.get(path).json() == cancelled


@pytest.mark.parametrize("status", ["partial", "complete"])
def test_a_delivered_order_is_not_cancelled(
    crm: Api, desk: Desk, refusal: Callable[..., list[str]], status: str
) -> None:
    path = f"/orders/{desk.order(submit=True).json()['id']}"
    assert crm.patch(path, json={"deliveryStatus": status}, headers={"If-Match": "*"}).status_code == 200
    answer = crm.post(f"{path}/cancel", json=REASON)
    assert sorted(refusal(answer, 409, "order-not-cancellable")) == []
    assert crm.get(path).json()["state"] == "confirmed"


def test_a_cancellation_needs_a_reason(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    path = f"/orders/{desk.order().json()['id']}/cancel"
    for body in ({}, {"reason": ""}, {"reason": "两\n行"}, {"reason": "长" * 201}):
        assert set(refusal(crm.post(path, json=body), 400, "validation-failed")) == {"/reason"}


def test_a_draft_takes_other_lines(crm: Api, desk: Desk) -> None:
    order = desk.order(note="旧备注").json()
    path = f"/orders/{order['id']}"
    answer = crm.patch(path, json={"lines": desk.lines(9), "note": None}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    changed = answer.json()
    assert [(line["lineNumber"], line["quantity"]) for line in changed["lines"]] == [(1, 9)]
    assert changed["grossAmount"] == changed["lines"][0]["grossAmount"] != order["grossAmount"]
    assert (changed["note"], changed["number"]) == (None, order["number"])
    assert crm.get(path).json() == changed
    assert desk.events() == []


def test_a_draft_takes_a_date_and_keeps_its_lines(crm: Api, desk: Desk) -> None:
    order = desk.order().json()
    change = {"requestedDeliveryDate": "2026-12-24"}
    changed = crm.patch(f"/orders/{order['id']}", json=change, headers={"If-Match": '"1"'}).json()
    assert changed == {**order, **change, "updatedAt": changed["updatedAt"]}


def test_unknown_products_in_a_change_are_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    order = desk.order().json()
    lines = [*desk.lines(1), {"productCode": "NO-1", "quantity": 1}]
    answer = crm.patch(f"/orders/{order['id']}", json={"lines": lines}, headers={"If-Match": "*"})
    assert sorted(refusal(answer, 422, "business-rule")) == ["/lines/1/productCode"]
    assert crm.get(f"/orders/{order['id']}").json() == order


def test_what_may_change_depends_on_the_state(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    body = {
        "lines": desk.lines(1),
        "note": "x",
        "requestedDeliveryDate": None,
        "deliveryStatus": "partial",
    }
    draft = crm.patch(f"/orders/{desk.order().json()['id']}", json=body, headers={"If-Match": "*"})
    assert sorted(refusal(draft, 422, "business-rule")) == ["/deliveryStatus"]
    confirmed = crm.patch(f"/orders/{desk.order(submit=True).json()['id']}", json=body, headers={"If-Match": "*"})
    assert sorted(refusal(confirmed, 422, "business-rule")) == ["/lines", "/note", "/requestedDeliveryDate"]


def test_a_delivery_is_reported(crm: Api, desk: Desk) -> None:
    order = desk.order(submit=True).json()
    path = f"/orders/{order['id']}"
    for version, status in enumerate(("partial", "complete"), 2):
        answer = crm.patch(path, json={"deliveryStatus": status}, headers={"If-Match": f'"{version - 1}"'})
        at = answer.json()["updatedAt"]
        completed = at if status == "complete" else None
        # Nobody said of what a part was delivered.
        lines = [
            {**line, "deliveredQuantity": line["quantity"] if status == "complete" else None} for line in order["lines"]
        ]
        told = {"deliveryStatus": status, "updatedAt": at, "completedAt": completed, "lines": lines}
        assert answer.json() == {**order, **told}
        assert answer.headers["ETag"] == f'"{version}"'
    assert [event["type"] for event in desk.events()] == ["crm.order.confirmed"]


def test_a_delivery_is_reported_by_line_and_only_grows(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    order = desk.order(submit=True, lines=desk.lines(3, 2)).json()
    path, any_version = f"/orders/{order['id']}", {"If-Match": "*"}

    def report(*quantities: int, **members: Any) -> Any:
        lines = [{"lineNumber": number, "quantity": quantity} for number, quantity in enumerate(quantities, 1)]
        return crm.patch(path, json={"deliveredLines": lines, **members}, headers=any_version)

    def delivered() -> tuple[str, list[int | None]]:
        shown = crm.get(path).json()
        return shown["deliveryStatus"], [line["deliveredQuantity"] for line in shown["lines"]]

    assert delivered() == ("none", [0, 0])
    wrong = report(4, 2, 1, deliveryStatus="complete")
    assert refusal(wrong, 422, "business-rule") == [
        "/deliveredLines/0/quantity",
        "/deliveredLines/2/lineNumber",
        "/deliveryStatus",
    ]
    assert report(2).status_code == 200
    assert delivered() == ("partial", [2, 0])
    assert report(2).headers["ETag"] == '"2"'
    refusal(report(1), 409, "delivery-backwards")
    refusal(crm.patch(path, json={"deliveryStatus": "none"}, headers=any_version), 409, "delivery-backwards")
    refusal(crm.post(f"{path}/cancel", json={"reason": "放弃"}), 409, "order-not-cancellable")
    # Only what is still to come counts against the limit.
    first = order["lines"][0]
    left = round(order["grossAmount"] - round(first["grossAmount"] * 2 / 3, 2), 2)
    crm.patch(f"/customers/{order['customerId']}", json={"creditLimit": 100000}, headers=any_version)
    assert crm.get(f"/customers/{order['customerId']}/credit").json()["openOrders"] == left
    # What was not delivered does not come back.
    back = {"orderId": order["id"], "reason": "破损", "lines": [{"lineNumber": 1, "quantity": 3}]}
    assert refusal(crm.post("/returns", json=back), 422, "business-rule") == ["/lines/0/quantity"]
    assert crm.post("/returns", json={**back, "lines": [{"lineNumber": 1, "quantity": 2}]}).status_code == 201
    assert report(3, 2, deliveryStatus="complete").json()["completedAt"]
    assert delivered() == ("complete", [3, 2])
    refusal(crm.patch(path, json={"deliveryStatus": "partial"}, headers=any_version), 409, "delivery-backwards")


@pytest.mark.parametrize(("submit", "member"), [(False, "lines"), (True, "deliveryStatus")])
def test_a_change_that_changes_nothing_is_no_change(crm: Api, desk: Desk, submit: bool, member: str) -> None:
    order = desk.order(submit=submit).json()
    same = {"lines": desk.lines(3, 2), "deliveryStatus": "none"}[member]
    answer = crm.patch(f"/orders/{order['id']}", json={member: same}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, order, '"1"')


def test_a_stale_change_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    path = f"/orders/{desk.order(submit=True).json()['id']}"
    crm.patch(path, json={"deliveryStatus": "partial"}, headers={"If-Match": '"1"'})
    answer = crm.patch(path, json={"deliveryStatus": "none"}, headers={"If-Match": '"1"'})
    assert sorted(refusal(answer, 412, "precondition-failed")) == []
    missing = crm.patch(path, json={"deliveryStatus": "none"})
    assert sorted(refusal(missing, 428, "precondition-required")) == ["/If-Match"]
    assert crm.get(path).json()["deliveryStatus"] == "partial"


def test_orders_are_found_by_state_customer_number_and_time(crm: Api, desk: Desk) -> None:
    other_id = desk.customers[1]["id"]
    draft = desk.order().json()
    confirmed = desk.order(submit=True, customerId=other_id).json()
    cancelled = crm.post(f"/orders/{desk.order().json()['id']}/cancel", json=REASON).json()

    def found(**params: str) -> list[dict[str, Any]]:
        return list(crm.get("/orders", params=params).json()["items"])

    assert found() == [draft, confirmed, cancelled]
    assert found(state="draft") == [draft]
    assert found(state="confirmed") == [confirmed]
    assert found(state="cancelled") == [cancelled]
    assert found(customerId=other_id) == [confirmed]
    assert found(customerId=desk.customer_id.upper()) == [draft, cancelled]
    assert found(customerId=desk.unknown) == []
    assert found(number=confirmed["number"]) == [confirmed]
    assert found(number=confirmed["number"], state="draft") == []
    changed = crm.patch(f"/orders/{draft['id']}", json={"note": "新"}, headers={"If-Match": "*"}).json()
    assert found(updatedSince=changed["updatedAt"])[-1] == changed
    assert found(updatedSince=draft["createdAt"]) == [confirmed, cancelled, changed]
    assert found(updatedSince="2099-01-01T00:00:00+08:00") == []


def test_pages_follow_the_order_of_creation_even_when_orders_change(crm: Api, desk: Desk) -> None:
    orders = [desk.order(lines=desk.lines(number)).json() for number in range(1, 8)]
    first = crm.get("/orders", params={"limit": 3, "state": "draft"})
    crm.patch(f"/orders/{orders[0]['id']}", json={"note": "改"}, headers={"If-Match": "*"})
    changed = crm.patch(f"/orders/{orders[5]['id']}", json={"note": "改"}, headers={"If-Match": "*"}).json()
    rest = crm.get(first.links["next"]["url"])
    last = crm.get(rest.links["next"]["url"])
    assert [order["id"] for page in (first, rest, last) for order in page.json()["items"]] == [o["id"] for o in orders]
    assert rest.json()["items"][2] == changed
    assert last.json()["nextCursor"] is None
    assert "Link" not in last.headers


def test_what_changes_while_paging_since_a_time_comes_again_at_the_end(crm: Api, desk: Desk) -> None:
    orders = [desk.order(lines=desk.lines(number)).json() for number in range(1, 6)]
    since = {"limit": 2, "updatedSince": "2000-01-01T00:00:00Z"}
    first = crm.get("/orders", params=since)
    changed = crm.patch(f"/orders/{orders[3]['id']}", json={"note": "改"}, headers={"If-Match": "*"}).json()
    crm.runtime.workspace("default").clock.advance(timedelta(milliseconds=1))
    again = crm.patch(f"/orders/{orders[0]['id']}", json={"note": "改"}, headers={"If-Match": "*"}).json()
    second = crm.get(first.links["next"]["url"])
    third = crm.get(second.links["next"]["url"])
    assert first.json()["items"] == orders[:2]
    assert second.json()["items"] == [orders[2], orders[4]]
    assert third.json() == {"items": [changed, again], "nextCursor": None}


WRONG_PARAMETERS: list[tuple[dict[str, str], str]] = [
    ({"cursor": "x"}, "/cursor"),
    ({"cursor": "eyJhZnRlciI6LTF9"}, "/cursor"),  # {"after":-1}
    ({"cursor": "eyJhZnRlciI6dHJ1ZX0"}, "/cursor"),  # {"after":true}
    ({"cursor": "eyJhZnRlciI6OTIyMzM3MjAzNjg1NDc3NTgwOH0"}, "/cursor"),  # {"after":9223372036854775808}
    ({"cursor": "eyJwYWdlIjoxfQ"}, "/cursor"),  # {"page":1}
    ({"cursor": "eyJhdCI6MSwiYWZ0ZXIiOjF9"}, "/cursor"),  # {"at":1,"after":1}
    ({"cursor": "W10"}, "/cursor"),  # []
    ({"limit": "0"}, "/limit"),
    ({"limit": "201"}, "/limit"),
    ({"state": "open"}, "/state"),
    ({"customerId": "7"}, "/customerId"),
    ({"updatedSince": "yesterday"}, "/updatedSince"),
    ({"updatedSince": "0000-01-01T00:00:00Z"}, "/updatedSince"),
    ({"page": "2"}, "/page"),
]


def test_a_filter_added_to_a_cursor_is_kept(crm: Api, desk: Desk) -> None:
    orders = [desk.order(lines=desk.lines(number)).json() for number in range(1, 4)]
    cursor = crm.get("/orders", params={"limit": 1}).json()["nextCursor"]
    assert (
        crm.get("/orders", params={"cursor": cursor, "updatedSince": orders[0]["createdAt"]}).json()["items"]
        == orders[1:]
    )
    late = {"cursor": cursor, "updatedSince": "2099-01-01T00:00:00Z"}
    assert crm.get("/orders", params=late).json() == {"items": [], "nextCursor": None}


def test_wrong_parameters_are_named(crm: Api, refusal: Callable[..., list[str]]) -> None:
    for params, pointer in WRONG_PARAMETERS:
        answer = crm.get("/orders", params=params)
        assert set(refusal(answer, 400, "validation-failed")) == {pointer}, params


def test_a_report_by_line_of_what_is_complete_says_nothing_new() -> None:
    """Of orders that 0.1 knew as complete nobody said of what: it was all of every line."""
    lines = [price_line(number, Product("P", "电缆", "", "箱", 100, 1300), 2, Price(100, "given")) for number in (1, 2)]
    before = Delivered("complete")
    whole, part = ({"deliveredLines": [{"lineNumber": 1, "quantity": quantity}]} for quantity in (2, 1))
    after, faults, refusal = reported(before, lines, whole)
    assert (after.status, faults, refusal) == ("complete", [], None)
    _, _, refusal = reported(before, lines, part)
    assert refusal is not None
    assert refusal.name == "delivery-backwards"
