"""Refunds to customers (退款单): money given back of a receipt, or for a red receivable."""

from __future__ import annotations

import sqlite_utils

from shapan.finance import charts
from shapan.finance.store import books as book_store
from shapan.finance.tables.making import document, fix, keep


def customer_refunds(db: sqlite_utils.Database) -> None:
    """The table, its guard, and what clears a red receivable with it."""
    reversal = {"reversed_on": str, "reversal_reason": str, "reversal_voucher_id": int}
    document(
        db,
        "refund",
        {
            "number": str,
            "customer_id": int,
            "business_date": str,
            "period": str,
            "amount_fen": int,
            "receipt_id": int,
            "from_advance": int,
            "receivable_id": int,
            "bank_account": str,
            "bank_reference": str,
            "reason": str,
            "state": str,
            "voucher_id": int,
            **reversal,
            "posted_at": str,
            "change": int,
        },
        {"receipt_id", "receivable_id", "bank_reference", *reversal},
        customer_id="customer.id",
        receipt_id="receipt.id",
        receivable_id="receivable.id",
        voucher_id="voucher.id",
        reversal_voucher_id="voucher.id",
    )
    for column in ("receipt_id", "receivable_id"):
        db.table("refund").create_index([column])
    db.table("refund").create_index(["customer_id", "change"])
    fix(db, "refund", {"state", "change", *reversal})
    keep(db, "refund")
    _clearings(db)
    if db.execute("SELECT EXISTS (SELECT 1 FROM books)").fetchone()[0]:
        choices = book_store.books(db.conn)
        book_store.write_rules(db.conn, charts.kinds(choices.standard, choices.taxpayer_kind).values())


def _clearings(db: sqlite_utils.Database) -> None:
    """What reduces open amounts (see sales.py), with the refunds of red receivables: these are negative, as their open amounts are."""
    before = db.execute("SELECT sql FROM sqlite_master WHERE name = 'receivable_clearing'").fetchone()[0]
    db.execute("DROP VIEW receivable_clearing")
    db.execute(
        f"{before} UNION ALL"  # noqa: S608
        " SELECT receivable_id, customer_id, 'refund', number, -amount_fen, NULL, 0, business_date FROM refund WHERE receivable_id IS NOT NULL"
        " UNION ALL SELECT receivable_id, customer_id, 'refund', number, amount_fen, NULL, 0, reversed_on FROM refund"
        " WHERE receivable_id IS NOT NULL AND reversed_on IS NOT NULL"
    )
