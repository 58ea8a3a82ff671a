"""Vouchers beyond posting: drafts with maker and checker, red-letter reversal, dimensions, ledgers and balances by dimension."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def test_a_draft_is_checked_by_another_and_becomes_a_voucher(office: Office, refusal: Callable[..., list[str]]) -> None:
    body = office.voucher_body(maker="王芳", word="付")
    draft = office.post("/voucher-drafts", body)
    assert (draft["state"], draft["voucher_id"], draft["lines"]) == ("draft", None, body["lines"])
    assert office.walk("/vouchers")[0] == []
    changed = office.api.put(f"/voucher-drafts/{draft['id']}", json={**body, "date": "2026-01-20"})
    assert (changed.status_code, changed.json()["date"]) == (200, "2026-01-20")
    own = office.api.post(f"/voucher-drafts/{draft['id']}/post", json={"checker": " 王芳 "})
    assert refusal(own, 422, "business-rule") == ["/checker"]
    answer = office.api.post(f"/voucher-drafts/{draft['id']}/post", json={"checker": "李静"})
    assert answer.status_code == 201, answer.text
    voucher = answer.json()
    assert office.api.get(answer.headers["Location"]).json() == voucher
    assert (voucher["label"], voucher["date"], voucher["maker"], voucher["checker"]) == (
        *("付-0001", "2026-01-20"),
        *("王芳", "李静"),
    )
    [event] = [each for each in office.events() if each["type"] == "finance.voucher.posted"]
    assert (event["subject"], event["data"]) == ("2026-01", voucher)
    posted = office.api.get(f"/voucher-drafts/{draft['id']}").json()
    assert (posted["state"], posted["voucher_id"]) == ("posted", voucher["id"])
    for path, method, json in (
        ("/post", "POST", {"checker": "李静"}),
        ("/discard", "POST", None),
        ("", "PUT", body),
    ):
        again = office.api.request(method, f"/voucher-drafts/{draft['id']}{path}", json=json)
        refusal(again, 409, "draft-not-open")


def test_a_draft_is_checked_when_it_is_entered_and_when_it_is_posted(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    wrong = office.voucher_body(maker="王芳")
    wrong["lines"][0]["debit"] = "99.00"
    assert refusal(office.api.post("/voucher-drafts", json=wrong), 422, "business-rule") == ["/lines"]
    draft = office.post("/voucher-drafts", office.voucher_body(maker="王芳"))
    office.post("/accounts", {"code": "660101", "name": "广告费"})
    late = office.api.post(f"/voucher-drafts/{draft['id']}/post", json={"checker": "李静"})
    assert refusal(late, 422, "business-rule") == ["/lines/0/account_code"]
    discarded = office.api.post(f"/voucher-drafts/{draft['id']}/discard")
    assert (discarded.status_code, discarded.json()["state"]) == (200, "discarded")
    assert [each["id"] for each in office.walk("/voucher-drafts", state="discarded")[0]] == [draft["id"]]
    assert office.walk("/voucher-drafts", state="draft")[0] == []
    # A locked period is met at posting: a date there may be entered.
    old = office.post("/voucher-drafts", office.voucher_body(maker="王芳", date="2025-12-31", lines=usable()))
    answer = office.api.post(f"/voucher-drafts/{old['id']}/post", json={"checker": "李静"})
    assert refusal(answer, 423, "period-locked") == [""]


def usable() -> list[dict[str, str]]:
    return [
        {"summary": "利息", "account_code": "6603", "debit": "100.00"},
        {"summary": "利息", "account_code": "100201", "credit": "100.00"},
    ]


def test_a_reversal_is_the_same_in_red_and_linked(office: Office, refusal: Callable[..., list[str]]) -> None:
    blue = office.voucher(date="2026-01-15", word="付", maker="王芳")
    answer = office.api.post(f"/vouchers/{blue['id']}/reverse", json={"date": "2026-02-10"})
    assert answer.status_code == 201, answer.text
    red = answer.json()
    assert (red["label"], red["period"], red["reverses"]) == ("付-0001", "2026-02", blue["id"])
    assert [(line["summary"], line["account_code"], line["debit"], line["credit"]) for line in red["lines"]] == [
        ("冲销 2026年1月付-0001号", "6601", "-100.00", "0.00"),
        ("冲销 2026年1月付-0001号", "100201", "0.00", "-100.00"),
    ]
    # Nothing of the reversed one has changed; that it is reversed shows.
    shown = office.api.get(f"/vouchers/{blue['id']}").json()
    assert shown == {**blue, "reversed_by": red["id"]}
    assert "finance.voucher.posted" in [event["type"] for event in office.events()]
    refusal(office.api.post(f"/vouchers/{blue['id']}/reverse", json={}), 409, "voucher-already-reversed")
    refusal(office.api.post(f"/vouchers/{red['id']}/reverse", json={}), 409, "voucher-of-document")
    february = office.api.get("/trial-balance", params={"period": "2026-02"}).json()
    assert february["balanced"]
    assert "6601" in [row["account_code"] for row in february["rows"] if row["movement_debit"] == "-100.00"]


def test_what_cannot_be_reversed_is_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    receivable = office.receivable()
    refusal(office.api.post(f"/vouchers/{receivable['voucher_id']}/reverse", json={}), 409, "voucher-of-document")
    blue = office.voucher()
    path = f"/vouchers/{blue['id']}/reverse"
    assert refusal(office.api.post(path, json={"date": "2025-12-31"}), 423, "period-locked") == ["/date"]
    assert refusal(office.api.post(path, json={"date": "2199-01-01"}), 422, "business-rule") == ["/date"]
    before = {"date": (office.today.replace(day=1) - timedelta(days=1)).isoformat()}
    assert refusal(office.api.post(path, json=before), 422, "business-rule") == ["/date"]
    key = {"Idempotency-Key": "reverse-1"}
    first, again = (office.api.post(path, json={}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["date"] == office.today.isoformat()


@pytest.fixture
def stocked(office: Office) -> Office:
    """Blank books with two stores, two items, and sales of each at each, and stock."""
    office.set_up()
    for code in ("MD01", "MD02"):
        office.post("/stores", {"code": code, "name": f"{code}店"})
    for code in ("SPC-001", "SPC-002"):
        office.post("/inventory-items", {"code": code, "name": f"食材{code}"})
    for store, item, amount in (("MD01", "SPC-001", "100.00"), ("MD02", "SPC-002", "30.00")):
        office.voucher(
            lines=[
                {"summary": "入库", "account_code": "1405", "product_code": item, "quantity": "2.5", "debit": amount},
                {"summary": "销售", "account_code": "6001", "store_code": store, "credit": amount},
            ]
        )
    return office


def test_lines_name_what_their_account_asks_for(stocked: Office, refusal: Callable[..., list[str]]) -> None:
    lines: list[dict[str, Any]] = [
        {"summary": "入库", "account_code": "1405", "debit": "1.00", "store_code": "MD01"},
        {"summary": "入库", "account_code": "1405", "debit": "1.00", "product_code": "NO-SUCH-1"},
        {"summary": "付款", "account_code": "6603", "credit": "2.00", "supplier_id": 999999},
    ]
    answer = stocked.api.post("/vouchers", json=stocked.voucher_body(lines=lines))
    assert refusal(answer, 422, "business-rule") == [
        "/lines/0/product_code",
        "/lines/0/store_code",
        "/lines/1/product_code",
        "/lines/2/supplier_id",
        "/lines/2/supplier_id",
    ]
    line = stocked.walk("/vouchers")[0][0]["lines"][0]
    assert (line["product_code"], line["quantity"], line["store_code"]) == ("SPC-001", "2.5", None)


def test_balances_by_dimension(stocked: Office, refusal: Callable[..., list[str]]) -> None:
    def rows(**params: str) -> list[tuple[str | None, str | None, str, str, str]]:
        answer = stocked.api.get("/dimension-balances", params=params)
        assert answer.status_code == 200, answer.text
        return [
            (row["key"], row["name"], row["quantity"], row["closing_debit"], row["closing_credit"])
            for row in answer.json()["rows"]
        ]

    assert rows(account_code="1405", dimension="product") == [
        ("SPC-001", "食材SPC-001", "2.5", "100.00", "0.00"),
        ("SPC-002", "食材SPC-002", "2.5", "30.00", "0.00"),
    ]
    assert rows(account_code="6001", dimension="store") == [
        ("MD01", "MD01店", "0", "0.00", "100.00"),
        ("MD02", "MD02店", "0", "0.00", "30.00"),
    ]
    assert rows(account_code="6001", dimension="product") == [(None, None, "0", "0.00", "130.00")]
    receivable = stocked.receivable()
    assert rows(account_code="1122", dimension="customer") == [
        (str(stocked.customer_id), receivable["customer_short_name"], "0", "1130.00", "0.00")
    ]
    beyond = {"account_code": "6001", "dimension": "store", "period": "2020-01"}
    assert refusal(stocked.api.get("/dimension-balances", params=beyond), 422, "business-rule") == ["/period"]
    unknown = {"account_code": "1999", "dimension": "store"}
    refusal(stocked.api.get("/dimension-balances", params=unknown), 404, "not-found")


def test_the_ledger_runs_through_the_lines_of_an_account(office: Office, refusal: Callable[..., list[str]]) -> None:
    opening = office.api.get("/ledger", params={"account_code": "1002"}).json()["opening_balance"]
    whole = int(opening.replace(".", ""))
    for day, amount in (("2026-01-15", "100.00"), ("2026-02-15", "50.00"), ("2026-01-20", "7.00")):
        office.voucher(
            date=day,
            lines=[
                {"summary": "付款", "account_code": "6601", "debit": amount},
                {"summary": "付款", "account_code": "100201", "credit": amount},
            ],
        )
    asked = {"account_code": "1002", "from_period": "2026-01", "to_period": "2026-02"}
    ledger = office.api.get("/ledger", params=asked).json()
    assert [(row["date"], row["voucher_label"], row["credit"]) for row in ledger["rows"]] == [
        ("2026-01-15", "记-0001", "100.00"),
        ("2026-01-20", "记-0002", "7.00"),
        ("2026-02-15", "记-0001", "50.00"),
    ]
    balances = [int(row["balance"].replace(".", "")) for row in ledger["rows"]]
    assert balances == [whole - 10000, whole - 10700, whole - 15700]
    assert (ledger["debit_total"], ledger["credit_total"]) == ("0.00", "157.00")
    assert ledger["closing_balance"] == ledger["rows"][-1]["balance"]
    page = office.api.get("/ledger", params={**asked, "skip": 1, "limit": 1}).json()
    assert (page["rows"], page["has_more"]) == ([ledger["rows"][1]], True)
    assert page["opening_balance"] == ledger["rows"][0]["balance"]
    assert page["closing_balance"] == ledger["closing_balance"]
    february = office.api.get("/ledger", params={**asked, "from_period": "2026-02"}).json()
    assert february["opening_balance"] == ledger["rows"][1]["balance"]
    # A liability's balance stands on its own side.
    assert office.api.get("/ledger", params={"account_code": "4001"}).json()["direction"] == "credit"
    assert not office.api.get("/ledger", params={"account_code": "4001"}).json()["opening_balance"].startswith("-")
    owed = office.receivable(business_date="2026-01-15")
    by_customer = {**asked, "account_code": "1122", "customer_id": office.customer_id}
    assert [row["voucher_id"] for row in office.api.get("/ledger", params=by_customer).json()["rows"]] == [
        owed["voucher_id"]
    ]
    refusal(office.api.get("/ledger", params={"account_code": "1999"}), 404, "not-found")
    turned = {**asked, "from_period": "2026-02", "to_period": "2026-01"}
    assert refusal(office.api.get("/ledger", params=turned), 422, "business-rule") == ["/from_period"]
    outside = {**asked, "from_period": "2020-01", "to_period": "2199-01"}
    assert refusal(office.api.get("/ledger", params=outside), 422, "business-rule") == ["/from_period", "/to_period"]
