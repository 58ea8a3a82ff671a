"""P9: a maker of small batches; what the customer ordered is made, and its cost is what went in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Company

pytestmark = pytest.mark.in_process


def test_p9_an_order_is_made_shipped_and_its_cost_is_what_went_in(company: Company) -> None:
    crm, scm, finance = company.crm, company.scm, company.finance
    customer, partner, debtor = company.customer()
    warehouse = company.warehouse()
    pump = "PMP-050W-X1"
    for category, title in (("PMP", "水泵"), ("PRT", "零件")):
        scm.post("/categories", category_code=category, name=title)
    crm.post("/products", code=pump, name="微型水泵", spec="50W", unit="台", listPrice=339.0, taxRate=0.13)
    scm.post(
        "/products",
        product_code=pump,
        name="微型水泵",
        category="PMP",
        kind="finished",
        base_unit="台",
        tax_rate="0.13",
    )
    finance.post("/inventory-items", code=pump, name="微型水泵")
    for code, name, quantity, cost in (("MOT-50-A", "电机", "100", "60.0000"), ("SHL-50-A", "泵壳", "100", "25.0000")):
        scm.post(
            "/products", product_code=code, name=name, category="PRT", kind="material", base_unit="个", tax_rate="0.13"
        )
        finance.post("/inventory-items", code=code, name=name)
        scm.post(
            "/stock-movements",
            kind="other_receipt",
            warehouse_code=warehouse,
            product_code=code,
            quantity=quantity,
            unit_cost=cost,
        )
    scm.post(
        "/boms",
        product_code=pump,
        lines=[
            {"product_code": "MOT-50-A", "quantity": "1"},
            {"product_code": "SHL-50-A", "quantity": "1", "scrap_percent": "20"},
        ],
    )

    order = company.order(customer, (pump, 10))
    sales_order = company.sales_order(order, partner)
    assert sales_order["lines"][0]["backorder_quantity"] == "10"
    made = scm.post(
        "/production-orders", product_code=pump, quantity="10", sales_order_no=sales_order["sales_order_no"]
    )
    number = made["production_order_no"]
    released = scm.post(f"/production-orders/{number}/release")
    assert {m["product_code"]: m["required_quantity"] for m in released["materials"]} == {
        "MOT-50-A": "10",
        "SHL-50-A": "12",
    }
    issue = scm.post("/material-issues", production_order_no=number)
    assert issue["cost_amount"] == "900.00"  # 10 x 60 + 12 x 25
    receipts = [
        scm.post("/production-receipts", production_order_no=number, quantity="4", labour_amount="80.00"),
        scm.post(
            "/production-receipts",
            production_order_no=number,
            quantity="6",
            labour_amount="120.00",
            overhead_amount="50.00",
            final=True,
        ),
    ]
    assert sum(float(receipt["cost_amount"]) for receipt in receipts) == 1150.0
    done = scm.get(f"/production-orders/{number}")
    assert (done["state"], done["unit_cost"], done["work_in_progress_amount"]) == ("completed", "115.0000", "0.00")
    assert scm.one("/stock", product_code=pump)["average_cost"] == "115.0000"

    scm.post(f"/sales-orders/{sales_order['sales_order_no']}/allocate")
    delivery = company.ship(scm.get(f"/sales-orders/{sales_order['sales_order_no']}"))
    assert delivery["lines"][0]["cost_amount"] == "1150.00"
    company.bill(delivery, debtor, order)

    def book(kind: str, document: str, code: str, amount: str, stock: str) -> None:
        line = {"product_code": code, "amount": amount, "stock_class": stock}
        finance.post(
            "/inventory-documents",
            kind=kind,
            business_date=company.today(),
            source_reference={"system": "scm", "document": document},
            lines=[line],
        )

    for line in issue["lines"]:
        book("material_issue", issue["material_issue_no"], line["product_code"], line["cost_amount"], "materials")
    for receipt in receipts:
        added = float(receipt["labour_amount"]) + float(receipt["overhead_amount"])
        book("conversion_cost", receipt["production_receipt_no"], pump, f"{added:.2f}", "goods")
        book("finished_goods", receipt["production_receipt_no"], pump, receipt["cost_amount"], "goods")
    book("sales_cost", delivery["delivery_no"], pump, delivery["lines"][0]["cost_amount"], "goods")
    ledger = {row["account_code"]: row for row in finance.get("/trial-balance", period="2026-01")["rows"]}
    assert ledger["6401"]["movement_debit"] == "1150.00"
    work_in_progress = ledger["5001"]
    assert work_in_progress["movement_debit"] == work_in_progress["movement_credit"] == "1150.00"
