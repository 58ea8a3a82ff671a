"""Store sales (门店销售) and returns of sold goods (销售退货)."""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}


def store_sales_and_returns(db: sqlite_utils.Database) -> None:
    """Store sales, whose consumption are their movements; returns, and what they leave of deliveries and orders."""
    _store_sales(db)
    _sales_returns(db)


def _store_sales(db: sqlite_utils.Database) -> None:
    db.table("store_sale").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "warehouse_code": str,
            "business_date": str,
            "note": str,
            **_SOURCE,
            "void_reason": str,
            "created_at": str,
            "updated_at": str,
            "voided_at": str,
        },
        pk="id",
        not_null={"number", "state", "warehouse_code", "business_date", "created_at", "updated_at"},
        foreign_keys=[("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("store_sale").create_index(["number"], unique=True)
    db.table("store_sale").create_index(["warehouse_code", "business_date"])
    db.table("store_sale").create_index(["source_document"])
    db.table("store_sale_line").create(
        {"sale_id": int, "line_no": int, "product_code": str, "quantity_milli": int, "bom_code": str},
        pk=("sale_id", "line_no"),
        not_null={"product_code", "quantity_milli"},
        foreign_keys=[
            ("sale_id", "store_sale", "id"),
            ("product_code", "product", "code"),
            ("bom_code", "bom", "code"),
        ],
        strict=True,
    )


def _sales_returns(db: sqlite_utils.Database) -> None:
    for column in ("returned_milli", "returned_net_fen", "returned_tax_fen", "returned_cost_fen"):
        db.execute(f"ALTER TABLE delivery_line ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0 CHECK ({column} >= 0)")
    db.execute(
        "ALTER TABLE sales_order_line ADD COLUMN returned_milli INTEGER NOT NULL DEFAULT 0 CHECK (returned_milli >= 0)"
    )
    db.table("sales_return").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "delivery_id": int,
            "warehouse_code": str,
            "receive_date": str,
            "reason": str,
            **_SOURCE,
            "created_at": str,
            "updated_at": str,
            "received_at": str,
            "cancelled_at": str,
        },
        pk="id",
        not_null={"number", "state", "delivery_id", "warehouse_code", "reason", "created_at", "updated_at"},
        foreign_keys=[("delivery_id", "delivery", "id"), ("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("sales_return").create_index(["number"], unique=True)
    db.table("sales_return").create_index(["delivery_id"])
    db.table("sales_return_line").create(
        {
            "return_id": int,
            "line_no": int,
            "quantity_milli": int,
            "net_fen": int,
            "tax_fen": int,
            "cost_fen": int,
        },
        pk=("return_id", "line_no"),
        not_null={"quantity_milli", "net_fen", "tax_fen"},
        foreign_keys=[("return_id", "sales_return", "id")],
        strict=True,
    )
