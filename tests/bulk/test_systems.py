"""Imports and exports of the three systems: ten thousand customers, every list, masters out and in again, documents with lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

if TYPE_CHECKING:
    from tests.bulk.conftest import Clerk

pytestmark = pytest.mark.in_process

SIMULATORS = ("crm", "scm", "finance")
ROWS, BAD = 10_000, 37
TITLES = ["全称", "地区代码", "行业代码", "地址.省", "地址.市", "地址.区县", "地址.街道门牌", "电话", "付款条件"]


def customers(mended: bool = False) -> tuple[bytes, dict[int, str]]:
    """A GB18030 file of customers, and the lines that are bad with the member at fault; three kinds of fault in turn."""
    bad: dict[int, str] = {}
    rows = [TITLES]
    for n in range(ROWS):
        row = [
            f"示例{n:05d}科技有限公司",
            "BJ",
            "IT",
            "北京市",
            "北京市",
            "海淀区",
            f"龘路{n}号",
            "010-88881234",
            "NET60",
        ]
        if n % 270 == 99 and len(bad) < BAD and not mended:
            index, value, pointer = ((0, "", "/name"), (1, "北京", "/region"), (8, "NET45", "/paymentTerms"))[
                len(bad) % 3
            ]
            row[index] = value
            bad[n + 2] = pointer
        rows.append(row)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    assert len(bad) == (0 if mended else BAD)
    return text.getvalue().encode("gb18030"), bad


def number_of(clerk: Clerk) -> int:
    with clerk.api.runtime.workspace("default").database.read() as db:
        return int(db.execute("SELECT count(*) FROM customer").fetchone()[0])


def test_ten_thousand_customers_with_37_bad_rows(clerk: Callable[[str], Clerk]) -> None:
    crm = clerk("crm")
    content, bad = customers()
    before = number_of(crm)
    job = crm.take("customers", content)
    assert (job["state"], job["file"]["encoding"], job["file"]["delimiter"]) == ("done", "gb18030", "semicolon")
    assert (job["counts"]["created"], job["counts"]["failed"], job["progress"]["total"]) == (ROWS - BAD, BAD, ROWS)
    failed = crm.rows(job, state="failed")
    assert {row["line"]: row["errors"][0]["pointer"] for row in failed} == bad
    assert all(
        len(row["errors"]) == 1 and row["errors"][0]["column"] in TITLES and row["errors"][0]["detail"]
        for row in failed
    )
    assert number_of(crm) == before + ROWS - BAD

    again = crm.take("customers", content)
    assert (again["counts"]["unchanged"], again["counts"]["failed"]) == (ROWS - BAD, BAD)
    assert number_of(crm) == before + ROWS - BAD

    lines = customers(mended=True)[0].split(b"\r\n")
    mended = b"\r\n".join([lines[0], *(lines[line - 1] for line in bad), lines[1]])
    job = crm.take("customers", mended, mode="atomic")
    assert (job["counts"]["created"], job["counts"]["unchanged"]) == (BAD, 1)
    # Each created customer told of itself, like one that was posted alone.
    with crm.api.runtime.workspace("default").database.read() as db:
        told = db.execute("SELECT count(*) FROM shapan_outbox WHERE type = 'crm.customer.created'").fetchone()[0]
    assert told == ROWS


@pytest.mark.parametrize("name", SIMULATORS)
def test_every_list_can_be_exported(name: str, clerk: Callable[[str], Clerk]) -> None:
    desk = clerk(name)
    filled = 0
    for resource in desk.api.runtime.bulk.resources.values():
        if resource.listing is None:
            continue
        if any(parameter.required and parameter.location == "query" for parameter in resource.listing.parameters):
            continue
        job, lines = desk.make(resource.name, format="ndjson")
        assert job["state"] == "done", job
        job, table = desk.make(resource.name, format="csv", encoding="gb18030", titles="chinese")
        rows = list(csv.reader(io.StringIO(table.decode("gb18030"), newline="")))
        assert job["records"] == len(lines.splitlines())
        assert len(rows) > job["records"]
        assert {len(row) for row in rows} == {len(rows[0])}
        filled += job["records"] > 0
    assert filled >= 2


# In the order in which one refers to the other.
MASTERS = {
    "crm": ["customers", "products", "stores"],
    "scm": ["partners", "categories", "products", "suppliers", "warehouses"],
    "finance": ["customers", "suppliers", "stores", "inventory-items"],
}


@pytest.mark.parametrize("name", SIMULATORS)
@pytest.mark.parametrize(
    ("format_", "wish"),
    [
        ("csv", {"encoding": "gb18030", "titles": "chinese"}),
        ("xlsx", {"titles": "chinese"}),
        ("ndjson", {}),
    ],
)
def test_masters_that_were_exported_can_be_imported_into_an_empty_workspace(
    name: str,
    format_: str,
    wish: dict[str, str],
    clerk: Callable[[str], Clerk],
    empty: Callable[[Clerk], Clerk],
) -> None:
    here = clerk(name)
    there = empty(here)
    number = 0
    for master in MASTERS[name]:
        resource = here.api.runtime.bulk.resources[master]
        job, content = here.make(master, format=format_, **wish)
        taken = there.take(master, content, format_, mode="atomic")
        entered = taken["counts"]["created"]
        assert (taken["state"], entered) == ("done", job["records"]), (master, there.rows(taken, state="failed"))
        records = [list(map(json.loads, each.make(master, format="ndjson")[1].splitlines())) for each in (here, there)]
        sides = [[{member: r.get(member) for member in resource.wanted.members} for r in side] for side in records]
        assert sides[0] == sides[1]
        assert there.take(master, content, format_)["counts"]["unchanged"] == entered
        number += entered
    assert number >= 10


def test_customers_change_by_import_and_contacts_hang_on_them(clerk: Callable[[str], Clerk]) -> None:
    crm = clerk("crm")
    customer = crm.api.get("/customers", params={"limit": 1}).json()["items"][0]
    created = crm.take(
        "customers", "旧编号,name,region,industry,phone\n7,甲方贸易有限公司,SH,MF,\n".encode(), key="旧编号"
    )
    [row] = crm.rows(created)
    assert (row["state"], row["key"]) == ("created", "7")
    changed = crm.take(
        "customers", "旧编号,name,region,industry,phone\n7,甲方贸易有限公司,SH,MF,021-66668888\n".encode(), key="旧编号"
    )
    assert crm.rows(changed)[0]["state"] == "updated"
    record = crm.api.get(row["location"])
    assert (record.json()["phone"], record.headers["ETag"]) == ("021-66668888", '"2"')
    events = [event["type"] for event in crm.api.get("/events").json()["events"]]
    assert events[-2:] == ["crm.customer.created", "crm.customer.updated"]
    contacts = f"customerId,姓名,职务\n{customer['id']},王小明,采购经理\n{customer['id']},李娜,\n".encode()
    assert crm.take("contacts", contacts)["counts"]["created"] == 2
    _, table = crm.make("contacts", filters={"customerId": customer["id"]}, titles="chinese")
    assert [row["姓名"] for row in csv.DictReader(io.StringIO(table.decode()))][-2:] == ["王小明", "李娜"]


def test_documents_with_lines_in_every_system(clerk: Callable[[str], Clerk], refusal: Callable[..., list[str]]) -> None:
    crm = clerk("crm")
    customer = crm.api.get("/customers", params={"limit": 1}).json()["items"][0]["id"]
    codes = [product["code"] for product in crm.api.get("/products", params={"limit": 2}).json()["items"]]
    head = "单号,customerId,submit,lines.productCode,lines.quantity,lines.unitPrice\n"
    text = (
        head
        + f"1,{customer},是,{codes[0]},20,1800.00\n1,{customer},是,{codes[1]},5,\n2,{customer},,NO-SUCH,1,\n2,{customer},,{codes[0]},1,\n"
    )
    job = crm.take("orders", text.encode("gb18030"), key="单号")
    first, second = crm.rows(job)
    order = crm.api.get(first["location"]).json()
    assert (order["state"] != "draft", [line["quantity"] for line in order["lines"]]) == (True, [20, 5])
    assert order["lines"][0]["unitPrice"] == 1800
    assert (second["line"], [(e["line"], e["column"]) for e in second["errors"]]) == (4, [(4, "lines.productCode")])
    assert second["problem"] == "urn:shapan:problem:business-rule"
    again = crm.take("orders", text.encode("gb18030"), key="单号")
    assert [row["state"] for row in crm.rows(again)] == ["unchanged", "failed"]
    stranger = crm.api.with_scopes("imports:write", "customers:write")
    answer = stranger.post("/imports", params={"resource": "orders"}, content=b"", headers={"Content-Type": "text/csv"})
    assert refusal(answer, 403, "insufficient_scope") == []

    scm = clerk("scm")
    partner = scm.api.get("/partners", params={"page_size": 1}).json()["items"][0]["partner_code"]
    product = scm.api.get("/products", params={"page_size": 1}).json()["items"][0]["product_code"]
    text = (
        "partner_code,lines.product_code,lines.quantity,lines.unit_price,lines.tax_rate\n"
        + f"{partner},{product},2,10,0.13\n" * 2
    )
    job = scm.take("sales-orders", text.encode(), mode="atomic")
    assert (job["state"], job["counts"]["created"]) == ("done", 1), scm.rows(job)
    _, table = scm.make("sales-orders", format="xlsx", titles="chinese")
    rows = list(load_workbook(io.BytesIO(table)).active.iter_rows(values_only=True))
    assert [row[rows[0].index("lines.数量")] for row in rows[1:]] == ["2", "2"]

    finance = clerk("finance")
    ids = [customer["id"] for customer in finance.api.get("/customers", params={"limit": 2}).json()["items"]]
    today = finance.api.runtime.workspace("default").clock.now().date().isoformat()
    lines = [
        {"customer_id": i, "business_date": today, "amount": a}
        for i, a in ((ids[0], "100.00"), (ids[1], "0"), (ids[1], "5.50"))
    ]
    job = finance.take("receipts", "\n".join(map(json.dumps, lines)).encode(), "ndjson")
    assert [row["state"] for row in finance.rows(job)] == ["created", "failed", "created"]
    vouchers = finance.api.get("/vouchers").json()["items"]
    numbers = [voucher["number"] for voucher in vouchers if voucher["period"] == today[:7]]
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))


def test_neighbouring_orders_of_one_customer_stay_apart_and_are_known_again(
    clerk: Callable[[str], Clerk], empty: Callable[[Clerk], Clerk]
) -> None:
    crm = clerk("crm")
    customer = crm.api.get("/customers").json()["items"][0]["id"]
    products = [product["code"] for product in crm.api.get("/products").json()["items"][:2]]
    for quantity in (1, 2, 2):
        lines = [{"productCode": code, "quantity": quantity} for code in products]
        assert crm.api.post("/orders", json={"customerId": customer, "lines": lines}).status_code == 201

    def orders() -> list[list[tuple[str, int]]]:
        found = crm.api.get("/orders").json()["items"]
        return [[(line["productCode"], line["quantity"]) for line in order["lines"]] for order in found]

    before = orders()
    for format_ in ("csv", "ndjson", "xlsx"):
        _, content = crm.make("orders", format=format_)
        job = crm.take("orders", content, format_)
        assert job["counts"] == {"created": 0, "unchanged": 3, "updated": 0, "failed": 0, "not_applied": 0}, format_
    assert orders() == before
    # With other ids they are orders of another workspace, and each one stays for itself: two of them are the same in all that can be entered.
    _, content = crm.make("orders", format="csv")
    text = content.decode("utf-8")
    for order in crm.api.get("/orders").json()["items"]:
        text = text.replace(order["id"], f"{order['id'][:-4]}0000").replace(order["number"], f"{order['number']}X")
    for state in ("created", "unchanged"):
        assert crm.take("orders", text.encode())["counts"][state] == 3
    assert sorted(orders()) == sorted(before * 2)


def test_rows_of_one_order_are_one_wherever_they_stand(clerk: Callable[[str], Clerk]) -> None:
    crm = clerk("crm")
    customer = crm.api.get("/customers").json()["items"][0]["id"]
    codes = [product["code"] for product in crm.api.get("/products").json()["items"][:2]]
    for quantity in (1, 2):
        lines = [{"productCode": code, "quantity": quantity} for code in codes]
        assert crm.api.post("/orders", json={"customerId": customer, "lines": lines}).status_code == 201
    before = crm.api.get("/orders").json()["items"]
    _, content = crm.make("orders", format="csv")
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *sorted(rows, key=lambda row: row[head.index("lines.productCode")])])
    job = crm.take("orders", text.getvalue().encode())
    assert (job["counts"]["failed"], job["counts"]["created"], job["progress"]["total"]) == (0, 0, 2), crm.rows(job)

    def goods(orders: list[dict[str, Any]]) -> list[list[tuple[str, int]]]:
        return [sorted((line["productCode"], line["quantity"]) for line in order["lines"]) for order in orders]

    assert goods(crm.api.get("/orders").json()["items"]) == goods(before)
    # One exported record that stands twice is one.
    elsewhere = json.dumps({**before[0], "id": "0d3d9a52-64a5-4ba4-8a6e-2f1de6f3c011"})
    job = crm.take("orders", f"{elsewhere}\n{elsewhere}\n".encode(), "ndjson")
    assert (job["counts"]["created"], job["counts"]["unchanged"]) == (1, 1)
    # One id with two contents is no change but a slip.
    one = crm.api.get("/customers").json()["items"][0]
    twice = "\n".join(json.dumps({**one, "phone": phone}) for phone in ("010-88880001", "010-88880002"))
    job = crm.take("customers", twice.encode(), "ndjson")
    assert [row["problem"] for row in crm.rows(job)] == [None, "urn:shapan:problem:import-key-twice"]


def test_an_update_leaves_what_the_file_does_not_name(clerk: Callable[[str], Clerk]) -> None:
    scm = clerk("scm")
    code = scm.api.get("/products").json()["items"][0]["product_code"]
    before = scm.api.get(f"/products/{code}").json()
    named = "product_code", "name", "category", "base_unit", "tax_rate"
    row = [str({**before, "name": "新名称"}[title]) for title in named]
    job = scm.take("products", f"{','.join(named)}\n{','.join(row)}\n".encode())
    assert job["counts"]["updated"] == 1, scm.rows(job)
    assert before["model"]
    assert scm.api.get(f"/products/{code}").json() == {**before, "name": "新名称"}
