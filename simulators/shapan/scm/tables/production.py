"""Bills of materials (物料清单), production orders (生产订单) and what is booked for them."""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}


def boms_and_production(db: sqlite_utils.Database) -> None:
    """Bills of materials with their versions; production orders, their material and their receipts."""
    _boms(db)
    _orders(db)
    _postings(db)


def _boms(db: sqlite_utils.Database) -> None:
    db.table("bom").create(
        {
            "id": int,
            "code": str,
            "product_code": str,
            "version": int,
            "state": str,
            "base_milli": int,
            "effective_from": str,
            "effective_to": str,
            "note": str,
            "created_at": str,
            "updated_at": str,
            "retired_at": str,
        },
        pk="id",
        not_null={
            "code",
            "product_code",
            "version",
            "state",
            "base_milli",
            "effective_from",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("product_code", "product", "code")],
        strict=True,
    )
    db.table("bom").create_index(["code"], unique=True)
    db.table("bom").create_index(["product_code", "version"], unique=True)
    db.table("bom_line").create(
        {"bom_id": int, "line_no": int, "product_code": str, "quantity_milli": int, "scrap_bp": int},
        pk=("bom_id", "line_no"),
        not_null={"product_code", "quantity_milli", "scrap_bp"},
        foreign_keys=[("bom_id", "bom", "id"), ("product_code", "product", "code")],
        strict=True,
    )


def _orders(db: sqlite_utils.Database) -> None:
    # By hand, for the CHECKs: nothing is received beyond the plan, and nothing absorbed that was not issued.
    db.execute(
        """
        CREATE TABLE production_order (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            product_code TEXT NOT NULL REFERENCES product (code),
            bom_code TEXT NOT NULL REFERENCES bom (code),
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli > 0),
            received_milli INTEGER NOT NULL DEFAULT 0 CHECK (received_milli >= 0),
            material_warehouse_code TEXT NOT NULL REFERENCES warehouse (code),
            receipt_warehouse_code TEXT NOT NULL REFERENCES warehouse (code),
            planned_start TEXT NOT NULL,
            planned_finish TEXT,
            sales_order_no TEXT,
            note TEXT,
            source_system TEXT,
            source_document TEXT,
            source_id TEXT,
            issued_fen INTEGER NOT NULL DEFAULT 0 CHECK (issued_fen >= 0),
            returned_fen INTEGER NOT NULL DEFAULT 0 CHECK (returned_fen >= 0),
            absorbed_fen INTEGER NOT NULL DEFAULT 0 CHECK (absorbed_fen >= 0),
            labour_fen INTEGER NOT NULL DEFAULT 0,
            overhead_fen INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            released_at TEXT,
            completed_at TEXT,
            cancelled_at TEXT,
            CHECK (received_milli <= quantity_milli),
            CHECK (absorbed_fen + returned_fen <= issued_fen)
        ) STRICT
        """
    )
    db.table("production_order").create_index(["product_code"])
    db.table("production_order").create_index(["sales_order_no"])
    db.execute(
        """
        CREATE TABLE production_material (
            order_id INTEGER NOT NULL REFERENCES production_order (id),
            line_no INTEGER NOT NULL,
            product_code TEXT NOT NULL REFERENCES product (code),
            required_milli INTEGER NOT NULL CHECK (required_milli > 0),
            issued_milli INTEGER NOT NULL DEFAULT 0,
            returned_milli INTEGER NOT NULL DEFAULT 0 CHECK (returned_milli >= 0),
            issued_fen INTEGER NOT NULL DEFAULT 0,
            returned_fen INTEGER NOT NULL DEFAULT 0 CHECK (returned_fen >= 0),
            PRIMARY KEY (order_id, line_no),
            CHECK (returned_milli <= issued_milli),
            CHECK (returned_fen <= issued_fen)
        ) STRICT
        """
    )


def _postings(db: sqlite_utils.Database) -> None:
    # Issues (kind 'issue') and returns ('return') of material. Their lines are their movements.
    db.table("production_posting").create(
        {
            "id": int,
            "number": str,
            "kind": str,
            "order_id": int,
            "warehouse_code": str,
            "business_date": str,
            "note": str,
            "created_at": str,
        },
        pk="id",
        not_null={"number", "kind", "order_id", "warehouse_code", "business_date", "created_at"},
        foreign_keys=[("order_id", "production_order", "id"), ("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("production_posting").create_index(["number"], unique=True)
    db.table("production_posting").create_index(["order_id"])
    db.table("production_receipt").create(
        {
            "id": int,
            "number": str,
            "order_id": int,
            "warehouse_code": str,
            "business_date": str,
            "quantity_milli": int,
            "batch_no": str,
            "final": int,
            "material_fen": int,
            "labour_fen": int,
            "overhead_fen": int,
            "note": str,
            "created_at": str,
        },
        pk="id",
        not_null={
            "number",
            "order_id",
            "warehouse_code",
            "business_date",
            "quantity_milli",
            "final",
            "material_fen",
            "labour_fen",
            "overhead_fen",
            "created_at",
        },
        foreign_keys=[("order_id", "production_order", "id"), ("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("production_receipt").create_index(["number"], unique=True)
    db.table("production_receipt").create_index(["order_id"])
