"""P7 and P8: a chain of restaurants, and goods that move between stores by batch and expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Company

Json = dict[str, Any]
pytestmark = pytest.mark.in_process

INGREDIENTS = {
    "RICE-A1": ("大米", "千克", "6.0000"),
    "BEEF-B1": ("牛肉", "千克", "80.0000"),
    "NOOD-C1": ("面条", "千克", "9.0000"),
}
DISHES = {
    "DISH-RICE": ("牛肉盖饭", 36.0, {"RICE-A1": "0.2", "BEEF-B1": "0.15"}),
    "DISH-NOOD": ("牛肉面", 28.0, {"NOOD-C1": "0.25", "BEEF-B1": "0.1"}),
}
STORES = [f"MD00{n}" for n in range(1, 6)]


class Chain:
    """Five restaurants with their recipes and ingredients, entered in all three systems."""

    def __init__(self, company: Company) -> None:
        self.company = company
        crm, scm, finance = company.crm, company.scm, company.finance
        for code in STORES:
            crm.post("/stores", code=code, name=f"味满楼{code}店")
            scm.post(
                "/warehouses",
                warehouse_code=code,
                name=f"味满楼{code}店",
                kind="store",
                address="北京市海淀区示范路18号",
            )
            finance.post("/stores", code=code, name=f"味满楼{code}店")
        for code, name in (("ING", "食材"), ("DISH", "菜品")):
            scm.post("/categories", category_code=code, name=name)
        for code, (name, unit, cost) in INGREDIENTS.items():
            scm.post(
                "/products",
                product_code=code,
                name=name,
                category="ING",
                kind="material",
                base_unit=unit,
                tax_rate="0.09",
            )
            finance.post("/inventory-items", code=code, name=name)
            for store in STORES:
                scm.post(
                    "/stock-movements",
                    kind="other_receipt",
                    warehouse_code=store,
                    product_code=code,
                    quantity="20",
                    unit_cost=cost,
                )
        for code, (name, price, recipe) in DISHES.items():
            crm.post("/products", code=code, name=name, spec="份", unit="份", listPrice=price, taxRate=0.06)
            scm.post(
                "/products", product_code=code, name=name, category="DISH", kind="dish", base_unit="份", tax_rate="0.06"
            )
            lines = [
                {"product_code": part, "quantity": quantity, "scrap_percent": "10" if part == "BEEF-B1" else None}
                for part, quantity in recipe.items()
            ]
            scm.post("/boms", product_code=code, lines=[{k: v for k, v in line.items() if v} for line in lines])

    def sell(self, store: str, dishes: dict[str, int], member: str | None = None) -> Json:
        """A sale at the till."""
        gross = sum(DISHES[code][1] * quantity for code, quantity in dishes.items())
        body: Json = {
            "storeCode": store,
            "payments": [{"method": "wechat", "amount": gross}],
            "lines": [{"productCode": code, "quantity": quantity} for code, quantity in dishes.items()],
        }
        return self.company.crm.post("/store-sales", **body, **({"memberId": member} if member else {}))

    def carry_over(self, sale: Json) -> tuple[Json, Json, Json]:
        """The sale in the SCM (ingredients leave) and in finance (revenue and cost of the store)."""
        used = self.company.scm.post(
            "/store-sales",
            warehouse_code=sale["storeCode"],
            business_date=sale["businessDate"],
            source_reference={"system": "crm", "document": sale["number"], "id": sale["id"]},
            lines=[{"product_code": line["productCode"], "quantity": str(line["quantity"])} for line in sale["lines"]],
        )
        cash = self.company.finance.post(
            "/cash-sales",
            store_code=sale["storeCode"],
            business_date=sale["businessDate"],
            source_reference={"system": "crm", "document": sale["number"]},
            payments=[{"method": "wechat_pay", "amount": f"{sale['grossAmount']:.2f}"}],
            lines=[
                {
                    "description": line["productName"],
                    "net_amount": f"{line['netAmount']:.2f}",
                    "tax_rate": f"{line['taxRate']:g}",
                    "tax_amount": f"{line['taxAmount']:.2f}",
                }
                for line in sale["lines"]
            ],
        )
        cost = self.company.finance.post(
            "/inventory-documents",
            kind="store_consumption",
            business_date=sale["businessDate"],
            store_code=sale["storeCode"],
            source_reference={"system": "scm", "document": used["store_sale_no"]},
            lines=[
                {
                    "product_code": part["product_code"],
                    "stock_class": "materials",
                    "quantity": part["quantity"],
                    "amount": part["cost_amount"],
                }
                for part in used["consumption"]
            ],
        )
        return used, cash, cost


def test_p7_a_day_of_five_restaurants(company: Company) -> None:
    chain = Chain(company)
    member = company.crm.post("/members", name="陈静", phone="13900000000")
    by_store: dict[str, tuple[float, float]] = {}
    for n, store in enumerate(STORES, 1):
        sale = chain.sell(store, {"DISH-RICE": 2 * n, "DISH-NOOD": 4}, member["id"])
        used, cash, cost = chain.carry_over(sale)
        quantities = {part["product_code"]: part["quantity"] for part in used["consumption"]}
        # Beef: 0.15 and 0.1 kg a dish, and 10 % waste on top.
        assert float(quantities["BEEF-B1"]) == pytest.approx((0.15 * 2 * n + 0.1 * 4) * 1.1)
        assert float(quantities["RICE-A1"]) == pytest.approx(0.2 * 2 * n)
        assert cost["amount"] == used["cost_amount"]
        left = company.scm.one("/stock", product_code="BEEF-B1", warehouse_code=store)
        assert float(left["on_hand"]) == pytest.approx(20 - float(quantities["BEEF-B1"]))
        by_store[store] = (float(cash["net_amount"]), float(cost["amount"]))
    assert company.crm.get(f"/members/{member['id']}")["points"] > 0
    # The books know each store: its revenue and its cost.
    for account, side, figure in (("6001", "closing_credit", 0), ("6401", "closing_debit", 1)):
        rows = company.finance.get("/dimension-balances", account_code=account, dimension="store", period="2026-01")[
            "rows"
        ]
        booked = {row["key"]: float(row[side]) for row in rows}
        for store in STORES:
            assert booked[store] == pytest.approx(by_store[store][figure]), (account, store)


def test_p7_what_the_kitchen_has_not_is_named_and_a_void_puts_everything_back(company: Company) -> None:
    chain = Chain(company)
    before = company.scm.all("/stock", warehouse_code="MD001")
    sale = chain.sell("MD001", {"DISH-RICE": 3})
    used, cash, cost = chain.carry_over(sale)
    too_many = {"warehouse_code": "MD001", "lines": [{"product_code": "DISH-RICE", "quantity": "200"}]}
    told = company.scm.refused("/store-sales", 409, "insufficient-stock", **too_many)
    assert "RICE-A1" in str(told)
    assert "BEEF-B1" in str(told)
    company.crm.post(f"/store-sales/{sale['id']}/void", reason="顾客退单")
    company.scm.post(f"/store-sales/{used['store_sale_no']}/void", reason="顾客退单")
    company.finance.post(f"/cash-sales/{cash['id']}/reverse", reason="顾客退单")
    company.finance.post(f"/inventory-documents/{cost['id']}/reverse", reason="顾客退单")
    assert company.scm.all("/stock", warehouse_code="MD001") == before
    assert company.finance.get("/trial-balance", period="2026-01")["balanced"] is True


def test_p8_batches_move_between_stores_first_expiry_first(company: Company) -> None:
    scm = company.scm
    for code in ("MD001", "MD002"):
        scm.post("/warehouses", warehouse_code=code, name=f"{code}店", kind="store", address="上海市徐汇区示范路8号")
    scm.post("/categories", category_code="DAI", name="乳制品")
    milk = {
        "product_code": "DAI-250ML-FM1",
        "name": "鲜牛奶",
        "category": "DAI",
        "kind": "goods",
        "base_unit": "盒",
        "tax_rate": "0.09",
    }
    scm.post("/products", **milk, batch_managed=True, shelf_life_days=21)
    supplier = scm.post("/suppliers", name="光华乳业有限公司")
    order = scm.post(
        "/purchase-orders",
        supplier_code=supplier["supplier_code"],
        warehouse_code="MD001",
        lines=[{"product_code": milk["product_code"], "quantity": "100", "unit_price": "3", "tax_rate": "0.09"}],
    )
    scm.post(f"/purchase-orders/{order['purchase_order_no']}/approve")
    # The batch that came first expires last.
    for batch, quantity, made in (("B-LATE", "60", "2026-01-14"), ("B-SOON", "40", "2026-01-03")):
        receipt = scm.post(
            "/goods-receipts",
            purchase_order_no=order["purchase_order_no"],
            lines=[{"order_line": 1, "quantity": quantity, "batch_no": batch, "production_date": made}],
        )
        scm.post(f"/goods-receipts/{receipt['goods_receipt_no']}/post")
    moved = scm.post(
        "/transfers",
        from_warehouse_code="MD001",
        to_warehouse_code="MD002",
        lines=[{"product_code": milk["product_code"], "quantity": "50"}],
    )
    sent = scm.post(f"/transfers/{moved['transfer_no']}/send")
    assert {part["batch_no"]: part["quantity"] for part in sent["lines"][0]["batches"]} == {
        "B-SOON": "40",
        "B-LATE": "10",
    }
    here, there = (
        scm.all("/stock", product_code=milk["product_code"], warehouse_code=code) for code in ("MD001", "MD002")
    )
    assert here[0]["on_hand"] == "50"
    assert sum(float(row["on_hand"]) for row in there) == 0
    received = scm.post(
        f"/transfers/{moved['transfer_no']}/receive",
        lines=[{"line_no": 1, "quantity": "48"}],
        complete=True,
        reason="运输破损2盒",
    )
    assert received["loss_amount"] == "6.00"
    assert scm.one("/stock", product_code=milk["product_code"], warehouse_code="MD002")["on_hand"] == "48"
    company.advance(days=9)
    soon = scm.all("/reports/expiring-batches", days=3, product_code=milk["product_code"])
    assert {row["batch_no"] for row in soon} == {"B-SOON"}
