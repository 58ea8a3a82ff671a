"""Posting rules: the entries that a document makes, part by part, and whether a rule balances for every document."""

from __future__ import annotations

from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.posting import Part, PostingLine, compose_entries, figures_of, imbalance
from shapan.finance.rules.vouchers import Account, Entry

CHART = {
    account.code: account
    for account in (
        Account("100202", "一般存款账户", leaf=True),
        Account("1122", "应收账款", leaf=True, dimensions=frozenset({"customer"}), controlled=True),
        Account("1405", "库存商品", leaf=True, dimensions=frozenset({"product"})),
        Account("2203", "预收账款", leaf=True, dimensions=frozenset({"customer"})),
        Account("6001", "主营业务收入", leaf=True, optional=frozenset({"store"})),
        Account("22210107", "销项税额", leaf=True),
        Account("6601", "销售费用", leaf=True),
    )
}
RULE = (
    PostingLine("debit", "1122", "gross", "{text} {source}"),
    PostingLine("credit", "revenue", "net", "{text} {source}"),
    PostingLine("credit", "22210107", "tax", "{text} {source}"),
)
TEXTS = {"text": "销售出库", "source": "XSCK-202611-00001", "number": "YS-202611-00001"}


def invoice(amounts: dict[str, int], **accounts: str) -> Part:
    return Part(amounts, Dimensions(customer_id=7), None, accounts)


def test_a_rule_makes_the_entries_of_a_document() -> None:
    whole = invoice({"net": 88496, "tax": 11504, "gross": 100000})
    assert compose_entries(RULE, whole, (), TEXTS, {"revenue": "6001"}, CHART) == (
        Entry("销售出库 XSCK-202611-00001", "1122", 7, 100000, 0),
        Entry("销售出库 XSCK-202611-00001", "6001", None, 0, 88496),
        Entry("销售出库 XSCK-202611-00001", "22210107", None, 0, 11504),
    )


def test_a_line_without_amount_is_left_out_and_an_account_can_come_from_the_document() -> None:
    rule = (*RULE, PostingLine("debit", "bank_account", "gross", "收款"))
    whole = invoice({"net": 100, "tax": 0, "gross": 100}, bank_account="100202")
    entries = compose_entries(rule, whole, (), TEXTS, {"revenue": "6001"}, CHART)
    assert [entry.account_code for entry in entries] == ["1122", "6001", "100202"]


def test_parts_stand_apart_where_their_account_has_the_dimension() -> None:
    rule = (
        PostingLine("debit", "stock", "net", "入库"),
        PostingLine("debit", "22210107", "tax", "入库"),
        PostingLine("credit", "2203", "gross", "入库"),
    )
    parts = [
        Part({"net": 100}, Dimensions(product_code="甲"), 2000),
        Part({"net": 50}, Dimensions(product_code="乙"), 1000),
        Part({"net": 30}, Dimensions(product_code="甲"), 500),
        Part({"net": 7}, Dimensions(product_code="丙"), 100, {"stock": "6601"}),
    ]
    whole = invoice({"net": 187, "tax": 24, "gross": 211}, stock="1405")
    entries = compose_entries(rule, whole, parts, TEXTS, {}, CHART)
    assert [(e.account_code, e.product_code, e.customer_id, e.debit, e.credit, e.quantity) for e in entries] == [
        ("1405", "甲", None, 130, 0, 2500),
        ("1405", "乙", None, 50, 0, 1000),
        ("6601", None, None, 7, 0, None),
        ("22210107", None, None, 24, 0, None),
        ("2203", None, 7, 0, 211, None),
    ]


def test_a_rule_must_balance_in_each_independent_figure() -> None:
    figures = figures_of({"net": "net", "tax": "tax", "gross": "net + tax", "rest": "net - tax"})
    assert figures["rest"] == {"net": 1, "tax": -1}
    assert imbalance(RULE, figures) == {}
    assert imbalance(RULE[:2], figures) == {"tax": 1}
    assert imbalance([*RULE, PostingLine("credit", "6001", "rest", "")], figures) == {"net": -1, "tax": 1}
