"""Supplier invoices, payables, payments and their settlement (采购发票, 应付单, 付款单, 付款核销).

A mismatched invoice has no voucher and may still change; from its voucher on nothing does but how much red invoices take back of it.
"""

from __future__ import annotations

import sqlite_utils

_HEAD = {"id": int, "number": str, "supplier_id": int, "business_date": str, "period": str}
_HEAD_NEEDS = {"number", "supplier_id", "business_date", "period", "change"}


def payables(db: sqlite_utils.Database) -> None:
    """Invoices, payables, payments, settlements, and the tolerance of the match."""
    _invoices(db)
    _payables(db)
    _payments(db)
    _settlements(db)
    db.table("match_tolerance").create(
        {"id": int, "price_bp": int, "line_fen": int}, pk="id", not_null={"price_bp", "line_fen"}, strict=True
    )
    db.table("match_tolerance").insert({"id": 1, "price_bp": 0, "line_fen": 2})
    _guards(db)


def _invoices(db: sqlite_utils.Database) -> None:
    db.table("supplier_invoice").create(
        {
            **_HEAD,
            "invoice_number": str,
            "invoice_kind": str,
            "invoice_date": str,
            "due_date": str,
            "summary": str,
            "state": str,
            "reverses_id": int,
            "differences": str,
            "reason": str,
            "released_by": str,
            "voucher_id": int,
            "entered_at": str,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            *_HEAD_NEEDS,
            "invoice_number",
            "invoice_kind",
            "invoice_date",
            "due_date",
            "state",
            "differences",
            "entered_at",
        },
        foreign_keys=[
            ("supplier_id", "supplier", "id"),
            ("reverses_id", "supplier_invoice", "id"),
            ("voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    _indices(db, "supplier_invoice", "supplier_id", "state", "invoice_number")
    db.execute(
        "CREATE UNIQUE INDEX supplier_invoice_once ON supplier_invoice (supplier_id, invoice_number) WHERE state <> 'cancelled'"
    )
    db.table("supplier_invoice_line").create(
        {
            "supplier_invoice_id": int,
            "line_no": int,
            "goods_receipt_id": int,
            "goods_receipt_line_no": int,
            "purchase_order_id": int,
            "purchase_order_line_no": int,
            "description": str,
            "quantity_milli": int,
            "net_fen": int,
            "rate_bp": int,
            "tax_fen": int,
            "to_cost_fen": int,
            "red_milli": int,
        },
        pk=("supplier_invoice_id", "line_no"),
        not_null={"quantity_milli", "net_fen", "rate_bp", "tax_fen", "to_cost_fen", "red_milli"},
        foreign_keys=[("supplier_invoice_id", "supplier_invoice", "id")],
        strict=True,
    )
    db.table("invoice_allocation").create(
        {
            "supplier_invoice_id": int,
            "line_no": int,
            "goods_receipt_id": int,
            "goods_receipt_line_no": int,
            "quantity_milli": int,
            "net_fen": int,
        },
        pk=("supplier_invoice_id", "line_no", "goods_receipt_id", "goods_receipt_line_no"),
        not_null={"quantity_milli", "net_fen"},
        foreign_keys=[("supplier_invoice_id", "supplier_invoice", "id"), ("goods_receipt_id", "goods_receipt", "id")],
        strict=True,
    )
    db.table("invoice_allocation").create_index(["goods_receipt_id", "goods_receipt_line_no"])


def _payables(db: sqlite_utils.Database) -> None:
    db.table("payable").create(
        {
            **_HEAD,
            "due_date": str,
            "summary": str,
            "net_fen": int,
            "tax_fen": int,
            "gross_fen": int,
            "settled_fen": int,
            "state": str,
            "opening": int,
            "supplier_invoice_id": int,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            *_HEAD_NEEDS,
            "due_date",
            "net_fen",
            "tax_fen",
            "gross_fen",
            "settled_fen",
            "state",
            "opening",
        },
        foreign_keys=[
            ("supplier_id", "supplier", "id"),
            ("supplier_invoice_id", "supplier_invoice", "id"),
            ("voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    _indices(db, "payable", "supplier_id", "state")
    db.table("payable").create_index(["supplier_invoice_id"], unique=True)


def _payments(db: sqlite_utils.Database) -> None:
    db.table("payment").create(
        {
            **_HEAD,
            "kind": str,
            "amount_fen": int,
            "applied_fen": int,
            "state": str,
            "opening": int,
            "bank_account": str,
            "bank_reference": str,
            "reverses_id": int,
            "reason": str,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            *_HEAD_NEEDS,
            "kind",
            "amount_fen",
            "applied_fen",
            "state",
            "opening",
        },
        foreign_keys=[
            ("supplier_id", "supplier", "id"),
            ("bank_account", "account", "code"),
            ("reverses_id", "payment", "id"),
            ("voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    _indices(db, "payment", "supplier_id", "state", "bank_reference")
    _once(db, "payment")


def _settlements(db: sqlite_utils.Database) -> None:
    db.table("payable_settlement").create(
        {
            **_HEAD,
            "payment_id": int,
            "red_payable_id": int,
            "reverses_id": int,
            "reason": str,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={*_HEAD_NEEDS, "posted_at"},
        foreign_keys=[
            ("supplier_id", "supplier", "id"),
            ("payment_id", "payment", "id"),
            ("red_payable_id", "payable", "id"),
            ("reverses_id", "payable_settlement", "id"),
            ("voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    _indices(db, "payable_settlement", "supplier_id", "payment_id")
    _once(db, "payable_settlement")
    db.table("payable_settlement_line").create(
        {"payable_settlement_id": int, "line_no": int, "payable_id": int, "amount_fen": int},
        pk=("payable_settlement_id", "line_no"),
        not_null={"payable_id", "amount_fen"},
        foreign_keys=[("payable_settlement_id", "payable_settlement", "id"), ("payable_id", "payable", "id")],
        strict=True,
    )
    db.table("payable_settlement_line").create_index(["payable_id"])


def _once(db: sqlite_utils.Database, table: str) -> None:
    # A second reversal of a document cannot be stored.
    db.execute(f"CREATE UNIQUE INDEX {table}_reverses ON {table} (reverses_id) WHERE reverses_id IS NOT NULL")


def _indices(db: sqlite_utils.Database, table: str, *columns: str) -> None:
    db.table(table).create_index(["change"], unique=True)
    db.table(table).create_index(["number"], unique=True)
    for column in columns:
        db.table(table).create_index([column, "change"])


def _guards(db: sqlite_utils.Database) -> None:
    """The last line of defence: triggers, as for receivables."""
    for table in (
        "supplier_invoice",
        "supplier_invoice_line",
        "invoice_allocation",
        "payable_settlement",
        "payable_settlement_line",
    ):
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted is never deleted'); END"
        )
    # Opening items may go as long as nothing is posted.
    posted = "OLD.opening = 0 OR EXISTS (SELECT 1 FROM voucher)"
    for table in ("payable", "payment"):
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} WHEN {posted}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted is never deleted'); END"
        )
    changing: dict[str, set[str]] = {
        "supplier_invoice_line": {"red_milli"},
        "invoice_allocation": set(),
        "payable": {"settled_fen", "state", "change"},
        "payment": {"applied_fen", "state", "change"},
        # A reversal changes the reversed settlement in nothing but its place in the order of changes.
        "payable_settlement": {"change"},
        "payable_settlement_line": set(),
    }
    for table, free in changing.items():
        fixed = ", ".join(name for name in db.table(table).columns_dict if name not in free)
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {fixed} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted never changes'); END"
        )
    fixed = ", ".join(name for name in db.table("supplier_invoice").columns_dict if name != "change")
    db.execute(
        f"CREATE TRIGGER supplier_invoice_fixed BEFORE UPDATE OF {fixed} ON supplier_invoice WHEN OLD.posted_at IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'supplier_invoice: what is posted never changes'); END"
    )
    for table, used, whole in (("payable", "settled_fen", "gross_fen"), ("payment", "applied_fen", "amount_fen")):
        db.execute(
            f"CREATE TRIGGER {table}_within BEFORE UPDATE OF {used} ON {table}"
            f" WHEN NEW.{used} NOT BETWEEN min(0, NEW.{whole}) AND max(0, NEW.{whole})"
            f" BEGIN SELECT RAISE(ABORT, '{table}: settled beyond its amount'); END"
        )
