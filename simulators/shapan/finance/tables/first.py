"""What version 0.1.0 has: chart, customers, books, vouchers, receivables, receipts, settlements, and the triggers that guard them."""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}


def _chart(db: sqlite_utils.Database) -> None:
    db.table("account").create(
        {
            "code": str,
            "name": str,
            "english_name": str,
            "category": str,
            "direction": str,
            "parent": str,
            "leaf": int,
            "dimensions": str,
            "controlled": int,
            "change": int,
        },
        pk="code",
        not_null={"name", "english_name", "category", "direction", "leaf", "dimensions", "controlled", "change"},
        foreign_keys=[("parent", "account", "code")],
        strict=True,
    )
    db.table("account").create_index(["change"], unique=True)
    db.table("posting_rule").create(
        {
            "document": str,
            "line_no": int,
            "word": str,
            "side": str,
            "account": str,
            "amount": str,
            "summary": str,
        },
        pk=("document", "line_no"),
        not_null={"word", "side", "account", "amount", "summary"},
        strict=True,
    )


def _customers(db: sqlite_utils.Database) -> None:
    db.table("customer").create(
        {
            "id": int,
            "short_name": str,
            "full_name": str,
            "tax_number": str,
            "payment_terms_days": int,
            **_SOURCE,
            "created_at": str,
            "change": int,
        },
        pk="id",
        not_null={"short_name", "payment_terms_days", "created_at", "change"},
        strict=True,
    )
    db.table("customer").create_index(["change"], unique=True)
    for column in ("tax_number", "short_name", "full_name"):
        db.table("customer").create_index([column, "change"])


def _books(db: sqlite_utils.Database) -> None:
    # One row: the period in which the books open (启用期间). Opening balances are balances at its start, not vouchers.
    db.table("books").create({"id": int, "opening_period": str}, pk="id", not_null={"opening_period"}, strict=True)
    db.table("period").create(
        {"period": str, "state": str, "change": int}, pk="period", not_null={"state", "change"}, strict=True
    )
    db.table("period").create_index(["change"], unique=True)
    db.table("opening_balance").create(
        {"id": int, "account_code": str, "customer_id": int, "debit_fen": int, "credit_fen": int},
        pk="id",
        not_null={"account_code", "debit_fen", "credit_fen"},
        foreign_keys=[("account_code", "account", "code"), ("customer_id", "customer", "id")],
        strict=True,
    )
    db.table("voucher").create(
        {
            "id": int,
            "period": str,
            "word": str,
            "number": int,
            "date": str,
            "source_kind": str,
            "source_number": str,
            "line_count": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={"period", "word", "number", "date", "source_kind", "line_count", "posted_at", "change"},
        foreign_keys=[("period", "period", "period")],
        strict=True,
    )
    db.table("voucher").create_index(["change"], unique=True)
    db.table("voucher").create_index(["period", "word", "number"], unique=True)
    db.table("voucher_line").create(
        {
            "voucher_id": int,
            "line_no": int,
            "summary": str,
            "account_code": str,
            "customer_id": int,
            "debit_fen": int,
            "credit_fen": int,
        },
        pk=("voucher_id", "line_no"),
        not_null={"summary", "account_code", "debit_fen", "credit_fen"},
        foreign_keys=[
            ("voucher_id", "voucher", "id"),
            ("account_code", "account", "code"),
            ("customer_id", "customer", "id"),
        ],
        strict=True,
    )
    db.table("voucher_line").create_index(["account_code", "customer_id"])


def _sub_ledger(db: sqlite_utils.Database) -> None:
    db.table("receivable").create(
        {
            "id": int,
            "number": str,
            "customer_id": int,
            "business_date": str,
            "due_date": str,
            "period": str,
            "summary": str,
            "net_fen": int,
            "tax_fen": int,
            "gross_fen": int,
            "settled_fen": int,
            "state": str,
            "opening": int,
            **_SOURCE,
            "order_reference": str,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            "number",
            "customer_id",
            "business_date",
            "due_date",
            "period",
            "net_fen",
            "tax_fen",
            "gross_fen",
            "settled_fen",
            "state",
            "opening",
            "change",
        },
        foreign_keys=[("customer_id", "customer", "id"), ("voucher_id", "voucher", "id")],
        strict=True,
    )
    db.table("receivable").create_index(["change"], unique=True)
    db.table("receivable").create_index(["number"], unique=True)
    for column in ("customer_id", "state", "source_document", "order_reference"):
        db.table("receivable").create_index([column, "change"])
    db.table("receivable_line").create(
        {"receivable_id": int, "line_no": int, "description": str, "net_fen": int, "rate_bp": int, "tax_fen": int},
        pk=("receivable_id", "line_no"),
        not_null={"description", "net_fen", "rate_bp", "tax_fen"},
        foreign_keys=[("receivable_id", "receivable", "id")],
        strict=True,
    )
    db.table("receipt").create(
        {
            "id": int,
            "number": str,
            "customer_id": int,
            "business_date": str,
            "period": str,
            "amount_fen": int,
            "applied_fen": int,
            "state": str,
            "bank_account": str,
            "bank_reference": str,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            "number",
            "customer_id",
            "business_date",
            "period",
            "amount_fen",
            "applied_fen",
            "state",
            "bank_account",
            "voucher_id",
            "posted_at",
            "change",
        },
        foreign_keys=[
            ("customer_id", "customer", "id"),
            ("bank_account", "account", "code"),
            ("voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    db.table("receipt").create_index(["change"], unique=True)
    db.table("receipt").create_index(["number"], unique=True)
    for column in ("customer_id", "state", "bank_reference"):
        db.table("receipt").create_index([column, "change"])
    db.table("settlement").create(
        {
            "id": int,
            "number": str,
            "customer_id": int,
            "receipt_id": int,
            "business_date": str,
            "period": str,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={"number", "customer_id", "receipt_id", "business_date", "period", "posted_at", "change"},
        foreign_keys=[("customer_id", "customer", "id"), ("receipt_id", "receipt", "id")],
        strict=True,
    )
    db.table("settlement").create_index(["change"], unique=True)
    db.table("settlement").create_index(["number"], unique=True)
    for column in ("customer_id", "receipt_id"):
        db.table("settlement").create_index([column, "change"])
    db.table("settlement_line").create(
        {"settlement_id": int, "line_no": int, "receivable_id": int, "amount_fen": int},
        pk=("settlement_id", "line_no"),
        not_null={"receivable_id", "amount_fen"},
        foreign_keys=[("settlement_id", "settlement", "id"), ("receivable_id", "receivable", "id")],
        strict=True,
    )
    db.table("settlement_line").create_index(["receivable_id"])


_IMMUTABLE = ("voucher", "voucher_line", "settlement", "settlement_line", "receivable_line", "opening_balance")
# What may change after posting: only how far a document is settled.
_MUTABLE = {"receivable": ("settled_fen", "gross_fen"), "receipt": ("applied_fen", "amount_fen")}


def _guards(db: sqlite_utils.Database) -> None:
    """The last line of defence: triggers (sqlite-utils has no word for them)."""
    for table in (*_IMMUTABLE, *_MUTABLE):
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted is never deleted'); END"
        )
    for table in _IMMUTABLE:
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted never changes'); END"
        )
    for table, (used, whole) in _MUTABLE.items():
        fixed = ", ".join(name for name in db.table(table).columns_dict if name not in (used, "state", "change"))
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {fixed} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted never changes'); END"
        )
        db.execute(
            f"CREATE TRIGGER {table}_within BEFORE UPDATE OF {used} ON {table}"
            f" WHEN NEW.{used} < OLD.{used} OR NEW.{used} > NEW.{whole}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: settled beyond its amount'); END"
        )
    # The last line closes the voucher: it must balance then, and nothing can be added afterwards.
    db.execute(
        """
        CREATE TRIGGER voucher_line_closed BEFORE INSERT ON voucher_line
        WHEN NEW.line_no > (SELECT line_count FROM voucher WHERE id = NEW.voucher_id)
        BEGIN SELECT RAISE(ABORT, 'voucher_line: the voucher is complete'); END
        """
    )
    db.execute(
        """
        CREATE TRIGGER voucher_line_balances AFTER INSERT ON voucher_line
        WHEN NEW.line_no = (SELECT line_count FROM voucher WHERE id = NEW.voucher_id)
        BEGIN
            SELECT RAISE(ABORT, 'voucher_line: the voucher does not balance')
            FROM voucher_line WHERE voucher_id = NEW.voucher_id GROUP BY voucher_id
            HAVING sum(debit_fen) <> sum(credit_fen) OR count(*) <> NEW.line_no;
        END
        """
    )


def first(db: sqlite_utils.Database) -> None:
    """Everything that version 0.1.0 has."""
    _chart(db)
    _customers(db)
    _books(db)
    _sub_ledger(db)
    _guards(db)
