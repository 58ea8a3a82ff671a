"""Renaming and merging customers over HTTP, their history, and what holds for any merges in any order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.crm import SYSTEM
from shapan.crm.facts import facts
from shapan.crm.operations import activities, contacts, customers, merging, opportunities, orders, quotations
from shapan.crm.store.customer_history import MOVED
from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.kernel.system import Answer, Context

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process

EARLY, LATE = "2026-01-05T10:00:00.000+08:00", "2026-01-05T11:00:00.000+08:00"


def test_a_new_name_leaves_the_old_one_behind(crm: Api, desk: Desk) -> None:
    old = desk.customers[0]["name"]
    path = f"/customers/{desk.customer_id}"
    first = desk.change(path, name="北京新名科技有限公司", phone="010-55556666")
    assert first["formerNames"] == [{"name": old, "until": first["updatedAt"]}]
    second = desk.change(path, name="北京再名科技有限公司")
    assert [former["name"] for former in second["formerNames"]] == [old, "北京新名科技有限公司"]
    desk.change(path, phone=None)
    code = second["code"]
    assert desk.told() == 2 * [("customer.updated", code), ("customer.renamed", code)] + [("customer.updated", code)]
    assert [event["data"] for event in desk.events()][1::2] == [first, second]

    entries = desk.walk(f"{path}/history", limit=1)
    assert [(entry["kind"], entry["by"], entry["otherId"]) for entry in entries] == [
        ("renamed", "tests", None),
        ("renamed", "tests", None),
        ("changed", "tests", None),
    ]
    assert entries[0]["changes"] == [
        {"member": "name", "before": old, "after": "北京新名科技有限公司"},
        {"member": "phone", "before": desk.customers[0]["phone"], "after": "010-55556666"},
    ]
    assert entries[0]["at"] == first["updatedAt"]
    assert entries[2]["changes"] == [{"member": "phone", "before": "010-55556666", "after": None}]


def test_the_history_names_every_member_as_the_contract_does(desk: Desk) -> None:
    customer = desk.enter("/customers", name="示例有限公司", region="BJ", industry="IT")
    address = {"province": "北京市", "city": "北京市", "district": "海淀区", "street": "示范路18号"}
    desk.change(
        f"/customers/{customer['id']}",
        address=address,
        paymentTerms="NET60",
        unifiedSocialCreditCode="91110108MAY000017T",
        creditLimit=1000.5,
    )
    created, changed = desk.walk(f"/customers/{customer['id']}/history")
    assert (created["kind"], created["changes"]) == ("created", [])
    assert {(one["member"], one["before"], one["after"]) for one in changed["changes"]} == {
        ("unifiedSocialCreditCode", None, "91110108MAY000017T"),
        ("paymentTerms", "NET30", "NET60"),
        ("creditLimit", None, 1000.5),
        *((f"address.{part}", None, value) for part, value in address.items()),
    }


def twins(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two records of one company: the first knows its address, the second its credit code."""
    address = {
        "province": "北京市",
        "city": "北京市",
        "district": "海淀区",
        "street": "示范路18号",
        "postcode": "100080",
    }
    same = {"name": "北京华信科技有限公司", "region": "QQ", "industry": "IT"}
    one = desk.enter("/customers", **same, address=address, phone="010-88881234", email="a@huaxin.example")
    two = desk.enter("/customers", **same, unifiedSocialCreditCode="91110108MAY000017T", phone="010-88885678")
    return one, two


def test_all_of_a_merged_customer_goes_to_the_other(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    one, two = twins(desk)
    mine, theirs = {"customerId": one["id"]}, {"customerId": two["id"]}
    confirmed = desk.order(**mine, submit=True).json()
    draft = desk.order(**mine).json()
    deal = desk.enter("/opportunities", **mine, name="一期", amount=1, expectedCloseDate="2026-12-31")
    quotation = desk.enter("/quotations", **mine, validUntil=desk.day(7), lines=desk.lines(1), opportunityId=deal["id"])
    contact = desk.enter(f"/customers/{one['id']}/contacts", name="王小明", primary=True)
    boss = desk.enter(f"/customers/{two['id']}/contacts", name="李总", primary=True)
    note = desk.enter("/activities", **mine, kind="note", subject="重复录入")
    theirs_too = desk.order(**theirs).json()
    for customer, open_amount, as_of in ((one, 100.5, LATE), (two, 20.25, EARLY)):
        report = {"openAmount": open_amount, "overdueAmount": 10.1, "asOf": as_of}
        assert crm.put(f"/customers/{customer['id']}/balance", json=report).status_code == 200
    desk.later(seconds=1)
    before = len(desk.events())

    done = desk.act(f"/customers/{one['id']}/merge", into=two["id"].upper(), reason="重复录入")
    counts = {"orders": 2, "quotations": 1, "opportunities": 1, "contacts": 1, "activities": 1, "leads": 0}
    assert {kind: number for kind, number in done["moved"].items() if number or kind in counts} == counts
    merged, into = done["customer"], done["into"]
    assert (merged["state"], merged["mergedInto"], merged["balance"]) == ("merged", two["id"], None)
    assert merged == crm.get(f"/customers/{one['id']}").json()
    assert into == crm.get(f"/customers/{two['id']}").json()
    assert (into["state"], into["mergedInto"]) == ("active", None)
    assert into["balance"] == {"openAmount": 100.5, "overdueAmount": 10.1, "asOf": LATE}
    assert (into["address"], into["email"], into["phone"]) == (one["address"], one["email"], two["phone"])
    assert into["unifiedSocialCreditCode"] == two["unifiedSocialCreditCode"]

    assert desk.walk("/orders", **mine) == desk.walk("/opportunities", **mine) == desk.walk("/quotations", **mine) == []
    orders_now = desk.walk("/orders", **theirs)
    assert [order["id"] for order in orders_now] == [confirmed["id"], draft["id"], theirs_too["id"]]
    moved_order = crm.get(f"/orders/{confirmed['id']}")
    assert moved_order.json() == {**confirmed, "customerId": two["id"], "updatedAt": moved_order.json()["updatedAt"]}
    assert moved_order.headers["ETag"] != '"1"'
    assert {order["id"] for order in desk.walk("/orders", updatedSince=merged["updatedAt"])} == {
        confirmed["id"],
        draft["id"],
    }
    assert [one_["id"] for one_ in desk.walk("/quotations", **theirs)] == [quotation["id"]]
    assert [one_["id"] for one_ in desk.walk("/activities", **theirs)] == [note["id"]]
    people = desk.walk(f"/customers/{two['id']}/contacts")
    assert [(person["id"], person["primary"]) for person in people] == [(contact["id"], False), (boss["id"], True)]
    assert desk.act(f"/orders/{draft['id']}/submit")["customerId"] == two["id"]

    events = desk.events()[before : before + 2]
    assert [(event["type"], event["subject"]) for event in events] == [
        ("crm.customer.merged", one["code"]),
        ("crm.customer.updated", two["code"]),
    ]
    assert [event["data"] for event in events] == [merged, into]
    last = [desk.walk(f"/customers/{customer['id']}/history")[-1] for customer in (one, two)]
    assert [(entry["kind"], entry["otherId"], entry["reason"]) for entry in last] == [
        ("merged", two["id"], "重复录入"),
        ("absorbed", one["id"], "重复录入"),
    ]
    assert last[0]["changes"] == [
        {"member": "balance.openAmount", "before": 100.5, "after": None},
        {"member": "balance.overdueAmount", "before": 10.1, "after": None},
        {"member": "balance.asOf", "before": LATE, "after": None},
    ]
    assert [change["member"] for change in last[1]["changes"]] == [
        "address.province",
        "address.city",
        "address.district",
        "address.street",
        "address.postcode",
        "email",
    ]


def test_a_merged_customer_takes_nothing_new(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    one, two = twins(desk)
    lead = desk.enter("/leads", companyName="北京华信科技有限公司", contactName="周敏")
    desk.act(f"/leads/{lead['id']}/qualify")
    desk.act(f"/customers/{one['id']}/merge", into=two["id"])
    desk.later(seconds=1)
    told = desk.told()
    deal = {"name": "一期", "amount": 1, "expectedCloseDate": "2026-12-31"}
    path, mine = f"/customers/{one['id']}", {"customerId": one["id"]}
    balance = {"openAmount": 1, "overdueAmount": 0, "asOf": EARLY}
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/orders", {**mine, "lines": desk.lines(1)}),
        ("POST", "/quotations", {**mine, "lines": desk.lines(1), "validUntil": desk.day(1)}),
        ("POST", "/opportunities", {**mine, **deal}),
        ("POST", "/activities", {**mine, "kind": "note", "subject": "备注"}),
        ("POST", f"/leads/{lead['id']}/convert", {**mine, "opportunity": deal}),
        ("POST", f"{path}/contacts", {"name": "王小明"}),
        ("POST", f"{path}/merge", {"into": two["id"]}),
        ("POST", f"/customers/{two['id']}/merge", {"into": one["id"]}),
        ("PATCH", path, {"phone": None}),
        ("PUT", f"{path}/balance", balance),
    ]
    for method, place, body in wanted:
        answer = crm.request(method, place, json=body, headers={"If-Match": "*"})
        refusal(answer, 409, "customer-merged")
        assert two["id"] in answer.json()["detail"], place
    assert desk.told() == told
    assert desk.walk("/customers", state="merged") == [crm.get(path).json()]
    assert two["id"] in {customer["id"] for customer in desk.walk("/customers", state="active")}
    assert crm.get(path).headers["ETag"] == '"2"'
    assert crm.get(f"{path}/contacts").json()["items"] == []


def test_a_merge_needs_another_customer_who_is_there(crm: Api, desk: Desk, refusal: Callable[..., Any]) -> None:
    path = f"/customers/{desk.customer_id}"
    for into in (desk.unknown, desk.customer_id.upper()):
        assert refusal(crm.post(f"{path}/merge", json={"into": into}), 422, "business-rule") == ["/into"]
    assert crm.get(path).json() == desk.customers[0]


def test_a_merge_into_one_that_is_merged_later_leads_to_the_end(crm: Api, desk: Desk) -> None:
    one, two, three = desk.customers[:3]
    desk.act(f"/customers/{one['id']}/merge", into=two["id"])
    desk.act(f"/customers/{two['id']}/merge", into=three["id"])
    assert [crm.get(f"/customers/{c['id']}").json()["mergedInto"] for c in (one, two)] == [three["id"]] * 2


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    db = database()
    yield db
    db.close()


def test_every_table_with_a_customer_moves(tables: sqlite3.Connection) -> None:
    names = [row["name"] for row in tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: {row["name"] for row in tables.execute(f"PRAGMA table_info({name})")} for name in names}
    having = {name for name in names if "customer_id" in columns[name]}
    assert having == set(MOVED.values())
    assert all({"version", "updated_at"} <= columns[name] for name in having)


def database() -> sqlite3.Connection:
    """An empty CRM in memory with one product."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(db)
    product = {"code": "CAB-1", "name": "电缆", "spec": "", "unit": "箱", "list_price_fen": 33_33, "tax_rate_bp": 1300}
    db.table("product").insert(product)
    return connection


NUMBER = 4
ONE = st.integers(0, NUMBER - 1)
DOCUMENTS = st.lists(
    st.tuples(st.sampled_from(["order", "quotation", "opportunity", "contact", "activity"]), ONE), max_size=12
)
# (customer, hour of the report): what is owed says when it was said.
BALANCES = st.lists(st.tuples(ONE, st.integers(0, 9)), unique_by=lambda report: report[1], max_size=5)
MERGES = st.lists(st.tuples(ONE, ONE), max_size=6)


class Crm:
    """Operations of a CRM without a server, each in its transaction."""

    def __init__(self) -> None:
        self.db = database()
        self.now = datetime(2026, 1, 31, 16, tzinfo=UTC)

    def call(self, function: Callable[..., Answer], **arguments: Any) -> Any:
        """The body of the answer, or the problem."""
        self.now += timedelta(milliseconds=1)
        ctx = Context(self.db, self.now, "default", "tests", "http://crm.example", "/", "", "r")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            answer = function(ctx, **arguments)
        except Problem as problem:
            self.db.execute("ROLLBACK")
            return problem
        self.db.execute("COMMIT")
        return answer.body

    def enter(self, kind: str, customer_id: str) -> Any:
        mine, lines = {"customerId": customer_id}, [{"productCode": "CAB-1", "quantity": 3}]
        match kind:
            case "order":
                return self.call(orders.create_order, body={**mine, "lines": lines})
            case "quotation":
                body = {**mine, "lines": lines, "validUntil": "2026-03-01"}
                return self.call(quotations.create_quotation, body=body)
            case "opportunity":
                body = {**mine, "name": "一期", "amount": 1.5, "expectedCloseDate": "2026-12-31"}
                return self.call(opportunities.create_opportunity, body=body)
            case "contact":
                return self.call(contacts.create_contact, customer_id=customer_id, body={"name": "甲", "primary": True})
            case _:
                return self.call(activities.create_activity, body={**mine, "kind": "note", "subject": "备注"})


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, BALANCES, MERGES)
def test_no_merge_loses_anything(
    documents: list[tuple[str, int]], balances: list[tuple[int, int]], merges: list[tuple[int, int]]
) -> None:
    crm = Crm()
    ids = [
        crm.call(customers.create_customer, body={"name": f"示例{n}有限公司", "region": "BJ", "industry": "IT"})["id"]
        for n in range(NUMBER)
    ]
    entered = [(kind, who, crm.enter(kind, ids[who])["id"]) for kind, who in documents]
    for who, hour in balances:
        report = {"openAmount": hour, "overdueAmount": hour / 2, "asOf": f"2026-01-05T0{hour}:00:00+08:00"}
        crm.call(customers.put_customer_balance, customer_id=ids[who], body=report)

    end = {who: who for who in range(NUMBER)}  # where each customer's things are, as a model that only renames
    for source, into in merges:
        result = crm.call(merging.merge_customer, customer_id=ids[source], body={"into": ids[into]})
        if source == into:
            assert isinstance(result, Problem)
            assert result.status == 422
        elif end[source] != source or end[into] != into:
            assert isinstance(result, Problem)
            assert result.name == "customer-merged"
        else:
            assert not isinstance(result, Problem)
            end = {who: into if place == source else place for who, place in end.items()}

    tables = {"order": "sales_order", **{kind: kind for kind in ("quotation", "opportunity", "contact", "activity")}}
    for kind, who, key in entered:
        row = crm.db.execute(f"SELECT customer_id FROM {tables[kind]} WHERE id = ?", (key,)).fetchone()
        assert row["customer_id"] == ids[end[who]]
    for table in tables.values():
        assert crm.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == sum(
            tables[k] == table for k, _, _ in entered
        )
    primary = crm.db.execute("SELECT customer_id, sum(is_primary) AS n FROM contact GROUP BY customer_id")
    assert all(row["n"] == 1 for row in primary)
    for who, key in enumerate(ids):
        shown = crm.call(customers.get_customer, customer_id=key)
        assert shown["mergedInto"] == (None if end[who] == who else ids[end[who]])
        assert shown["state"] == ("active" if end[who] == who else "merged")
    read = facts(crm.db, date(2026, 2, 1))
    for who, customer in enumerate(read["customers"]):
        latest = max((hour for other, hour in balances if end[other] == who), default=None)
        assert customer["open_fen"] == (None if latest is None else latest * 100)
        assert customer["overdue_fen"] == (None if latest is None else latest * 50)
    per_customer = {key: sum(o["gross_fen"] for o in read["orders"] if o["customer_id"] == key) for key in ids}
    expected = dict.fromkeys(ids, 0)
    for kind, who, _ in entered:
        expected[ids[end[who]]] += 3 * 33_33 if kind == "order" else 0
    assert per_customer == expected
    crm.db.close()


@pytest.mark.parametrize(
    ("survivor", "merged", "wanted"),
    [
        ((None, "none"), (500_000, "overdue"), (500_000, "overdue")),
        ((500_000, "always"), (None, "none"), (500_000, "always")),
        ((500_000, "none"), (300_000, "none"), (300_000, "none")),
        ((0, "overdue"), (300_000, "always"), (0, "always")),
    ],
)
def test_of_two_agreements_on_credit_the_stricter_one_holds(
    desk: Desk, survivor: tuple[int | None, str], merged: tuple[int | None, str], wanted: tuple[int, str]
) -> None:
    one, two = twins(desk)
    for customer, (limit, hold) in ((one, merged), (two, survivor)):
        desk.change(f"/customers/{customer['id']}", creditLimit=limit, creditHold=hold)
    into = desk.act(f"/customers/{one['id']}/merge", into=two["id"], reason="重复录入")["into"]
    assert (into["creditLimit"], into["creditHold"]) == wanted


def test_the_name_of_a_merged_customer_is_a_former_name_of_the_other(crm: Api, desk: Desk) -> None:
    first, second, third = ("北京示例科技公司", "北京示例科技有限公司", "北京示例科技有限公司")
    made = [desk.enter("/customers", name=name, region="BJ", industry="IT") for name in (first, second, third)]
    one, _, same = (f"/customers/{customer['id']}" for customer in made)
    renamed = desk.change(one, name="北京范例科技公司")
    desk.later(seconds=1)
    into = desk.act(f"{one}/merge", into=made[1]["id"])["into"]
    assert into["formerNames"] == [
        *renamed["formerNames"],
        {"name": "北京范例科技公司", "until": into["updatedAt"]},
    ]
    assert desk.told()[-2:] == [("customer.merged", made[0]["code"]), ("customer.updated", made[1]["code"])]
    # The same name says nothing new.
    again = desk.act(f"{same}/merge", into=made[1]["id"])["into"]
    assert again["formerNames"] == into["formerNames"]
    assert desk.told()[-1] == ("customer.merged", made[2]["code"])
