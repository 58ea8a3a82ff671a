"""What finance takes over from before its books opened (历史单据): how customers are reached, and documents without vouchers.

Receivables that were settled, receipts and settlements of the past are there to be read and added up; their entries stand in the former
ledger, and here in the opening balances. Like open items, they may go as long as nothing is posted.
"""

from __future__ import annotations

import sqlite_utils

from shapan.finance.tables.making import fix

_RECEIPT_MAY_CHANGE = {
    *(
        "applied_fen",
        "advance_fen",
        "reversed_fen",
        "reversed_unapplied_fen",
        "reversed_on",
        "reason",
        "reversal_voucher_id",
    ),
    *("state", "change"),
}
# Table -> which of its rows are of before the books opened.
_OPENING = {
    "receipt": "OLD.opening",
    "settlement": "EXISTS (SELECT 1 FROM receipt WHERE id = OLD.receipt_id AND opening)",
    "settlement_line": "EXISTS (SELECT 1 FROM settlement AS s JOIN receipt AS r ON r.id = s.receipt_id"
    " WHERE s.id = OLD.settlement_id AND r.opening)",
    "receivable_line": "EXISTS (SELECT 1 FROM receivable WHERE id = OLD.receivable_id AND opening)",
    "payable_settlement": "EXISTS (SELECT 1 FROM payment WHERE id = OLD.payment_id AND opening)",
    "payable_settlement_line": "EXISTS (SELECT 1 FROM payable_settlement AS s JOIN payment AS p ON p.id = s.payment_id"
    " WHERE s.id = OLD.payable_settlement_id AND p.opening)",
}


def history(db: sqlite_utils.Database) -> None:
    """More columns of customers, receipts without vouchers, and guards that let documents of the past go with the opening balances."""
    for column in ("phone", "bank_name", "bank_account"):
        db.execute(f"ALTER TABLE customer ADD COLUMN {column} TEXT")
    _receipts_without_vouchers(db)
    for table, of_before in _OPENING.items():
        db.execute(f"DROP TRIGGER {table}_stays")
        posted = f"NOT ({of_before}) OR EXISTS (SELECT 1 FROM voucher)"  # noqa: S608
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} WHEN {posted}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted is never deleted'); END"
        )


def _receipts_without_vouchers(db: sqlite_utils.Database) -> None:
    """`opening` marks receipts of before the books opened; only these have no voucher.

    A column that may be NULL takes the place of the one that may not: the table is not built anew, so that what refers to it stays.
    """
    db.execute("DROP TRIGGER receipt_fixed")
    db.execute("ALTER TABLE receipt ADD COLUMN opening INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE receipt RENAME COLUMN voucher_id TO voucher_id_before")
    db.execute("ALTER TABLE receipt ADD COLUMN voucher_id INTEGER REFERENCES voucher (id)")
    db.execute("UPDATE receipt SET voucher_id = voucher_id_before")
    db.execute("ALTER TABLE receipt DROP COLUMN voucher_id_before")
    fix(db, "receipt", _RECEIPT_MAY_CHANGE)
    db.execute(
        "CREATE TRIGGER receipt_has_voucher BEFORE INSERT ON receipt WHEN NEW.voucher_id IS NULL AND NOT NEW.opening"
        " BEGIN SELECT RAISE(ABORT, 'receipt: it has no voucher'); END"
    )
