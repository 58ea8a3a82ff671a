"""The flows against the real rooms: events pulled from their feeds, worked in this thread, and the documents that result.

People (salesperson, warehouse clerk, cashier) are played by the test through the same contracts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shapan.reference.client import SystemClient
from shapan.reference.flows.deliveries import delivery_status, receivable_line
from shapan.reference.flows.orders import shanghai_date

from .house import House, Integration, done, in_reverse


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> str:
    """In process unless a test asks for both: how requests travel matters to the client, and hardly to the flows."""
    return str(getattr(request, "param", "in-process"))


both_ways = pytest.mark.parametrize("transport", ["in-process", "sockets"], indirect=True)


@both_ways
def test_an_order_becomes_an_approved_sales_order_with_the_same_amounts(house: House, integration: Integration) -> None:
    order = house.order(lines=[(0, 3, 33.33), (1, 7, 999.99)], requestedDeliveryDate="2099-12-31")
    integration.run()
    (sales_order,) = house.sales_orders(order)
    assert sales_order["state"] == "approved"
    assert sales_order["source_reference"] == {"system": "crm", "document": order["number"], "id": order["id"]}
    assert sales_order["order_date"] == order["confirmedAt"][:10]
    assert sales_order["requested_date"] == "2099-12-31"
    partner = done(house.scm.get(f"/partners/{sales_order['partner_code']}"))
    assert partner["tax_number"] == house.customer()["unifiedSocialCreditCode"]
    for ours, theirs in zip(order["lines"], sales_order["lines"], strict=True):
        units = {
            u["unit"]: Decimal(u["factor"]) for u in done(house.scm.get(f"/products/{ours['productCode']}"))["units"]
        }
        assert theirs["source_line"] == ours["lineNumber"]
        assert theirs["product_code"] == ours["productCode"]
        assert Decimal(theirs["quantity"]) == ours["quantity"] * units[ours["unit"]]
        assert float(theirs["amount"]) == ours["netAmount"]
        assert float(theirs["tax_amount"]) == ours["taxAmount"]


@both_ways
def test_a_part_whose_share_rounds_to_nothing_is_not_billed(house: House, integration: Integration) -> None:
    order = house.order(lines=[(1, 1, 0.01)])
    integration.run()
    (sales_order,) = house.sales_orders(order)
    lines = [{"line_no": 1, "quantity": "1"}]
    part = done(house.scm.post("/deliveries", json={"sales_order_no": sales_order["sales_order_no"], "lines": lines}))
    shipped = done(house.scm.post(f"/deliveries/{part['delivery_no']}/ship", json={}))
    assert shipped["gross_amount"] == "0.00"
    integration.run()
    assert house.receivables(order) == []
    assert house.crm_order(order)["deliveryStatus"] == "partial"


@both_ways
def test_a_delivery_becomes_a_receivable_and_the_crm_hears_of_both(house: House, integration: Integration) -> None:
    order = house.order(lines=[(0, 3, 33.33), (1, 7, 999.99)])
    integration.run()
    delivery = house.ship(house.sales_orders(order)[0])
    integration.run()
    (receivable,) = house.receivables(order)
    assert receivable["source_reference"]["system"] == "scm"
    assert receivable["source_reference"]["document"] == delivery["delivery_no"]
    assert receivable["business_date"] == delivery["ship_date"]
    amounts = ("net_amount", "tax_amount", "gross_amount")
    assert [receivable[a] for a in amounts] == [delivery[a] for a in ("amount", "tax_amount", "gross_amount")]
    assert float(receivable["gross_amount"]) == order["grossAmount"]
    assert house.crm_order(order)["deliveryStatus"] == "complete"
    finance_customer = done(house.finance.get(f"/customers/{receivable['customer_id']}"))
    assert finance_customer["tax_number"] == house.customer()["unifiedSocialCreditCode"]
    balance = done(house.finance.get(f"/customers/{receivable['customer_id']}/balance"))
    shown = house.customer()["balance"]
    assert shown["openAmount"] == float(balance["open_amount"])
    assert shown["overdueAmount"] == float(balance["overdue_amount"])


def test_each_part_shipment_is_a_receivable_and_they_add_up(house: House, integration: Integration) -> None:
    order = house.order(lines=[(0, 3, 33.33)])
    integration.run()
    (sales_order,) = house.sales_orders(order)
    line = sales_order["lines"][0]
    house.ship(sales_order, [{"line_no": 1, "quantity": "1"}])
    integration.run()
    assert house.crm_order(order)["deliveryStatus"] == "partial"
    house.ship(sales_order, [{"line_no": 1, "quantity": str(Decimal(line["quantity"]) - 1)}])
    integration.run()
    assert house.crm_order(order)["deliveryStatus"] == "complete"
    receivables = house.receivables(order)
    assert len(receivables) == 2
    assert sum(Decimal(r["gross_amount"]) for r in receivables) == Decimal(sales_order["gross_amount"])


def test_a_settled_receipt_lowers_the_balance_in_the_crm(house: House, integration: Integration) -> None:
    order = house.order()
    integration.run()
    house.ship(house.sales_orders(order)[0])
    integration.run()
    (receivable,) = house.receivables(order)
    before = house.customer()["balance"]["openAmount"]
    customer_id, gross = receivable["customer_id"], receivable["gross_amount"]
    body = {"customer_id": customer_id, "business_date": receivable["business_date"], "amount": gross}
    receipt = done(house.finance.post("/receipts", json=body))
    allocation = {"receivable_id": receivable["id"], "amount": gross}
    done(house.finance.post("/settlements", json={"receipt_id": receipt["id"], "allocations": [allocation]}))
    integration.run()
    after = house.customer()["balance"]["openAmount"]
    assert round(before - after, 2) == float(gross)


def test_a_cancelled_order_leaves_nothing_open_in_the_scm(house: House, integration: Integration) -> None:
    order = house.order()
    integration.run()
    done(house.crm.post(f"/orders/{order['id']}/cancel", json={"reason": "客户取消"}))
    integration.run()
    (sales_order,) = house.sales_orders(order)
    assert sales_order["state"] == "cancelled"
    assert [line["reserved_quantity"] for line in sales_order["lines"]] == ["0"]


def test_a_cancellation_that_overtakes_the_order_leaves_nothing_behind(house: House, integration: Integration) -> None:
    order = house.order()
    done(house.crm.post(f"/orders/{order['id']}/cancel", json={"reason": "客户取消"}))
    integration.pull("crm")
    in_reverse(integration)
    integration.run()
    assert all(one["state"] == "cancelled" for one in house.sales_orders(order))
    assert integration.state.is_cancelled(order["number"])


def test_a_shipment_heard_of_before_its_order_is_booked_all_the_same(
    house: House, integration: Integration, start: Callable[..., Integration]
) -> None:
    order = house.order()
    integration.run()
    house.ship(house.sales_orders(order)[0])
    # Another integration, without memory, which hears of the shipment first and of the order afterwards.
    other = start("other")
    other.pull("scm")
    other.work()
    assert len(house.receivables(order)) == 1
    other.run()
    assert len(house.sales_orders(order)) == 1
    assert house.crm_order(order)["deliveryStatus"] == "complete"


def test_a_shipment_that_was_ordered_in_the_scm_itself_is_booked_on_its_partner(
    house: House, integration: Integration
) -> None:
    partner = done(house.scm.get("/partners"))["items"][0]
    product = done(house.scm.get("/products"))["items"][0]
    line = {"product_code": product["product_code"], "quantity": "1", "unit_price": "10", "tax_rate": "0.13"}
    sales_order = done(house.scm.post("/sales-orders", json={"partner_code": partner["partner_code"], "lines": [line]}))
    done(house.scm.post(f"/sales-orders/{sales_order['sales_order_no']}/approve"))
    delivery = house.ship(sales_order)
    integration.run()
    found = done(house.finance.get("/receivables", params={"source_document": delivery["delivery_no"]}))["items"]
    assert [one["gross_amount"] for one in found] == ["11.30"]
    assert found[0]["order_reference"] is None
    finance_customer = done(house.finance.get(f"/customers/{found[0]['customer_id']}"))
    assert finance_customer["tax_number"] == partner["tax_number"]


def test_orders_of_a_new_customer_make_one_partner_and_one_finance_customer(
    house: House, integration: Integration
) -> None:
    new = {"name": "示范新客\uff08成都\uff09有限公司", "region": "CD", "industry": "IT", "paymentTerms": "NET90"}
    customer = done(house.crm.post("/customers", json=new))
    orders = [house.order(customer) for _ in range(3)]
    integration.run()
    codes = set()
    for order in orders:
        (sales_order,) = house.sales_orders(order)
        codes.add(sales_order["partner_code"])
        house.ship(sales_order)
    integration.run()
    customers = {house.receivables(order)[0]["customer_id"] for order in orders}
    assert (len(codes), len(customers)) == (1, 1)
    finance_customer = done(house.finance.get(f"/customers/{customers.pop()}"))
    assert finance_customer["payment_terms_days"] == 90
    assert finance_customer["source_reference"]["document"] == customer["code"]


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("step", range(1, 14))
def test_killed_after_any_request_nothing_is_lost_or_doubled(
    house: House, start: Callable[..., Integration], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    order = house.order()
    left = step
    send = SystemClient._request

    def dies(self: SystemClient, *arguments: Any, **options: Any) -> httpx.Response:
        nonlocal left
        response = send(self, *arguments, **options)
        left -= 1
        if left == 0:
            raise Killed
        return response

    def live() -> None:
        try:
            start().run()
        except Killed:
            start().run()

    monkeypatch.setattr(SystemClient, "_request", dies)
    live()
    house.ship(house.sales_orders(order)[0])
    live()
    assert [one["state"] for one in house.sales_orders(order)] == ["closed"]
    assert len(house.receivables(order)) == 1
    assert house.crm_order(order)["deliveryStatus"] == "complete"
    assert house.customer()["balance"] is not None


def test_a_changed_order_in_the_crm_is_read_again(
    house: House, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = house.order()
    integration.run()
    house.ship(house.sales_orders(order)[0])
    read = SystemClient.read
    raced: list[str] = []

    def somebody_is_faster(self: SystemClient, path: str, **query: Any) -> tuple[Any, str]:
        answer = read(self, path, **query)
        if self.system == "crm" and not raced:
            raced.append(path)
            return answer[0], '"0"'
        return answer

    monkeypatch.setattr(SystemClient, "read", somebody_is_faster)
    integration.run()
    assert raced
    assert house.crm_order(order)["deliveryStatus"] == "complete"


def test_an_unknown_product_is_given_up_with_a_reason_that_names_it(house: House, integration: Integration) -> None:
    order = house.order()
    integration.pull("crm")
    ((work, _),) = integration.state.heads(1)
    body = work.body.replace(order["lines"][0]["productCode"], "NO-SUCH-1")
    integration.worker._attempt(replace(work, body=body), [work.id])
    (letter,) = integration.state.dead_letters()
    assert "the SCM has no product NO-SUCH-1; enter it there" in letter.reason
    assert house.sales_orders(order) == []
    assert integration.state.unpark() == 1
    integration.run()
    assert len(house.sales_orders(order)) == 1


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        ("2026-11-30T16:30:00Z", "2026-12-01"),
        ("2026-11-30T23:59:59.999+08:00", "2026-11-30"),
        ("2026-12-01T00:00:00.000+08:00", "2026-12-01"),
    ],
)
def test_the_date_is_that_of_shanghai(moment: str, date: str) -> None:
    assert shanghai_date(moment) == date


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([("10", "0"), ("5", "0")], "none"),
        ([("10", "10"), ("5", "0")], "partial"),
        ([("10", "0.5"), ("5", "0")], "partial"),
        ([("10", "10.000"), ("5", "5")], "complete"),
    ],
)
def test_delivery_status(lines: list[tuple[str, str]], status: str) -> None:
    assert delivery_status({"lines": [{"quantity": q, "shipped_quantity": s} for q, s in lines]}) == status


def test_a_line_of_a_receivable_carries_the_amounts_of_the_delivery_line() -> None:
    line = {
        "product_name": "电力电缆",
        "product_code": "CAB-3X25-YJV22",
        "quantity": "200",
        "unit": "件",
        "amount": "13750.00",
        "tax_rate": "0.13",
        "tax_amount": "1787.50",
    }
    assert receivable_line(line) == {
        "description": "电力电缆 CAB-3X25-YJV22 × 200 件",
        "net_amount": "13750.00",
        "tax_rate": "0.13",
        "tax_amount": "1787.50",
    }
