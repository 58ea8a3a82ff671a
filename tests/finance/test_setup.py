"""Setting up the books: standard and taxpayer kind, opening balances and their open items, accounts, masters, posting rules, tax rates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from shapan.finance import charts, tax_rates
from shapan.finance.rules.books import carried_over
from shapan.finance.rules.vouchers import Account, Entry

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def put(office: Office, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = office.api.put(path, json=body)
    assert answer.status_code == 200, answer.text
    assert office.api.get(path).json() == answer.json()
    return dict(answer.json())


def closing(office: Office) -> dict[str, str]:
    rows = office.api.get("/trial-balance").json()["rows"]
    return {
        row["account_code"]: row["closing_debit"].replace("0.00", "") or "-" + row["closing_credit"] for row in rows
    }


def test_the_books_change_to_another_standard_with_their_opening_balances(office: Office) -> None:
    assert office.api.get("/books").json() == {
        "standard": "enterprise",
        "taxpayer_kind": "general",
        "opening_period": "2026-01",
        "revenue_recognition": "on_shipment",
        "in_use": False,
    }
    before = office.api.get("/opening-balances").json()
    assert before["debit_total"] == before["credit_total"] != "0.00"
    stock = [line for line in before["lines"] if line["account_code"] == "1405"]
    assert stock
    assert all(line["product_code"] and line["quantity"] for line in stock)
    put(
        office,
        "/books",
        {"standard": "small_enterprise", "taxpayer_kind": "small_scale", "opening_period": "2026-01"},
    )
    after = office.api.get("/opening-balances").json()
    assert after["debit_total"] == before["debit_total"]
    kept = [(line["account_code"], line["customer_id"], line["product_code"], line["debit"]) for line in after["lines"]]
    assert sorted(kept, key=str) == sorted(
        (
            ("3001" if line["account_code"] == "4001" else line["account_code"], *rest, line["debit"])
            for line in before["lines"]
            for rest in [(line["customer_id"], line["product_code"])]
        ),
        key=str,
    )
    codes = {account["code"] for account in office.walk("/accounts", limit=500)[0]}
    assert {"3001", "5001", "222101"} <= codes
    assert not {"1231", "6001", "22210107"} & codes
    assert office.walk("/receivables")[0] != []
    receivable = office.receivable(
        lines=[{"description": "电缆", "net_amount": "100.00", "tax_rate": "0.03", "tax_amount": "3.00"}]
    )
    voucher = office.api.get(f"/vouchers/{receivable['voucher_id']}").json()
    assert [(line["account_code"], line["debit"], line["credit"]) for line in voucher["lines"]] == [
        ("1122", "103.00", "0.00"),
        ("5001", "0.00", "100.00"),
        ("222101", "0.00", "3.00"),
    ]


@pytest.mark.parametrize("use", ["voucher", "draft"])
def test_books_in_use_stay_as_they_are(office: Office, refusal: Callable[..., list[str]], use: str) -> None:
    if use == "voucher":
        office.voucher()
    else:
        office.post("/voucher-drafts", office.voucher_body(maker="王芳"))
    assert office.api.get("/books").json()["in_use"] is True
    books = {"standard": "small_enterprise", "taxpayer_kind": "general", "opening_period": "2026-01"}
    refusal(office.api.put("/books", json=books), 409, "books-in-use")
    refusal(office.api.put("/opening-balances", json={"lines": []}), 409, "books-in-use")
    assert office.api.get("/books").json()["standard"] == "enterprise"


def test_the_opening_period_fits_today_and_the_opening_documents(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    books = {"standard": "enterprise", "taxpayer_kind": "general"}
    late = office.api.put("/books", json={**books, "opening_period": "2199-01"})
    assert refusal(late, 422, "business-rule") == ["/opening_period"]
    early = office.api.put("/books", json={**books, "opening_period": "2020-01"})
    assert refusal(early, 422, "business-rule") == ["/opening_period"]
    office.set_up(opening_period="2020-01")
    assert office.api.get("/periods/2019-12").json()["state"] == "locked"
    assert office.api.get("/trial-balance", params={"period": "2020-01"}).status_code == 200


def opening_lines(office: Office) -> list[dict[str, Any]]:
    item = {"number": "QC-0001", "business_date": "2025-12-20", "due_date": "2026-01-19"}
    product = office.api.get("/inventory-items").json()["items"][0]["code"]
    return [
        {"account_code": "100201", "debit": "88700.00"},
        {"account_code": "1122", "customer_id": office.customer_id, "debit": "11300.00", "item": item},
        {"account_code": "1405", "product_code": product, "quantity": "100", "debit": "1000.00"},
        {"account_code": "4001", "credit": "101000.00"},
    ]


def test_opening_balances_come_with_their_open_items(office: Office) -> None:
    put(office, "/opening-balances", {"lines": opening_lines(office)})
    shown = office.api.get("/opening-balances").json()
    assert (shown["period"], shown["debit_total"], shown["credit_total"]) == ("2026-01", "101000.00", "101000.00")
    [receivable] = office.walk("/receivables")[0]
    assert (receivable["number"], receivable["open_amount"], receivable["due_date"], receivable["opening"]) == (
        *("QC-0001", "11300.00"),
        *("2026-01-19", True),
    )
    assert office.balance()["open"] == "11300.00"
    # Entered once more they take the place of the first.
    put(office, "/opening-balances", {"lines": opening_lines(office)})
    assert len(office.walk("/receivables")[0]) == 1
    put(office, "/opening-balances", {"lines": []})
    assert office.walk("/receivables")[0] == []


def test_all_faults_of_opening_balances_are_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    right = opening_lines(office)
    item = right[1]["item"]
    lines = [
        {"account_code": "1002", "debit": "1.00"},
        {"account_code": "9999", "debit": "1.00"} | {"account_code": "1999"},
        {"account_code": "1122", "customer_id": office.customer_id, "debit": "1.00"},
        {"account_code": "1122", "customer_id": office.customer_id, "debit": "-1.00", "item": item},
        {"account_code": "1405", "debit": "1.00"},
        {"account_code": "100201", "debit": "1.00", "item": item},
        {**right[1], "item": {**item, "business_date": "2026-01-01", "due_date": "2025-12-31"}},
        {"account_code": "4001", "credit": "9.00", "debit": "9.00"},
    ]
    answer = office.api.put("/opening-balances", json={"lines": lines})
    assert refusal(answer, 422, "business-rule") == [
        "/lines/0/account_code",
        "/lines/1/account_code",
        "/lines/2/item",
        "/lines/3/debit",
        "/lines/4/product_code",
        "/lines/5/item",
        "/lines/6/item/business_date",
        "/lines/6/item/due_date",
        "/lines/6/item/number",
        "/lines/7",
        "/lines",
    ]
    assert (
        "相差" in office.api.put("/opening-balances", json={"lines": lines[:1]}, headers={"Accept-Language": "zh"}).text
    )


def test_an_opening_item_cannot_take_the_number_of_another_document(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    """A receivable that waits for acceptance has posted nothing, so that the books can still be set up beside it."""
    office.set_up()
    pending = office.receivable(recognition="on_acceptance")
    assert office.api.get("/books").json()["in_use"] is False
    lines = opening_lines(office)
    lines[1]["item"] = {"number": pending["number"], "business_date": "2020-01-01", "due_date": "2020-01-01"}
    answer = office.api.put("/opening-balances", json={"lines": lines})
    assert refusal(answer, 422, "business-rule") == ["/lines/1/item/number"]


def test_balances_that_meet_on_an_account_become_one() -> None:
    takes = {
        "3104": Account("310415", "未分配利润", leaf=True),
        "2203": Account("2203", "预收账款", leaf=True, dimensions=frozenset({"customer"})),
    }
    entries = [
        Entry("", "1231", None, 0, 700),
        Entry("", "1471", None, 0, 300),
        Entry("", "410415", None, 1000, 0),
        Entry("", "2204", 7, 0, 50),
        Entry("", "2203", 7, 0, 50),
    ]
    places = {"1231": "3104", "1471": "3104", "410415": "3104", "2204": "2203", "2203": "2203"}
    assert carried_over(entries, places, takes) == [Entry("", "2203", 7, 0, 100)]


def test_accounts_are_added_below_others(office: Office, refusal: Callable[..., list[str]]) -> None:
    first = office.post("/accounts", {"code": "660101", "name": "广告费", "optional_dimensions": ["store"]})
    assert (first["parent"], first["category"], first["direction"]) == ("6601", "profit_and_loss", "debit")
    assert first["roles"] == ["selling_expense"]
    above = office.api.get("/accounts/6601").json()
    assert (above["leaf"], above["roles"]) == (False, [])
    second = office.post("/accounts", {"code": "660102", "name": "运杂费", "dimensions": ["customer"]})
    assert (second["dimensions"], second["roles"]) == (["customer"], [])
    taken = office.api.post("/accounts", json={"code": "660101", "name": "广告费"})
    refusal(taken, 409, "code-exists")
    parentless = office.api.post("/accounts", json={"code": "699901", "name": "无上级"})
    assert refusal(parentless, 422, "business-rule") == ["/code"]
    both = {"code": "6001", "name": "一级", "dimensions": ["store"], "optional_dimensions": ["store"]}
    answer = office.api.post("/accounts", json=both)
    assert refusal(answer, 422, "business-rule") == ["/code", "/optional_dimensions"]
    refusal(office.api.post("/accounts", json={"code": "112201", "name": "受控"}), 409, "account-in-use")
    refusal(office.api.post("/accounts", json={"code": "10020101", "name": "已有期初"}), 409, "account-in-use")
    office.voucher(
        lines=[
            {"summary": "广告费", "account_code": "660101", "debit": "100.00"},
            {"summary": "广告费", "account_code": "100202", "credit": "100.00"},
        ]
    )
    refusal(office.api.post("/accounts", json={"code": "66010101", "name": "已记账"}), 409, "account-in-use")


def test_stores_and_inventory_items_are_entered_and_announced(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    store = office.post("/stores", {"code": "MD01", "name": "朝阳路店"})
    item = office.post("/inventory-items", {"code": "SPC-001", "name": "牛腱", "unit": "千克"})
    assert item["category"] == "库存商品"
    told = {event["type"]: event for event in office.events()}
    assert told["finance.store.created"]["data"] == store
    assert told["finance.inventory_item.created"]["subject"] == "SPC-001"
    for path, body in (("/stores", store), ("/inventory-items", item)):
        again = {name: body[name] for name in ("code", "name")}
        refusal(office.api.post(path, json=again), 409, "code-exists")
        assert office.walk(path, code=body["code"])[0] == [body]
        refusal(office.api.get(f"{path}/NO-SUCH-1"), 404, "not-found")
    assert "SPC-001" in [each["code"] for each in office.walk("/inventory-items", limit=7)[0]]


def test_a_user_changes_which_voucher_a_document_makes(office: Office, refusal: Callable[..., list[str]]) -> None:
    rules = {rule["document_kind"]: rule for rule in office.api.get("/posting-rules").json()["items"]}
    assert {"receivable", "receipt", "supplier_invoice", "surcharges"} <= set(rules)
    rule = office.api.get("/posting-rules/receivable").json()
    assert rule == rules["receivable"]
    assert rule["changed"] is False
    first = office.receivable()
    lines = [{**line, "account": "other_revenue"} if line["account"] == "revenue" else line for line in rule["lines"]]
    changed = office.api.put("/posting-rules/receivable", json={"word": "转", "lines": lines})
    assert changed.status_code == 200, changed.text
    assert changed.json()["changed"] is True
    second = office.receivable()
    accounts = [
        [line["account_code"] for line in office.api.get(f"/vouchers/{each['voucher_id']}").json()["lines"]]
        for each in (first, second)
    ]
    assert accounts == [["1122", "6001", "22210107"], ["1122", "6051", "22210107"]]
    assert second["voucher_label"] == "转-0001"
    refusal(office.api.get("/posting-rules/no_such_kind"), 404, "not-found")


def test_a_rule_that_could_make_a_wrong_voucher_is_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    lines = office.api.get("/posting-rules/receivable").json()["lines"]

    def change(index: int, **members: str) -> list[str]:
        changed = [{**line, **members} if n == index else line for n, line in enumerate(lines)]
        return refusal(office.api.put("/posting-rules/receivable", json={"lines": changed}), 422, "business-rule")

    revenue = next(n for n, line in enumerate(lines) if line["account"] == "revenue")
    owed = next(n for n, line in enumerate(lines) if line["account"] == "receivable")
    assert change(revenue, amount="profit") == [f"/lines/{revenue}/amount"]
    assert change(revenue, account="no_such_role") == [f"/lines/{revenue}/account"]
    assert change(revenue, account="1002") == [f"/lines/{revenue}/account"]
    for summary in ("{text.__class__}", "{amount}", "{text", "{text!r}", "{0}"):
        assert change(revenue, summary=summary) == [f"/lines/{revenue}/summary"]
    assert change(revenue, amount="gross") == ["/lines"]
    assert change(revenue, side="debit") == ["/lines"]
    # What goes to 1122 is the sub-ledger's.
    assert change(owed, account="1221") == ["/lines"]


def test_rates_are_those_of_the_day_and_the_taxpayer(office: Office, refusal: Callable[..., list[str]]) -> None:
    def rates(**params: str) -> set[str]:
        answer = office.api.get("/tax-rates", params=params)
        assert answer.status_code == 200, answer.text
        simplified = "vat_simplified"
        return {
            item["rate"]
            for item in answer.json()["items"]
            if item["kind"].startswith("vat_") and item["kind"] != simplified
        }

    assert rates(date="2026-11-24") == {"0.13", "0.09", "0.06", "0"}
    assert rates(date="2019-01-01") == {"0.16", "0.1", "0.06", "0"}
    assert rates(date="2026-11-24", taxpayer_kind="small_scale") == {"0.03", "0.01", "0"}
    assert rates(date="2028-01-01", taxpayer_kind="small_scale") == {"0.03", "0"}
    assert office.api.get("/tax-rates").json()["date"] == office.today.isoformat()
    assert refusal(office.api.get("/tax-rates", params={"date": "0000-01-01"}), 422, "business-rule") == ["/date"]


def test_no_two_rates_of_a_kind_hold_on_one_day() -> None:
    days = {rate.valid_from for rate in tax_rates.all_rates()}
    for day in days:
        # The simplified method has two rates at a time, by kind of sale.
        kinds = [(rate.kind, rate.taxpayer_kind) for rate in tax_rates.rates_on(day) if rate.kind != "vat_simplified"]
        assert len(kinds) == len(set(kinds)), day


def test_every_kind_of_books_can_be_set_up(office: Office) -> None:
    for standard in charts.STANDARDS:
        for kind in charts.TAXPAYER_KINDS:
            office.set_up(standard, kind)
            accounts = office.walk("/accounts", limit=500)[0]
            assert {each["code"] for each in accounts} == {row.code for row in charts.chart_of_accounts(standard, kind)}
            rules = office.api.get("/posting-rules").json()["items"]
            assert {rule["document_kind"] for rule in rules} == set(charts.kinds(standard, kind))
