"""Orders that change after they were confirmed, or wait for approval, against the real rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .house import House, Integration, Json, done, in_reverse

pytestmark = pytest.mark.in_process


def change(house: House, order: Json, **members: Any) -> Json:
    return done(house.crm.post(f"/orders/{order['id']}/change", json={"reason": "客户要求变更", **members}))


def live(house: House, order: Json) -> list[Json]:
    """The sales orders of an order that are not cancelled."""
    return [one for one in house.sales_orders(order) if one["state"] != "cancelled"]


def test_a_changed_order_is_cancelled_and_entered_anew(house: House, integration: Integration) -> None:
    order = house.order(lines=[(0, 2, 99.99), (1, 1, 50.00)])
    integration.run()
    [first] = house.sales_orders(order)
    product = order["lines"][0]["productCode"]
    wanted = [{"productCode": product, "quantity": 5, "unitPrice": 99.99, "discountPercent": 7.5}]
    changed = change(house, order, lines=wanted)
    assert (changed["state"], changed["revision"]) == ("confirmed", 2)
    integration.run()
    [second] = live(house, order)
    assert done(house.scm.get(f"/sales-orders/{first['sales_order_no']}"))["state"] == "cancelled"
    assert second["state"] == "approved"
    assert [float(line["amount"]) for line in second["lines"]] == [line["netAmount"] for line in changed["lines"]]
    # What the SCM does not hold makes no new sales order there.
    change(house, order, note="请提前电话联系")
    integration.run()
    assert live(house, order) == [second]
    change(house, order, requestedDeliveryDate="2099-12-31")
    integration.run()
    [third] = live(house, order)
    assert (third["requested_date"], len(house.sales_orders(order))) == ("2099-12-31", 3)
    house.ship(third)
    integration.run()
    assert house.crm_order(order)["deliveryStatus"] == "complete"
    assert [float(one["gross_amount"]) for one in house.receivables(order)] == [changed["grossAmount"]]


def test_an_order_that_waits_for_approval_is_not_downstream(house: House, integration: Integration) -> None:
    waiting = house.order(lines=[(0, 1, 1_000_000.00)])
    assert waiting["state"] == "pendingApproval"
    confirmed = house.order()
    integration.run()
    assert house.sales_orders(waiting) == []
    [first] = house.sales_orders(confirmed)
    product = confirmed["lines"][0]["productCode"]
    large = [{"productCode": product, "quantity": 1, "unitPrice": 2_000_000.00}]
    assert change(house, confirmed, lines=large)["state"] == "pendingApproval"
    integration.run()
    assert live(house, confirmed) == []
    decision = {"role": "generalManager", "approver": "王总", "comment": "先核实"}
    done(house.crm.post(f"/orders/{confirmed['id']}/approve", json=decision))
    done(house.crm.post(f"/orders/{waiting['id']}/reject", json=decision))
    integration.run()
    [second] = live(house, confirmed)
    assert second["sales_order_no"] != first["sales_order_no"]
    assert float(second["gross_amount"]) == 2_000_000.00
    assert house.sales_orders(waiting) == []


def test_revisions_that_come_in_reverse_leave_the_last_one(
    house: House, integration: Integration, start: Callable[..., Integration]
) -> None:
    order = house.order()
    for day in ("2099-11-30", "2099-12-31"):
        change(house, order, requestedDeliveryDate=day)
    integration.pull("crm")
    in_reverse(integration)
    integration.run()
    assert [one["requested_date"] for one in live(house, order)] == ["2099-12-31"]
    # Another integration, without memory and after the keys are forgotten, finds what is there.
    start("other").run()
    assert [one["requested_date"] for one in live(house, order)] == ["2099-12-31"]


def test_a_change_after_shipment_is_given_up_and_told(house: House, integration: Integration) -> None:
    order = house.order()
    integration.run()
    [sales_order] = house.sales_orders(order)
    house.ship(sales_order)
    change(house, order, requestedDeliveryDate="2099-12-31")
    for _ in range(10):
        integration.pull()
        integration.work()
        integration.time.now += 60
    [letter] = integration.state.dead_letters()
    assert (letter.type, letter.document) == ("crm.order.changed", f"order {order['number']}")
    assert [one["sales_order_no"] for one in live(house, order)] == [sales_order["sales_order_no"]]
    assert len(house.receivables(order)) == 1
