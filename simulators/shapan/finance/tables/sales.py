"""The sales side in full: acceptance, red receivables, advances, reversals, write-offs, cash sales, allowance rates (往来与收款)."""

from __future__ import annotations

import sqlite_utils

from shapan.finance.tables.making import document, fix, keep, lines

# Plain ALTER TABLE: sqlite-utils would build the table anew for a foreign key, and lose its triggers.
_COLUMNS = {
    "receivable": (
        "recognition TEXT NOT NULL DEFAULT 'on_shipment'",
        "recognised_on TEXT",
        "red_of_id INTEGER REFERENCES receivable(id)",
        "reason TEXT",
        "invoiced INTEGER NOT NULL DEFAULT 1",
        "invoiced_on TEXT",
        "invoice_number TEXT",
        "dispatch_voucher_id INTEGER REFERENCES voucher(id)",
        "cost_voucher_id INTEGER REFERENCES voucher(id)",
        "invoice_voucher_id INTEGER REFERENCES voucher(id)",
    ),
    "receivable_line": ("simplified INTEGER NOT NULL DEFAULT 0", "red_of_line_no INTEGER"),
    "receipt": (
        "is_advance INTEGER NOT NULL DEFAULT 0",
        "advance_fen INTEGER NOT NULL DEFAULT 0",
        "reversed_fen INTEGER NOT NULL DEFAULT 0",
        "reversed_unapplied_fen INTEGER NOT NULL DEFAULT 0",
        "reversed_on TEXT",
        "reason TEXT",
        "reversal_voucher_id INTEGER REFERENCES voucher(id)",
    ),
    "settlement": (
        "from_advance INTEGER NOT NULL DEFAULT 0",
        "voucher_id INTEGER REFERENCES voucher(id)",
        "reverses_id INTEGER REFERENCES settlement(id)",
        "reversed_by_id INTEGER REFERENCES settlement(id)",
        "reason TEXT",
    ),
}
_SOURCE = {"source_system": str, "source_document": str, "source_id": str}
_REVERSAL = {"reversed_on": str, "reversal_reason": str, "reversal_voucher_id": int}

# A common disclosure pattern of listed companies; the company sets its own (PUT /allowance-rates).
_STARTING_RATES = (
    ("years_0_1", 500),
    ("years_1_2", 1000),
    ("years_2_3", 3000),
    ("years_3_4", 5000),
    ("years_4_5", 8000),
    ("years_5_up", 10000),
)


def sales(db: sqlite_utils.Database) -> None:
    """Everything beyond version 0.1.0 that receivables, receipts and their settlement have."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    db.execute("CREATE UNIQUE INDEX settlement_reverses ON settlement (reverses_id) WHERE reverses_id IS NOT NULL")
    db.table("receivable").create_index(["red_of_id"])
    _beside_receipts_and_receivables(db)
    _write_offs(db)
    _cash_sales(db)
    _clearings(db)
    _guards(db)


def _beside_receipts_and_receivables(db: sqlite_utils.Database) -> None:
    # What goods cost that were dispatched and not accepted yet.
    cost = {"product_code": str, "amount_fen": int, "quantity_milli": int}
    lines(db, "receivable_cost", "receivable", cost, product_code="inventory_item.code")
    document(
        db,
        "advance_transfer",
        {"receipt_id": int, "amount_fen": int, "business_date": str, "voucher_id": int, "posted_at": str},
        set(),
        receipt_id="receipt.id",
        voucher_id="voucher.id",
    )
    db.table("advance_transfer").create_index(["receipt_id"])
    document(
        db,
        "red_offset",
        {
            "number": str,
            "customer_id": int,
            "red_receivable_id": int,
            "business_date": str,
            "period": str,
            "posted_at": str,
            "change": int,
        },
        set(),
        customer_id="customer.id",
        red_receivable_id="receivable.id",
    )
    db.table("red_offset").create_index(["customer_id", "change"])
    db.table("red_offset").create_index(["red_receivable_id"])
    parts = {"receivable_id": int, "amount_fen": int}
    lines(db, "red_offset_line", "red_offset", parts, receivable_id="receivable.id")
    db.table("red_offset_line").create_index(["receivable_id"])


def _write_offs(db: sqlite_utils.Database) -> None:
    document(
        db,
        "write_off",
        {
            "number": str,
            "customer_id": int,
            "business_date": str,
            "period": str,
            "amount_fen": int,
            "recovered_fen": int,
            "state": str,
            "reason": str,
            "voucher_id": int,
            **_REVERSAL,
            "posted_at": str,
            "change": int,
        },
        set(_REVERSAL),
        customer_id="customer.id",
        voucher_id="voucher.id",
        reversal_voucher_id="voucher.id",
    )
    for column in ("customer_id", "state"):
        db.table("write_off").create_index([column, "change"])
    parts = {"receivable_id": int, "amount_fen": int}
    lines(db, "write_off_line", "write_off", parts, receivable_id="receivable.id")
    db.table("write_off_line").create_index(["receivable_id"])
    document(
        db,
        "write_off_recovery",
        {
            "write_off_id": int,
            "amount_fen": int,
            "business_date": str,
            "bank_account": str,
            "bank_reference": str,
            "voucher_id": int,
            "posted_at": str,
        },
        {"bank_reference"},
        write_off_id="write_off.id",
        voucher_id="voucher.id",
    )
    db.table("write_off_recovery").create_index(["write_off_id"])
    db.table("allowance_rate").create({"bucket": str, "rate_bp": int}, pk="bucket", not_null={"rate_bp"}, strict=True)
    db.table("allowance_rate").insert_all({"bucket": bucket, "rate_bp": rate} for bucket, rate in _STARTING_RATES)


def _cash_sales(db: sqlite_utils.Database) -> None:
    document(
        db,
        "cash_sale",
        {
            "number": str,
            "store_code": str,
            "business_date": str,
            "period": str,
            "summary": str,
            "net_fen": int,
            "tax_fen": int,
            "gross_fen": int,
            "state": str,
            **_SOURCE,
            "voucher_id": int,
            **_REVERSAL,
            "posted_at": str,
            "change": int,
        },
        {"summary", *_SOURCE, *_REVERSAL},
        store_code="store.code",
        voucher_id="voucher.id",
        reversal_voucher_id="voucher.id",
    )
    for column in ("store_code", "business_date", "source_document"):
        db.table("cash_sale").create_index([column, "change"])
    amounts = {"description": str, "net_fen": int, "rate_bp": int, "tax_fen": int, "simplified": int}
    lines(db, "cash_sale_line", "cash_sale", amounts)
    payments = {"method": str, "account_code": str, "amount_fen": int}
    lines(db, "cash_sale_payment", "cash_sale", payments, account_code="account.code")


def _clearings(db: sqlite_utils.Database) -> None:
    """What reduces the open amount of receivables, and when (核销与冲抵).

    A link counts from the day on which all that it links has been posted: documents may be dated ahead.
    """
    posted = "coalesce(r.recognised_on, r.business_date)"
    red = "coalesce(b.recognised_on, b.business_date)"
    db.execute(
        f"""
        CREATE VIEW receivable_clearing AS
        SELECT l.receivable_id, r.customer_id, 'settlement' AS kind, s.number, l.amount_fen, s.receipt_id, s.from_advance,
            max(s.business_date, {posted}, p.business_date) AS business_date
        FROM settlement_line AS l JOIN settlement AS s ON s.id = l.settlement_id JOIN receivable AS r ON r.id = l.receivable_id
            JOIN receipt AS p ON p.id = s.receipt_id
        UNION ALL
        SELECT l.receivable_id, r.customer_id, 'offset', o.number, l.amount_fen, NULL, 0,
            max(o.business_date, {posted}, {red})
        FROM red_offset_line AS l JOIN red_offset AS o ON o.id = l.red_offset_id JOIN receivable AS r ON r.id = l.receivable_id
            JOIN receivable AS b ON b.id = o.red_receivable_id
        UNION ALL
        SELECT o.red_receivable_id, r.customer_id, 'offset', o.number, -l.amount_fen, NULL, 0,
            max(o.business_date, {posted}, {red})
        FROM red_offset_line AS l JOIN red_offset AS o ON o.id = l.red_offset_id JOIN receivable AS r ON r.id = l.receivable_id
            JOIN receivable AS b ON b.id = o.red_receivable_id
        UNION ALL
        SELECT l.receivable_id, w.customer_id, 'write_off', w.number, l.amount_fen, NULL, 0, w.business_date
        FROM write_off_line AS l JOIN write_off AS w ON w.id = l.write_off_id
        UNION ALL
        SELECT l.receivable_id, w.customer_id, 'write_off', w.number, -l.amount_fen, NULL, 0, w.reversed_on
        FROM write_off_line AS l JOIN write_off AS w ON w.id = l.write_off_id WHERE w.reversed_on IS NOT NULL
        """  # noqa: S608
    )


# Columns that say what became of a document after it was posted; all others stay.
_MAY_CHANGE: dict[str, set[str]] = {
    "receivable": {
        "settled_fen",
        "state",
        "change",
        "invoiced",
        "invoiced_on",
        "invoice_number",
        "invoice_voucher_id",
    },
    "receipt": {
        "applied_fen",
        "advance_fen",
        "reversed_fen",
        "reversed_unapplied_fen",
        "reversed_on",
        "reason",
        "reversal_voucher_id",
        "state",
        "change",
    },
    "settlement": {"reversed_by_id", "change"},
    "write_off": {"recovered_fen", "state", "change", *_REVERSAL},
    "cash_sale": {"state", "change", *_REVERSAL},
    **{
        table: set()
        for table in (
            *("receivable_cost", "advance_transfer", "red_offset", "red_offset_line"),
            *("write_off_line", "write_off_recovery", "cash_sale_line", "cash_sale_payment"),
        )
    },
}
# In version 0.1.0 these were guarded already, more strictly than reversals allow.
_GUARDED_BEFORE = ("receivable", "receipt", "settlement")


def _guards(db: sqlite_utils.Database) -> None:
    """The last line of defence (see first.py), now that settlements are reversed and red documents are negative."""
    for name in ("receivable_fixed", "receivable_within", "receipt_fixed", "receipt_within", "settlement_fixed"):
        db.execute(f"DROP TRIGGER {name}")
    for table, may_change in _MAY_CHANGE.items():
        # Until the goods are accepted nothing of a receivable is posted.
        fix(db, table, may_change, "WHEN OLD.state <> 'pending'" if table == "receivable" else "")
        if table not in _GUARDED_BEFORE:
            keep(db, table)
    # What a document shows is what the links to it add up to, and never beyond its amount.
    db.execute(
        """
        CREATE TRIGGER receivable_within BEFORE UPDATE OF settled_fen ON receivable
        WHEN NEW.settled_fen NOT BETWEEN min(NEW.gross_fen, 0) AND max(NEW.gross_fen, 0)
            OR NEW.settled_fen <> (SELECT coalesce(sum(amount_fen), 0) FROM receivable_clearing WHERE receivable_id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'receivable: settled beyond its amount, or not by what clears it'); END
        """
    )
    db.execute(
        """
        CREATE TRIGGER receipt_within BEFORE UPDATE OF applied_fen, advance_fen, reversed_fen ON receipt
        WHEN NEW.applied_fen < 0 OR NEW.advance_fen < 0 OR NEW.reversed_fen < 0
            OR NEW.applied_fen + NEW.advance_fen + NEW.reversed_fen > NEW.amount_fen
            OR NEW.applied_fen <> (
                SELECT coalesce(sum(l.amount_fen), 0) FROM settlement AS s JOIN settlement_line AS l ON l.settlement_id = s.id
                WHERE s.receipt_id = NEW.id
            )
        BEGIN SELECT RAISE(ABORT, 'receipt: applied beyond its amount, or not by its settlements'); END
        """
    )
    db.execute(
        """
        CREATE TRIGGER write_off_within BEFORE UPDATE OF recovered_fen ON write_off
        WHEN NEW.recovered_fen NOT BETWEEN 0 AND NEW.amount_fen
        BEGIN SELECT RAISE(ABORT, 'write_off: recovered beyond its amount'); END
        """
    )
