"""The oracle on facts of the real CRM, SCM and finance: the shapes fit, and a flow moved by hand is clean at every step.

Nobody integrates here. The test reads one system and writes the next, as people do with two screens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import Verdict, reconcile

Reconcile = Callable[[], Verdict]


@pytest.fixture
def verdict(crm: Any, scm: Any, finance: Any, tiny_world: Any) -> Reconcile:
    """verdict() -> what the oracle says of the three systems now."""

    def now() -> Verdict:
        systems = {"crm": crm, "scm": scm, "finance": finance}
        facts = {name: api.get("/_shapan/facts").json()["facts"] for name, api in systems.items()}
        return reconcile(read_books(facts, tiny_world.answer_key.entity))

    return now


def found(verdict: Verdict) -> set[tuple[str, str]]:
    return {(difference.kind.code, difference.subject.number) for difference in verdict.differences}


def answer(response: Any, status: int) -> Any:
    assert response.status_code == status, response.text
    return response.json()


def test_freshly_seeded_systems_agree(verdict: Reconcile) -> None:
    result = verdict()
    assert result.ok
    assert found(result) == set()
    compared = {check.code: len(checked.compared) for check, checked in result.results}
    # Stock per product and warehouse, the ledger per customer, opening receivables: there is something to agree on.
    assert min(compared["O6"], compared["O7"], compared["O12"]) > 0


def test_a_flow_moved_by_hand_is_followed_step_by_step(
    crm: Any, scm: Any, finance: Any, tiny_world: Any, verdict: Reconcile
) -> None:
    customer = tiny_world.crm.customers[0]
    partner_code, finance_id = (
        next(row[2] for row in tiny_world.answer_key.records(customer.entity) if row[0] == system)
        for system in ("scm", "finance")
    )
    products = [product.code for product in tiny_world.crm.products[:2]]
    lines = [{"productCode": code, "quantity": 2} for code in products]
    order = answer(crm.post("/orders", json={"customerId": customer.id, "submit": True, "lines": lines}), 201)
    assert found(verdict()) == {("order-missing", order["number"])}

    units = {product.code: product for product in tiny_world.products}
    body = {
        "partner_code": partner_code,
        "source_reference": {"system": "crm", "document": order["number"], "id": order["id"]},
        "lines": [
            {
                "product_code": line["productCode"],
                "quantity": str(line["quantity"] * units[line["productCode"]].units_per_sales_unit),
                "unit_price": f"{line['netAmount'] / line['quantity'] / units[line['productCode']].units_per_sales_unit:.4f}",
                "tax_rate": f"{line['taxRate']:.2f}",
                "amount": f"{line['netAmount']:.2f}",
                "tax_amount": f"{line['taxAmount']:.2f}",
                "source_line": line["lineNumber"],
            }
            for line in order["lines"]
        ],
    }
    sales_order = answer(scm.post("/sales-orders", json=body), 201)
    assert found(verdict()) == {("order-unapproved", sales_order["sales_order_no"])}
    sales_order = answer(scm.post(f"/sales-orders/{sales_order['sales_order_no']}/approve"), 200)
    assert found(verdict()) == set()

    first_line = {"line_no": 1, "quantity": str(units[products[0]].units_per_sales_unit)}
    parts: list[dict[str, Any]] = [{"lines": [first_line]}, {}]
    for part in parts:
        made = answer(scm.post("/deliveries", json={"sales_order_no": sales_order["sales_order_no"], **part}), 201)
        delivery = answer(scm.post(f"/deliveries/{made['delivery_no']}/ship"), 200)
        assert found(verdict()) == {("receivable-missing", delivery["delivery_no"])}
        booked = {
            "customer_id": int(finance_id),
            "business_date": delivery["ship_date"],
            "source_reference": {"system": "scm", "document": delivery["delivery_no"]},
            "order_reference": order["number"],
            "lines": [
                {
                    "description": line["product_code"],
                    "net_amount": line["amount"],
                    "tax_rate": line["tax_rate"],
                    "tax_amount": line["tax_amount"],
                }
                for line in delivery["lines"]
            ],
        }
        receivable = answer(finance.post("/receivables", json=booked), 201)
        assert found(verdict()) == {("credit-stale", customer.code)}
        report_balance(crm, finance, customer.id, finance_id)
        assert found(verdict()) == set()

    amount = receivable["gross_amount"]
    body = {"customer_id": int(finance_id), "business_date": receivable["business_date"], "amount": amount}
    receipt = answer(finance.post("/receipts", json=body), 201)
    body = {"receipt_id": receipt["id"], "allocations": [{"receivable_id": receivable["id"], "amount": amount}]}
    answer(finance.post("/settlements", json=body), 201)
    assert found(verdict()) == {("credit-stale", customer.code)}
    report_balance(crm, finance, customer.id, finance_id)
    result = verdict()
    assert result.ok
    assert found(result) == set()


def report_balance(crm: Any, finance: Any, customer_id: str, finance_id: str) -> None:
    balance = answer(finance.get(f"/customers/{finance_id}/balance"), 200)
    report = {
        "openAmount": float(balance["open_amount"]),
        "overdueAmount": float(balance["overdue_amount"]),
        "asOf": balance["as_of"],
    }
    answer(crm.put(f"/customers/{customer_id}/balance", json=report), 200)


def test_a_cancellation_that_goes_no_further_leaves_a_ghost(
    crm: Any, scm: Any, tiny_world: Any, verdict: Reconcile
) -> None:
    customer, product = tiny_world.crm.customers[1], tiny_world.crm.products[0]
    lines = [{"productCode": product.code, "quantity": 1}]
    order = answer(crm.post("/orders", json={"customerId": customer.id, "submit": True, "lines": lines}), 201)
    partner_code = next(row[2] for row in tiny_world.answer_key.records(customer.entity) if row[0] == "scm")
    body = {
        "partner_code": partner_code,
        "source_reference": {"system": "crm", "document": order["number"]},
        "lines": [{"product_code": product.code, "quantity": "1", "unit_price": "1.0000", "tax_rate": "0.13"}],
    }
    sales_order = answer(scm.post("/sales-orders", json=body), 201)
    answer(crm.post(f"/orders/{order['id']}/cancel", json={"reason": "客户改期"}), 200)
    assert found(verdict()) == {("ghost", sales_order["sales_order_no"])}
    answer(scm.post(f"/sales-orders/{sales_order['sales_order_no']}/cancel"), 200)
    assert found(verdict()) == set()


@pytest.mark.in_process
def test_whatever_accounting_does_with_its_documents_the_oracle_follows(
    crm: Any, finance: Any, tiny_world: Any, verdict: Reconcile
) -> None:
    owed, other = finance.get("/receivables").json()["items"][:2]
    customer, amount = owed["customer_id"], owed["open_amount"]
    day = tiny_world.spec.opening.replace(day=15).isoformat()
    ledger = {"ledger-unbalanced", "trial-balance", "subledger-differs", "voucher-gap", "voucher-missing"}
    ledger |= {"settlement-over", "settlement-party", "settlement-differs"}

    def post(path: str, **body: Any) -> Any:
        made = finance.post(path, json=body)
        assert made.status_code in (200, 201), made.text
        assert ledger.isdisjoint(code for code, _ in found(verdict()))
        return made.json()

    advance = post("/receipts", customer_id=customer, business_date=day, amount=amount, advance=True)
    part = [{"receivable_id": owed["id"], "amount": amount}]
    settled = post("/settlements", receipt_id=advance["id"], allocations=part, from_advance=True)
    red = post(f"/receivables/{owed['id']}/red", reason="退货")
    assert red["open_amount"] == f"-{amount}"
    post(f"/settlements/{settled['id']}/reverse", reason="核销有误")
    post(f"/receipts/{advance['id']}/reverse", reason="退票")
    offset = [{"receivable_id": owed["id"], "amount": amount}]
    post(f"/receivables/{red['id']}/offset", allocations=offset)
    lost = [{"receivable_id": other["id"], "amount": other["open_amount"]}]
    body = {"customer_id": other["customer_id"], "allocations": lost, "reason": "破产"}
    post(f"/write-offs/{post('/write-offs', **body)['id']}/reverse", reason="误核销")
    post(f"/write-offs/{post('/write-offs', **body)['id']}/recover", amount="0.01")
    # Only the CRM does not know yet of what is owed now.
    assert {code for code, _ in found(verdict())} <= {"credit-stale"}
