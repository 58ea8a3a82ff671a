"""P4: from the requisition to the payment, with what the warehouse and the books say of it compared at every turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Company

Json = dict[str, Any]
pytestmark = pytest.mark.in_process


class Purchase:
    """One supplier and one product that nobody has in stock yet, in SCM and finance."""

    def __init__(self, company: Company) -> None:
        self.company = company
        scm, finance = company.scm, company.finance
        self.supplier = scm.post(
            "/suppliers",
            name="苏州恒丰五金有限公司",
            supplier_class="A",
            payment_terms="NET30",
            over_receipt_tolerance="0.05",
        )
        self.creditor = finance.post(
            "/suppliers",
            short_name="恒丰五金",
            source_reference={"system": "scm", "document": self.supplier["supplier_code"]},
        )
        code = "NUT-M8X10-A2"
        scm.post("/categories", category_code="NUT", name="螺母")
        scm.post(
            "/products",
            product_code=code,
            name="六角螺母",
            category="NUT",
            kind="goods",
            base_unit="件",
            tax_rate="0.13",
        )
        finance.post("/inventory-items", code=code, name="六角螺母")
        self.product = code

    def order(self, quantity: str, price: str) -> tuple[Json, Json]:
        """Requisition, order approved, and the order in finance's register."""
        scm = self.company.scm
        asked = scm.post(
            "/purchase-requisitions", requested_by="仓库", lines=[{"product_code": self.product, "quantity": quantity}]
        )
        number = asked["purchase_requisition_no"]
        scm.post(f"/purchase-requisitions/{number}/approve")
        line = {"product_code": self.product, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}
        line |= {"purchase_requisition_no": number, "requisition_line": 1}
        order = scm.post("/purchase-orders", supplier_code=self.supplier["supplier_code"], lines=[line])
        order = scm.post(f"/purchase-orders/{order['purchase_order_no']}/approve")
        assert scm.get(f"/purchase-requisitions/{number}")["lines"][0]["open_quantity"] == "0"
        registered = self.company.finance.post(
            "/purchase-orders",
            supplier_id=self.creditor["id"],
            business_date=order["order_date"],
            source_reference={"system": "scm", "document": order["purchase_order_no"]},
            lines=[
                {
                    "product_code": line["product_code"],
                    "quantity": line["quantity"],
                    "unit_price": line["unit_price"],
                    "tax_rate": line["tax_rate"],
                }
                for line in order["lines"]
            ],
        )
        assert registered["gross_amount"] == order["gross_amount"]
        return order, registered

    def receive(self, order: Json, registered: Json, quantity: str, **line: str) -> tuple[Json, Json]:
        """A goods receipt, posted, and in finance's register."""
        scm = self.company.scm
        receipt = scm.post(
            "/goods-receipts",
            purchase_order_no=order["purchase_order_no"],
            lines=[{"order_line": 1, "quantity": quantity, **line}],
        )
        receipt = scm.post(f"/goods-receipts/{receipt['goods_receipt_no']}/post")
        registered_receipt = self.company.finance.post(
            "/goods-receipts",
            supplier_id=self.creditor["id"],
            purchase_order_id=registered["id"],
            business_date=receipt["receipt_date"],
            source_reference={"system": "scm", "document": receipt["goods_receipt_no"]},
            lines=[{"purchase_order_line_no": 1, "quantity": receipt["lines"][0]["quantity"]}],
        )
        assert registered_receipt["net_amount"] == receipt["amount"]
        return receipt, registered_receipt

    def invoice(self, number: str, receipt: Json, quantity: str, net: str, tax: str, **more: Any) -> Json:
        """The supplier's invoice."""
        return self.company.finance.post(
            "/supplier-invoices",
            supplier_id=self.creditor["id"],
            invoice_number=number,
            invoice_date=self.company.today(),
            lines=[
                {
                    "goods_receipt_id": receipt["id"],
                    "goods_receipt_line_no": 1,
                    "quantity": quantity,
                    "net_amount": net,
                    "tax_rate": "0.13",
                    "tax_amount": tax,
                }
            ],
            **more,
        )

    def entries(self, voucher_id: int) -> list[tuple[str, str, str]]:
        """(account, debit, credit) of a voucher."""
        lines = self.company.finance.get(f"/vouchers/{voucher_id}")["lines"]
        return [(line["account_code"], line["debit"], line["credit"]) for line in lines]

    def stock(self) -> Json:
        """What is there of the product."""
        return self.company.scm.one("/stock", product_code=self.product)


@pytest.fixture
def purchase(company: Company) -> Purchase:
    return Purchase(company)


def test_p4_order_receipt_invoice_payable_payment(company: Company, purchase: Purchase) -> None:
    order, registered = purchase.order("100", "10.0000")
    _, in_books = purchase.receive(order, registered, "100")
    assert (purchase.stock()["on_hand"], purchase.stock()["average_cost"]) == ("100", "10.0000")
    invoice = purchase.invoice("24312000000000000001", in_books, "100", "1000.00", "130.00")
    assert invoice["state"] == "matched"
    assert invoice["differences"] == []
    assert purchase.entries(invoice["voucher_id"]) == [
        ("1405", "1000.00", "0.00"),
        ("22210101", "130.00", "0.00"),
        ("220201", "0.00", "1130.00"),
    ]
    payable = company.finance.get(f"/payables/{invoice['payable_id']}")
    assert (payable["gross_amount"], payable["open_amount"]) == ("1130.00", "1130.00")
    payment = company.finance.post(
        "/payments", supplier_id=purchase.creditor["id"], business_date=company.today(), amount="1130.00"
    )
    company.finance.post(
        "/payable-settlements",
        payment_id=payment["id"],
        allocations=[{"payable_id": payable["id"], "amount": "1130.00"}],
    )
    assert company.finance.get(f"/payables/{payable['id']}")["state"] == "settled"
    assert company.finance.get(f"/suppliers/{purchase.creditor['id']}/balance")["open_amount"] == "0.00"
    assert company.scm.get(f"/purchase-orders/{order['purchase_order_no']}")["state"] == "closed"


def test_p4_part_receipts_rejects_and_too_much(company: Company, purchase: Purchase) -> None:
    order, registered = purchase.order("100", "10.0000")
    purchase.receive(order, registered, "40", rejected_quantity="5", reject_reason="螺纹损坏")
    assert purchase.stock()["on_hand"] == "35"
    line = company.scm.get(f"/purchase-orders/{order['purchase_order_no']}")["lines"][0]
    assert (line["received_quantity"], line["open_quantity"]) == ("35", "65")
    # 5 % more than was ordered is tolerated, more is not.
    refused = company.scm.api.post(
        "/goods-receipts",
        json={"purchase_order_no": order["purchase_order_no"], "lines": [{"order_line": 1, "quantity": "71"}]},
    )
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/lines/0/quantity"]
    purchase.receive(order, registered, "70")
    assert purchase.stock()["on_hand"] == "105"


def test_p4_three_way_match_holds_a_wrong_price_and_a_wrong_quantity(company: Company, purchase: Purchase) -> None:
    order, registered = purchase.order("100", "10.0000")
    _, in_books = purchase.receive(order, registered, "60")
    dear = purchase.invoice("24312000000000000002", in_books, "60", "660.00", "85.80")
    assert dear["state"] == "mismatched"
    assert [difference["kind"] for difference in dear["differences"]] == ["price_differs"]
    assert dear["voucher_id"] is None
    assert dear["payable_id"] is None
    company.finance.post(f"/supplier-invoices/{dear['id']}/cancel", reason="供应商重开")
    much = purchase.invoice("24312000000000000003", in_books, "61", "610.00", "79.30")
    assert [difference["kind"] for difference in much["differences"]] == ["quantity_exceeds_receipt"]
    company.finance.post(f"/supplier-invoices/{much['id']}/cancel", reason="供应商重开")
    right = purchase.invoice("24312000000000000004", in_books, "60", "600.00", "78.00")
    assert right["state"] == "matched"


def test_p4_goods_without_invoice_are_accrued_at_month_end_and_the_accrual_is_reversed(
    company: Company, purchase: Purchase
) -> None:
    order, registered = purchase.order("50", "11.2000")
    _, in_books = purchase.receive(order, registered, "50")
    company.advance(days=20)
    run = company.finance.post("/periods/2026-01/steps/goods_received_not_invoiced", note="月结")
    [accrual] = company.finance.all("/accruals", period="2026-01")
    assert accrual["amount"] == "560.00"
    assert run["voucher_ids"] == [accrual["voucher_id"], accrual["reversal_voucher_id"]]
    assert purchase.entries(accrual["voucher_id"]) == [("1405", "560.00", "0.00"), ("220202", "0.00", "560.00")]
    # The first of the next month: the same entry in red, on the same sides.
    assert purchase.entries(accrual["reversal_voucher_id"]) == [
        ("1405", "-560.00", "0.00"),
        ("220202", "0.00", "-560.00"),
    ]
    assert company.finance.get(f"/vouchers/{accrual['reversal_voucher_id']}")["date"] == "2026-02-01"
    invoice = purchase.invoice("24312000000000000005", in_books, "50", "560.00", "72.80")
    assert purchase.entries(invoice["voucher_id"])[-1] == ("220201", "0.00", "632.80")
    for period, balance in (("2026-01", "560.00"), ("2026-02", "0.00")):
        rows = company.finance.get("/dimension-balances", account_code="220202", dimension="supplier", period=period)[
            "rows"
        ]
        assert sum(float(row["closing_credit"]) for row in rows) == float(balance), period


def test_p4_what_came_is_sent_back(company: Company, purchase: Purchase) -> None:
    order, registered = purchase.order("100", "10.0000")
    receipt, in_books = purchase.receive(order, registered, "100")
    back = company.scm.post(
        "/purchase-returns",
        goods_receipt_no=receipt["goods_receipt_no"],
        reason="规格不符",
        lines=[{"receipt_line": 1, "quantity": "30"}],
    )
    back = company.scm.post(f"/purchase-returns/{back['purchase_return_no']}/post")
    assert (back["amount"], back["cost_amount"]) == ("300.00", "300.00")
    assert purchase.stock()["on_hand"] == "70"
    company.finance.post(
        "/purchase-returns",
        supplier_id=purchase.creditor["id"],
        business_date=company.today(),
        source_reference={"system": "scm", "document": back["purchase_return_no"]},
        lines=[{"goods_receipt_id": in_books["id"], "goods_receipt_line_no": 1, "quantity": "30"}],
    )
    all_of_it = purchase.invoice("24312000000000000006", in_books, "100", "1000.00", "130.00")
    assert [difference["kind"] for difference in all_of_it["differences"]] == ["quantity_exceeds_receipt"]
