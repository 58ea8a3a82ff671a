"""Products with units and categories, and suppliers, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process

BODY: dict[str, Any] = {"name": "鲜牛奶", "category": "FNB", "base_unit": "盒", "tax_rate": "0.09"}


def test_a_product_with_its_units(works: Works, scm: Api) -> None:
    box = {"unit": "箱", "factor": "24"}
    full = {
        **BODY,
        "kind": "material",
        "units": [box],
        "batch_managed": True,
        "shelf_life_days": 21,
        "safety_stock": "240",
    }
    made = works.new("/products", product_code="DAI-1", spec="250毫升", **full)
    assert made == {
        **full,
        "product_code": "DAI-1",
        "spec": "250毫升",
        "model": "",
        "units": [{"unit": "盒", "factor": "1"}, box],
    }
    assert works.get("/events?limit=500")["events"][-1]["data"] == made
    plain = works.new("/products", product_code="DAI-2", **BODY)
    defaults = ("kind", "batch_managed", "shelf_life_days", "safety_stock", "spec")
    assert [plain[member] for member in defaults] == ["goods", False, None, "0", ""]
    assert works.listed("/products", category="FNB") == [made, plain]
    assert works.listed("/products", category="FNB", kind="material") == [made]
    # What it is shown as can be put back as it is: the base unit may stand first among its units.
    copy = {member: value for member, value in made.items() if member != "product_code"}
    answer = scm.put("/products/DAI-1", json={**copy, "name": "纯牛奶"})
    assert (answer.status_code, answer.json()) == (200, {**made, "name": "纯牛奶"})
    other = {**BODY, "base_unit": "瓶", "kind": "finished", "units": [{"unit": "箱", "factor": "12"}]}
    assert scm.put("/products/DAI-1", json=other).json()["units"][0] == {"unit": "瓶", "factor": "1"}


def test_what_moved_keeps_its_unit_and_its_kind(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    body = {**BODY, "units": [{"unit": "箱", "factor": "24"}, {"unit": "板", "factor": "6"}]}
    works.new("/products", product_code="DAI-1", **body)
    works.receive("CK01", "DAI-1", "5", "2.00")
    changed = {
        **body,
        "base_unit": "盒",
        "kind": "finished",
        "batch_managed": True,
        "units": [{"unit": "箱", "factor": "12"}],
    }
    answer = scm.put("/products/DAI-1", json=changed)
    # One unit has another factor, the other one is gone: it could come back with another factor.
    assert refusal(answer, 409, "product-in-use") == ["/kind", "/batch_managed", "/units", "/units"]
    assert refusal(scm.put("/products/DAI-1", json={**body, "base_unit": "瓶"}), 409, "product-in-use") == [
        "/base_unit"
    ]
    assert scm.put("/products/DAI-1", json={**body, "safety_stock": "9"}).json()["safety_stock"] == "9"
    # A document is enough.
    works.new("/products", product_code="DAI-2", **BODY)
    works.new("/purchase-requisitions", lines=[{"product_code": "DAI-2", "quantity": "1"}])
    assert refusal(scm.put("/products/DAI-2", json={**BODY, "kind": "dish"}), 409, "product-in-use") == ["/kind"]


def test_what_a_product_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    wrong = {
        **BODY,
        "category": "NONE",
        "kind": "dish",
        "batch_managed": True,
        "units": [{"unit": "盒", "factor": "2"}, {"unit": "箱", "factor": "2"}, {"unit": "箱", "factor": "3"}],
    }
    faults = ["/category", "/units/0/unit", "/units/2/unit", "/batch_managed"]
    assert refusal(scm.post("/products", json={"product_code": "DAI-1", **wrong}), 422, "business-rule") == faults
    works.new("/products", product_code="DAI-1", **BODY)
    assert refusal(scm.put("/products/DAI-1", json=wrong), 422, "business-rule") == faults
    life = {**BODY, "product_code": "DAI-2", "shelf_life_days": 3}
    assert refusal(scm.post("/products", json=life), 422, "business-rule") == ["/shelf_life_days"]
    assert refusal(scm.post("/products", json={"product_code": "DAI-1", **BODY}), 409, "product-exists") == []


def test_dishes_and_services_are_never_in_stock(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    for code, kind in (("DISH-1", "dish"), ("SRV-1", "service")):
        works.product(code, "示例", kind, "份")
        body = {"kind": "other_receipt", "warehouse_code": "CK01", "product_code": code, "quantity": "1"}
        assert refusal(scm.post("/stock-movements", json=body), 422, "business-rule") == ["/product_code"]
        line = {"product_code": code, "quantity": "1", "unit_price": "1", "tax_rate": "0.06"}
        order = {"partner_code": works.listed("/partners")[0]["partner_code"], "lines": [line]}
        assert refusal(scm.post("/sales-orders", json=order), 422, "business-rule") == ["/lines/0/product_code"]


def test_categories(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    seeded = {product["category"] for product in works.listed("/products")}
    assert seeded <= {category["category_code"] for category in works.listed("/categories")}
    below = works.new("/categories", category_code="DAI", name="乳制品", parent_code="FNB")
    assert below == {"category_code": "DAI", "name": "乳制品", "parent_code": "FNB"}
    assert refusal(scm.post("/categories", json=below), 409, "category-exists") == []
    assert refusal(scm.post("/categories", json={**below, "parent_code": "NO"}), 422, "business-rule") == [
        "/parent_code"
    ]


def test_suppliers(works: Works, scm: Api) -> None:
    there = len(works.listed("/suppliers"))
    made = works.new("/suppliers", name="苏州恒泰铜业有限公司")
    code = f"GY{there + 1:05d}"
    assert (made["supplier_code"], made["short_name"], made["supplier_class"]) == (code, made["name"], "B")
    assert (made["payment_terms"], made["over_receipt_tolerance"]) == ("NET30", "0")
    assert works.get("/events?limit=500")["events"][-1]["data"] == made
    body = {"name": "苏州恒泰铜业有限公司", "short_name": "恒泰", "supplier_class": "A", "payment_terms": "PREPAID"}
    answer = scm.put(f"/suppliers/{code}", json={**body, "over_receipt_tolerance": "0.1", "phone": "0512-68881234"})
    assert answer.status_code == 200
    now = answer.json()
    assert now == works.get(f"/suppliers/{code}")
    assert {member: now[member] for member in body} == body
    assert (now["over_receipt_tolerance"], now["created_at"]) == ("0.1", made["created_at"])
    assert works.new("/suppliers", name="苏州恒泰铜业有限公司")["supplier_code"] == f"GY{there + 2:05d}"


def test_receipts_and_issues_of_batches(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    """First expiry first out, expired ones only by name, and what a movement refuses."""
    code = works.batch_product("DAI-1", "鲜牛奶", shelf_life_days=10)
    works.receive("CK01", code, "5", "2.00", batch_no="L", expiry_date="2099-12-31")
    works.receive("CK01", code, "5", "2.30", batch_no="E", expiry_date="2099-01-31")
    old = works.receive("CK01", code, "5", "9.99", batch_no="X", production_date="2020-01-01")
    assert (old["batch_no"], old["stock_value_after"]) == ("X", "71.45")
    (balance,) = works.listed("/stock", product_code=code)
    assert (balance["on_hand"], balance["expired"], balance["available"]) == ("15", "5", "10")
    issue = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": code}
    first = works.new("/stock-movements", **issue, quantity="7")  # 33.34 in all, shared by quantity
    (_, *more) = works.listed("/stock-movements", kind="other_issue")
    assert [(m["batch_no"], m["quantity"], m["cost_amount"]) for m in (first, *more)] == [
        ("E", "5", "23.81"),
        ("L", "2", "9.53"),
    ]
    assert refusal(scm.post("/stock-movements", json={**issue, "quantity": "4"}), 409, "insufficient-stock") == []
    scrapped = works.new("/stock-movements", **issue, quantity="5", batch_no="X")
    assert (scrapped["batch_no"], scrapped["on_hand_after"]) == ("X", "3")
    more_than = {**issue, "quantity": "3.001", "batch_no": "L"}
    assert refusal(scm.post("/stock-movements", json=more_than), 409, "insufficient-stock") == []

    plain = works.product("DAI-2", "酸奶")
    receipt = {"kind": "other_receipt", "warehouse_code": "CK01", "product_code": code, "quantity": "1"}
    for body, pointers in [
        (receipt, ["/batch_no"]),
        ({**receipt, "batch_no": "L", "expiry_date": "2099-12-30"}, ["/expiry_date"]),
        ({**receipt, "batch_no": "N", "production_date": "2026-01-02", "expiry_date": "2026-01-01"}, ["/expiry_date"]),
        ({**receipt, "product_code": plain, "batch_no": "N"}, ["/batch_no"]),
        ({**issue, "quantity": "1", "batch_no": "N"}, ["/batch_no"]),
        ({**issue, "quantity": "1", "unit_cost": "1", "expiry_date": "2099-01-01"}, ["/unit_cost", "/expiry_date"]),
    ]:
        assert refusal(scm.post("/stock-movements", json=body), 422, "business-rule") == pointers
    dear = {**receipt, "product_code": plain, "quantity": "9999999999", "unit_cost": "99999"}
    assert refusal(scm.post("/stock-movements", json=dear), 409, "stock-value-limit") == []


def test_a_delivery_of_batches(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    """Goods may expire while they are reserved; then they are not shipped."""
    code = works.batch_product("DAI-1", "鲜牛奶")
    today = works.receive("CK01", works.product("DAI-2", "酸奶"), "1", "1.00")["business_date"]
    works.receive("CK01", code, "3", "2.00", batch_no="A", expiry_date=today)
    works.receive("CK01", code, "5", "2.50", batch_no="B", expiry_date="2099-12-31")
    partner = works.listed("/partners")[0]["partner_code"]
    line = {"product_code": code, "quantity": "8", "unit_price": "5", "tax_rate": "0.09"}
    order = works.new("/sales-orders", partner_code=partner, lines=[line])["sales_order_no"]
    assert works.act(f"/sales-orders/{order}/approve")["lines"][0]["reserved_quantity"] == "8"
    parts = [{"line_no": 1, "quantity": quantity} for quantity in ("4", "4")]
    drafts = [works.new("/deliveries", sales_order_no=order, lines=[part])["delivery_no"] for part in parts]
    shipped = works.act(f"/deliveries/{drafts[0]}/ship")
    assert shipped["cost_amount"] == "9.25"  # 4 of 8 for 18.50
    assert [move[3:5] for move in works.moves(drafts[0])] == [("A", "-3"), ("B", "-1")]
    with scm.runtime.workspace("default").database.write() as db:
        db.execute("UPDATE batch SET expiry_date = '2020-01-01' WHERE batch_no = 'B'")
    answer = scm.post(f"/deliveries/{drafts[1]}/ship")
    assert refusal(answer, 409, "insufficient-stock") == ["/lines/0/quantity"]
    assert works.listed("/stock", product_code=code)[0]["available"] == "0"
