"""The general ledger in full: roles of accounts, the choices of the books, dimensions, drafts and reversals (总账)."""

from __future__ import annotations

import sqlite_utils

from shapan.finance.charts import chart_of_accounts, kinds
from shapan.finance.store import books

_DIMENSIONS = (
    "supplier_id INTEGER REFERENCES supplier(id)",
    "product_code TEXT REFERENCES inventory_item(code)",
    "store_code TEXT REFERENCES store(code)",
)


def ledger(db: sqlite_utils.Database) -> None:
    """Everything beyond version 0.1.0 that accounts, books and vouchers have."""
    _accounts(db)
    _vouchers(db)
    _drafts(db)
    _openings_may_change_before_the_first_voucher(db)
    if db.table("books").count:  # books of 0.1.0, which knew one standard and one kind of taxpayer
        books.write_chart(db.conn, chart_of_accounts())
        books.write_rules(db.conn, kinds().values())


def _add(db: sqlite_utils.Database, table: str, *columns: str) -> None:
    # Plain SQL: sqlite-utils would build the table anew for a foreign key, and lose its triggers.
    for column in columns:
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _accounts(db: sqlite_utils.Database) -> None:
    _add(db, "account", "optional_dimensions TEXT NOT NULL DEFAULT '[]'")
    # What posting rules and closing steps call an account by, so that they hold for both standards.
    db.table("account_role").create(
        {"role": str, "account_code": str},
        pk="role",
        not_null={"account_code"},
        foreign_keys=[("account_code", "account", "code")],
        strict=True,
    )
    _add(
        db,
        "books",
        "standard TEXT NOT NULL DEFAULT 'enterprise'",
        "taxpayer_kind TEXT NOT NULL DEFAULT 'general'",
        "revenue_recognition TEXT NOT NULL DEFAULT 'on_shipment'",
    )


def _vouchers(db: sqlite_utils.Database) -> None:
    _add(db, "voucher", "maker TEXT", "checker TEXT", "reverses INTEGER REFERENCES voucher(id)")
    # Once only: a second reversal of a voucher cannot be stored.
    db.execute("CREATE UNIQUE INDEX voucher_reverses ON voucher (reverses) WHERE reverses IS NOT NULL")
    _add(db, "voucher_line", *_DIMENSIONS, "quantity_milli INTEGER")
    _add(db, "opening_balance", *_DIMENSIONS, "quantity_milli INTEGER")


def _drafts(db: sqlite_utils.Database) -> None:
    # Not rows of `voucher`: a draft has no number and may change, a voucher never does.
    db.table("voucher_draft").create(
        {
            "id": int,
            "date": str,
            "word": str,
            "lines": str,
            "maker": str,
            "state": str,
            "voucher_id": int,
            "created_at": str,
            "change": int,
        },
        pk="id",
        not_null={"date", "word", "lines", "maker", "state", "created_at", "change"},
        foreign_keys=[("voucher_id", "voucher", "id")],
        strict=True,
    )
    db.table("voucher_draft").create_index(["change"], unique=True)
    db.table("voucher_draft").create_index(["state", "change"])


def _openings_may_change_before_the_first_voucher(db: sqlite_utils.Database) -> None:
    posted = "EXISTS (SELECT 1 FROM voucher)"
    for name in ("opening_balance_stays", "opening_balance_fixed", "receivable_stays"):
        db.execute(f"DROP TRIGGER {name}")
    for name, event in (("stays", "DELETE"), ("fixed", "UPDATE")):
        db.execute(
            f"CREATE TRIGGER opening_balance_{name} BEFORE {event} ON opening_balance WHEN {posted}"
            " BEGIN SELECT RAISE(ABORT, 'opening_balance: what is posted never changes'); END"
        )
    db.execute(
        f"CREATE TRIGGER receivable_stays BEFORE DELETE ON receivable WHEN OLD.opening = 0 OR {posted}"
        " BEGIN SELECT RAISE(ABORT, 'receivable: what is posted is never deleted'); END"
    )
