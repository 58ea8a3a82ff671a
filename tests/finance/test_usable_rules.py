"""What users set up never makes a document impossible: accounts with a role, posting rules, opening balances, the bank account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def test_no_account_makes_the_documents_that_post_to_it_impossible(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    demanding = {"code": "600101", "name": "商品", "dimensions": ["product"]}
    answer = office.api.post("/accounts", json=demanding)
    assert refusal(answer, 422, "business-rule") == ["/dimensions/0"]
    assert "receivable" in answer.json()["errors"][0]["detail"]
    # The closing posts to this one by itself, and a document brings that one.
    for code, names, pointers in (
        ("410301", ["store"], ["/dimensions/0"]),
        ("101201", ["store", "customer"], ["/dimensions/1"]),
        ("140301", ["product", "supplier"], ["/dimensions/1"]),
    ):
        answer = office.api.post("/accounts", json={"code": code, "name": "明细", "dimensions": names})
        assert refusal(answer, 422, "business-rule") == pointers
    assert office.api.get("/accounts/6001").json()["leaf"] is True
    office.post("/accounts", {"code": "600101", "name": "商品", "optional_dimensions": ["product"]})
    receivable = office.receivable()
    lines = office.api.get(f"/vouchers/{receivable['voucher_id']}").json()["lines"]
    assert "600101" in [line["account_code"] for line in lines]


def test_a_document_on_an_account_that_demands_more_is_a_conflict(
    office: Office, refusal: Callable[..., list[str]]
) -> None:
    office.post("/accounts", {"code": "100203", "name": "门店户", "dimensions": ["store"]})
    body = office.receipt_body(bank_account="100203")
    answer = office.api.post("/receipts", json=body)
    refusal(answer, 409, "posting-rule-unusable")
    assert "receipt " in answer.json()["detail"]
    assert "100203 门店户 needs a store" in answer.json()["detail"]
    chinese = office.api.post("/receipts", json=body, headers={"Accept-Language": "zh"}).json()["detail"]
    assert "100203 门店户 必须填写门店" in chinese
    assert office.api.get("/receipts", params={"customer_id": office.customer_id}).json()["items"] == []


def test_a_rule_by_which_documents_cannot_post_is_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    def change(kind: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> list[str]:
        lines = office.api.get(f"/posting-rules/{kind}").json()["lines"]
        answer = office.api.put(f"/posting-rules/{kind}", json={"lines": change(lines)})
        return refusal(answer, 422, "business-rule")

    office.post("/accounts", {"code": "660101", "name": "广告费"})
    office.post("/accounts", {"code": "660102", "name": "客户费用", "dimensions": ["customer"]})

    def on(account: str, number: int) -> Callable[[list[dict[str, str]]], list[dict[str, str]]]:
        return lambda lines: [{**line, "account": account} if n == number else line for n, line in enumerate(lines)]

    # A count names no customer; the tax of a lost product names no product, and no part brings its account.
    assert change("count_loss", on("660102", 0)) == ["/lines/0/account"]
    assert change("count_loss", on("inventory", 2)) == ["/lines/2/account"]
    assert change("count_loss", on("stock_account", 2)) == ["/lines/2/amount"]
    rule = office.api.get("/posting-rules/goods_dispatched").json()["lines"]
    taken = office.api.put("/posting-rules/goods_dispatched", json={"lines": on("660102", 0)(rule)})
    assert taken.status_code == 200, taken.text

    def optional(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {**lines[0], "account": "660101", "amount": "simplified_tax", "side": side} for side in ("debit", "credit")
        ]

    assert change("cash_sale", optional) == ["/lines"]
    # A second run of the step would find too much on one account and too little on another.
    total = [{"side": "credit", "account": "urban_construction_tax", "amount": "total", "summary": "计提"}]
    assert change("surcharges", lambda lines: [lines[0], *total]) == ["/lines"] * 3


def test_balances_that_no_document_can_open_are_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    supplier = office.post("/suppliers", {"short_name": "永固五金"})["id"]
    lines = [
        {"account_code": "100201", "debit": "300.00"},
        {"account_code": "220202", "supplier_id": supplier, "credit": "100.00"},
        {"account_code": "6001", "credit": "200.00"},
    ]
    before = office.api.get("/opening-balances").json()
    answer = office.api.put("/opening-balances", json={"lines": lines})
    assert refusal(answer, 422, "business-rule") == ["/lines/1/account_code", "/lines/2/account_code"]
    assert "goods receipt" in answer.json()["errors"][0]["detail"]
    assert office.api.get("/opening-balances").json() == before


def test_money_goes_to_the_account_with_the_role_of_the_bank(office: Office) -> None:
    office.set_up()
    office.post("/accounts", {"code": "10020101", "name": "人民币户"})
    body = {name: value for name, value in office.receipt_body().items() if name != "bank_account"}
    assert office.post("/receipts", body)["bank_account"] == "10020101"
    # Every rule that comes with the books is one that a user could have written.
    for rule in office.api.get("/posting-rules").json()["items"]:
        answer = office.api.put(
            f"/posting-rules/{rule['document_kind']}", json={"word": rule["word"], "lines": rule["lines"]}
        )
        assert answer.status_code == 200, answer.text
