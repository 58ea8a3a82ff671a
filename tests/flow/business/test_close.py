"""P11 and P12: the month is closed, a late document is refused, mistakes are reversed in red; and what nobody pays is aged and written off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Company

Json = dict[str, Any]
pytestmark = pytest.mark.in_process


def close(company: Company, period: str) -> Json:
    """Run the steps in their order until none is open, then close."""
    for step in company.finance.get(f"/periods/{period}/checklist")["steps"]:
        company.finance.post(f"/periods/{period}/steps/{step['step']}", note="月结")
    checklist = company.finance.get(f"/periods/{period}/checklist")
    assert checklist["ready"], checklist
    return company.finance.post(f"/periods/{period}/close")


def sale(company: Company, quantity: int = 3) -> tuple[Json, Json, Json, Json]:
    """(order, delivery, receivable, debtor) of a sale, with its cost in the books."""
    customer, partner, debtor = company.customer()
    sold, _, _ = company.product()
    order = company.order(customer, (sold["code"], quantity))
    delivery = company.ship(company.sales_order(order, partner))
    receivable = company.bill(delivery, debtor, order)
    company.finance.post(
        "/inventory-documents",
        kind="sales_cost",
        business_date=delivery["ship_date"],
        source_reference={"system": "scm", "document": delivery["delivery_no"]},
        lines=[
            {"product_code": line["product_code"], "quantity": line["quantity"], "amount": line["cost_amount"]}
            for line in delivery["lines"]
        ],
    )
    return order, delivery, receivable, debtor


def test_p11_close_refuse_what_is_late_reopen_the_last_only(company: Company) -> None:
    _, _, receivable, debtor = sale(company)
    company.advance(days=20)
    told = company.finance.refused("/periods/2026-01/close", 409, "period-not-ready")
    assert told["errors"]
    closed = close(company, "2026-01")
    assert closed["state"] == "locked"
    late = {
        "customer_id": debtor["id"],
        "business_date": "2026-01-31",
        "source_reference": {"system": "scm", "document": "XSCK-202601-09999"},
        "lines": [{"description": "迟到的单据", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
    }
    company.finance.refused("/receivables", 423, "period-locked", **late)
    assert company.finance.post("/receivables", **{**late, "business_date": "2026-02-01"})["period"] == "2026-02"
    # A mistake of January is put right in February, in red, and says what it reverses.
    red = company.finance.post(f"/receivables/{receivable['id']}/red", reason="开错客户", business_date="2026-02-03")
    assert float(red["gross_amount"]) == -float(receivable["gross_amount"])
    voucher = company.finance.get(f"/vouchers/{red['voucher_id']}")
    assert voucher["period"] == "2026-02"
    assert float(voucher["lines"][0]["debit"]) == -float(receivable["gross_amount"])
    # P&L accounts are empty after the close, and the statements hold.
    rows = {row["account_code"]: row for row in company.finance.get("/trial-balance", period="2026-01")["rows"]}
    assert (rows["6001"]["closing_debit"], rows["6001"]["closing_credit"]) == ("0.00", "0.00")
    assert company.finance.get("/statements/balance-sheet", period="2026-01")["balanced"] is True
    company.advance(days=30)
    close(company, "2026-02")
    company.finance.refused("/periods/2026-01/reopen", 409, "period-not-last-closed", reason="漏记费用")
    company.finance.post("/periods/2026-02/reopen", reason="漏记费用")
    assert company.finance.get("/periods/2026-02")["state"] != "locked"
    assert {"closed", "reopened"} <= {
        entry["action"] for entry in company.finance.get("/periods/2026-02/log")["entries"]
    }


def test_p11_goods_come_back_and_everything_is_red(company: Company) -> None:
    order, delivery, receivable, _ = sale(company)
    company.crm.patch(f"/orders/{order['id']}", deliveryStatus="complete")
    asked = company.crm.post(
        "/returns", orderId=order["id"], reason="型号不符", lines=[{"lineNumber": 1, "quantity": 1}]
    )
    company.crm.post(f"/returns/{asked['id']}/approve", approver="张经理")
    quantity = f"{float(delivery['lines'][0]['quantity']) / 3:g}"
    back = company.scm.post(
        "/sales-returns",
        delivery_no=delivery["delivery_no"],
        reason="型号不符",
        lines=[{"line_no": 1, "quantity": quantity}],
    )
    before = company.scm.all(
        "/stock", product_code=delivery["lines"][0]["product_code"], warehouse_code=company.warehouse()
    )
    back = company.scm.post(f"/sales-returns/{back['sales_return_no']}/receive")
    after = company.scm.all(
        "/stock", product_code=delivery["lines"][0]["product_code"], warehouse_code=company.warehouse()
    )
    assert float(after[0]["on_hand"]) - float(before[0]["on_hand"]) == float(quantity)
    company.crm.post(f"/returns/{asked['id']}/receive")
    red = company.finance.post(
        f"/receivables/{receivable['id']}/red",
        reason="销售退回",
        lines=[{"line_no": 1, "net_amount": back["amount"], "tax_amount": back["tax_amount"]}],
        source_reference={"system": "scm", "document": back["sales_return_no"]},
    )
    company.finance.post(
        "/inventory-documents",
        kind="sales_return_cost",
        business_date=company.today(),
        source_reference={"system": "scm", "document": back["sales_return_no"]},
        lines=[
            {"product_code": line["product_code"], "quantity": line["quantity"], "amount": line["cost_amount"]}
            for line in back["lines"]
        ],
    )
    assert float(red["gross_amount"]) == -float(back["gross_amount"])
    # Of revenue and cost two thirds are left.
    rows = {row["account_code"]: row for row in company.finance.get("/trial-balance", period="2026-01")["rows"]}
    cost = sum(float(line["cost_amount"]) for line in delivery["lines"]) - sum(
        float(line["cost_amount"]) for line in back["lines"]
    )
    assert float(rows["6401"]["closing_debit"]) == pytest.approx(cost)
    assert float(rows["6001"]["closing_credit"]) == pytest.approx(
        float(receivable["net_amount"]) - float(back["amount"])
    )


def test_p12_age_allow_write_off_and_recover(company: Company) -> None:
    _, _, receivable, debtor = sale(company)
    company.advance(days=200)
    by_due = company.finance.get("/reports/ageing", basis="due_date", customer_id=debtor["id"])
    [row] = [row for row in by_due["rows"] if row["customer_id"] == debtor["id"]]
    assert sum(float(bucket["amount"]) for bucket in row["buckets"]) == pytest.approx(float(row["open_amount"]))
    due_bucket = {bucket["key"]: float(bucket["amount"]) for bucket in row["buckets"]}
    assert sum(due_bucket.values()) >= float(receivable["open_amount"])
    assert due_bucket.get("not_due", 0) == 0
    company.finance.post("/periods/2026-01/steps/goods_received_not_invoiced", note="月结")
    rates = {rate["bucket"]: float(rate["rate"]) for rate in company.finance.get("/allowance-rates")["rates"]}
    assert list(rates.values()) == [0.05, 0.1, 0.3, 0.5, 0.8, 1]
    close(company, "2026-01")
    rows = {row["account_code"]: row for row in company.finance.get("/trial-balance", period="2026-01")["rows"]}
    allowance = float(rows["1231"]["closing_credit"])
    aged = company.finance.get("/reports/ageing", basis="posting_date", as_of="2026-01-31")
    target = sum(float(bucket["amount"]) * rate for bucket, rate in zip(aged["totals"], rates.values(), strict=True))
    assert allowance == pytest.approx(target, abs=0.01 * len(rates))
    written = company.finance.post(
        "/write-offs",
        customer_id=debtor["id"],
        reason="客户注销",
        allocations=[{"receivable_id": receivable["id"], "amount": receivable["gross_amount"]}],
    )
    entries = [
        (line["account_code"], line["debit"], line["credit"])
        for line in company.finance.get(f"/vouchers/{written['voucher_id']}")["lines"]
    ]
    assert entries == [("1231", receivable["gross_amount"], "0.00"), ("1122", "0.00", receivable["gross_amount"])]
    assert company.finance.get(f"/receivables/{receivable['id']}")["open_amount"] == "0.00"
    recovered = company.finance.post(f"/write-offs/{written['id']}/recover", amount="50.00")
    assert recovered["recovered_amount"] == "50.00"
    assert company.finance.get("/trial-balance", period=company.today()[:7])["balanced"] is True
