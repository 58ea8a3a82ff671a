"""Books that version 0.1.0 wrote go on under this version: with their postings, and with everything that came since."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlite_utils

from shapan.finance.charts import chart_of_accounts, kinds
from shapan.finance.operations import closing, customers, ledger, receivables, vouchers
from shapan.finance.operations.books import get_books
from shapan.finance.tables import MIGRATIONS, first
from shapan.kernel.database import kernel_tables

if TYPE_CHECKING:
    from tests.finance.conftest import Books

# The posting rules of 0.1.0, with account codes; the user has changed the second line.
OLD_RULES = [
    ("receivable", 1, "debit", "1122", "gross"),
    ("receivable", 2, "credit", "6051", "net"),
    ("receivable", 3, "credit", "22210107", "tax"),
    ("receipt", 1, "debit", "bank_account", "amount"),
    ("receipt", 2, "credit", "1122", "amount"),
]


def old_books(books: Books) -> None:
    """Write what 0.1.0 wrote: tables, chart, rules, choices, a customer with an opening receivable, a voucher."""
    database = sqlite_utils.Database(books.db)
    for migration in (kernel_tables, first.first):
        migration(database)
    books.db.execute("BEGIN")
    # 0.1.0 knew neither roles nor dimensions other than the customer, and one account fewer.
    rows = [row for row in chart_of_accounts() if row.code != "1901"]
    database.table("account").insert_all(
        {
            "code": row.code,
            "name": row.name,
            "english_name": row.english_name,
            "category": row.category,
            "direction": row.direction,
            "parent": row.parent,
            "leaf": int(row.leaf),
            "dimensions": json.dumps([name for name in row.dimensions if name == "customer"]),
            "controlled": int(row.code == "1122"),
            "change": number,
        }
        for number, row in enumerate(rows, 1)
    )
    books.db.execute("INSERT INTO shapan_number (series, last) VALUES ('change', 500), ('voucher-2026-11-记', 1)")
    database.table("posting_rule").insert_all(
        {
            "document": kind,
            "line_no": n,
            "word": "记",
            "side": side,
            "account": account,
            "amount": amount,
            "summary": "{text}",
        }
        for kind, n, side, account, amount in OLD_RULES
    )
    database.table("books").insert({"id": 1, "opening_period": "2026-10"})
    database.table("period").insert_all(
        [{"period": "2026-09", "state": "locked", "change": 201}, {"period": "2026-11", "state": "open", "change": 202}]
    )
    customer = {"id": 1, "short_name": "华信科技（北京）", "payment_terms_days": 30, "created_at": "", "change": 203}
    database.table("customer").insert(customer)
    database.table("opening_balance").insert_all(
        [
            {"account_code": "1122", "customer_id": 1, "debit_fen": 50000, "credit_fen": 0},
            {"account_code": "1405", "customer_id": None, "debit_fen": 70000, "credit_fen": 0},
            {"account_code": "4001", "customer_id": None, "debit_fen": 0, "credit_fen": 120000},
        ]
    )
    opening = {"number": "QC-1", "business_date": "2026-09-10", "due_date": "2026-10-10", "period": "2026-09"}
    amounts = {"net_fen": 50000, "tax_fen": 0, "gross_fen": 50000, "settled_fen": 0, "state": "open", "opening": 1}
    database.table("receivable").insert({"customer_id": 1, **opening, **amounts, "change": 204})
    books.db.execute(
        "INSERT INTO voucher (id, period, word, number, date, source_kind, line_count, posted_at, change)"
        " VALUES (1, '2026-11', '记', 1, '2026-11-03', 'manual', 2, '', 205)"
    )
    books.db.execute("INSERT INTO voucher_line VALUES (1, 1, '广告费', '6601', NULL, 1000, 0)")
    books.db.execute("INSERT INTO voucher_line VALUES (1, 2, '广告费', '100201', NULL, 0, 1000)")
    books.db.execute("COMMIT")


def test_books_of_the_first_version_go_on(new_books: Callable[[], Books]) -> None:
    books = type(new_books())()
    old_books(books)
    database = sqlite_utils.Database(books.db)
    books.db.execute("BEGIN")
    for migration in MIGRATIONS[1:]:
        migration(database)
    books.db.execute("COMMIT")
    assert books.db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert books.do(get_books)["standard"] == "enterprise"
    known = books.do(customers.get_customer, customer_id=1)
    assert [known[member] for member in ("phone", "bank_name", "bank_account")] == [None] * 3
    old = books.do(vouchers.get_voucher, voucher_id=1)
    assert (old["label"], old["maker"], old["reverses"], old["lines"][0]["debit"]) == ("记-0001", None, None, "10.00")
    rules = {row[0] for row in books.db.execute("SELECT DISTINCT document FROM posting_rule")}
    assert rules == set(kinds())
    made = books.do(
        receivables.create_receivable,
        body={
            "customer_id": 1,
            "business_date": "2026-11-24",
            "source_reference": {"system": "scm", "document": "XSCK-202611-00001"},
            "lines": [{"description": "电缆", "net_amount": "100.00", "tax_rate": "0.13", "tax_amount": "13.00"}],
        },
    )
    lines = books.do(vouchers.get_voucher, voucher_id=made["voucher_id"])["lines"]
    assert [line["account_code"] for line in lines] == ["1122", "6051", "22210107"]
    red = books.do(vouchers.reverse_voucher, voucher_id=1, body={})
    assert red["reverses"] == 1
    owed = books.do(ledger.get_dimension_balances, account_code="1122", dimension="customer", period="2026-11")
    assert [(row["key"], row["closing_debit"]) for row in owed["rows"]] == [("1", "613.00")]
    steps = books.do(closing.get_period_checklist, period="2026-10")["steps"]
    assert [step["step"] for step in steps if step["state"] != "done"] == ["allowance"]
