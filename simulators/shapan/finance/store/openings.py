"""Opening balances and opening receivables (期初余额, 期初应收), which change only while nothing is posted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from shapan.finance.rules.periods import period_of
from shapan.finance.rules.vouchers import Entry
from shapan.finance.store.query import next_change, one


def rows(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """The opening balances, by account."""
    return db.execute(
        "SELECT o.account_code, a.name AS account_name, o.customer_id, o.supplier_id, o.product_code, o.store_code, o.quantity_milli,"
        " o.debit_fen, o.credit_fen FROM opening_balance AS o JOIN account AS a ON a.code = o.account_code ORDER BY o.account_code, o.id"
    ).fetchall()


def entries(db: sqlite3.Connection) -> list[Entry]:
    """The opening balances as rules see them."""
    return [
        Entry(
            *("", row["account_code"], row["customer_id"], row["debit_fen"], row["credit_fen"]),
            *(row["supplier_id"], row["product_code"], row["store_code"], row["quantity_milli"]),
        )
        for row in rows(db)
    ]


def replace(db: sqlite3.Connection, balances: Iterable[Entry]) -> None:
    """Let the books open with these balances."""
    db.execute("DELETE FROM opening_balance")
    db.executemany(
        "INSERT INTO opening_balance (account_code, customer_id, supplier_id, product_code, store_code, quantity_milli, debit_fen,"
        " credit_fen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(entry.account_code, entry.customer_id, entry.supplier_id, entry.product_code, entry.store_code),
                *(entry.quantity, entry.debit, entry.credit),
            )
            for entry in balances
        ],
    )


def insert_receivable(
    db: sqlite3.Connection, customer_id: int, number: str, business: date, due: date, gross: int
) -> None:
    """Add a receivable with which the books open: without lines, source and voucher."""
    db.execute(
        "INSERT INTO receivable (number, customer_id, business_date, due_date, period, net_fen, tax_fen, gross_fen, settled_fen, state,"
        " opening, change) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, 'open', 1, ?)",
        (
            *(number, customer_id, business.isoformat(), due.isoformat(), period_of(business), gross, gross),
            next_change(db),
        ),
    )


def clear_receivables(db: sqlite3.Connection) -> None:
    """Take all opening receivables away, with the receipts of before the books opened and what links them."""
    of_before = "SELECT id FROM receipt WHERE opening = 1"
    db.execute(
        f"DELETE FROM settlement_line WHERE settlement_id IN (SELECT id FROM settlement WHERE receipt_id IN ({of_before}))"  # noqa: S608
    )
    db.execute(f"DELETE FROM settlement WHERE receipt_id IN ({of_before})")  # noqa: S608
    db.execute("DELETE FROM receipt WHERE opening = 1")
    db.execute("DELETE FROM receivable_line WHERE receivable_id IN (SELECT id FROM receivable WHERE opening = 1)")
    db.execute("DELETE FROM receivable WHERE opening = 1")


def latest_item(db: sqlite3.Connection, tables: Iterable[str]) -> str | None:
    """The latest business date of an opening document in these tables."""
    dates = [
        db.execute(f"SELECT max(business_date) FROM {table} WHERE opening = 1").fetchone()[0]  # noqa: S608
        for table in tables
    ]
    return max((day for day in dates if day is not None), default=None)


def number_taken(db: sqlite3.Connection, table: str, number: str) -> bool:
    """Whether a document that the books did not open with has this number."""
    found = one(db, f"SELECT 1 FROM {table} WHERE number = ? AND opening = 0", (number,))  # noqa: S608
    return found is not None
