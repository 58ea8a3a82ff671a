"""Statements: each account has its place, both sides of the sheet are equal whatever stands in the books, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.finance.charts import STANDARDS, chart_of_accounts, statements
from shapan.finance.ranges import periods_between
from shapan.finance.rules.kpis import ratio
from shapan.finance.rules.statements import Balance, SheetLine, income_amounts, sheet_amounts

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def amount_of(lines: tuple[SheetLine, ...], name: str, *balances: Balance) -> int:
    """What a line of the sheet shows of these balances."""
    return next(amount for line, amount in zip(lines, sheet_amounts(lines, balances), strict=True) if line.name == name)


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_account_stands_in_the_balance_sheet_once(standard: str) -> None:
    lines, _ = statements(standard)
    last_asset = max(index for index, line in enumerate(lines) if line.section == "assets")
    for account in chart_of_accounts(standard):
        for amount in (100, -100):
            amounts = sheet_amounts(lines, [Balance(account.code, None, None, amount)])
            assert amounts[last_asset] - amounts[-1] == amount, account.code
            direct = [a for line, a in zip(lines, amounts, strict=True) if a and not line.total_of]
            assert len(direct) == 1, account.code


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_account_of_the_result_stands_in_the_income_statement_once(standard: str) -> None:
    _, lines = statements(standard)
    for account in chart_of_accounts(standard):
        amounts = income_amounts(lines, {account.code: 100})
        counted = [a for line, a in zip(lines, amounts, strict=True) if a and not line.total]
        # What corrects earlier years is no part of this year's result.
        expected = account.category == "profit_and_loss" and account.code != "6901" and account.leaf
        if account.leaf:
            assert len(counted) == expected, account.code
            assert amounts[-1] == (100 if expected else 0), account.code


ENTRIES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 3), st.integers(1, 3), st.integers(-1000, 1000)), max_size=30
)


@pytest.mark.parametrize("standard", STANDARDS)
@settings(max_examples=50)
@given(drawn=ENTRIES)
def test_both_sides_of_the_sheet_are_equal(standard: str, drawn: list[tuple[int, int, int, int]]) -> None:
    codes = [account.code for account in chart_of_accounts(standard) if account.leaf]
    balances = [Balance(codes[n % len(codes)], customer, supplier, amount) for n, customer, supplier, amount in drawn]
    balances.append(Balance("1001", None, None, -sum(each.amount for each in balances)))
    lines, _ = statements(standard)
    amounts = sheet_amounts(lines, balances)
    last_asset = max(index for index, line in enumerate(lines) if line.section == "assets")
    assert amounts[last_asset] == amounts[-1]


def test_what_stands_on_the_other_side_is_shown_there() -> None:
    lines, _ = statements("enterprise")
    owed, advance = Balance("1122", 1, None, 500), Balance("1122", 2, None, -300)
    assert amount_of(lines, "应收账款", owed, advance) == 500
    assert amount_of(lines, "预收款项", owed, advance) == 300
    assert amount_of(lines, "应收账款", owed, Balance("1231", None, None, -25)) == 475
    overpaid, payable = Balance("220201", None, 1, 70), Balance("220201", None, 2, -90)
    assert amount_of(lines, "预付款项", overpaid, payable) == 70
    assert amount_of(lines, "应付账款", overpaid, payable, Balance("220202", None, 2, -10)) == 100
    # Columns of value added tax are one: only what is left of them is shown.
    input_, output = Balance("22210101", None, None, 130), Balance("22210107", None, None, -100)
    assert amount_of(lines, "其他流动资产", input_, output) == 30
    assert amount_of(lines, "应交税费", input_, output) == 0


def test_ratios_are_rounded_half_up() -> None:
    assert ratio(60000, 113000) == "0.5310"
    assert ratio(1, 20000) == "0.0001"
    assert ratio(-1, 20000) == "-0.0001"
    assert ratio(5, 0) is None
    assert periods_between("2026-11", "2027-02") == ["2026-11", "2026-12", "2027-01", "2027-02"]


def test_the_statements_of_the_world_agree(office: Office) -> None:
    office.receivable(business_date="2026-01-15")
    office.voucher(date="2026-02-15")
    sheet = office.api.get("/statements/balance-sheet", params={"period": "2026-02"}).json()
    assert sheet["balanced"]
    trial = office.api.get("/trial-balance", params={"period": "2026-02"}).json()
    equity = {row["name"]: row for row in sheet["rows"]}["未分配利润"]
    # Nothing is closed yet: the result of both months stands there all the same.
    assert (equity["closing_amount"], equity["year_opening_amount"]) == ("900.00", "0.00")
    capital = next(row["closing_credit"] for row in trial["rows"] if row["account_code"] == "4001")
    assert {row["name"]: row["closing_amount"] for row in sheet["rows"]}["实收资本"] == capital
    income = office.api.get("/statements/income-statement", params={"period": "2026-02"}).json()
    assert [(row["period_amount"], row["year_amount"]) for row in income["rows"] if row["name"] == "净利润"] == [
        ("-100.00", "900.00")
    ]
    assert office.api.get("/statements/balance-sheet").json()["period"] == office.period


def test_monthly_summaries_join_up(office: Office) -> None:
    office.receivable(business_date="2026-01-15")
    office.receipt(business_date="2026-02-15")
    asked = {"from_period": "2026-01", "to_period": "2026-03"}
    items = office.api.get("/monthly-summaries", params=asked).json()["items"]
    owed = [item for item in items if item["account_code"] == "1122"]
    assert [(item["period"], item["debit"], item["credit"]) for item in owed] == [
        ("2026-01", "1130.00", "0.00"),
        ("2026-02", "0.00", "600.00"),
        ("2026-03", "0.00", "0.00"),
    ]
    assert [item["closing_balance"] for item in owed[:-1]] == [item["opening_balance"] for item in owed[1:]]
    revenue = next(item for item in items if item["account_code"] == "6001")
    assert (revenue["direction"], revenue["closing_balance"]) == ("credit", "1000.00")


def test_at_most_twelve_months_are_summed_up(office: Office, refusal: Callable[..., list[str]]) -> None:
    office.set_up(opening_period="2020-01")
    long = {"from_period": "2020-01", "to_period": "2021-01"}
    assert office.api.get("/monthly-summaries").status_code == 200
    assert refusal(office.api.get("/monthly-summaries", params=long), 422, "business-rule") == ["/from_period"]


@pytest.mark.parametrize(
    "path", ["/statements/balance-sheet", "/statements/income-statement", "/vat", "/monthly-summaries", "/kpis"]
)
def test_there_are_no_statements_outside_the_books(
    office: Office, refusal: Callable[..., list[str]], path: str
) -> None:
    name = "to_period" if path in ("/monthly-summaries", "/kpis") else "period"
    answer = office.api.get(path, params={name: "2199-01"})
    assert f"/{name}" in refusal(answer, 422, "business-rule")
