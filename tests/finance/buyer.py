"""A purchasing clerk's desk over HTTP: short ways to the documents of the purchasing side. Dates lie in the month before today and after."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from shapan.finance.rules.periods import first_day, last_day, previous_period

if TYPE_CHECKING:
    from tests.finance.conftest import Office


class Buyer:
    """One supplier and one product in the books of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.api = office.api
        self.today: date = office.today
        self.month = previous_period(office.period)
        self.month_end: date = last_day(self.month)
        self.next_first: date = first_day(office.period)
        self.product: str = self.api.get("/inventory-items").json()["items"][0]["code"]
        self.supplier: dict[str, Any] = office.post("/suppliers", {"short_name": "恒达电缆", "payment_terms_days": 60})
        self.serial = 0
        # What the world owes to other suppliers.
        self.owed_before = float(self.closing("220201"))

    def source(self, prefix: str = "CGRK") -> dict[str, str]:
        self.serial += 1
        return {"system": "scm", "document": f"{prefix}-202611-{self.serial:05}"}

    def invoice_number(self) -> str:
        self.serial += 1
        return f"263320000{self.serial:011}"

    def order(self, *lines: tuple[str, str], **members: Any) -> dict[str, Any]:
        """A registered order of (quantity, price), at 13 %."""
        body = {
            "supplier_id": self.supplier["id"],
            "business_date": self.month_end.isoformat(),
            "source_reference": self.source("CGDD"),
            "lines": [
                {"product_code": self.product, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}
                for quantity, price in lines
            ],
        }
        return self.office.post("/purchase-orders", {**body, **members})

    def receipt_body(self, order: dict[str, Any] | None, *lines: Any, **members: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "supplier_id": self.supplier["id"],
            "business_date": self.month_end.isoformat(),
            "source_reference": self.source(),
        }
        if order is None:
            body["lines"] = [
                {"product_code": self.product, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}
                for quantity, price in lines
            ]
        else:
            body["purchase_order_id"] = order["id"]
            body["lines"] = [{"purchase_order_line_no": n, "quantity": q} for n, q in enumerate(lines, 1)]
        return {**body, **members}

    def receipt(self, order: dict[str, Any] | None, *lines: Any, **members: Any) -> dict[str, Any]:
        """Goods that came in: quantities of the lines of an order, or (quantity, price) without one."""
        return self.office.post("/goods-receipts", self.receipt_body(order, *lines, **members))

    def send_back(self, receipt: dict[str, Any], quantity: str, **members: Any) -> dict[str, Any]:
        body = {
            "supplier_id": self.supplier["id"],
            "business_date": self.today.isoformat(),
            "source_reference": self.source("CGTH"),
            "lines": [{"goods_receipt_id": receipt["id"], "goods_receipt_line_no": 1, "quantity": quantity}],
        }
        return self.office.post("/purchase-returns", {**body, **members})

    def invoice_body(self, named: dict[str, Any], *lines: tuple[str, str, str], **members: Any) -> dict[str, Any]:
        """An invoice of (quantity, net, tax) for the lines of an order or a receipt."""
        kind = "goods_receipt" if "purchase_order_id" in named else "purchase_order"
        body = {
            "supplier_id": self.supplier["id"],
            "invoice_number": self.invoice_number(),
            "invoice_date": self.today.isoformat(),
            "business_date": self.today.isoformat(),
            "lines": [
                {
                    f"{kind}_id": named["id"],
                    f"{kind}_line_no": line_no,
                    "quantity": quantity,
                    "net_amount": net,
                    "tax_rate": "0.13",
                    "tax_amount": tax,
                }
                for line_no, (quantity, net, tax) in enumerate(lines, 1)
            ],
        }
        return {**body, **members}

    def invoice(self, named: dict[str, Any], *lines: tuple[str, str, str], **members: Any) -> dict[str, Any]:
        return self.office.post("/supplier-invoices", self.invoice_body(named, *lines, **members))

    def pay(self, amount: str, **members: Any) -> dict[str, Any]:
        body = {"supplier_id": self.supplier["id"], "business_date": self.today.isoformat(), "amount": amount}
        return self.office.post("/payments", {**body, **members})

    def settle(self, *payables: tuple[int, str], **source: int) -> dict[str, Any]:
        allocations = [{"payable_id": payable_id, "amount": amount} for payable_id, amount in payables]
        return self.office.post("/payable-settlements", {**source, "allocations": allocations})

    def accrue(self, period: str = "") -> list[int]:
        """Run the accrual of a period; the ids of its vouchers."""
        answer = self.api.post(f"/periods/{period or self.month}/steps/goods_received_not_invoiced", json={})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["voucher_ids"])

    def accrual_step(self, period: str = "") -> dict[str, Any]:
        checklist = self.api.get(f"/periods/{period or self.month}/checklist").json()
        return dict(next(s for s in checklist["steps"] if s["step"] == "goods_received_not_invoiced"))

    def entries(self, voucher_id: int) -> list[tuple[str, str, str]]:
        """(account, debit, credit) of a voucher's lines."""
        voucher = self.api.get(f"/vouchers/{voucher_id}").json()
        return [(line["account_code"], line["debit"], line["credit"]) for line in voucher["lines"]]

    def voucher(self, voucher_id: int) -> dict[str, Any]:
        return dict(self.api.get(f"/vouchers/{voucher_id}").json())

    def closing(self, account: str, period: str = "") -> str:
        """Debit less credit of an account at the end of a period, as text."""
        rows = self.api.get("/trial-balance", params={"period": period or self.office.period}).json()["rows"]
        for row in rows:
            if row["account_code"] == account:
                return str(row["closing_debit"] if row["closing_credit"] == "0.00" else "-" + row["closing_credit"])
        return "0.00"

    def owed(self, period: str = "") -> str:
        """Debit less credit of 220201 at the end of a period, without what was owed before."""
        return f"{float(self.closing('220201', period)) - self.owed_before:.2f}"

    def balance(self) -> dict[str, str]:
        answer = self.api.get(f"/suppliers/{self.supplier['id']}/balance").json()
        return {name.removesuffix("_amount"): text for name, text in answer.items() if name.endswith("_amount")}

    def payable(self, invoice: dict[str, Any]) -> dict[str, Any]:
        return dict(self.api.get(f"/payables/{invoice['payable_id']}").json())
