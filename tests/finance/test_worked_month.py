"""One month from the first capital to the closed period, through HTTP, in a blank set of books, under both standards.

Capital 100,000; 100 pieces bought for 1,000 + 130; 50 received without invoice for 560 (average 1,560 / 150 = 10.40); 60 sold for 1,000 + 130
at a cost of 624; 600 collected; 1,130 paid; selling expenses of 100; at the end 5 % of the 530 still open as allowance (企业会计准则 only).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

PRODUCT = "CAB-3X25-YJV22"
CODES = {
    "enterprise": {"capital": "4001", "selling": "6601", "profit": "4103"},
    "small_enterprise": {"capital": "3001", "selling": "5601", "profit": "3103"},
}


def balances(office: Office, period: str) -> dict[str, str]:
    """Account -> closing balance, credits negative."""
    rows = office.api.get("/trial-balance", params={"period": period}).json()["rows"]
    closing = {
        row["account_code"]: row["closing_debit"] if row["closing_credit"] == "0.00" else f"-{row['closing_credit']}"
        for row in rows
    }
    return {code: amount for code, amount in closing.items() if amount != "0.00"}


class Month:
    """The documents of the month, all dated today."""

    def __init__(self, office: Office, standard: str) -> None:
        office.go_to(date(2031, 3, 15))  # no December, which would carry the year's profit on
        self.office, self.codes, self.day = office, CODES[standard], office.today.isoformat()
        office.set_up(standard)
        assert balances(office, office.period) == {}
        assert office.walk("/receivables")[0] == []
        self.supplier = office.post("/suppliers", {"short_name": "恒达电缆"})["id"]
        self.customer = office.post("/customers", {"short_name": "华信科技（北京）"})["id"]
        if office.api.get(f"/inventory-items/{PRODUCT}").status_code == 404:
            office.post("/inventory-items", {"code": PRODUCT, "name": "电缆 3×25 YJV22", "unit": "米"})

    def manual(self, debit: str, credit: str, amount: str, text: str) -> None:
        lines = [
            {"summary": text, "account_code": debit, "debit": amount},
            {"summary": text, "account_code": credit, "credit": amount},
        ]
        self.office.post("/vouchers", {"date": self.day, "lines": lines})

    def received(self, document: str, quantity: str, price: str) -> dict[str, Any]:
        return self.office.post(
            "/goods-receipts",
            {
                "supplier_id": self.supplier,
                "business_date": self.day,
                "source_reference": {"system": "scm", "document": document},
                "lines": [{"product_code": PRODUCT, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}],
            },
        )

    def play(self) -> None:
        self.manual("100201", self.codes["capital"], "100000.00", "实收资本")
        self.buy_and_pay()
        self.sell_and_collect()
        self.manual(self.codes["selling"], "100201", "100.00", "支付广告费")

    def buy_and_pay(self) -> None:
        receipt = self.received("CGRK-202611-00001", "100", "10.0000")
        self.received("CGRK-202611-00002", "50", "11.2000")
        line = {"quantity": "100", "net_amount": "1000.00", "tax_rate": "0.13", "tax_amount": "130.00"}
        invoice = self.office.post(
            "/supplier-invoices",
            {
                "supplier_id": self.supplier,
                "invoice_number": "26332000000012345678",
                "invoice_date": self.day,
                "business_date": self.day,
                "lines": [{**line, "goods_receipt_id": receipt["id"], "goods_receipt_line_no": 1}],
            },
        )
        assert invoice["state"] == "matched"
        payment = self.office.post(
            "/payments", {"supplier_id": self.supplier, "business_date": self.day, "amount": "1130.00"}
        )
        self.office.post(
            "/payable-settlements",
            {
                "payment_id": payment["id"],
                "allocations": [{"payable_id": invoice["payable_id"], "amount": "1130.00"}],
            },
        )

    def sell_and_collect(self) -> None:
        source = {"system": "scm", "document": "XSCK-202611-00001"}
        line = {"description": "电缆", "net_amount": "1000.00", "tax_rate": "0.13", "tax_amount": "130.00"}
        receivable = self.office.post(
            "/receivables",
            {
                "customer_id": self.customer,
                "business_date": self.day,
                "source_reference": source,
                "lines": [line],
            },
        )
        self.office.post(
            "/inventory-documents",
            {
                "kind": "sales_cost",
                "business_date": self.day,
                "source_reference": source,
                "lines": [{"product_code": PRODUCT, "quantity": "60", "amount": "624.00"}],
            },
        )
        receipt = self.office.post(
            "/receipts", {"customer_id": self.customer, "business_date": self.day, "amount": "600.00"}
        )
        self.office.post(
            "/settlements",
            {
                "receipt_id": receipt["id"],
                "allocations": [{"receivable_id": receivable["id"], "amount": "600.00"}],
            },
        )

    def close(self) -> list[str]:
        """Run every step and close; the steps."""
        period, api = self.office.period, self.office.api
        names = [step["step"] for step in api.get(f"/periods/{period}/checklist").json()["steps"]]
        for name in names:
            answer = api.post(f"/periods/{period}/steps/{name}", json={})
            assert answer.status_code == 200, answer.text
        assert answer.json()["checklist"]["ready"]
        closed = api.post(f"/periods/{period}/close")
        assert closed.status_code == 200, closed.text
        assert closed.json()["state"] == "locked"
        return names


CLOSING = {
    "enterprise": {
        "100201": "99370.00",
        "1122": "530.00",
        "1231": "-26.50",
        "1405": "936.00",
        "220202": "-560.00",
        "22210101": "130.00",
        "22210107": "-130.00",
        "4001": "-100000.00",
        "4103": "-249.50",
    },
    "small_enterprise": {
        "100201": "99370.00",
        "1122": "530.00",
        "1405": "936.00",
        "220202": "-560.00",
        "22210101": "130.00",
        "22210107": "-130.00",
        "3001": "-100000.00",
        "3103": "-276.00",
    },
}
STEPS = ["goods_received_not_invoiced", "cost_of_sales", "vat", "surcharges", "allowance", "profit_and_loss", "checks"]


@pytest.mark.parametrize("standard", ["enterprise", "small_enterprise"])
def test_the_worked_month(office: Office, standard: str) -> None:
    month, period, api = Month(office, standard), office.period, office.api
    month.play()
    steps = month.close()
    expected = [step for step in STEPS if step != "allowance" or standard == "enterprise"]
    assert steps == expected
    assert balances(office, period) == CLOSING[standard]
    trial = api.get("/trial-balance", params={"period": period}).json()
    assert trial["balanced"]
    total = "100966.00"  # 100,836.00 and the two columns of value added tax that cancel out, 130.00 each
    assert (trial["totals"]["closing_debit"], trial["totals"]["closing_credit"]) == (total, total)
    stock = api.get(
        "/dimension-balances", params={"account_code": "1405", "dimension": "product", "period": period}
    ).json()
    assert [(row["key"], row["quantity"], row["closing_debit"]) for row in stock["rows"]] == [(PRODUCT, "90", "936.00")]
    vat = api.get("/vat", params={"period": period}).json()
    assert (vat["output_tax"], vat["input_tax"], vat["owed"], vat["carried_forward"]) == (
        *("130.00", "130.00"),
        *("0.00", "0.00"),
    )
    statements_agree(office, standard)
    kpis_agree(office)
    next_month_begins_with_the_estimate_taken_back(office)


def statements_agree(office: Office, standard: str) -> None:
    profit, owed = {"enterprise": ("249.50", "503.50"), "small_enterprise": ("276.00", "530.00")}[standard]
    sheet = office.api.get("/statements/balance-sheet", params={"period": office.period}).json()
    assert sheet["balanced"]
    shown = {row["english_name"]: row["closing_amount"] for row in sheet["rows"] if row["closing_amount"] != "0.00"}
    assets = {"enterprise": "100809.50", "small_enterprise": "100836.00"}[standard]
    equity = {"enterprise": "100249.50", "small_enterprise": "100276.00"}[standard]
    assert shown == {
        "Cash and bank": "99370.00",
        "Accounts receivable": owed,
        "Inventories": "936.00",
        "Total current assets": assets,
        "Total assets": assets,
        "Accounts payable": "560.00",
        "Total current liabilities": "560.00",
        "Total liabilities": "560.00",
        "Paid-in capital": "100000.00",
        "Retained earnings": profit,
        "Total equity": equity,
        "Total liabilities and equity": assets,
    }
    income = office.api.get("/statements/income-statement", params={"period": office.period}).json()
    earned = {row["english_name"]: row["period_amount"] for row in income["rows"] if row["period_amount"] != "0.00"}
    losses = {"Credit impairment losses (losses negative)": "-26.50"} if standard == "enterprise" else {}
    assert earned == {
        "Operating revenue": "1000.00",
        "Operating costs": "624.00",
        "Selling expenses": "100.00",
        **losses,
        "Operating profit": profit,
        "Profit before tax": profit,
        "Net profit": profit,
    }
    assert [row["year_amount"] for row in income["rows"]] == [row["period_amount"] for row in income["rows"]]
    assert income["net_profit"] == profit


def kpis_agree(office: Office) -> None:
    answer = office.api.get("/kpis", params={"from_period": office.period, "to_period": office.period}).json()
    kpis = {kpi["key"]: kpi for kpi in answer["kpis"]}
    assert kpis["revenue"]["value"] == "1000.00"
    assert kpis["collection_rate"]["value"] == "0.5310"
    assert kpis["collection_rate"]["inputs"] == {
        "settled": "600.00",
        "opening_receivables": "0.00",
        "new_receivables": "1130.00",
    }
    assert kpis["stock_turnover"]["value"] == "1.3333"  # 624 / 468
    assert kpis["receivable_turnover"]["value"] == "3.7736"  # 1,000 / 265
    assert kpis["closing_time"]["value"] == "0.0000"  # the clock stands still


def next_month_begins_with_the_estimate_taken_back(office: Office) -> None:
    rows = office.api.get("/trial-balance", params={"period": "2031-04"}).json()["rows"]
    moved = {row["account_code"]: (row["movement_debit"], row["movement_credit"]) for row in rows}
    assert moved["1405"] == ("-560.00", "0.00")
    assert moved["220202"] == ("0.00", "-560.00")
