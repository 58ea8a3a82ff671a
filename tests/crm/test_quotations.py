"""Quotations over HTTP: priced as orders are, sent, answered, and turned into an order exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process


def quote(desk: Desk, **members: Any) -> dict[str, Any]:
    body = {"customerId": desk.customer_id, "validUntil": desk.day(7), "lines": desk.lines(3, 2), **members}
    return desk.enter("/quotations", **body)


def test_an_accepted_quotation_is_an_order_with_the_lines_as_quoted(
    crm: Api, desk: Desk, refusal: Callable[..., Any]
) -> None:
    first, second = desk.products[:2]
    lines = [
        {"productCode": first["code"], "quantity": 3, "unitPrice": 100.01, "discountPercent": 12.5},
        {"productCode": second["code"], "quantity": 2},
    ]
    quotation = quote(desk, lines=lines, note="含运费")
    path = f"/quotations/{quotation['id']}"
    assert (quotation["state"], quotation["orderId"], quotation["sentAt"]) == ("draft", None, None)
    assert quotation["customerName"] == desk.customers[0]["name"]
    one, two = quotation["lines"]
    assert (one["grossAmount"], one["discountPercent"], one["priceSource"]) == (262.53, 12.5, "given")
    assert (two["unitPrice"], two["discountPercent"], two["priceSource"]) == (second["listPrice"], 0, "listPrice")
    for amount in ("netAmount", "taxAmount", "grossAmount"):
        assert round(quotation[amount] * 100) == sum(round(line[amount] * 100) for line in quotation["lines"])
    assert crm.get(path).json() == quotation
    refusal(crm.post(f"{path}/accept"), 409, "quotation-not-sent")
    refusal(crm.post(f"{path}/reject", json={"reason": "贵"}), 409, "quotation-not-sent")

    desk.change(f"/customers/{desk.customer_id}", name="北京新名科技有限公司")
    sent = desk.act(f"{path}/send")
    assert (sent["state"], sent["customerName"]) == ("sent", "北京新名科技有限公司")
    refusal(crm.post(f"{path}/send"), 409, "quotation-not-draft")
    refusal(crm.patch(path, json={"note": None}, headers={"If-Match": "*"}), 409, "quotation-not-draft")
    desk.change(f"/products/{second['code']}", listPrice=second["listPrice"] + 1)

    accepted = desk.act(f"{path}/accept")
    assert accepted["state"] == "accepted"
    order = crm.get(f"/orders/{accepted['orderId']}").json()
    assert (order["state"], order["customerId"], order["note"]) == ("draft", desk.customer_id, "含运费")
    assert order["lines"] == [{**line, "deliveredQuantity": 0} for line in quotation["lines"]]
    assert order["grossAmount"] == quotation["grossAmount"]

    again = crm.post(f"{path}/accept")
    assert (again.status_code, again.json()) == (200, accepted)
    assert desk.walk("/orders") == [order]
    refusal(crm.post(f"{path}/reject", json={"reason": "贵"}), 409, "quotation-not-sent")
    told = [(type_, subject) for type_, subject in desk.told() if type_.startswith("quotation.")]
    assert told == [("quotation.sent", quotation["number"]), ("quotation.accepted", quotation["number"])]
    assert desk.events()[-1]["data"] == accepted == crm.get(path).json()


def test_a_quotation_expires_by_its_date(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    late, early, other = quote(desk, validUntil=desk.day(2)), quote(desk, validUntil=desk.day(1)), quote(desk)
    for quotation in (late, early):
        desk.act(f"/quotations/{quotation['id']}/send")
    desk.later(days=2)
    assert crm.get(f"/quotations/{early['id']}").json()["state"] == "expired"
    assert [one["id"] for one in desk.walk("/quotations", state="expired")] == [early["id"]]
    assert [one["id"] for one in desk.walk("/quotations", state="sent")] == [late["id"]]
    assert [one["id"] for one in desk.walk("/quotations", state="draft")] == [other["id"]]
    refusal(crm.post(f"/quotations/{early['id']}/accept"), 409, "quotation-expired")
    refusal(crm.post(f"/quotations/{early['id']}/reject", json={"reason": "迟了"}), 409, "quotation-expired")
    assert desk.act(f"/quotations/{late['id']}/accept")["state"] == "accepted"
    past = quote(desk, validUntil=desk.day(-1))
    assert refusal(crm.post(f"/quotations/{past['id']}/send"), 422, "business-rule") == ["/validUntil"]
    desk.change(f"/quotations/{past['id']}", validUntil=desk.day(0))
    desk.act(f"/quotations/{past['id']}/send")
    rejected = desk.act(f"/quotations/{past['id']}/reject", reason="交期太长")
    assert (rejected["state"], rejected["rejectReason"]) == ("rejected", "交期太长")
    assert desk.told()[-1] == ("quotation.rejected", past["number"])


def test_every_fault_of_a_quotation_is_named_at_once(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    stranger = desk.enter(
        "/opportunities", customerId=desk.customers[1]["id"], name="别人的", amount=1, expectedCloseDate="2026-12-31"
    )
    body = {
        "customerId": desk.unknown,
        "opportunityId": desk.unknown,
        "validUntil": desk.day(7),
        "lines": [{"productCode": "NO-1", "quantity": 1}, *desk.lines(1)],
    }
    answer = crm.post("/quotations", json=body)
    assert refusal(answer, 422, "business-rule") == ["/customerId", "/opportunityId", "/lines/0/productCode"]
    answer = crm.post("/quotations", json={**body, "customerId": desk.customer_id, "opportunityId": stranger["id"]})
    assert refusal(answer, 422, "business-rule") == ["/opportunityId", "/lines/0/productCode"]
    quotation = quote(desk)
    change = {"opportunityId": stranger["id"], "lines": body["lines"]}
    answer = crm.patch(f"/quotations/{quotation['id']}", json=change, headers={"If-Match": '"1"'})
    assert refusal(answer, 422, "business-rule") == ["/opportunityId", "/lines/0/productCode"]
    assert crm.get(f"/quotations/{quotation['id']}").json() == quotation


def test_a_draft_is_changed_at_the_prices_of_the_day(crm: Api, desk: Desk) -> None:
    deal = desk.enter(
        "/opportunities", customerId=desk.customer_id, name="一期", amount=1, expectedCloseDate="2026-12-31"
    )
    quotation = quote(desk, lines=desk.lines(3))
    path = f"/quotations/{quotation['id']}"
    same = crm.patch(path, json={"lines": desk.lines(3), "note": None}, headers={"If-Match": '"1"'})
    assert (same.json(), same.headers["ETag"]) == (quotation, '"1"')
    desk.change(f"/products/{desk.products[0]['code']}", listPrice=10)
    noted = desk.change(path, note="加急", opportunityId=deal["id"])
    assert (noted["lines"], noted["opportunityId"]) == (quotation["lines"], deal["id"])
    repriced = desk.change(path, lines=desk.lines(3))
    assert (repriced["lines"][0]["unitPrice"], repriced["grossAmount"]) == (10, 30)
    assert desk.walk("/quotations", opportunityId=deal["id"]) == [repriced]
    assert desk.walk("/quotations", number=repriced["number"], customerId=desk.customer_id) == [repriced]
    assert desk.walk("/quotations", customerId=desk.customers[1]["id"]) == []
    assert desk.walk("/quotations", updatedSince=repriced["updatedAt"]) == [repriced]
    assert [type_ for type_, _ in desk.told() if type_.startswith("quotation")] == []
