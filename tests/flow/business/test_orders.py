"""P1, P2, P3, P5, P6, P10 and P13 of the requirements: from the order to the receipt, played through the three contracts alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Company

pytestmark = pytest.mark.in_process


def fen(text: str | float) -> int:
    return round(float(text) * 100)


def test_p1_signed_for_more_than_there_is(company: Company) -> None:
    """100 signed for, 50 in the warehouse: the rest waits, is received, allocated and shipped; stock is never below zero."""
    customer, partner, _ = company.customer()
    sold, item, stock = company.product()
    factor = float(next(u["factor"] for u in item["units"] if u["unit"] == sold["unit"]))
    here = int(float(stock["available"]) // factor)
    left_over = float(stock["available"]) - here * factor
    order = company.order(customer, (sold["code"], here + 50))
    sales_order = company.sales_order(order, partner)
    [line] = sales_order["lines"]
    assert float(line["backorder_quantity"]) == pytest.approx(50 * factor - left_over)
    assert float(line["reserved_quantity"]) == float(stock["available"])
    first = company.ship(sales_order)
    [left] = company.scm.all("/stock", product_code=sold["code"], warehouse_code=company.warehouse())
    assert (left["on_hand"], left["reserved"], left["available"]) == ("0", "0", "0")
    company.scm.refused("/deliveries", 409, "nothing-to-deliver", sales_order_no=sales_order["sales_order_no"])
    short = {"kind": "other_issue", "warehouse_code": company.warehouse(), "product_code": sold["code"]}
    company.scm.refused("/stock-movements", 409, "insufficient-stock", **short, quantity="1")
    company.scm.post("/stock-movements", **{**short, "kind": "other_receipt"}, quantity=line["backorder_quantity"])
    company.scm.post(f"/sales-orders/{sales_order['sales_order_no']}/allocate")
    second = company.ship(sales_order)
    assert company.scm.get(f"/sales-orders/{sales_order['sales_order_no']}")["state"] == "closed"
    # The two parts come to the order, to the fen.
    assert fen(first["gross_amount"]) + fen(second["gross_amount"]) == fen(order["grossAmount"])


def test_p2_p6_shipment_becomes_one_receivable_and_one_balanced_voucher(company: Company) -> None:
    customer, partner, debtor = company.customer()
    sold, _, stock = company.product()
    owed = company.finance.get(f"/customers/{debtor['id']}/balance")
    order = company.order(customer, (sold["code"], 3))
    delivery = company.ship(company.sales_order(order, partner))
    receivable = company.bill(delivery, debtor, order)
    assert fen(receivable["gross_amount"]) == fen(order["grossAmount"])
    voucher = company.finance.get(f"/vouchers/{receivable['voucher_id']}")
    entries = [(line["account_code"], fen(line["debit"]), fen(line["credit"])) for line in voucher["lines"]]
    gross, net, tax = (fen(receivable[part]) for part in ("gross_amount", "net_amount", "tax_amount"))
    assert entries == [("1122", gross, 0), ("6001", 0, net), ("22210107", 0, tax)]
    [stock_now] = company.scm.all("/stock", product_code=sold["code"], warehouse_code=company.warehouse())
    assert float(stock_now["on_hand"]) == float(stock["on_hand"]) - float(delivery["lines"][0]["quantity"])
    now = company.finance.get(f"/customers/{debtor['id']}/balance")
    assert fen(now["open_amount"]) == fen(owed["open_amount"]) + gross


def test_p2_parts_are_billed_one_by_one_and_come_to_the_order(company: Company) -> None:
    customer, partner, debtor = company.customer()
    sold, item, _ = company.product()
    factor = float(next(u["factor"] for u in item["units"] if u["unit"] == sold["unit"]))
    order = company.order(customer, (sold["code"], 7))
    sales_order = company.sales_order(order, partner)
    for part in (2, 2, 3):
        company.bill(company.ship(sales_order, (1, f"{part * factor:g}")), debtor, order)
    billed = company.finance.all("/receivables", order_reference=order["number"])
    assert len(billed) == 3
    for ours, theirs in (("net_amount", "netAmount"), ("tax_amount", "taxAmount"), ("gross_amount", "grossAmount")):
        assert sum(fen(receivable[ours]) for receivable in billed) == fen(order[theirs])


def test_p3_p13_debt_is_on_the_screen_and_over_the_limit_the_order_waits(company: Company) -> None:
    customer, partner, debtor = company.customer()
    sold, _, _ = company.product()
    company.report_balance(customer, debtor)
    panel = company.crm.get(f"/customers/{customer['id']}/credit")
    assert fen(panel["openAmount"]) == fen(company.finance.get(f"/customers/{debtor['id']}/balance")["open_amount"])
    limit = panel["openAmount"] + 3 * sold["listPrice"]
    company.crm.patch(f"/customers/{customer['id']}", creditLimit=round(limit, 2))
    within = company.order(customer, (sold["code"], 2))
    assert within["state"] == "confirmed"
    over = company.order(customer, (sold["code"], 2))
    assert over["state"] == "pendingApproval"
    assert over["confirmedAt"] is None
    [step] = over["approval"]["steps"]
    assert step["role"] == "creditController"
    company.advance(hours=2)
    company.crm.refused(
        f"/orders/{over['id']}/approve", 409, "approval-step-not-due", role="generalManager", approver="李总"
    )
    approved = company.crm.post(f"/orders/{over['id']}/approve", role="creditController", approver="王会计")
    assert approved["state"] == "confirmed"
    asked, decided = (datetime.fromisoformat(approved["approval"]["steps"][0][m]) for m in ("requestedAt", "decidedAt"))
    assert (decided - asked).total_seconds() == 7200
    # What has been shipped and billed is in finance's balance from now on, and the rest still counts as open order.
    company.bill(company.ship(company.sales_order(within, partner)), debtor, within)
    company.crm.patch(f"/orders/{within['id']}", deliveryStatus="complete")
    company.report_balance(customer, debtor)
    after = company.crm.get(f"/customers/{customer['id']}/credit")
    assert fen(after["openAmount"]) == fen(panel["openAmount"]) + fen(within["grossAmount"])
    assert fen(after["openOrders"]) == fen(over["grossAmount"])


def test_p13_three_steps_in_their_order_each_with_its_time(company: Company) -> None:
    customer, _, _ = company.customer()
    sold, _, _ = company.product()
    company.crm.patch(f"/customers/{customer['id']}", creditLimit=1)
    order = company.crm.post(
        "/orders",
        customerId=customer["id"],
        submit=True,
        lines=[{"productCode": sold["code"], "quantity": 2, "discountPercent": 30}],
    )
    assert [step["role"] for step in order["approval"]["steps"]] == [
        "salesManager",
        "creditController",
        "generalManager",
    ]
    for role, approver in (("salesManager", "张经理"), ("creditController", "王会计"), ("generalManager", "李总")):
        assert company.crm.get(f"/orders/{order['id']}")["state"] == "pendingApproval"
        company.advance(hours=3)
        order = company.crm.post(f"/orders/{order['id']}/approve", role=role, approver=approver)
    assert order["state"] == "confirmed"
    events = company.crm.events()
    assert events.count("crm.order.approved") == 3
    assert events[-1] == "crm.order.confirmed"
    kpis = {k["key"]: k for k in company.crm.get("/kpis", **{"from": "2026-01-01", "to": "2026-01-31"})["items"]}
    assert kpis["approvalLeadTime"]["value"] == 9.0


def test_p5_receipts_exact_partial_over_and_one_for_several(company: Company) -> None:
    customer, partner, debtor = company.customer()
    sold, _, _ = company.product()
    bills = []
    for quantity in (1, 2, 3):
        order = company.order(customer, (sold["code"], quantity))
        bills.append(company.bill(company.ship(company.sales_order(order, partner)), debtor, order))
    amounts = [fen(bill["gross_amount"]) for bill in bills]

    def receive(amount: int) -> int:
        money = f"{amount / 100:.2f}"
        return int(
            company.finance.post("/receipts", customer_id=debtor["id"], business_date=company.today(), amount=money)[
                "id"
            ]
        )

    def settle(receipt: int, *parts: tuple[int, int]) -> None:
        allocations = [{"receivable_id": bills[bill]["id"], "amount": f"{amount / 100:.2f}"} for bill, amount in parts]
        company.finance.post("/settlements", receipt_id=receipt, allocations=allocations)

    def state(bill: int) -> tuple[str, int]:
        shown = company.finance.get(f"/receivables/{bills[bill]['id']}")
        return shown["state"], fen(shown["open_amount"])

    settle(receive(amounts[0]), (0, amounts[0]))
    assert state(0) == ("settled", 0)
    settle(receive(100), (1, 100))
    assert state(1) == ("partly_settled", amounts[1] - 100)
    # One receipt for what is left of the second and all of the third, and five yuan too much.
    too_much = receive(amounts[1] - 100 + amounts[2] + 500)
    settle(too_much, (1, amounts[1] - 100), (2, amounts[2]))
    assert [state(bill)[0] for bill in (1, 2)] == ["settled", "settled"]
    assert company.finance.get(f"/receipts/{too_much}")["unapplied_amount"] == "5.00"
    refused = company.finance.api.post(
        "/settlements",
        json={"receipt_id": too_much, "allocations": [{"receivable_id": bills[0]["id"], "amount": "5.00"}]},
    )
    assert refused.status_code in (409, 422)


def test_p10_the_delay_from_order_to_receivable_can_be_measured(company: Company) -> None:
    """Each document says when it came to be, so whoever joins them knows how late finance learned of it."""
    customer, partner, debtor = company.customer()
    sold, _, _ = company.product()
    order = company.order(customer, (sold["code"], 1))
    company.advance(minutes=40)
    delivery = company.ship(company.sales_order(order, partner))
    company.advance(minutes=80)
    receivable = company.bill(delivery, debtor, order)
    confirmed, posted = datetime.fromisoformat(order["confirmedAt"]), datetime.fromisoformat(receivable["posted_at"])
    assert (posted - confirmed).total_seconds() == 7200
