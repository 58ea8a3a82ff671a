"""The charts of accounts (会计科目表) against the published lists, and what stands for each account under the other standard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapan.finance import charts

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

# 小企业会计准则, appendix: every account of the list.
SMALL = """
    1001 1002 1012 1101 1121 1122 1123 1131 1132 1221 1401 1402 1403 1404 1405 1407 1408 1411 1421 1501 1511 1601 1602 1604 1605
    1606 1621 1622 1701 1702 1801 1901 2001 2201 2202 2203 2211 2221 2231 2232 2241 2401 2501 2701 3001 3002 3101 3103 3104 4001
    4101 4301 4401 4403 5001 5051 5111 5301 5401 5402 5403 5601 5602 5603 5711 5801
"""
# 企业会计准则应用指南, list of accounts: what companies outside finance and farming commonly keep, with the accounts of later standards.
ENTERPRISE = """
    1001 1002 1012 1101 1121 1122 1123 1131 1132 1221 1231 1401 1402 1403 1404 1405 1406 1407 1408 1411 1421 1471 1501 1511 1512
    1521 1531 1601 1602 1603 1604 1605 1606 1621 1622 1701 1702 1703 1801 1811 1901 2001 2101 2201 2202 2203 2211 2221 2231 2232
    2241 2401 2501 2502 2701 2801 2901 4001 4002 4101 4103 4104 4201 5001 5101 5301 5401 5403 6001 6051 6101 6111 6115 6117 6301
    6401 6402 6403 6601 6602 6603 6701 6711 6801 6901
"""
# Accounts that lessen the side on which their category stands.
CONTRA = {
    "enterprise": "1231 1407 1471 1512 1602 1603 1622 1702 1703 4201 410401",
    "small_enterprise": "1407 1602 1622 1702 310401",
}
USUAL = {"asset": "debit", "cost": "debit", "liability": "credit", "equity": "credit"}


@pytest.mark.parametrize(("standard", "published"), [("enterprise", ENTERPRISE), ("small_enterprise", SMALL)])
def test_a_chart_has_the_published_accounts(standard: str, published: str) -> None:
    rows = charts.chart_of_accounts(standard)
    assert set(published.split()) - {row.code for row in rows} == set()
    odd = {
        row.code
        for row in rows
        if row.category in USUAL and not row.code.startswith("2221") and row.direction != USUAL[row.category]
    }
    assert odd == set(CONTRA[standard].split())


@pytest.mark.parametrize("standard", charts.STANDARDS)
@pytest.mark.parametrize("kind", charts.TAXPAYER_KINDS)
def test_each_account_has_one_in_the_other_chart(standard: str, kind: str) -> None:
    other = next(name for name in charts.STANDARDS if name != standard)
    leaves = {row.code for row in charts.chart_of_accounts(other, kind) if row.leaf}
    mapped = {row.other_standard for row in charts.chart_of_accounts(standard, kind) if row.leaf}
    assert mapped - leaves == set()


def entered(office: Office, debit: str, credit: str, amount: str) -> None:
    lines = [
        {"summary": "测试", "account_code": debit, "debit": amount},
        {"summary": "测试", "account_code": credit, "credit": amount},
    ]
    office.voucher(lines=lines)


def statement(office: Office, name: str, side: str) -> dict[str, Any]:
    answer = office.api.get(f"/statements/{name}", params={"period": office.today.strftime("%Y-%m")})
    assert answer.status_code == 200, answer.text
    return {line["name"]: line[side] for line in answer.json()["rows"]}


@pytest.mark.parametrize(("standard", "income"), [("enterprise", "6111"), ("small_enterprise", "5111")])
def test_loans_projects_and_investments_show_in_the_statements(office: Office, standard: str, income: str) -> None:
    office.set_up(standard)
    before = statement(office, "balance-sheet", "closing_amount")
    entered(office, "100202", "2501", "500000.00")
    entered(office, "1604", "100202", "120000.00")
    entered(office, "1131", income, "3000.00")
    after = statement(office, "balance-sheet", "closing_amount")
    assert (after["长期借款"], after["非流动负债合计"], after["在建工程"]) == ("500000.00", "500000.00", "120000.00")
    assert after["资产总计"] != before["资产总计"]
    totals = [after[name] for name in after if name in ("资产总计", "负债和所有者权益总计")]
    assert len(set(totals)) == 1
    profits = statement(office, "income-statement", "period_amount")
    assert (profits["投资收益"], profits["营业利润"], profits["净利润"]) == ("3000.00", "3000.00", "3000.00")
