"""Returns from the CRM to the red receivable and back, and orders that are cancelled or closed when goods have left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .house import House, Integration, Json, done

pytestmark = pytest.mark.in_process


def sold(house: House, integration: Integration, quantity: int, *parts: int) -> tuple[Json, list[Json]]:
    """An order that left the house in these parts (sales units), and its deliveries."""
    order = house.order(lines=[(0, quantity, 33.33)])
    integration.run()
    [sales_order] = house.sales_orders(order)
    factor = float(sales_order["lines"][0]["quantity"]) / quantity
    deliveries = [
        house.ship(sales_order, lines=[{"line_no": 1, "quantity": f"{part * factor:g}"}])
        for part in parts or (quantity,)
    ]
    integration.run()
    return order, deliveries


def approved(house: House, order: Json, quantity: int) -> Json:
    """An approved return of so many sales units of the first line."""
    body = {"orderId": order["id"], "reason": "外壳破损", "lines": [{"lineNumber": 1, "quantity": quantity}]}
    asked = done(house.crm.post("/returns", json=body))
    return done(house.crm.post(f"/returns/{asked['id']}/approve", json={"approver": "张经理"}))


def sales_returns(house: House, delivery: Json) -> list[Json]:
    return list(done(house.scm.get("/sales-returns", params={"delivery_no": delivery["delivery_no"]}))["items"])


def receive(house: House, sales_return: Json) -> Json:
    return done(house.scm.post(f"/sales-returns/{sales_return['sales_return_no']}/receive", json={}))


def crm_return(house: House, one: Json) -> Json:
    return done(house.crm.get(f"/returns/{one['id']}"))


def red_ones(house: House, sales_return: Json) -> list[Json]:
    params = {"source_document": sales_return["sales_return_no"]}
    return list(done(house.finance.get("/receivables", params=params))["items"])


def test_a_return_goes_to_the_warehouse_then_red_to_finance_and_the_crm_hears_of_both(
    house: House, integration: Integration
) -> None:
    order, [delivery] = sold(house, integration, 7)
    asked = approved(house, order, 3)
    integration.run()
    [back] = sales_returns(house, delivery)
    assert (back["state"], back["source_reference"]["document"]) == ("draft", asked["number"])
    assert crm_return(house, asked)["state"] == "approved"
    back = receive(house, back)
    integration.run()
    [red] = red_ones(house, back)
    [blue] = [one for one in house.receivables(order) if one["red_of_id"] is None]
    assert (red["red_of_id"], red["business_date"]) == (blue["id"], back["receive_date"])
    assert [red[member] for member in ("net_amount", "tax_amount")] == [
        f"-{back[member]}" for member in ("amount", "tax_amount")
    ]
    told = crm_return(house, asked)
    assert (told["state"], told["receiptReference"], told["creditReference"]) == (
        "credited",
        back["sales_return_no"],
        red["number"],
    )
    owed = done(house.finance.get(f"/customers/{blue['customer_id']}/balance"))["open_amount"]
    assert house.customer()["balance"]["openAmount"] == float(owed)


def test_what_left_last_comes_back_first_and_the_crm_waits_for_all_of_it(
    house: House, integration: Integration
) -> None:
    order, [first, second] = sold(house, integration, 5, 3, 2)
    asked = approved(house, order, 3)
    integration.run()
    [one], [two] = sales_returns(house, first), sales_returns(house, second)
    per_unit = float(first["lines"][0]["quantity"]) / 3
    assert [float(back["lines"][0]["quantity"]) for back in (one, two)] == [1 * per_unit, 2 * per_unit]
    receive(house, two)
    integration.run()
    assert crm_return(house, asked)["state"] == "approved"
    receive(house, one)
    integration.run()
    assert crm_return(house, asked)["state"] == "credited"
    assert [len(red_ones(house, back)) for back in (one, two)] == [1, 1]


def test_goods_that_come_back_without_the_crm_are_red_all_the_same(house: House, integration: Integration) -> None:
    order, [delivery] = sold(house, integration, 2)
    body = {
        "delivery_no": delivery["delivery_no"],
        "reason": "客户拒收",
        "lines": [{"line_no": 1, "quantity": delivery["lines"][0]["quantity"]}],
    }
    receive(house, done(house.scm.post("/sales-returns", json=body)))
    integration.run()
    assert sum(float(one["open_amount"]) for one in house.receivables(order)) == 0
    [blue] = [one for one in house.receivables(order) if one["red_of_id"] is None]
    assert blue["red_amount"] == delivery["gross_amount"]


def test_a_lost_state_returns_nothing_twice(
    house: House, integration: Integration, start: Callable[..., Integration]
) -> None:
    order, [delivery] = sold(house, integration, 4)
    approved(house, order, 1)
    integration.run()
    start("second").run()
    [back] = sales_returns(house, delivery)
    receive(house, back)
    integration.run()
    start("third").run()
    assert len(red_ones(house, back)) == 1
    assert len(sales_returns(house, delivery)) == 1


def test_cancelled_when_goods_have_left_they_stay_billed_the_rest_is_closed_and_sales_is_told_once(
    house: House, integration: Integration, start: Callable[..., Integration]
) -> None:
    order = house.order(lines=[(0, 5, 33.33)])
    integration.run()
    [sales_order] = house.sales_orders(order)
    one_unit = f"{float(sales_order['lines'][0]['quantity']) / 5:g}"
    house.ship(sales_order, lines=[{"line_no": 1, "quantity": one_unit}])
    # The CRM has not been told of the delivery yet, so it lets the order be cancelled.
    done(house.crm.post(f"/orders/{order['id']}/cancel", json={"reason": "客户取消"}))
    integration.run()
    [after] = house.sales_orders(order)
    assert (after["state"], after["lines"][0]["reserved_quantity"]) == ("closed", "0")
    assert [one["gross_amount"] for one in house.receivables(order)] == ["33.33"]
    start("another").run()
    notes = done(house.crm.get("/activities", params={"customerId": order["customerId"]}))["items"]
    assert [order["number"] in note["subject"] for note in notes if note["owner"] == "集成"] == [True]


def test_what_nothing_has_left_of_is_cancelled_without_a_word(house: House, integration: Integration) -> None:
    order = house.order()
    integration.run()
    done(house.crm.post(f"/orders/{order['id']}/cancel", json={"reason": "客户取消"}))
    integration.run()
    assert [one["state"] for one in house.sales_orders(order)] == ["cancelled"]
    notes = done(house.crm.get("/activities", params={"customerId": order["customerId"]}))["items"]
    assert [note for note in notes if note["owner"] == "集成"] == []


def test_the_rest_of_an_order_that_the_crm_closes_is_not_delivered_any_more(
    house: House, integration: Integration
) -> None:
    order, _ = sold(house, integration, 5, 2)
    done(house.crm.post(f"/orders/{order['id']}/close", json={"reason": "客户不再需要"}))
    integration.run()
    [sales_order] = house.sales_orders(order)
    assert (sales_order["state"], sales_order["close_reason"]) == ("closed", "客户不再需要")
