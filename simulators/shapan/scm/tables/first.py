"""What version 0.1.0 has: partners, products, warehouses, stock, sales orders and deliveries. Released, so never changed."""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}


def _masters(db: sqlite_utils.Database) -> None:
    db.table("partner").create(
        {
            "id": int,
            "code": str,
            "short_name": str,
            "full_name": str,
            "tax_number": str,
            "phone": str,
            "address": str,
            **_SOURCE,
            "created_at": str,
            "updated_at": str,
        },
        pk="id",
        not_null={"code", "short_name", "created_at", "updated_at"},
        strict=True,
    )
    db.table("partner").create_index(["code"], unique=True)
    db.table("partner").create_index(["tax_number"])
    db.table("partner").create_index(["short_name"])
    db.table("product").create(
        {"code": str, "name": str, "spec": str, "model": str, "category": str, "base_unit": str, "rate_bp": int},
        pk="code",
        not_null={"name", "spec", "model", "category", "base_unit", "rate_bp"},
        strict=True,
    )
    db.table("product_unit").create(
        {"product_code": str, "position": int, "unit": str, "factor_milli": int},
        pk=("product_code", "position"),
        not_null={"unit", "factor_milli"},
        foreign_keys=[("product_code", "product", "code")],
        strict=True,
    )
    db.table("product_unit").create_index(["product_code", "unit"], unique=True)
    db.table("warehouse").create(
        {"code": str, "name": str, "address": str}, pk="code", not_null={"name", "address"}, strict=True
    )


def _stock(db: sqlite_utils.Database) -> None:
    # By hand, for its CHECKs (sqlite-utils has no word for them): should a rule ever miss one, the change fails and is rolled back.
    # opening_value_fen is what the opening stock is worth, for valuation.
    db.execute(
        """
        CREATE TABLE stock (
            product_code TEXT NOT NULL REFERENCES product (code),
            warehouse_code TEXT NOT NULL REFERENCES warehouse (code),
            opening_milli INTEGER NOT NULL CHECK (opening_milli >= 0),
            opening_value_fen INTEGER NOT NULL,
            on_hand_milli INTEGER NOT NULL CHECK (on_hand_milli >= 0),
            reserved_milli INTEGER NOT NULL CHECK (reserved_milli >= 0),
            PRIMARY KEY (product_code, warehouse_code),
            CHECK (reserved_milli <= on_hand_milli)
        ) STRICT
        """
    )
    db.table("movement").create(
        {
            "id": int,
            "number": str,
            "kind": str,
            "product_code": str,
            "warehouse_code": str,
            "change_milli": int,
            "on_hand_after_milli": int,
            "business_date": str,
            "source_document": str,
            "note": str,
            "created_at": str,
        },
        pk="id",
        not_null={
            "number",
            "kind",
            "product_code",
            "warehouse_code",
            "change_milli",
            "on_hand_after_milli",
            "business_date",
            "created_at",
        },
        foreign_keys=[("product_code", "product", "code"), ("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("movement").create_index(["number"], unique=True)
    db.table("movement").create_index(["product_code", "warehouse_code"])
    db.table("movement").create_index(["source_document"])


def _sales_orders(db: sqlite_utils.Database) -> None:
    db.table("sales_order").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "partner_code": str,
            "warehouse_code": str,
            "order_date": str,
            "requested_date": str,
            "note": str,
            **_SOURCE,
            "net_fen": int,
            "tax_fen": int,
            "created_at": str,
            "updated_at": str,
            "approved_at": str,
            "closed_at": str,
            "cancelled_at": str,
        },
        pk="id",
        not_null={
            "number",
            "state",
            "partner_code",
            "warehouse_code",
            "order_date",
            "net_fen",
            "tax_fen",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("partner_code", "partner", "code"), ("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("sales_order").create_index(["number"], unique=True)
    db.table("sales_order").create_index(["partner_code"])
    db.table("sales_order").create_index(["source_document"])
    db.execute(
        """
        CREATE TABLE sales_order_line (
            order_id INTEGER NOT NULL REFERENCES sales_order (id),
            line_no INTEGER NOT NULL,
            product_code TEXT NOT NULL REFERENCES product (code),
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli > 0),
            unit_price_e4 INTEGER NOT NULL,
            rate_bp INTEGER NOT NULL,
            net_fen INTEGER NOT NULL,
            tax_fen INTEGER NOT NULL,
            reserved_milli INTEGER NOT NULL DEFAULT 0 CHECK (reserved_milli >= 0),
            shipped_milli INTEGER NOT NULL DEFAULT 0 CHECK (shipped_milli >= 0),
            shipped_net_fen INTEGER NOT NULL DEFAULT 0,
            shipped_tax_fen INTEGER NOT NULL DEFAULT 0,
            source_line INTEGER,
            PRIMARY KEY (order_id, line_no),
            CHECK (reserved_milli + shipped_milli <= quantity_milli)
        ) STRICT
        """
    )


def _deliveries(db: sqlite_utils.Database) -> None:
    db.table("delivery").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "order_id": int,
            "ship_date": str,
            "created_at": str,
            "updated_at": str,
            "shipped_at": str,
            "cancelled_at": str,
        },
        pk="id",
        not_null={"number", "state", "order_id", "created_at", "updated_at"},
        foreign_keys=[("order_id", "sales_order", "id")],
        strict=True,
    )
    db.table("delivery").create_index(["number"], unique=True)
    db.table("delivery").create_index(["order_id"])
    db.table("delivery_line").create(
        {"delivery_id": int, "line_no": int, "quantity_milli": int, "net_fen": int, "tax_fen": int},
        pk=("delivery_id", "line_no"),
        not_null={"quantity_milli", "net_fen", "tax_fen"},
        foreign_keys=[("delivery_id", "delivery", "id")],
        strict=True,
    )


def everything(db: sqlite_utils.Database) -> None:
    """Everything that version 0.1.0 has."""
    _masters(db)
    _stock(db)
    _sales_orders(db)
    _deliveries(db)
