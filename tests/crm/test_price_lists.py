"""Price lists and price finding over HTTP, and price finding for any list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.crm import rules
from shapan.crm.rules.prices import Offer, Price
from shapan.crm.rules.products import Product

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process


def price_list(desk: Desk, **members: Any) -> dict[str, Any]:
    code = desk.products[0]["code"]
    items = [{"productCode": code, "price": 90}, {"productCode": code, "minimumQuantity": 10, "price": 80.5}]
    return desk.enter("/price-lists", **{"name": "经销商价", "validFrom": desk.day(0), "items": items, **members})


def prices(order: dict[str, Any]) -> list[tuple[float, str]]:
    return [(line["unitPrice"], line["priceSource"]) for line in order["lines"]]


def test_a_line_takes_the_price_given_or_that_of_the_list_or_the_list_price(crm: Api, desk: Desk) -> None:
    first, second = desk.products[:2]
    shown = price_list(desk, validTo=desk.day(1))
    assert [item["minimumQuantity"] for item in shown["items"]] == [1, 10]
    desk.change(f"/customers/{desk.customer_id}", priceListId=shown["id"].upper())
    lines = [
        {"productCode": first["code"], "quantity": 9},
        {"productCode": first["code"], "quantity": 10},
        {"productCode": first["code"], "quantity": 10, "unitPrice": 70},
        {"productCode": second["code"], "quantity": 10},
    ]
    found = [(90, "priceList"), (80.5, "priceList"), (70, "given"), (second["listPrice"], "listPrice")]
    assert prices(desk.order(lines=lines).json()) == found
    quotation = {"customerId": desk.customer_id, "validUntil": desk.day(9), "lines": lines}
    assert prices(desk.enter("/quotations", **quotation)) == found
    plain = desk.order(customerId=desk.customers[1]["id"], lines=lines[:1]).json()
    assert prices(plain) == [(first["listPrice"], "listPrice")]

    desk.later(days=1)
    assert prices(desk.order(lines=lines).json()) == found
    desk.later(days=1)
    assert prices(desk.order(lines=lines[:2]).json()) == [(first["listPrice"], "listPrice")] * 2
    assert desk.change(f"/customers/{desk.customer_id}", priceListId=None)["priceListId"] is None


def test_a_price_list_that_begins_later_does_not_count_yet(desk: Desk) -> None:
    shown = price_list(desk, validFrom=desk.day(1), validTo=None)
    customer = desk.enter("/customers", name="示例有限公司", region="BJ", industry="IT", priceListId=shown["id"])
    lines = [{"productCode": desk.products[0]["code"], "quantity": 1}]
    order = desk.order(customerId=customer["id"], lines=lines).json()
    assert prices(order) == [(desk.products[0]["listPrice"], "listPrice")]
    desk.later(days=1)
    assert prices(desk.change(f"/orders/{order['id']}", lines=lines)) == [(90, "priceList")]


def test_a_price_list_is_changed_and_listed(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    standard = desk.walk("/price-lists")  # what the list prices were, with which the world comes
    one, two = price_list(desk), price_list(desk, name="大客户价", note="仅限年度框架")
    path = f"/price-lists/{one['id']}"
    answer = crm.get(path)
    assert (answer.json(), answer.headers["ETag"]) == (one, '"1"')
    same = crm.patch(path, json={"items": one["items"], "note": None}, headers={"If-Match": '"1"'})
    assert (same.json(), same.headers["ETag"]) == (one, '"1"')
    desk.later(seconds=1)
    items = [{"productCode": desk.products[1]["code"], "price": 12.34}]
    changed = desk.change(path, items=items, validTo="2099-12-31")
    assert changed["items"] == [{**items[0], "minimumQuantity": 1}]
    assert desk.change(path, name="经销商价二")["items"] == changed["items"]
    refusal(crm.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'}), 412, "precondition-failed")
    now = crm.get(path).json()
    assert desk.walk("/price-lists", limit=1) == [*standard, now, two]
    assert desk.walk("/price-lists", name="大客户价") == [two]
    assert desk.walk("/price-lists", updatedSince=changed["updatedAt"]) == [now]
    assert desk.told() == [("price_list.created", one["id"]), ("price_list.created", two["id"])] + 2 * [
        ("price_list.updated", one["id"])
    ]
    assert desk.events()[-1]["data"] == now


def test_every_fault_of_a_price_list_is_named_at_once(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    code = desk.products[0]["code"]
    body = {
        "name": "错误的价目表",
        "validFrom": "2026-02-01",
        "validTo": "2026-01-31",
        "items": [
            {"productCode": code, "price": 1},
            {"productCode": "NO-1", "price": 1},
            {"productCode": code, "price": 2, "minimumQuantity": 1},
        ],
    }
    wanted = ["/validTo", "/items/1/productCode", "/items/2/minimumQuantity"]
    standard = desk.walk("/price-lists")
    assert refusal(crm.post("/price-lists", json=body), 422, "business-rule") == wanted
    assert desk.walk("/price-lists") == standard
    shown = price_list(desk)
    answer = crm.patch(f"/price-lists/{shown['id']}", json={"validTo": "2020-01-01"}, headers={"If-Match": "*"})
    assert refusal(answer, 422, "business-rule") == ["/validTo"]
    unknown = {"name": "示例有限公司", "region": "BJ", "industry": "IT", "priceListId": desk.unknown}
    wrong = {**unknown, "unifiedSocialCreditCode": "91110108MAY0000170"}
    answer = crm.post("/customers", json=wrong)
    assert refusal(answer, 422, "business-rule") == ["/unifiedSocialCreditCode", "/priceListId"]
    path = f"/customers/{desk.customer_id}"
    answer = crm.patch(path, json={"priceListId": desk.unknown}, headers={"If-Match": "*"})
    assert refusal(answer, 422, "business-rule") == ["/priceListId"]


PRODUCT = Product("P", "电缆", "3×25", "箱", 10_000, 1300)
OFFERS = st.lists(
    st.builds(Offer, st.sampled_from(["P", "Q"]), st.integers(1, 50), st.integers(1, 20_000)),
    unique_by=lambda offer: offer[:2],
)


@given(OFFERS, st.integers(1, 60))
def test_the_offer_of_the_largest_quantity_that_is_reached_counts(offers: list[Offer], quantity: int) -> None:
    # Counted down from the quantity, which is another way than the rule's own.
    by_minimum = {offer.minimum_quantity: offer.price_fen for offer in offers if offer.product_code == "P"}
    steps = [by_minimum[minimum] for minimum in range(quantity, 0, -1) if minimum in by_minimum]
    expected = Price(steps[0], "priceList") if steps else Price(10_000, "listPrice")
    assert rules.prices.find(PRODUCT, quantity, offers) == expected
    assert rules.prices.find(PRODUCT, quantity, reversed(offers)) == expected


@given(OFFERS, st.integers(1, 60), st.none() | st.integers(1, 20_000))
def test_a_line_says_where_its_price_came_from(offers: list[Offer], quantity: int, given_fen: int | None) -> None:
    wanted = {"productCode": "P", "quantity": quantity, **({} if given_fen is None else {"unitPrice": given_fen / 100})}
    by_code = {"P": [offer for offer in offers if offer.product_code == "P"]}
    lines, faults = rules.orders.price_lines([wanted], {"P": PRODUCT}, by_code)
    found = Price(given_fen, "given") if given_fen is not None else rules.prices.find(PRODUCT, quantity, offers)
    assert faults == []
    assert [(line.unit_price_fen, line.price_source) for line in lines] == [found]
    assert lines[0].gross_fen == found.fen * quantity
