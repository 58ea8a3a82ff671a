"""Purchase orders, goods receipts and purchase returns as finance registers them, and the accrual of what is not invoiced (暂估).

Quantities are thousandths, unit prices 1/10000 yuan without tax. What is registered stays; only how far it is received, returned and
invoiced changes.
"""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}
_HEAD = {"id": int, "number": str, "supplier_id": int, "business_date": str, "period": str, **_SOURCE}
_HEAD_NEEDS = {"number", "supplier_id", "business_date", "period", "source_system", "source_document"}
_GOODS = {
    "line_no": int,
    "product_code": str,
    "description": str,
    "stock_class": str,
    "quantity_milli": int,
    "price_e4": int,
    "rate_bp": int,
    "net_fen": int,
    "tax_fen": int,
}
_GOODS_NEED = {"product_code", "stock_class", "quantity_milli", "price_e4", "rate_bp", "net_fen", "tax_fen"}


def purchasing(db: sqlite_utils.Database) -> None:
    """The register of orders, receipts and returns, and the accruals."""
    if "supplier_class" not in db.table("supplier").columns_dict:
        db.execute("ALTER TABLE supplier ADD COLUMN supplier_class TEXT NOT NULL DEFAULT 'B'")
    _orders(db)
    _receipts(db)
    _returns(db)
    _accruals(db)
    for table in (
        "purchase_order",
        "purchase_order_line",
        "goods_receipt",
        "goods_receipt_line",
        "purchase_return",
        "purchase_return_line",
        "accrual",
        "accrual_line",
    ):
        db.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is registered is never deleted'); END"
        )
    for table in ("purchase_return", "purchase_return_line", "accrual", "accrual_line"):
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is registered never changes'); END"
        )
    for table, changing in (
        ("purchase_order_line", ("received_milli", "invoiced_milli")),
        ("goods_receipt_line", ("returned_milli", "invoiced_milli")),
    ):
        fixed = ", ".join(name for name in db.table(table).columns_dict if name not in changing)
        db.execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {fixed} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: what is registered never changes'); END"
        )
    db.execute(
        "CREATE TRIGGER goods_receipt_line_within BEFORE UPDATE OF returned_milli ON goods_receipt_line"
        " WHEN NEW.returned_milli > NEW.quantity_milli"
        " BEGIN SELECT RAISE(ABORT, 'goods_receipt_line: more returned than came in'); END"
    )


def _orders(db: sqlite_utils.Database) -> None:
    db.table("purchase_order").create(
        {**_HEAD, "registered_at": str, "change": int},
        pk="id",
        not_null={*_HEAD_NEEDS, "registered_at", "change"},
        foreign_keys=[("supplier_id", "supplier", "id")],
        strict=True,
    )
    _indices(db, "purchase_order", "supplier_id", "source_document")
    db.table("purchase_order_line").create(
        {"purchase_order_id": int, **_GOODS, "received_milli": int, "invoiced_milli": int},
        pk=("purchase_order_id", "line_no"),
        not_null={*_GOODS_NEED, "received_milli", "invoiced_milli"},
        foreign_keys=[("purchase_order_id", "purchase_order", "id")],
        strict=True,
    )


def _receipts(db: sqlite_utils.Database) -> None:
    db.table("goods_receipt").create(
        {**_HEAD, "purchase_order_id": int, "state": str, "registered_at": str, "change": int},
        pk="id",
        not_null={*_HEAD_NEEDS, "state", "registered_at", "change"},
        foreign_keys=[("supplier_id", "supplier", "id"), ("purchase_order_id", "purchase_order", "id")],
        strict=True,
    )
    _indices(db, "goods_receipt", "supplier_id", "purchase_order_id", "state", "source_document")
    db.table("goods_receipt_line").create(
        {
            "goods_receipt_id": int,
            "purchase_order_line_no": int,
            **_GOODS,
            "returned_milli": int,
            "invoiced_milli": int,
        },
        pk=("goods_receipt_id", "line_no"),
        not_null={*_GOODS_NEED, "returned_milli", "invoiced_milli"},
        foreign_keys=[("goods_receipt_id", "goods_receipt", "id")],
        strict=True,
    )


def _returns(db: sqlite_utils.Database) -> None:
    db.table("purchase_return").create(
        {**_HEAD, "reason": str, "registered_at": str, "change": int},
        pk="id",
        not_null={*_HEAD_NEEDS, "registered_at", "change"},
        foreign_keys=[("supplier_id", "supplier", "id")],
        strict=True,
    )
    _indices(db, "purchase_return", "supplier_id", "source_document")
    db.table("purchase_return_line").create(
        {
            "purchase_return_id": int,
            "line_no": int,
            "goods_receipt_id": int,
            "goods_receipt_line_no": int,
            "quantity_milli": int,
        },
        pk=("purchase_return_id", "line_no"),
        not_null={"goods_receipt_id", "goods_receipt_line_no", "quantity_milli"},
        foreign_keys=[("purchase_return_id", "purchase_return", "id"), ("goods_receipt_id", "goods_receipt", "id")],
        strict=True,
    )
    db.table("purchase_return_line").create_index(["goods_receipt_id", "goods_receipt_line_no"])


def _accruals(db: sqlite_utils.Database) -> None:
    db.table("accrual").create(
        {
            "id": int,
            "number": str,
            "supplier_id": int,
            "period": str,
            "amount_fen": int,
            "voucher_id": int,
            "reversal_period": str,
            "reversal_voucher_id": int,
            "posted_at": str,
            "change": int,
        },
        pk="id",
        not_null={
            "number",
            "supplier_id",
            "period",
            "amount_fen",
            "voucher_id",
            "reversal_period",
            "reversal_voucher_id",
            "posted_at",
            "change",
        },
        foreign_keys=[
            ("supplier_id", "supplier", "id"),
            ("voucher_id", "voucher", "id"),
            ("reversal_voucher_id", "voucher", "id"),
        ],
        strict=True,
    )
    _indices(db, "accrual", "supplier_id", "period")
    db.table("accrual_line").create(
        {
            "accrual_id": int,
            "line_no": int,
            "goods_receipt_id": int,
            "goods_receipt_line_no": int,
            "quantity_milli": int,
            "amount_fen": int,
        },
        pk=("accrual_id", "line_no"),
        not_null={"goods_receipt_id", "goods_receipt_line_no", "quantity_milli", "amount_fen"},
        foreign_keys=[("accrual_id", "accrual", "id"), ("goods_receipt_id", "goods_receipt", "id")],
        strict=True,
    )
    db.table("accrual_line").create_index(["goods_receipt_id", "goods_receipt_line_no"])


def _indices(db: sqlite_utils.Database, table: str, *columns: str) -> None:
    db.table(table).create_index(["change"], unique=True)
    db.table(table).create_index(["number"], unique=True)
    for column in columns:
        db.table(table).create_index([column, "change"])
