"""K1: managers look at revenue, collection rate, stock turnover and order lead time, computed from the systems' own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Company

pytestmark = pytest.mark.in_process
JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}


def test_k1_key_figures_follow_from_the_documents(company: Company) -> None:
    customer, partner, debtor = company.customer()
    sold, _, _ = company.product()
    order = company.order(customer, (sold["code"], 2))
    company.advance(hours=30)
    delivery = company.ship(company.sales_order(order, partner))
    receivable = company.bill(delivery, debtor, order)
    company.crm.patch(f"/orders/{order['id']}", deliveryStatus="complete")
    amount = receivable["gross_amount"]
    receipt = company.finance.post("/receipts", customer_id=debtor["id"], business_date=company.today(), amount=amount)
    allocations = [{"receivable_id": receivable["id"], "amount": amount}]
    company.finance.post("/settlements", receipt_id=receipt["id"], allocations=allocations)

    figures: dict[str, Any] = {}
    for name, hand in (("crm", company.crm), ("scm", company.scm), ("finance", company.finance)):
        answer = hand.api.http.get("/_shapan/kpis", params=JANUARY).json()
        assert answer["system"] == name
        for item in answer["items"]:
            assert item["formula"]["en"]
            assert item["formula"]["zh"]
            figures[f"{name}.{item['key']}"] = item
    # 30 hours from the order to the last of its goods.
    assert figures["crm.orderLeadTime"]["value"] == 30
    assert float(figures["finance.revenue"]["value"]) == float(receivable["net_amount"])
    opening = sum(float(r["gross_amount"]) for r in company.finance.all("/receivables") if r["opening"])
    rate = float(amount) / (opening + float(amount))
    assert float(figures["finance.collection_rate"]["value"]) == pytest.approx(rate, abs=0.0001)
    cost = float(delivery["lines"][0]["cost_amount"])
    turnover = figures["scm.stock_turnover"]
    inputs = {name: float(value) for name, value in turnover["inputs"].items() if value is not None}
    assert cost in inputs.values()
    assert float(turnover["value"]) > 0


def test_k1_each_system_tells_its_own_clients_the_same(company: Company) -> None:
    for hand, params in (
        (company.crm, JANUARY),
        (company.scm, JANUARY),
        (company.finance, {"from_period": "2026-01", "to_period": "2026-01"}),
    ):
        own = hand.get("/kpis", **params)
        shown = hand.api.http.get("/_shapan/kpis", params=JANUARY).json()["items"]
        assert own.get("items", own.get("kpis")) == shown
