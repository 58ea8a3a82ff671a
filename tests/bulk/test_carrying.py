"""Out of one workspace and into another: documents as well as masters, and what hangs on them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook, load_workbook

if TYPE_CHECKING:
    from tests.bulk.conftest import Clerk

pytestmark = pytest.mark.in_process


def test_a_list_that_hangs_on_records_is_exported_for_all_of_them(
    clerk: Callable[[str], Clerk], refusal: Callable[..., list[str]]
) -> None:
    crm = clerk("crm")
    customers = [customer["id"] for customer in crm.api.get("/customers").json()["items"]]
    there = {}
    for customer in customers:
        for contact in crm.api.get(f"/customers/{customer}/contacts").json()["items"]:
            there[contact["id"]] = customer
    assert len(set(there.values())) > 1
    job, table = crm.make("contacts", format="csv")
    rows = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    assert ({row["id"]: row["customerId"] for row in rows}, job["records"]) == (there, len(there))
    assert crm.take("contacts", table)["counts"]["unchanged"] == len(there)
    # What a record does not say itself, on which one it hangs, is said of it.
    former = crm.api.get(f"/customers/{customers[1]}").json()["name"]
    answer = crm.api.patch(f"/customers/{customers[1]}", json={"name": "改名示例有限公司"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    job, lines = crm.make("customers-history", format="ndjson")
    assert [
        (each["customerId"], former in json.dumps(each, ensure_ascii=False))
        for each in map(json.loads, lines.splitlines())
    ] == [(customers[1], True)]
    job, table = crm.make("customers-history", format="xlsx")
    head, row = load_workbook(io.BytesIO(table)).active.iter_rows(values_only=True)
    assert row[head.index("customerId")] == customers[1]
    # One customer's are asked for as before; of a customer who is not there, there are none to export.
    job, _ = crm.make("contacts", filters={"customerId": customers[0]})
    assert job["records"] == list(there.values()).count(customers[0])
    # To walk the customers one must be allowed to list them.
    stranger = crm.api.with_scopes("exports:write", "contacts:read")
    assert refusal(stranger.post("/exports", json={"resource": "contacts"}), 403, "insufficient_scope") == []
    one = {"resource": "contacts", "filters": {"customerId": customers[0]}}
    assert stranger.post("/exports", json=one).status_code == 202


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_rows_that_only_show_what_nobody_can_enter_are_one_record(
    format_: str, clerk: Callable[[str], Clerk], empty: Callable[[Clerk], Clerk]
) -> None:
    here = clerk("crm")
    there = empty(here)
    customer = here.api.get("/customers").json()["items"][0]["id"]
    for name in ("改名一示例有限公司", "改名二示例有限公司"):
        path = f"/customers/{customer}"
        assert here.api.patch(path, json={"name": name}, headers={"If-Match": "*"}).status_code == 200
    job, content = here.make("customers", format=format_)
    if format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        assert [row["id"] for row in rows].count(customer) == 2  # one for each former name
    taken = there.take("customers", content, format_)
    assert {state: n for state, n in taken["counts"].items() if n} == {"created": job["records"]}
    assert [row["row"] for row in there.rows(taken)] == list(range(1, job["records"] + 1))
    assert there.take("customers", content, format_)["counts"]["unchanged"] == job["records"]
    assert here.take("customers", content, format_)["counts"]["unchanged"] == job["records"]


def enterable(clerk: Clerk, resource: str) -> list[dict[str, Any]]:
    """All records of a resource, with only what can be entered; lines alike."""
    wanted = clerk.api.runtime.bulk.resources[resource].wanted

    def cut(value: Any, shape: Any) -> Any:
        if isinstance(value, list) and shape.items is not None:
            return [cut(each, shape.items) for each in value]
        if isinstance(value, dict) and shape.members:
            return {name: cut(value.get(name), part) for name, part in shape.members.items()}
        return value

    return [cut(json.loads(line), wanted) for line in clerk.make(resource, format="ndjson")[1].splitlines()]


def carried(here: Clerk, there: Clerk, resource: str, format_: str) -> int:
    """Export and import a resource; it is the same on both sides, and known again. How many records it has."""
    job, content = here.make(resource, format=format_)
    taken = there.take(resource, content, format_, mode="atomic")
    assert (taken["state"], taken["counts"]["created"]) == ("done", job["records"]), there.rows(taken, state="failed")
    assert enterable(here, resource) == enterable(there, resource)
    assert there.take(resource, content, format_)["counts"]["unchanged"] == job["records"]
    return int(job["records"])


@pytest.mark.parametrize("format_", ["csv", "xlsx", "ndjson"])
def test_documents_of_the_warehouse_can_be_carried_to_an_empty_workspace(
    format_: str, clerk: Callable[[str], Clerk], empty: Callable[[Clerk], Clerk]
) -> None:
    here = clerk("scm")
    there = empty(here)
    products = [product["product_code"] for product in here.api.get("/products").json()["items"][:2]]
    partner = here.api.get("/partners").json()["items"][0]["partner_code"]
    lines = [{"product_code": code, "quantity": "2", "unit_price": "10", "tax_rate": "0.13"} for code in products]
    supplier = here.api.post("/suppliers", json={"name": "示例供应商有限公司"}).json()["supplier_code"]
    made = [
        ("sales-orders", {"partner_code": partner, "lines": lines}),
        ("sales-orders", {"partner_code": partner, "lines": lines[:1]}),
        ("sales-orders", {"partner_code": partner, "lines": lines[:1]}),
        ("purchase-orders", {"supplier_code": supplier, "lines": lines}),
        ("boms", {"product_code": products[0], "lines": [{"product_code": products[1], "quantity": "1"}]}),
    ]
    for resource, body in made:
        answer = here.api.post(f"/{resource}", json=body)
        assert answer.status_code == 201, (resource, answer.text)
    masters = ("categories", "products", "warehouses", "partners", "suppliers")
    numbers = {
        resource: carried(here, there, resource, format_)
        for resource in (*masters, "sales-orders", "purchase-orders", "boms")
    }
    assert (numbers["sales-orders"], numbers["purchase-orders"], numbers["boms"]) == (3, 1, 1)


def test_orders_follow_their_customers_by_the_report_of_an_import_with_the_key_id(
    clerk: Callable[[str], Clerk], empty: Callable[[Clerk], Clerk]
) -> None:
    here = clerk("crm")
    there = empty(here)
    customers = [customer["id"] for customer in here.api.get("/customers").json()["items"][:2]]
    products = [product["code"] for product in here.api.get("/products").json()["items"][:2]]
    standard = len(here.api.get("/price-lists").json()["items"])
    prices = {"name": "示例价目表", "validFrom": "2026-01-01", "items": [{"productCode": products[0], "price": 1.5}]}
    price_list = here.api.post("/price-lists", json=prices).json()["id"]
    told = here.api.patch(f"/customers/{customers[0]}", json={"priceListId": price_list}, headers={"If-Match": "*"})
    assert told.status_code == 200, told.text
    for customer in (*customers, customers[1]):
        lines = [{"productCode": code, "quantity": 2} for code in products]
        assert here.api.post("/orders", json={"customerId": customer, "lines": lines}).status_code == 201

    ids: dict[str, str] = {}
    counts = {}
    for resource in ("products", "price-lists", "customers", "contacts", "orders"):
        text = here.make(resource, format="csv")[1].decode()
        for old, new in ids.items():
            text = text.replace(old, new)
        key = {} if resource == "products" else {"key": "id"}
        job = there.take(resource, text.encode(), **key)
        assert job["counts"]["failed"] == 0, there.rows(job, state="failed")
        assert there.take(resource, text.encode(), **key)["counts"]["unchanged"] == job["counts"]["created"]
        counts[resource] = job["counts"]["created"]
        report = there.api.get(f"/imports/{job['id']}/report").content.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(report, newline=""))
        if key:
            ids |= {row["key"]: row["location"].rpartition("/")[2] for row in rows}
    assert (counts["orders"], counts["contacts"] > 10, counts["price-lists"]) == (3, True, standard + 1)
    moved = there.api.get("/orders").json()["items"]
    assert [order["customerId"] for order in moved] == [ids[each] for each in (*customers, customers[1])]
    assert there.api.get(f"/customers/{ids[customers[0]]}").json()["priceListId"] == ids[price_list]


def test_a_cell_of_a_line_that_cannot_be_read_spoils_its_document_and_no_other(clerk: Callable[[str], Clerk]) -> None:
    crm = clerk("crm")
    customer = crm.api.get("/customers").json()["items"][0]["id"]
    product = crm.api.get("/products").json()["items"][0]["code"]
    book = Workbook()
    book.active.append(["单号", "customerId", "lines.productCode", "lines.quantity"])
    for number, quantity in (("A", 1), ("B", "=1+1"), ("B", 2), ("C", 3)):
        book.active.append([number, customer, product, quantity])
    content = io.BytesIO()
    book.save(content)
    rows = crm.rows(crm.take("orders", content.getvalue(), "xlsx", key="单号"))
    assert [(row["key"], row["state"]) for row in rows] == [("A", "created"), ("B", "failed"), ("C", "created")]
    assert [error["line"] for error in rows[1]["errors"]] == [3]
    assert rows[1]["errors"][0]["column"] == "lines.quantity"


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_a_list_without_anything_that_cannot_be_entered_so_is_an_empty_cell(
    format_: str, clerk: Callable[[str], Clerk]
) -> None:
    finance = clerk("finance")
    today = finance.api.runtime.workspace("default").clock.now().date().isoformat()
    receivable = {
        "customer_id": finance.api.get("/customers").json()["items"][0]["id"],
        "business_date": today,
        "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
        "lines": [{"description": "示例商品", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
    }
    answer = finance.api.post("/receivables", json=receivable)
    assert answer.status_code == 201, answer.text
    assert answer.json()["cost_lines"] == []
    _, content = finance.make("receivables", format=format_)
    rows = finance.rows(finance.take("receivables", content, format_))
    # Those of the opening were never entered with lines and a source; what was entered is known again.
    assert [row["state"] for row in rows][-1] == "unchanged", rows[-1]
