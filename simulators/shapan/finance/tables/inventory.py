"""Inventory documents (存货核算单): what moves of stock are worth. Amounts are fen, quantities thousandths."""

from __future__ import annotations

import sqlite_utils


def inventory(db: sqlite_utils.Database) -> None:
    """Inventory documents and their lines; nothing of them ever changes but their place in the order of changes."""
    db.table("inventory_document").create(
        {
            "id": int,
            "number": str,
            "kind": str,
            "business_date": str,
            "period": str,
            "store_code": str,
            "source_system": str,
            "source_document": str,
            "source_id": str,
            "summary": str,
            "amount_fen": int,
            "vat_out_fen": int,
            "reverses_id": int,
            "reason": str,
            "voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            "number",
            "kind",
            "business_date",
            "period",
            "source_system",
            "source_document",
            "amount_fen",
            "vat_out_fen",
            "voucher_id",
            "posted_at",
            "change",
        },
        foreign_keys=[("reverses_id", "inventory_document", "id"), ("voucher_id", "voucher", "id")],
        strict=True,
    )
    db.table("inventory_document").create_index(["change"], unique=True)
    db.table("inventory_document").create_index(["number"], unique=True)
    for column in ("kind", "source_document"):
        db.table("inventory_document").create_index([column, "change"])
    db.execute(
        "CREATE UNIQUE INDEX inventory_document_reverses ON inventory_document (reverses_id) WHERE reverses_id IS NOT NULL"
    )
    db.table("inventory_document_line").create(
        {
            "inventory_document_id": int,
            "line_no": int,
            "product_code": str,
            "stock_class": str,
            "quantity_milli": int,
            "amount_fen": int,
        },
        pk=("inventory_document_id", "line_no"),
        not_null={"product_code", "stock_class", "amount_fen"},
        foreign_keys=[("inventory_document_id", "inventory_document", "id")],
        strict=True,
    )
    for table, free in (("inventory_document", "change"), ("inventory_document_line", "")):
        fixed = ", ".join(name for name in db.table(table).columns_dict if name != free)
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted is never deleted'); END"
        )
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {fixed} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is posted never changes'); END"
        )
