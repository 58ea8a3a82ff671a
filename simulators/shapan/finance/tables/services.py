"""Services of suppliers (费用发票) and refunds from them (供应商退款): columns of invoice lines and of payments."""

from __future__ import annotations

import sqlite_utils

from shapan.finance import charts
from shapan.finance.store import books as book_store
from shapan.finance.tables.making import fix


def services(db: sqlite_utils.Database) -> None:
    """Where the amount of a service goes, and what a refund gives back."""
    for column in (
        "account_code TEXT REFERENCES account (code)",
        "product_code TEXT",
        "store_code TEXT",
    ):
        db.execute(f"ALTER TABLE supplier_invoice_line ADD COLUMN {column}")
    for column in (
        "refunded_payment_id INTEGER REFERENCES payment (id)",
        "refunded_payable_id INTEGER REFERENCES payable (id)",
    ):
        db.execute(f"ALTER TABLE payment ADD COLUMN {column}")
    db.table("payment").create_index(["refunded_payable_id"])
    if db.execute("SELECT EXISTS (SELECT 1 FROM books)").fetchone()[0]:
        choices = book_store.books(db.conn)
        book_store.write_rules(db.conn, charts.kinds(choices.standard, choices.taxpayer_kind).values())
    # The guards name their columns, so those of these tables are made anew.
    for table, free in (("supplier_invoice_line", {"red_milli"}), ("payment", {"applied_fen", "state", "change"})):
        db.execute(f"DROP TRIGGER {table}_fixed")
        fix(db, table, free)
