"""The books in the database: chart of accounts, posting rules as data, and triggers that keep posted documents as they are."""

from __future__ import annotations

import itertools
import sqlite3
from datetime import date
from typing import Any

import pytest

from shapan.finance.charts import STANDARDS, TAXPAYER_KINDS, chart_of_accounts, kinds
from shapan.finance.facts import facts
from shapan.finance.operations import customers, receipts, receivables, settlements, vouchers
from shapan.finance.rules.dimensions import MEMBERS
from shapan.finance.rules.posting import imbalance
from shapan.finance.store import ledger
from shapan.kernel.errors import Problem

pytestmark = pytest.mark.in_process


@pytest.fixture
def posted(books: Any) -> Any:
    """Books with one receivable of 1,000.00, one receipt of 600.00, its settlement, and one manual voucher."""
    books.do(customers.create_customer, body={"short_name": "华信科技（北京）"})
    books.do(
        receivables.create_receivable,
        body={
            "customer_id": 1,
            "business_date": "2026-11-24",
            "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
            "lines": [{"description": "电缆", "net_amount": "884.96", "tax_rate": "0.13", "tax_amount": "115.04"}],
        },
    )
    books.do(receipts.create_receipt, body={"customer_id": 1, "business_date": "2026-11-24", "amount": "600.00"})
    books.do(
        settlements.create_settlement,
        body={"receipt_id": 1, "allocations": [{"receivable_id": 1, "amount": "600.00"}]},
    )
    lines = [
        {"summary": "广告费", "account_code": "6601", "debit": "100.00"},
        {"summary": "广告费", "account_code": "100201", "credit": "100.00"},
    ]
    books.do(vouchers.create_voucher, body={"date": "2026-11-24", "lines": lines})
    return books


BOOKS = list(itertools.product(STANDARDS, TAXPAYER_KINDS))


@pytest.mark.parametrize(("standard", "taxpayer_kind"), BOOKS)
def test_the_charts_hang_together(standard: str, taxpayer_kind: str) -> None:
    chart = chart_of_accounts(standard, taxpayer_kind)
    rows = {row.code: row for row in chart}
    assert len(rows) == len(chart)
    for row in chart:
        assert row.parent is None or row.parent in rows
        assert row.leaf == (row.code not in {other.parent for other in chart})
        assert row.direction in ("debit", "credit")
        assert set(row.dimensions) | set(row.optional_dimensions) <= set(MEMBERS)
        if row.parent is not None:
            assert row.category == rows[row.parent].category
    roles = [role for row in chart for role in row.roles]
    assert len(roles) == len(set(roles))
    assert all(row.leaf for row in chart if row.roles)
    assert [row.code for row in chart if row.controlled and row.code == "1122"] == ["1122"]
    assert rows["1122"].dimensions == ("customer",)
    by_role = {role: row.code for row in chart for role in row.roles}
    general = taxpayer_kind == "general"
    assert by_role["output_vat"] == ("22210107" if general else "222101")
    assert ("input_vat" in by_role) == general
    assert ("allowance" in by_role) == (standard == "enterprise")


def test_the_columns_of_value_added_tax() -> None:
    rows = {row.code: row for row in chart_of_accounts()}
    assert [code for code in rows if rows[code].parent == "222101"] == [f"222101{n:02}" for n in range(1, 11)]


@pytest.mark.parametrize("standard", STANDARDS)
def test_each_account_has_its_like_under_the_other_standard(standard: str) -> None:
    other = {
        row.code: row for row in chart_of_accounts("enterprise" if standard != "enterprise" else "small_enterprise")
    }
    for row in chart_of_accounts(standard):
        assert row.other_standard in other
        assert other[row.other_standard].leaf == row.leaf


@pytest.mark.parametrize(("standard", "taxpayer_kind"), BOOKS)
def test_posting_rules_balance_and_name_accounts_that_can_be_posted_to(standard: str, taxpayer_kind: str) -> None:
    chart = chart_of_accounts(standard, taxpayer_kind)
    leaves = {row.code for row in chart if row.leaf} | {role for row in chart for role in row.roles}
    found = kinds(standard, taxpayer_kind)
    assert {"receivable", "receipt", "surcharges"} <= set(found)
    for kind in found.values():
        assert {line.amount for line in kind.lines} <= set(kind.figures)
        assert imbalance(kind.lines, kind.figures) == {}
        assert {line.account for line in kind.lines} - leaves <= set(kind.brings), kind.name
        assert len(kind.lines) >= 2


def test_a_changed_posting_rule_changes_the_next_voucher(posted: Any) -> None:
    posted.db.execute("UPDATE posting_rule SET account = '6051' WHERE document = 'receivable' AND account = 'revenue'")
    made = posted.do(
        receivables.create_receivable,
        body={
            "customer_id": 1,
            "business_date": "2026-11-24",
            "source_reference": {"system": "scm", "document": "XSCK-202611-00002"},
            "lines": [{"description": "废料", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
        },
    )
    voucher = posted.do(vouchers.get_voucher, voucher_id=made["voucher_id"])
    assert [line["account_code"] for line in voucher["lines"]] == ["1122", "6051", "22210107"]


def test_a_posting_rule_that_does_not_balance_posts_nothing(posted: Any) -> None:
    posted.db.execute("DELETE FROM posting_rule WHERE document = 'receipt' AND side = 'credit'")
    before = ledger.voucher_count(posted.db)
    with pytest.raises(Problem, match="posting rule of receipt"):
        posted.do(receipts.create_receipt, body={"customer_id": 1, "business_date": "2026-11-24", "amount": "1.00"})
    assert ledger.voucher_count(posted.db) == before
    assert posted.db.execute("SELECT count(*) FROM receipt").fetchone()[0] == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE voucher SET date = '2026-11-25'",
        "UPDATE voucher_line SET debit_fen = debit_fen + 1",
        "UPDATE voucher_line SET summary = ''",
        "UPDATE receivable SET gross_fen = gross_fen + 1",
        "UPDATE receivable SET customer_id = 1, due_date = '2030-01-01'",
        "UPDATE receivable_line SET net_fen = 1",
        "UPDATE receipt SET amount_fen = 1",
        "UPDATE receipt SET voucher_id = 1",
        "UPDATE settlement SET receipt_id = 1",
        "UPDATE settlement_line SET amount_fen = 1",
        "DELETE FROM voucher_line",
        "DELETE FROM voucher",
        "DELETE FROM receivable_line",
        "DELETE FROM receivable",
        "DELETE FROM receipt",
        "DELETE FROM settlement_line",
        "DELETE FROM settlement",
        "UPDATE receivable SET settled_fen = gross_fen + 1",
        "UPDATE receivable SET settled_fen = settled_fen - 1",
        "UPDATE receipt SET applied_fen = amount_fen + 1",
        "INSERT INTO voucher_line (voucher_id, line_no, summary, account_code, debit_fen, credit_fen) VALUES (1, 4, '加行', '6001', 0, 100)",
    ],
)
def test_what_is_posted_never_changes(posted: Any, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"posted|beyond|complete"):
        posted.db.execute(statement)


def test_a_voucher_that_does_not_balance_cannot_be_stored(posted: Any) -> None:
    posted.db.execute(
        "INSERT INTO voucher (period, word, number, date, source_kind, line_count, posted_at, change)"
        " VALUES ('2026-11', '转', 1, '2026-11-24', 'manual', 2, '', 9999)"
    )
    voucher_id = posted.db.execute("SELECT max(id) FROM voucher").fetchone()[0]
    posted.db.execute(
        "INSERT INTO voucher_line (voucher_id, line_no, summary, account_code, debit_fen, credit_fen) VALUES (?, 1, '甲', '6601', 100, 0)",
        (voucher_id,),
    )
    with pytest.raises(sqlite3.IntegrityError, match="does not balance"):
        posted.db.execute(
            "INSERT INTO voucher_line (voucher_id, line_no, summary, account_code, debit_fen, credit_fen) VALUES (?, 2, '乙', '100201', 0, 99)",
            (voucher_id,),
        )


def test_facts_of_clean_books(posted: Any) -> None:
    found = facts(posted.db, date(2026, 11, 24))
    (customer,) = found["customers"]
    assert (customer["open_fen"], customer["overdue_fen"], customer["unapplied_fen"]) == (40000, 0, 0)
    (receivable,) = found["receivables"]
    assert (receivable["settled_fen"], receivable["voucher"], receivable["opening"]) == (60000, "记-0001", False)
    assert (receivable["source_system"], receivable["source_document"]) == ("scm", "XSCK-202611-00001")
    assert [receipt["unapplied_fen"] for receipt in found["receipts"]] == [0]
    assert found["settlements"][0]["allocations"] == [{"receivable_id": 1, "amount_fen": 60000}]
    assert found["vouchers"] == {"count": 3, "unbalanced": [], "gaps": []}
    assert found["trial_balance"] == {
        "period": "2026-11",
        "opening": {"debit_fen": 0, "credit_fen": 0},
        "movement": {"debit_fen": 170000, "credit_fen": 170000},
        "closing": {"debit_fen": 100000, "credit_fen": 100000},
        "balanced": True,
    }
    assert found["control_account"] == [{"customer_id": 1, "ledger_1122_fen": 40000, "subledger_fen": 40000}]


def test_facts_tell_of_broken_books(posted: Any) -> None:
    """What no operation can do is done to the file itself: the facts must show each of it."""
    for (trigger,) in posted.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        posted.db.execute(f"DROP TRIGGER {trigger}")
    posted.db.execute("UPDATE voucher_line SET debit_fen = debit_fen + 1 WHERE voucher_id = 1 AND line_no = 1")
    posted.db.execute("UPDATE voucher SET number = 5 WHERE id = 3")
    posted.db.execute("UPDATE settlement_line SET amount_fen = 50000")
    found = facts(posted.db, date(2026, 11, 24))
    assert found["vouchers"]["unbalanced"] == ["2026-11 记-0001: debit 100001 fen, credit 100000 fen"]
    assert found["vouchers"]["gaps"] == ["2026-11 记-0003", "2026-11 记-0004"]
    assert found["trial_balance"]["balanced"] is False
    # The documents go on showing 600.00; beside them stand the settlements that say 500.00.
    assert found["receivables"][0]["settled_fen"] == 60000
    assert found["receipts"][0]["unapplied_fen"] == 0
    assert [line["amount_fen"] for s in found["settlements"] for line in s["allocations"]] == [50000]
    assert found["control_account"] == [{"customer_id": 1, "ledger_1122_fen": 40001, "subledger_fen": 40000}]


def test_a_voucher_without_lines_is_unbalanced(posted: Any) -> None:
    posted.db.execute(
        "INSERT INTO voucher (period, word, number, date, source_kind, line_count, posted_at, change)"
        " VALUES ('2026-11', '转', 1, '2026-11-24', 'manual', 2, '', 9999)"
    )
    assert facts(posted.db, date(2026, 11, 24))["vouchers"]["unbalanced"] == [
        "2026-11 转-0001: debit 0 fen, credit 0 fen"
    ]
