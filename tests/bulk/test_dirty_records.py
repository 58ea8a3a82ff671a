"""Records that no request would be accepted for, as the messy world has them: shown, found, changed, exported, and named row by row on the way in."""

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

# What the dirt rules make of a name, and worse: invisible and trailing characters, wrong code pages, formulas, English of a hundred characters.
NAMES = (
    "北京\u200b华信科技有限公司",
    "\ufeff华信科技（北京）",
    "华信科技有限公司\t",
    "华信科技有限公司\u00a0",
    "\u3000华信　科技",
    "±±¾©»ªÐÅ¿Æ¼¼ÓÐÏÞ¹«Ë¾",
    "鍖椾含鍗庝俊绉戞妧鏈夐檺鍏徃",
    "\x81\x8d北京华信",
    "北京华信锟斤拷锟斤拷",
    "=北京华信+科技",
    "Huaxin Intelligent Manufacturing Equipment Technology (Hulunbuir) Group Co., Ltd. Shijiazhuang Branch",
    "無",
)
CODES = ("91110108MAYOOO017T", "9111010BMAY000017T", "91110108may000017T", "无", "123456", "91110108MAY00001T7")
PHONES = (
    "无",
    "1390000123",
    "12345678901",
    "+86010-88881234/",
    "010-88881234转",
    "00000000",
    "010-88881234/010-88880000",
    "王小明",
)
MAILS = (
    "zhang@@mail,example",
    "zhangmail.example",
    "zhang@",
    "zhang @mail.example",
    "无邮箱",
    "zhang@mail.example。",
    "N/A",
)

# Members in which such values stand, by resource; the table and its columns by member.
PLACES: dict[tuple[str, str], tuple[str, dict[str, tuple[str, tuple[str, ...]]]]] = {
    ("crm", "customers"): (
        "customer",
        {
            "name": ("name", NAMES),
            "unifiedSocialCreditCode": ("uscc", CODES),
            "phone": ("phone", PHONES),
            "email": ("email", MAILS),
            "address.street": ("street", ("无", "暂无", " 示范路18号\t", "/")),
        },
    ),
    ("crm", "contacts"): (
        "contact",
        {
            "name": ("name", ("13900001234", "王小明（已离职）", "\t李雷")),
            "phone": ("phone", PHONES),
            "email": ("email", MAILS),
        },
    ),
    ("scm", "partners"): (
        "partner",
        {
            "short_name": ("short_name", NAMES),
            "full_name": ("full_name", NAMES),
            "tax_number": ("tax_number", CODES),
            "phone": ("phone", PHONES),
            "address": ("address", ("无", "\t", "1900-01-01")),
        },
    ),
    ("finance", "customers"): (
        "customer",
        {
            "short_name": ("short_name", NAMES),
            "full_name": ("full_name", NAMES),
            "tax_number": ("tax_number", CODES),
            "phone": ("phone", PHONES),
            "bank_name": ("bank_name", ("无", "测试\t")),
            "bank_account": ("bank_account", ("6222 0000-", "无", "6.222E+18")),
        },
    ),
    ("finance", "inventory-items"): (
        "inventory_item",
        {"code": ("code", ("CAB 3X25 YJV22", "cab-3x25-yjv22", "CAB_3X25/YJV22"))},
    ),
}
EVERY = list(PLACES)


def spoil(clerk: Clerk, resource: str) -> list[dict[str, str]]:
    """Write the values into records, as a seed does; what each record then has by member."""
    table, members = PLACES[clerk.api.runtime.system.name, resource]
    written = []
    with clerk.api.runtime.workspace("default").database.write() as db:
        rows = [row[0] for row in db.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
        for place in range(max(len(values) for _, values in members.values())):
            values = {member: values[place % len(values)] for member, (_, values) in members.items()}
            if table == "inventory_item":  # others refer to those that are there by their codes
                db.execute(
                    "INSERT INTO inventory_item (code, name, unit, category, created_at, change)"
                    " SELECT ?, name, unit, category, created_at, (SELECT max(change) + 1 FROM inventory_item) FROM inventory_item LIMIT 1",
                    (values["code"],),
                )
            else:
                for member, value in values.items():
                    column = members[member][0]
                    db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rows[place]))
            written.append(values)
    return written


def at(record: dict[str, Any], member: str) -> Any:
    value: Any = record
    for step in member.split("."):
        value = value[step]
    return value


def records(clerk: Clerk, resource: str) -> list[dict[str, Any]]:
    job, lines = clerk.make(resource, format="ndjson")
    assert job["state"] == "done", job
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.parametrize(("system", "resource"), EVERY)
def test_a_list_shows_them_as_they_are_and_files_carry_them(
    system: str, resource: str, clerk: Callable[[str], Clerk]
) -> None:
    one = clerk(system)
    written = spoil(one, resource)
    shown = records(one, resource)
    for values in written:
        assert any(all(at(record, member) == value for member, value in values.items()) for record in shown), values
    for encoding in ("utf-8", "gb18030"):
        # As it is: with the apostrophes against formulas it would be safe for a spreadsheet instead.
        _, table = one.make(resource, format="csv", encoding=encoding, formula_safe=False)
        rows = list(csv.DictReader(io.StringIO(table.decode(encoding), newline="")))
        for values in written:
            assert any(all(row[member] == value for member, value in values.items()) for row in rows), values
    # A worksheet has no control characters beside the tab.
    _, table = one.make(resource, format="xlsx")
    sheet = load_workbook(io.BytesIO(table)).worksheets[0]
    head, *cells = sheet.iter_rows(values_only=True)
    for values in written:
        assert any(all(row[head.index(member)] == value for member, value in values.items()) for row in cells), values


FILTERS = {
    ("crm", "customers"): {"name": "name", "unifiedSocialCreditCode": "unifiedSocialCreditCode"},
    ("scm", "partners"): {"short_name": "short_name", "tax_number": "tax_number"},
    ("finance", "customers"): {"short_name": "short_name", "full_name": "full_name", "tax_number": "tax_number"},
    ("finance", "inventory-items"): {"code": "code"},
}


@pytest.mark.parametrize(("system", "resource"), list(FILTERS))
def test_each_is_found_by_what_stands_in_it_and_by_its_id(
    system: str, resource: str, clerk: Callable[[str], Clerk]
) -> None:
    one = clerk(system)
    written = spoil(one, resource)
    for values in written:
        for name, member in FILTERS[system, resource].items():
            answer = one.api.get(f"/{resource}", params={name: values[member]})
            assert answer.status_code == 200, answer.text
            found = answer.json()["items"]
            assert [at(record, member) for record in found] == [values[member]] * len(found) != []
            key = "code" if resource == "inventory-items" else "partner_code" if system == "scm" else "id"
            if "/" not in str(found[0][key]):
                answer = one.api.get(f"/{resource}/{found[0][key]}")
                assert (answer.status_code, answer.json()) == (200, found[0])


def test_what_is_not_changed_may_stay_as_it_is(
    clerk: Callable[[str], Clerk], refusal: Callable[..., list[str]]
) -> None:
    crm = clerk("crm")
    written = {"customers": spoil(crm, "customers"), "contacts": spoil(crm, "contacts")}
    customers = {record["name"]: record for record in records(crm, "customers")}
    contacts = {record["phone"]: record for record in records(crm, "contacts")}
    for values in written["customers"]:
        before = customers[values["name"]]
        path = f"/customers/{before['id']}"
        tag = crm.api.get(path).headers["ETag"]
        answer = crm.api.patch(path, json={"paymentTerms": "NET90"}, headers={"If-Match": tag})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {**before, "paymentTerms": "NET90", "updatedAt": answer.json()["updatedAt"]}
        told = [entry["changes"] for entry in crm.api.get(f"{path}/history").json()["items"]]
        change = {"member": "paymentTerms", "before": before["paymentTerms"], "after": "NET90"}
        assert told == ([] if before["paymentTerms"] == "NET90" else [[change]])
    for phone in PHONES:
        before = contacts[phone]
        answer = crm.api.patch(f"/contacts/{before['id']}", json={"title": "采购总监"}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {**before, "title": "采购总监", "updatedAt": answer.json()["updatedAt"]}
    # What is said is checked as ever, also where it was wrong before.
    worst = customers[NAMES[2]]
    again = {
        "name": worst["name"],
        "phone": worst["phone"],
        "email": worst["email"],
        "unifiedSocialCreditCode": worst["unifiedSocialCreditCode"],
    }
    answer = crm.api.patch(f"/customers/{worst['id']}", json=again, headers={"If-Match": "*"})
    assert worst["phone"] == PHONES[2]  # digits, which the contract takes
    assert {"/name", "/email"} <= set(refusal(answer, 400, "validation-failed"))
    # Two records of one company, both wrong, become one; the events of it say what stands there.
    one, other = customers[NAMES[0]], customers[NAMES[4]]
    answer = crm.api.post(f"/customers/{one['id']}/merge", json={"into": other["id"]})
    assert answer.status_code == 200, answer.text
    assert [former["name"] for former in answer.json()["into"]["formerNames"]] == [NAMES[0]]
    events = {event["type"] for event in crm.api.get("/events", params={"limit": 500}).json()["events"]}
    assert {"crm.customer.updated", "crm.customer.merged"} <= events


@pytest.mark.parametrize(("system", "resource"), EVERY)
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_on_the_way_in_each_row_that_cannot_be_entered_says_why(
    format_: str,
    system: str,
    resource: str,
    clerk: Callable[[str], Clerk],
    empty: Callable[[Clerk], Clerk],
) -> None:
    here = clerk(system)
    clean = len(records(here, resource))
    spoil(here, resource)
    _, content = here.make(resource, format=format_)
    # Back into where it came from nothing is entered twice and nothing changes: the records are there as the rows say.
    back = here.take(resource, content, format_)
    assert back["counts"]["created"] == back["counts"]["updated"] == 0, back["counts"]
    if resource == "contacts":
        return  # they hang on customers, who are not there
    there = empty(here)
    taken = there.take(resource, content, format_)
    rows = there.rows(taken)
    refused = [row for row in rows if row["state"] == "failed"]
    assert taken["counts"]["created"] + len(refused) == len(rows) >= clean
    assert len(refused) >= min(len(values) for _, values in PLACES[system, resource][1].values()) // 2
    for row in refused:
        assert row["errors"], row
        assert all(error["detail"] for error in row["errors"])
