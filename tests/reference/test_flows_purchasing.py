"""Purchasing and the value of stock, from the SCM into finance's registers and inventory documents, against the real rooms."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from shapan.reference.flows.invoices import differences

from .house import House, Integration, Json, done, in_reverse

pytestmark = pytest.mark.in_process

PRODUCT = "YL-8X10-A2"
TAX_NUMBER = "91320500MAY000025K"


class Warehouse:
    """The buyer and the warehouse clerk, with a supplier and a product that nobody has in stock yet."""

    def __init__(self, house: House) -> None:
        self.house = house
        category = done(house.scm.get("/categories"))["items"][0]["category_code"]
        product = {
            "product_code": PRODUCT,
            "name": "六角螺母",
            "category": category,
            "base_unit": "件",
            "tax_rate": "0.13",
        }
        done(house.scm.post("/products", json=product))
        supplier = {"name": "苏州恒丰五金有限公司", "tax_number": TAX_NUMBER, "payment_terms": "NET60"}
        self.supplier = done(house.scm.post("/suppliers", json=supplier))

    def order(self, quantity: str = "100", price: str = "10.0000", product: str = PRODUCT) -> Json:
        line = {"product_code": product, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}
        body = {"supplier_code": self.supplier["supplier_code"], "lines": [line]}
        made = done(self.house.scm.post("/purchase-orders", json=body))
        return done(self.house.scm.post(f"/purchase-orders/{made['purchase_order_no']}/approve"))

    def receive(self, order: Json, *lines: Json) -> Json:
        body = {"purchase_order_no": order["purchase_order_no"], **({"lines": list(lines)} if lines else {})}
        made = done(self.house.scm.post("/goods-receipts", json=body))
        return done(self.house.scm.post(f"/goods-receipts/{made['goods_receipt_no']}/post"))

    def send_back(self, receipt: Json, *lines: Json) -> Json:
        body = {"goods_receipt_no": receipt["goods_receipt_no"], "reason": "规格不符", "lines": list(lines)}
        made = done(self.house.scm.post("/purchase-returns", json=body))
        return done(self.house.scm.post(f"/purchase-returns/{made['purchase_return_no']}/post"))

    def registered(self, path: str, number: str) -> list[Json]:
        return list(done(self.house.finance.get(path, params={"source_document": number}))["items"])

    def invoice(self, receipt: Json, quantity: str, net: str, tax: str) -> Json:
        """The clerk enters an invoice at another price, and the head of finance releases it."""
        [in_books] = self.registered("/goods-receipts", receipt["goods_receipt_no"])
        line = {
            "goods_receipt_id": in_books["id"],
            "goods_receipt_line_no": 1,
            "quantity": quantity,
            "tax_rate": "0.13",
        }
        body = {
            "supplier_id": in_books["supplier_id"],
            "invoice_number": "26312000000000000001",
            "invoice_date": in_books["business_date"],
            "lines": [line | {"net_amount": net, "tax_amount": tax}],
        }
        entered = done(self.house.finance.post("/supplier-invoices", json=body))
        release = {"reason": "涨价已确认", "released_by": "财务主管"}
        return done(self.house.finance.post(f"/supplier-invoices/{entered['id']}/release", json=release))

    def value(self) -> str:
        """What the stock of the product is worth in the SCM."""
        month = done(self.house.scm.get("/monthly-summaries", params={"month": self.month(), "page_size": 200}))[
            "items"
        ]
        return str(next(one["closing_amount"] for one in month if one["product_code"] == PRODUCT))

    def account_1405(self) -> str:
        """What stands on account 1405 for it in finance."""
        query = {"account_code": "1405", "product_code": PRODUCT}
        return str(done(self.house.finance.get("/ledger", params=query))["closing_balance"])

    def month(self) -> str:
        return str(done(self.house.scm.http.get("/_shapan/clock"))["now"][:7])


@pytest.fixture
def warehouse(house: House) -> Warehouse:
    return Warehouse(house)


def test_order_receipt_and_return_are_registered_once(
    house: House, warehouse: Warehouse, start: Callable[..., Integration]
) -> None:
    order = warehouse.order()
    door = {"order_line": 1, "quantity": "5", "rejected_quantity": "5", "reject_reason": "螺纹损坏"}
    refused = warehouse.receive(order, door)
    receipt = warehouse.receive(order, door, {"order_line": 1, "quantity": "40"})
    back = warehouse.send_back(
        receipt, {"receipt_line": 2, "quantity": "10"}, {"receipt_line": 1, "quantity": "5", "rejected": True}
    )
    start().run()
    # A life without memory finds what the one before it has registered.
    start("another").run()
    [in_books] = warehouse.registered("/purchase-orders", order["purchase_order_no"])
    [came] = warehouse.registered("/goods-receipts", receipt["goods_receipt_no"])
    [went] = warehouse.registered("/purchase-returns", back["purchase_return_no"])
    assert warehouse.registered("/goods-receipts", refused["goods_receipt_no"]) == []
    assert (in_books["gross_amount"], came["net_amount"]) == (order["gross_amount"], receipt["amount"])
    assert (came["purchase_order_id"], [line["quantity"] for line in came["lines"]]) == (in_books["id"], ["40"])
    assert [(line["goods_receipt_id"], line["goods_receipt_line_no"], line["quantity"]) for line in went["lines"]] == [
        (came["id"], 1, "10")
    ]
    [creditor] = done(house.finance.get("/suppliers", params={"tax_number": TAX_NUMBER}))["items"]
    assert (creditor["id"], creditor["payment_terms_days"]) == (in_books["supplier_id"], 60)


def test_events_in_the_wrong_order_register_what_is_before_them(
    house: House, warehouse: Warehouse, integration: Integration
) -> None:
    order = warehouse.order()
    receipt = warehouse.receive(order)
    back = warehouse.send_back(receipt, {"receipt_line": 1, "quantity": "10"})
    integration.pull()
    in_reverse(integration)
    integration.run()
    assert [
        len(warehouse.registered(path, number))
        for path, number in (
            ("/purchase-orders", order["purchase_order_no"]),
            ("/goods-receipts", receipt["goods_receipt_no"]),
            ("/purchase-returns", back["purchase_return_no"]),
        )
    ] == [1, 1, 1]


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"short_name": "恒丰", "tax_number": TAX_NUMBER}, True),
        ({"short_name": "恒丰", "full_name": "苏州恒丰五金有限公司"}, True),
        ({"short_name": "恒丰", "source_reference": {"system": "scm", "document": "GY00000"}}, False),
        ({"short_name": "恒丰", "full_name": "苏州恒丰五金有限公司", "tax_number": "91110000600037341L"}, False),
    ],
)
def test_a_supplier_that_finance_knows_is_not_entered_again(
    house: House, warehouse: Warehouse, integration: Integration, known: Json, found: bool
) -> None:
    there = done(house.finance.post("/suppliers", json=known))
    order = warehouse.order()
    integration.run()
    [in_books] = warehouse.registered("/purchase-orders", order["purchase_order_no"])
    assert (in_books["supplier_id"] == there["id"]) is found


def test_account_1405_is_what_the_stock_is_worth(house: House, warehouse: Warehouse, integration: Integration) -> None:
    price = {"code": PRODUCT, "name": "六角螺母", "spec": "M8", "unit": "件", "listPrice": 113.0, "taxRate": 0.13}
    done(house.crm.post("/products", json=price))
    receipt = warehouse.receive(warehouse.order())
    sold = done(
        house.crm.post(
            "/orders",
            json={
                "customerId": house.customer()["id"],
                "submit": True,
                "lines": [{"productCode": PRODUCT, "quantity": 30, "unitPrice": 113.0}],
            },
        )
    )
    integration.run()
    [sales_order] = house.sales_orders(sold)
    delivery = house.ship(sales_order)
    count_body = {"warehouse_code": delivery["warehouse_code"], "product_codes": [PRODUCT]}
    count = done(house.scm.post("/stock-counts", json=count_body))["stock_count_no"]
    entry = {"lines": [{"product_code": PRODUCT, "counted_quantity": "68"}]}
    done(house.scm.post(f"/stock-counts/{count}/enter", json=entry))
    done(house.scm.post(f"/stock-counts/{count}/post"))
    integration.run()
    # The invoice is dearer: 34.00 of it for the 68 in stock, 16.00 for the 32 that are sold or lost.
    warehouse.invoice(receipt, "100", "1050.00", "136.50")
    integration.run()
    [adjustment] = done(house.scm.get("/cost-adjustments", params={"goods_receipt_no": receipt["goods_receipt_no"]}))[
        "items"
    ]
    worth = [
        (document["kind"], document["amount"])
        for number in (delivery["delivery_no"], count, adjustment["cost_adjustment_no"])
        for document in warehouse.registered("/inventory-documents", number)
    ]
    assert worth == [("sales_cost", "300.00"), ("count_loss", "20.00"), ("cost_adjustment", "16.00")]
    assert (warehouse.account_1405(), warehouse.value()) == ("714.00", "714.00")


def test_a_dearer_invoice_for_a_part_of_what_is_left(
    house: House, warehouse: Warehouse, start: Callable[..., Integration]
) -> None:
    receipt = warehouse.receive(warehouse.order())
    warehouse.send_back(receipt, {"receipt_line": 1, "quantity": "10"})
    start().run()
    warehouse.invoice(receipt, "60", "630.00", "81.90")
    start("another").run()
    start("one more").run()
    [adjustment] = done(house.scm.get("/cost-adjustments", params={"goods_receipt_no": receipt["goods_receipt_no"]}))[
        "items"
    ]
    assert [(line["amount_before"], line["amount_after"]) for line in adjustment["lines"]] == [("900.00", "930.00")]
    # 60 are invoiced; the other 30 are accrued at month end.
    assert (warehouse.account_1405(), warehouse.value()) == ("630.00", "930.00")


def test_the_difference_of_an_invoice_line_is_shared_by_its_receipts_to_the_fen() -> None:
    def line(difference: str, told: str, *parts: tuple[int, str]) -> Json:
        return {
            "price_difference_amount": difference,
            "to_cost_amount": told,
            "received_net_amount": f"{sum(Decimal(net) for _, net in parts)}",
            "allocations": [
                {"goods_receipt_id": receipt, "goods_receipt_line_no": 1, "net_amount": net} for receipt, net in parts
            ],
        }

    dearer, same, told = (
        line("1.00", "0.00", (1, "100.00"), (2, "100.00"), (3, "100.00")),
        line("0.00", "0.00"),
        line("5.00", "2.00"),
    )
    assert [(receipt, str(share)) for receipt, _, share in differences({"lines": [dearer, same, told]})] == [
        (1, "0.33"),
        (2, "0.34"),
        (3, "0.33"),
    ]
