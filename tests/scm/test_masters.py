"""Partners, products and warehouses over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk

PARTNER = {
    "short_name": "北京华信科技",
    "full_name": "北京华信科技有限公司",
    "tax_number": "91110108MAY000017T",
    "phone": "010-88881234",
    "address": "北京市海淀区示范路18号",
    "source_reference": {"system": "crm", "document": "BJ-IT-001", "id": "5b0c6c1e-7d1f-4a52-9a4e-0c4f7d3b2a10"},
}


def test_a_partner_is_entered_read_found_and_told(scm: Api, clerk: Clerk) -> None:
    answer = scm.post("/partners", json=PARTNER)
    partner = clerk.document(answer, 201)
    code = partner["partner_code"]
    assert {key: partner[key] for key in PARTNER} == PARTNER
    assert answer.headers["Location"].endswith(f"/partners/{code}")
    assert scm.get(answer.headers["Location"]).json() == partner
    assert clerk.get(f"/partners/{code}") == partner
    for query in ({"tax_number": "91110108MAY000017T"}, {"short_name": "北京华信科技"}):
        assert [item["partner_code"] for item in scm.get("/partners", params=query).json()["items"]] == [code]
    both = {"tax_number": "91110108MAY000017T", "short_name": "别人"}
    assert scm.get("/partners", params=both).json()["items"] == []
    (event,) = clerk.events()
    assert (event["type"], event["subject"], event["data"]) == ("scm.partner.created", code, partner)


def test_a_partner_needs_only_a_short_name_and_codes_go_on(scm: Api, clerk: Clerk) -> None:
    total = scm.get("/partners").json()["total"]
    first = clerk.document(
        scm.post("/partners", json={"short_name": "华信科技（深圳）", "source_reference": None}), 201
    )
    second = clerk.document(scm.post("/partners", json={"short_name": "华信科技（深圳）"}), 201)
    assert [first["partner_code"], second["partner_code"]] == [f"KH{total + 1:05d}", f"KH{total + 2:05d}"]
    assert first["source_reference"] is first["full_name"] is first["tax_number"] is None


def test_every_fault_of_a_partner_is_named(scm: Api, refusal: Callable[..., list[str]]) -> None:
    body = {
        "short_name": " 北京华信科技",
        "tax_number": "9111",
        "phone": "call me",
        "source_reference": {"system": "CRM", "id": "1"},
        "name": "?",
    }
    assert sorted(refusal(scm.post("/partners", json=body), 400, "validation-failed")) == [
        "/name",
        "/phone",
        "/short_name",
        "/source_reference/document",
        "/source_reference/system",
        "/tax_number",
    ]
    assert refusal(scm.post("/partners", json={}), 400, "validation-failed") == ["/short_name"]
    assert scm.get("/events").json()["events"] == []


def test_a_partner_is_entered_once_per_key(scm: Api, clerk: Clerk, refusal: Callable[..., list[str]]) -> None:
    key = {"Idempotency-Key": "partner-1"}
    first = scm.post("/partners", json=PARTNER, headers=key)
    again = scm.post("/partners", json=PARTNER, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    other = scm.post("/partners", json={"short_name": "另一家"}, headers=key)
    assert refusal(other, 422, "idempotency-key-reused") == ["/Idempotency-Key"]
    assert len(clerk.events()) == 1


def test_pages_cover_every_partner_once(scm: Api) -> None:
    whole = scm.get("/partners", params={"page_size": 200}).json()
    assert (whole["page"], whole["page_size"], whole["total"]) == (1, 200, len(whole["items"]))
    assert scm.get("/partners").json()["page_size"] == 50
    pages = [scm.get("/partners", params={"page": n, "page_size": 5}).json() for n in (1, 2, 3, 4, 5)]
    assert [len(page["items"]) for page in pages] == [5, 5, 5, 5, 0]
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert {page["total"] for page in pages} == {20}


def test_paging_has_bounds(scm: Api, refusal: Callable[..., list[str]]) -> None:
    for path in ("/partners", "/products", "/warehouses", "/stock", "/stock-movements", "/sales-orders", "/deliveries"):
        wrong: dict[str, Any] = {"page": 0, "page_size": 201, "order": "name"}
        assert sorted(refusal(scm.get(path, params=wrong), 400, "validation-failed")) == [
            "/order",
            "/page",
            "/page_size",
        ]
        assert scm.get(path, params={"page": 1_000_000, "page_size": 200}).json()["items"] == []


def test_products_with_their_units(scm: Api, clerk: Clerk) -> None:
    page = scm.get("/products", params={"page_size": 200}).json()
    assert page["total"] == 12
    for product in page["items"]:
        assert clerk.get(f"/products/{product['product_code']}") == product
        assert product["units"][0] == {"unit": product["base_unit"], "factor": "1"}
    assert [p["product_code"] for p in page["items"]] == sorted(p["product_code"] for p in page["items"])
    assert any(len(product["units"]) > 1 for product in page["items"])


def test_warehouses(scm: Api, clerk: Clerk) -> None:
    page = scm.get("/warehouses").json()
    assert [warehouse["warehouse_code"] for warehouse in page["items"]] == ["CK01", "CK02"]
    for warehouse in page["items"]:
        assert clerk.get(f"/warehouses/{warehouse['warehouse_code']}") == warehouse
