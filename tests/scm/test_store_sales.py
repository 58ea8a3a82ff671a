"""A chain of restaurants: what its stores sell is what their kitchens use (P7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process

STORES = ("MD01", "MD02", "MD03", "MD04", "MD05")


def kitchen(works: Works) -> str:
    """Beef rice: 0.15 beef with 5 % waste, 0.2 rice, one portion of sauce, which is soy and sugar. The code of its recipe."""
    works.batch_product("BEEF", "牛肉")
    works.product("RICE", "大米")
    works.product("SOY", "酱油", unit="升")
    works.product("SUGAR", "白糖")
    works.product("COLA", "可乐", "goods", "罐")
    works.product("DELIVERY", "外送", "service", "次")
    works.product("SAUCE", "秘制酱", "dish", "份")
    works.product("BEEFRICE", "牛肉饭", "dish", "份")
    soy = {"product_code": "SOY", "quantity": "1"}
    sugar = {"product_code": "SUGAR", "quantity": "0.1", "scrap_percent": "10"}
    works.new("/boms", product_code="SAUCE", base_quantity="30", lines=[soy, sugar])
    lines = [
        {"product_code": "BEEF", "quantity": "0.15", "scrap_percent": "5"},
        {"product_code": "RICE", "quantity": "0.2"},
        {"product_code": "SAUCE", "quantity": "1"},
    ]
    return str(works.new("/boms", product_code="BEEFRICE", lines=lines)["bom_code"])


def stocked(works: Works) -> str:
    """Five stores with ingredients from the main warehouse. The code of the recipe."""
    recipe = kitchen(works)
    works.receive("CK01", "BEEF", "20", "80", batch_no="N2", expiry_date="2080-02-01")
    works.receive("CK01", "BEEF", "5", "60", batch_no="N1", expiry_date="2080-01-01")
    for code, quantity, cost in (("RICE", "100", "6"), ("SOY", "30", "12"), ("SUGAR", "5", "9"), ("COLA", "200", "2")):
        works.receive("CK01", code, quantity, cost)
    wanted = {"BEEF": "5", "RICE": "20", "SOY": "6", "SUGAR": "1", "COLA": "40"}
    for place in STORES:
        works.place(place)
        lines = [{"product_code": code, "quantity": quantity} for code, quantity in wanted.items()]
        number = works.new("/transfers", from_warehouse_code="CK01", to_warehouse_code=place, lines=lines)[
            "transfer_no"
        ]
        works.act(f"/transfers/{number}/send")
        works.act(f"/transfers/{number}/receive")
    return recipe


def sale(place: str, *sold: tuple[str, str], **members: Any) -> dict[str, Any]:
    return {
        "warehouse_code": place,
        "lines": [{"product_code": code, "quantity": quantity} for code, quantity in sold],
        **members,
    }


def test_five_stores_sell_and_their_kitchens_use_ingredients(works: Works) -> None:
    recipe = stocked(works)
    source = {"system": "crm", "document": "POS-1"}
    first = works.new(
        "/store-sales", **sale("MD01", ("BEEFRICE", "20"), ("COLA", "6"), ("DELIVERY", "3")), source_reference=source
    )
    number = first["store_sale_no"]
    # 20 x 0.15 x 1.05 beef, 20 x 0.2 rice, 20 portions of sauce: 20/30 soy and 20/30 x 0.1 x 1.1 sugar, rounded up.
    # Beef costs (20 x 80 + 5 x 60) / 25 = 76 yuan.
    assert [
        (part["product_code"], part["batch_no"], part["quantity"], part["cost_amount"]) for part in first["consumption"]
    ] == [
        ("BEEF", "N1", "3.15", "239.40"),
        ("RICE", None, "4", "24.00"),
        ("SOY", None, "0.667", "8.00"),
        ("SUGAR", None, "0.074", "0.67"),
        ("COLA", None, "6", "12.00"),
    ]
    assert (first["cost_amount"], first["state"], works.last_event()) == ("284.07", "posted", first)
    assert [line["bom_code"] for line in first["lines"]] == [recipe, None, None]
    assert (works.on_hand("BEEF", "MD01"), works.on_hand("RICE", "MD01"), works.on_hand("RICE", "MD02")) == (
        "1.85",
        "16",
        "20",
    )

    for place in STORES[1:]:
        works.new("/store-sales", **sale(place, ("BEEFRICE", "10")))
    assert works.company("RICE") == ("88", "528.00")
    assert works.listed("/store-sales", warehouse_code="MD01", source_document="POS-1", state="posted") == [first]
    assert len(works.listed("/store-sales", business_date=first["business_date"])) == 5

    # Taken back: each batch gets what it gave, at what it was worth, whatever the average has become.
    works.receive("CK01", "BEEF", "50", "10", batch_no="N9", expiry_date="2081-01-01")
    quantity, value = works.company("BEEF")
    voided = works.act(f"/store-sales/{number}/void", reason="顾客退单")
    assert (voided["state"], voided["void_reason"], voided["consumption"]) == (
        "voided",
        "顾客退单",
        first["consumption"],
    )
    assert works.events(number) == ["scm.store_sale.posted", "scm.store_sale.voided"]
    assert works.last_event() == voided
    assert works.moves(number)[5] == ("store_consumption_void", "MD01", "BEEF", "N1", "3.15", "239.40")
    assert (works.on_hand("BEEF", "MD01"), works.on_hand("COLA", "MD01")) == ("5", "40")
    assert works.company("BEEF") == (f"{float(quantity) + 3.15:g}", f"{float(value) + 239.4:.2f}")


def test_a_store_that_lacks_ingredients_sells_nothing(
    works: Works, scm: Api, refusal: Callable[..., list[str]]
) -> None:
    kitchen(works)
    shop = works.place("MD01")
    works.receive(shop, "BEEF", "1", "80", batch_no="OLD", expiry_date="2020-01-01")
    works.receive(shop, "BEEF", "1", "80", batch_no="N1", expiry_date="2080-01-01")
    works.receive(shop, "RICE", "1", "6")
    works.receive(shop, "SOY", "1", "6")
    works.receive(shop, "COLA", "1", "6")
    before = works.listed("/stock", warehouse_code=shop)
    answer = scm.post("/store-sales", json=sale(shop, ("COLA", "1"), ("BEEFRICE", "7"), ("COLA", "1")))
    # Beef that is not expired, rice, and sugar of which there is none; cola over both its lines.
    assert refusal(answer, 409, "insufficient-stock") == ["/lines/0", "/lines/1", "/lines/1", "/lines/1"]
    assert [code for code in ("BEEF", "RICE", "SUGAR", "COLA", "SOY") if code in answer.text] == [
        "BEEF",
        "RICE",
        "SUGAR",
        "COLA",
    ]
    assert works.listed("/stock", warehouse_code=shop) == before
    assert works.listed("/store-sales") == []
    # The number was given back.
    assert works.new("/store-sales", **sale(shop, ("COLA", "1")))["store_sale_no"].endswith("-00001")
    assert works.new("/store-sales", **sale(shop, ("DELIVERY", "2")))["cost_amount"] == "0.00"


def test_what_a_store_sale_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    recipe = kitchen(works)
    shop = works.place("MD01")
    body = sale("CK01", ("NO-1", "1"), business_date="2090-01-01")
    assert refusal(scm.post("/store-sales", json=body), 422, "business-rule") == [
        "/warehouse_code",
        "/business_date",
        "/lines/0/product_code",
    ]
    assert refusal(scm.post("/store-sales", json=sale("NO99", ("COLA", "1"))), 422, "business-rule") == [
        "/warehouse_code"
    ]
    huge = scm.post("/store-sales", json=sale(shop, ("COLA", "9999999999"), ("COLA", "1")))
    assert refusal(huge, 422, "business-rule") == ["/lines"]
    works.act(f"/boms/{recipe}/retire")
    answer = scm.post("/store-sales", json=sale(shop, ("COLA", "1"), ("BEEFRICE", "1")))
    assert refusal(answer, 422, "business-rule") == ["/lines/1/product_code"]
    # A new version counts from its day on; until then the dish has no recipe.
    lines = [{"product_code": "RICE", "quantity": "0.3"}]
    works.new("/boms", product_code="BEEFRICE", lines=lines, effective_from="2080-01-01")
    assert refusal(scm.post("/store-sales", json=sale(shop, ("BEEFRICE", "1"))), 422, "business-rule") == [
        "/lines/0/product_code"
    ]
    works.new("/boms", product_code="BEEFRICE", lines=lines)
    works.receive(shop, "RICE", "1", "6")
    number = works.new("/store-sales", **sale(shop, ("BEEFRICE", "1")))["store_sale_no"]
    works.act(f"/store-sales/{number}/void")
    assert refusal(scm.post(f"/store-sales/{number}/void"), 409, "store-sale-voided") == []
