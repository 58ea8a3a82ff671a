"""Accounts, vouchers, periods and the trial balance over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.kernel.money import fen_from_text

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def test_the_chart_is_read_page_by_page(office: Office) -> None:
    accounts, _ = office.walk("/accounts", limit=7)
    codes = [account["code"] for account in accounts]
    assert codes == sorted(set(codes))
    receivables = office.api.get("/accounts/1122").json()
    assert receivables in accounts
    assert (receivables["name"], receivables["direction"], receivables["leaf"]) == ("应收账款", "debit", True)
    assert (receivables["dimensions"], receivables["controlled"]) == (["customer"], True)
    assert office.api.get("/accounts/22210107").json()["parent"] == "222101"
    assert office.api.get("/accounts/222101").json()["leaf"] is False


def test_a_manual_voucher_is_posted_and_announced(office: Office) -> None:
    posted = office.voucher()
    assert (posted["label"], posted["word"], posted["number"], posted["period"]) == ("记-0001", "记", 1, office.period)
    assert posted["source"] == {"kind": "manual", "document_number": None}
    assert (posted["debit_total"], posted["credit_total"]) == ("100.00", "100.00")
    assert [(line["line_no"], line["account_name"], line["debit"], line["credit"]) for line in posted["lines"]] == [
        (1, "销售费用", "100.00", "0.00"),
        (2, "基本存款账户", "0.00", "100.00"),
    ]
    [event] = office.events()
    assert (event["type"], event["subject"], event["data"]) == ("finance.voucher.posted", office.period, posted)


def test_a_customer_stands_on_accounts_with_that_dimension(office: Office) -> None:
    lines = [
        {"summary": "预收货款", "account_code": "100201", "debit": "50.00"},
        {"summary": "预收货款", "account_code": "2203", "customer_id": office.customer_id, "credit": "50.00"},
    ]
    assert [line["customer_id"] for line in office.voucher(lines=lines)["lines"]] == [None, office.customer_id]


def test_a_red_letter_voucher_is_posted(office: Office) -> None:
    lines = [
        {"summary": "冲销", "account_code": "6601", "debit": "-100.00"},
        {"summary": "冲销", "account_code": "100201", "credit": "-100.00"},
    ]
    posted = office.voucher(lines=lines)
    assert (posted["debit_total"], posted["credit_total"]) == ("-100.00", "-100.00")


def test_all_faults_of_a_voucher_are_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    lines: list[dict[str, Any]] = [
        {"summary": "未知科目", "account_code": "1999", "debit": "1.00"},
        {"summary": "非末级", "account_code": "1002", "debit": "1.00"},
        {"summary": "受控", "account_code": "1122", "debit": "1.00"},
        {"summary": "不要客户", "account_code": "6601", "customer_id": 999999, "debit": "1.00"},
        {"summary": "两边", "account_code": "6601", "debit": "1.00", "credit": "1.00"},
        {"summary": "无金额", "account_code": "6601"},
        {"summary": "缺客户", "account_code": "2203", "credit": "1.00"},
    ]
    late = (office.today + timedelta(days=32)).isoformat()
    answer = office.api.post("/vouchers", json=office.voucher_body(date=late, lines=lines))
    assert sorted(refusal(answer, 422, "business-rule")) == [
        "/date",
        "/lines",
        "/lines/0/account_code",
        "/lines/1/account_code",
        "/lines/2/account_code",
        "/lines/2/customer_id",
        "/lines/3/customer_id",
        "/lines/3/customer_id",
        "/lines/4",
        "/lines/5",
        "/lines/6/customer_id",
    ]
    assert office.walk("/vouchers")[0] == []


def test_what_breaks_the_contract_is_all_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    lines = [{"summary": "", "account_code": "ABC", "debit": "0.00"}]
    answer = office.api.post("/vouchers", json={"date": "2026-13-01", "word": "凭", "lines": lines})
    assert set(refusal(answer, 400, "validation-failed")) == {
        "/date",
        "/lines",
        "/lines/0/account_code",
        "/lines/0/debit",
        "/lines/0/summary",
        "/word",
    }


def test_a_locked_period_answers_423(office: Office, refusal: Callable[..., list[str]]) -> None:
    answer = office.api.post("/vouchers", json=office.voucher_body(date="2025-12-31"))
    assert sorted(refusal(answer, 423, "period-locked")) == ["/date"]
    chinese = office.api.post(
        "/vouchers", json=office.voucher_body(date="2025-12-31"), headers={"Accept-Language": "zh"}
    )
    assert "账簿自 2026-01 启用" in chinese.json()["detail"]


def test_a_repeated_key_posts_one_voucher(office: Office) -> None:
    key = {"Idempotency-Key": "voucher-1"}
    first = office.api.post("/vouchers", json=office.voucher_body(), headers=key)
    again = office.api.post("/vouchers", json=office.voucher_body(), headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(office.walk("/vouchers")[0]) == 1


def test_numbers_run_by_period_and_word(office: Office) -> None:
    days = ["2026-01-15", "2026-02-15", "2026-01-16"]
    labels = [(v["period"], v["label"]) for v in (office.voucher(date=day) for day in days)]
    assert labels == [("2026-01", "记-0001"), ("2026-02", "记-0001"), ("2026-01", "记-0002")]
    assert office.voucher(date="2026-01-17", word="转")["label"] == "转-0001"
    assert [v["label"] for v in office.walk("/vouchers", limit=1, period="2026-01")[0]] == [
        "记-0001",
        "记-0002",
        "转-0001",
    ]
    assert [v["period"] for v in office.walk("/vouchers", word="转")[0]] == ["2026-01"]


def test_periods_open_on_demand(office: Office) -> None:
    items, watermark = office.walk("/periods")
    assert [(p["period"], p["state"]) for p in items] == [("2025-12", "locked")]
    office.voucher(date="2026-02-15")
    (opened,), _ = office.walk("/periods", since=watermark)
    assert opened == {
        "period": "2026-02",
        "state": "open",
        "first_day": "2026-02-01",
        "last_day": "2026-02-28",
        "voucher_count": 1,
        "closed_at": None,
    }
    assert office.api.get("/periods/2026-02").json() == opened
    untouched = office.api.get("/periods/2026-01").json()
    assert (untouched["state"], untouched["voucher_count"]) == ("open", 0)


def test_periods_beyond_the_books_are_not_found(office: Office, refusal: Callable[..., list[str]]) -> None:
    for period in ("2025-11", "2199-01"):
        refusal(office.api.get(f"/periods/{period}"), 404, "not-found")


def rows_of(balance: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {row["account_code"]: row for row in balance["rows"]}


def test_the_trial_balance_starts_with_the_opening_balances(office: Office) -> None:
    balance = office.api.get("/trial-balance").json()
    assert (balance["period"], balance["balanced"]) == (office.period, True)
    totals = balance["totals"]
    assert totals["opening_debit"] == totals["opening_credit"] == totals["closing_debit"] != "0.00"
    assert (totals["movement_debit"], totals["movement_credit"]) == ("0.00", "0.00")
    open_ = sum(fen_from_text(item["open_amount"]) for item in office.walk("/receivables")[0])
    assert fen_from_text(rows_of(balance)["1122"]["opening_debit"]) == open_


def test_opening_balances_stand_on_leaf_accounts_with_their_dimensions(office: Office) -> None:
    with office.api.runtime.workspace("default").database.read() as db:
        rows = db.execute(
            "SELECT a.leaf, a.dimensions, o.customer_id FROM opening_balance AS o JOIN account AS a ON a.code = o.account_code"
        ).fetchall()
    assert rows
    for row in rows:
        assert row["leaf"] == 1
        assert (row["customer_id"] is not None) == ("customer" in row["dimensions"])


def test_movements_of_one_period_are_the_opening_of_the_next(office: Office) -> None:
    before = rows_of(office.api.get("/trial-balance", params={"period": "2026-01"}).json())
    office.receivable(business_date="2026-01-15")
    office.receipt(business_date="2026-02-15")
    january = office.api.get("/trial-balance", params={"period": "2026-01"}).json()
    february = office.api.get("/trial-balance", params={"period": "2026-02"}).json()
    march = office.api.get("/trial-balance", params={"period": "2026-03"}).json()
    assert january["balanced"]
    assert february["balanced"]
    assert (january["totals"]["movement_debit"], february["totals"]["movement_credit"]) == ("1130.00", "600.00")
    revenue = rows_of(january)["6001"]
    assert (revenue["opening_credit"], revenue["movement_credit"], revenue["closing_credit"]) == (
        "0.00",
        "1000.00",
        "1000.00",
    )
    opening = fen_from_text(before["1122"]["opening_debit"])
    owed = rows_of(february)["1122"]
    assert fen_from_text(owed["opening_debit"]) == opening + 113000
    assert (owed["movement_debit"], owed["movement_credit"]) == ("0.00", "600.00")
    assert fen_from_text(owed["closing_debit"]) == opening + 53000
    assert march["totals"]["movement_debit"] == "0.00"
    assert march["totals"]["opening_debit"] == february["totals"]["closing_debit"]


@pytest.mark.parametrize("period", ["2025-12", "2199-01"])
def test_there_is_no_trial_balance_outside_the_books(
    office: Office, refusal: Callable[..., list[str]], period: str
) -> None:
    answer = office.api.get("/trial-balance", params={"period": period})
    assert sorted(refusal(answer, 422, "business-rule")) == ["/period"]
    assert answer.json()["errors"][0]["in"] == "query"


def test_the_month_after_can_be_posted_to_when_it_is_near(office: Office) -> None:
    last = office.today + timedelta(days=31)
    assert office.voucher(date=last.isoformat())["period"] == f"{last:%Y-%m}"
    day_after = date.fromordinal(last.toordinal() + 1)
    assert office.api.post("/vouchers", json=office.voucher_body(date=day_after.isoformat())).status_code == 422
