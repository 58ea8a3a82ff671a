"""Stores and transfers: what the till sold leaves the larder and reaches the books of its store, and what breaks on the way is booked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shapan.reference.errors import Undecidable
from shapan.reference.flows.stores import consumption, payments_of

from .house import House, Integration, done, in_reverse

pytestmark = pytest.mark.in_process
Json = dict[str, Any]


class Shop:
    """A store that finance does not know yet, which sells noodles by recipe and drinks by the box."""

    def __init__(self, house: House) -> None:
        self.house = house
        crm, scm = house.crm, house.scm
        done(crm.post("/stores", json={"code": "MD001", "name": "示范路店"}))
        store = {"warehouse_code": "MD001", "name": "示范路店", "kind": "store", "address": "北京市海淀区示范路18号"}
        done(scm.post("/warehouses", json=store))
        category = done(scm.get("/categories"))["items"][0]["category_code"]
        common = {"category": category, "tax_rate": "0.06"}
        for code, kind, unit, more in (
            ("SHOP-BEEF", "material", "公斤", {"batch_managed": True}),
            ("SHOP-NOODLES", "dish", "份", {}),
            ("SHOP-TEA", "goods", "瓶", {"units": [{"unit": "箱", "factor": "12"}]}),
        ):
            body = {"product_code": code, "name": code, "kind": kind, "base_unit": unit, **common, **more}
            done(scm.post("/products", json=body))
        recipe = [{"product_code": "SHOP-BEEF", "quantity": "0.15"}]
        done(scm.post("/boms", json={"product_code": "SHOP-NOODLES", "lines": recipe}))
        for code, unit, price in (("SHOP-NOODLES", "份", 28.0), ("SHOP-TEA", "箱", 60.0)):
            body = {"code": code, "name": code, "spec": "演练", "unit": unit, "listPrice": price, "taxRate": 0.06}
            done(crm.post("/products", json=body))
        self.take_in("SHOP-BEEF", "1", "80", batch_no="B1", expiry_date="2099-01-01")
        self.take_in("SHOP-BEEF", "4", "80", batch_no="B2", expiry_date="2099-02-01")
        self.take_in("SHOP-TEA", "60", "3")

    def take_in(self, code: str, quantity: str, cost: str, warehouse: str = "MD001", **more: str) -> None:
        """Goods come into a store or a warehouse."""
        body = {
            "kind": "other_receipt",
            "warehouse_code": warehouse,
            "product_code": code,
            "quantity": quantity,
            "unit_cost": cost,
        }
        done(self.house.scm.post("/stock-movements", json={**body, **more}))

    def sell(self, *payments: tuple[str, float], lines: tuple[tuple[str, int], ...], discount: float = 0) -> Json:
        """A bill."""
        body = {
            "storeCode": "MD001",
            "payments": [{"method": method, "amount": amount} for method, amount in payments],
            "lines": [{"productCode": code, "quantity": n, "discountPercent": discount} for code, n in lines],
        }
        return done(self.house.crm.post("/store-sales", json=body))

    def void(self, sale: Json) -> None:
        """The guest sends it back."""
        done(self.house.crm.post(f"/store-sales/{sale['id']}/void", json={"reason": "顾客退单"}))

    def used(self, sale: Json) -> list[Json]:
        """What the SCM has of a bill."""
        return list(done(self.house.scm.get("/store-sales", params={"source_document": sale["number"]}))["items"])

    def cash_sales(self, sale: Json) -> list[Json]:
        """What finance has of it."""
        return list(done(self.house.finance.get("/cash-sales", params={"source_document": sale["number"]}))["items"])

    def documents(self, source: str) -> list[Json]:
        """The inventory documents that follow a document of the SCM."""
        found = done(self.house.finance.get("/inventory-documents", params={"source_document": source}))["items"]
        return sorted(found, key=lambda document: int(document["id"]))


@pytest.fixture
def shop(house: House) -> Shop:
    return Shop(house)


def test_a_bill_takes_the_ingredients_and_reaches_the_books_of_its_store_once(
    shop: Shop, start: Callable[..., Integration]
) -> None:
    sale = shop.sell(("wechat", 300.0), ("cash", 100.0), lines=(("SHOP-NOODLES", 10), ("SHOP-TEA", 2)))
    start().run()
    # Another life that remembers nothing and hears all of it again.
    start("another").run()
    (used,) = shop.used(sale)
    assert used["warehouse_code"] == "MD001"
    assert [(line["product_code"], line["quantity"]) for line in used["lines"]] == [
        ("SHOP-NOODLES", "10"),
        ("SHOP-TEA", "24"),
    ]
    (cash,) = shop.cash_sales(sale)
    assert (cash["store_code"], cash["business_date"], cash["gross_amount"]) == (
        "MD001",
        sale["businessDate"],
        "400.00",
    )
    assert float(cash["net_amount"]) == sale["netAmount"]
    assert [(p["method"], p["amount"]) for p in cash["payments"]] == [("wechat_pay", "300.00"), ("cash", "100.00")]
    (cost,) = shop.documents(used["store_sale_no"])
    assert (cost["kind"], cost["store_code"], cost["amount"]) == ("store_consumption", "MD001", "192.00")
    assert [
        (line["product_code"], line["stock_class"], line["quantity"], line["amount"]) for line in cost["lines"]
    ] == [
        ("SHOP-BEEF", "materials", "1.5", "120.00"),
        ("SHOP-TEA", "goods", "24", "72.00"),
    ]


def test_a_voided_bill_is_taken_back_in_all_three_places(shop: Shop, integration: Integration) -> None:
    sale = shop.sell(("wechat", 28.0), lines=(("SHOP-NOODLES", 1),))
    integration.run()
    shop.void(sale)
    integration.run()
    (used,) = shop.used(sale)
    (cash,) = shop.cash_sales(sale)
    cost, red = shop.documents(used["store_sale_no"])
    assert (used["state"], cash["state"]) == ("voided", "reversed")
    assert (cost["reversed_by_id"], red["reverses_id"], red["amount"]) == (red["id"], cost["id"], "-12.00")


def test_a_bill_whose_void_is_heard_of_first_leaves_nothing(shop: Shop, integration: Integration) -> None:
    sale = shop.sell(("wechat", 28.0), lines=(("SHOP-NOODLES", 1),))
    shop.void(sale)
    integration.pull()
    in_reverse(integration)
    integration.run()
    assert shop.used(sale) == []
    assert shop.cash_sales(sale) == []


def test_after_a_return_over_the_counter_the_rest_stands_everywhere(
    shop: Shop, start: Callable[..., Integration]
) -> None:
    sale = shop.sell(("wechat", 200.0), ("cash", 60.0), lines=(("SHOP-NOODLES", 5), ("SHOP-TEA", 2)))
    integration = start()
    integration.run()
    back = {
        "reason": "原包装退回",
        "lines": [{"lineNumber": 1, "quantity": 2}, {"lineNumber": 2, "quantity": 2}],
        "refunds": [{"method": "wechat", "amount": 176.0}],
    }
    done(shop.house.crm.post(f"/store-sales/{sale['id']}/return", json=back))
    integration.run()
    start("another").run()
    first, rest = sorted(shop.used(sale), key=lambda one: one["store_sale_no"])
    assert (first["state"], rest["state"]) == ("voided", "posted")
    assert [(line["product_code"], line["quantity"]) for line in rest["lines"]] == [("SHOP-NOODLES", "3")]
    (cash,) = [one for one in shop.cash_sales(sale) if one["state"] == "posted"]
    assert (cash["gross_amount"], cash["net_amount"], cash["business_date"]) == ("84.00", "79.25", sale["businessDate"])
    assert [(p["method"], p["amount"]) for p in cash["payments"]] == [("wechat_pay", "24.00"), ("cash", "60.00")]
    assert len(shop.documents(first["store_sale_no"])) == 2
    assert [document["amount"] for document in shop.documents(rest["store_sale_no"])] == ["36.00"]


def test_what_is_given_away_leaves_the_larder_and_no_revenue(shop: Shop, integration: Integration) -> None:
    sale = shop.sell(lines=(("SHOP-NOODLES", 1),), discount=100)
    integration.run()
    (used,) = shop.used(sale)
    assert used["cost_amount"] == "12.00"
    assert shop.cash_sales(sale) == []
    assert [document["amount"] for document in shop.documents(used["store_sale_no"])] == ["12.00"]


def test_a_bill_that_nobody_can_book_keeps_the_other_half_going(shop: Shop, integration: Integration) -> None:
    by_voucher = shop.sell(("voucher", 28.0), lines=(("SHOP-NOODLES", 1),))
    integration.pull()
    integration.work()
    assert len(shop.used(by_voucher)) == 1
    (letter,) = integration.state.dead_letters()
    assert "voucher" in letter.reason
    too_much = shop.sell(("cash", 2800.0), lines=(("SHOP-NOODLES", 100),))
    for _ in range(10):
        integration.pull()
        integration.work()
        integration.time.now += 10
    assert len(shop.cash_sales(too_much)) == 1
    assert "SHOP-BEEF" in integration.state.dead_letters()[-1].reason


def test_a_transfer_is_booked_with_what_was_lost_and_never_otherwise(shop: Shop, integration: Integration) -> None:
    scm = shop.house.scm
    main = done(scm.get("/warehouses"))["items"][0]["warehouse_code"]

    def send(source: str, target: str, *lines: tuple[str, str]) -> str:
        body = {
            "from_warehouse_code": source,
            "to_warehouse_code": target,
            "lines": [{"product_code": code, "quantity": quantity} for code, quantity in lines],
        }
        number = str(done(scm.post("/transfers", json=body))["transfer_no"])
        done(scm.post(f"/transfers/{number}/send", json={}))
        return number

    def receive(number: str, *quantities: str, **more: Any) -> None:
        lines = [{"line_no": n, "quantity": quantity} for n, quantity in enumerate(quantities, 1)]
        done(scm.post(f"/transfers/{number}/receive", json={"lines": lines, **more}))

    broken = {"complete": True, "reason": "运输破损"}
    whole = send("MD001", main, ("SHOP-TEA", "20"), ("SHOP-BEEF", "2"))
    receive(whole, "20", "2")
    short = send(main, "MD001", ("SHOP-BEEF", "2"))
    receive(short, "1")
    receive(short, "0.5", **broken)
    mixed = send("MD001", main, ("SHOP-TEA", "10"), ("SHOP-BEEF", "2"))
    receive(mixed, "9", "1.5", **broken)
    integration.run()
    assert shop.documents(whole) == []
    (beef,) = shop.documents(short)
    assert (beef["kind"], beef["store_code"], beef["amount"]) == ("count_loss", "MD001", "40.00")
    (both,) = shop.documents(mixed)
    assert both["store_code"] is None
    assert [(line["product_code"], line["quantity"], line["amount"]) for line in both["lines"]] == [
        ("SHOP-TEA", "1", "3.00"),
        ("SHOP-BEEF", "0.5", "40.00"),
    ]


def test_batches_of_an_ingredient_are_one_line() -> None:
    parts = [("A", "0.5", "40.00"), ("B", "2", "18.00"), ("A", "1.15", "92.00")]
    used = {
        "consumption": [dict(zip(("product_code", "quantity", "cost_amount"), part, strict=True)) for part in parts]
    }
    assert [(code, quantity, str(cost)) for code, quantity, cost in consumption(used)] == [
        ("A", "1.65", "132.00"),
        ("B", "2", "18.00"),
    ]


def test_what_was_given_back_is_no_payment_and_a_voucher_is_no_money() -> None:
    sale: Json = {"number": "SAL-1", "returns": [], "payments": [{"method": "card", "amount": 12}]}
    assert payments_of(sale) == [{"method": "bank_card", "amount": "12.00"}]
    sale["returns"] = [{"refunds": [{"method": "card", "amount": 12}]}]
    assert payments_of(sale) == []
    sale["returns"] = [{"refunds": [{"method": "cash", "amount": 2}]}]
    with pytest.raises(Undecidable, match="cash"):
        payments_of(sale)
    with pytest.raises(Undecidable, match="voucher"):
        payments_of({**sale, "returns": [], "payments": [{"method": "voucher", "amount": 12}]})
