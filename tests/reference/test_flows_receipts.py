"""Receipts that name what they pay, against the real rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shapan.reference.flows.receipts import documents_named

from .house import House, Integration, Json, done

pytestmark = pytest.mark.in_process


def sales(house: House, integration: Integration, *quantities: int) -> list[Json]:
    """The receivables of as many sales to one customer, the oldest first."""
    orders = [house.order(lines=[(0, quantity, 100.00)]) for quantity in quantities]
    integration.run()
    for order in orders:
        house.ship(house.sales_orders(order)[0])
    integration.run()
    return [house.receivables(order)[0] for order in orders]


def pay(house: House, receivable: Json, amount: str, text: str | None, **more: Any) -> Json:
    body = {"customer_id": receivable["customer_id"], "business_date": receivable["business_date"], "amount": amount}
    return done(house.finance.post("/receipts", json={**body, **({"bank_reference": text} if text else {}), **more}))


def open_amounts(house: House, receivables: list[Json]) -> list[str]:
    return [done(house.finance.get(f"/receivables/{one['id']}"))["open_amount"] for one in receivables]


def settlements(house: House, receipt: Json) -> list[Json]:
    return list(done(house.finance.get("/settlements", params={"receipt_id": receipt["id"]}))["items"])


def test_numbers_are_found_in_whatever_text_is_around_them() -> None:
    text = "付货款ord-202611-00003、XSCK-202611-00012,YS-202612-123456/ORD-202611-00003"
    assert documents_named(text) == ["ORD-202611-00003", "XSCK-202611-00012", "YS-202612-123456"]
    assert documents_named("LS20261124000187 XSDD-202611-00001 SK-202611-00001 YS-202611-00001-2") == []
    assert documents_named(None) == []


@pytest.mark.parametrize(
    "named",
    [lambda one: one["number"], lambda one: one["source_reference"]["document"], lambda one: one["order_reference"]],
)
def test_what_is_named_is_settled_and_not_the_oldest(
    house: House, integration: Integration, named: Callable[[Json], str]
) -> None:
    older, newer = sales(house, integration, 1, 2)
    pay(house, newer, newer["gross_amount"], f"货款 {named(newer)}")
    integration.run()
    assert open_amounts(house, [older, newer]) == [older["gross_amount"], "0.00"]


def test_in_part_over_and_several_in_the_order_in_which_they_are_named(house: House, integration: Integration) -> None:
    first, second, third = sales(house, integration, 1, 2, 3)
    too_much = pay(house, first, "450.00", f"{third['number']} {first['order_reference']} 多付")
    part = pay(house, second, "50.00", second["source_reference"]["document"])
    integration.run()
    assert open_amounts(house, [first, second, third]) == ["0.00", "150.00", "0.00"]
    [made] = settlements(house, too_much)
    assert [(one["receivable_number"], one["amount"]) for one in made["allocations"]] == [
        (third["number"], "300.00"),
        (first["number"], "100.00"),
    ]
    assert done(house.finance.get(f"/receipts/{too_much['id']}"))["unapplied_amount"] == "50.00"
    assert done(house.finance.get(f"/receipts/{part['id']}"))["state"] == "applied"
    # What is over is not taken for the third debt, and nothing is settled twice.
    integration.run()
    assert len(settlements(house, too_much)) == 1


def test_a_receipt_without_a_name_is_left_to_the_cashier(house: House, integration: Integration) -> None:
    [sale] = sales(house, integration, 1)
    receipts = [pay(house, sale, "100.00", text) for text in (None, "LS20261124000187", "ORD-209901-00001")]
    integration.run()
    assert [settlements(house, receipt) for receipt in receipts] == [[], [], []]


def test_money_may_come_before_the_goods_leave(house: House, integration: Integration) -> None:
    """An advance (预收), and money on account: both are applied when the receivable is there."""
    [known] = sales(house, integration, 1)
    order = house.order(lines=[(0, 3, 100.00)])
    advance = pay(house, known, "200.00", f"预付 {order['number']}", advance=True)
    plain = pay(house, known, "30.00", f"预付 {order['number']}")
    integration.run()
    assert settlements(house, advance) == settlements(house, plain) == []
    house.ship(house.sales_orders(order)[0])
    integration.run()
    assert open_amounts(house, [known, *house.receivables(order)]) == ["100.00", "70.00"]
    assert settlements(house, advance)[0]["from_advance"] is True


def test_money_may_come_before_the_customer_accepts_the_goods(house: House, integration: Integration) -> None:
    """A receivable that waits for acceptance (待验收) is not owed yet: the money is applied once it is."""
    [known] = sales(house, integration, 1)
    body = {
        "customer_id": known["customer_id"],
        "business_date": known["business_date"],
        "recognition": "on_acceptance",
        "source_reference": {"system": "manual", "document": "HT-1"},
        "lines": [{"description": "安装", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
    }
    pending = done(house.finance.post("/receivables", json=body))
    receipt = pay(house, pending, "113.00", pending["number"])
    integration.run()
    assert settlements(house, receipt) == []
    done(house.finance.post(f"/receivables/{pending['id']}/accept", json={"acceptance_date": pending["business_date"]}))
    integration.run()
    assert open_amounts(house, [known, pending]) == [known["gross_amount"], "0.00"]


def test_what_a_person_took_back_is_not_settled_again(house: House, integration: Integration) -> None:
    [sale] = sales(house, integration, 1)
    receipt = pay(house, sale, "100.00", sale["number"])
    integration.run()
    [made] = settlements(house, receipt)
    done(house.finance.post(f"/settlements/{made['id']}/reverse", json={"reason": "付款人写错单号"}))
    pay(house, sale, "1.00", None)
    integration.run()
    assert open_amounts(house, [sale]) == ["100.00"]


def test_a_lost_state_settles_nothing_twice(
    house: House, integration: Integration, start: Callable[..., Integration]
) -> None:
    [sale] = sales(house, integration, 2)
    receipt = pay(house, sale, "150.00", sale["number"])
    integration.run()
    start("another").run()
    assert len(settlements(house, receipt)) == 1
    assert open_amounts(house, [sale]) == ["50.00"]
