"""Stores, transfers between warehouses (调拨) and stock counts (盘点)."""

from __future__ import annotations

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}


def stores_transfers_and_counts(db: sqlite_utils.Database) -> None:
    """Warehouses get a kind, movements the line of their document, balances the day on which they were taken over."""
    db.execute("ALTER TABLE warehouse ADD COLUMN kind TEXT NOT NULL DEFAULT 'warehouse'")
    db.execute("ALTER TABLE movement ADD COLUMN source_line INTEGER")
    # For stale stock: the day from which an opening balance counts. None where the balance began with a movement.
    db.execute("ALTER TABLE stock ADD COLUMN opened_on TEXT")
    _transfers(db)
    _stock_counts(db)


def _transfers(db: sqlite_utils.Database) -> None:
    db.table("transfer").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "from_warehouse_code": str,
            "to_warehouse_code": str,
            "send_date": str,
            "receive_date": str,
            "note": str,
            **_SOURCE,
            "loss_reason": str,
            "created_at": str,
            "updated_at": str,
            "sent_at": str,
            "received_at": str,
            "cancelled_at": str,
        },
        pk="id",
        not_null={"number", "state", "from_warehouse_code", "to_warehouse_code", "created_at", "updated_at"},
        foreign_keys=[("from_warehouse_code", "warehouse", "code"), ("to_warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("transfer").create_index(["number"], unique=True)
    db.table("transfer").create_index(["state"])
    db.table("transfer_line").create(
        {
            "transfer_id": int,
            "line_no": int,
            "product_code": str,
            "quantity_milli": int,
            "batch_no": str,
            "cost_fen": int,
            "loss_fen": int,
        },
        pk=("transfer_id", "line_no"),
        not_null={"product_code", "quantity_milli", "loss_fen"},
        defaults={"loss_fen": 0},
        foreign_keys=[("transfer_id", "transfer", "id"), ("product_code", "product", "code")],
        strict=True,
    )
    # What of a line is on its way, by batch: sent less received less lost. By hand for its CHECK.
    db.execute(
        """
        CREATE TABLE transfer_part (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            line_no INTEGER NOT NULL,
            part_no INTEGER NOT NULL,
            batch_no TEXT,
            sent_milli INTEGER NOT NULL CHECK (sent_milli > 0),
            received_milli INTEGER NOT NULL DEFAULT 0 CHECK (received_milli >= 0),
            lost_milli INTEGER NOT NULL DEFAULT 0 CHECK (lost_milli >= 0),
            PRIMARY KEY (transfer_id, line_no, part_no),
            CHECK (received_milli + lost_milli <= sent_milli)
        ) STRICT
        """
    )


def _stock_counts(db: sqlite_utils.Database) -> None:
    db.table("stock_count").create(
        {
            "id": int,
            "number": str,
            "state": str,
            "warehouse_code": str,
            "count_date": str,
            "note": str,
            "created_at": str,
            "updated_at": str,
            "posted_at": str,
            "cancelled_at": str,
        },
        pk="id",
        not_null={"number", "state", "warehouse_code", "count_date", "created_at", "updated_at"},
        foreign_keys=[("warehouse_code", "warehouse", "code")],
        strict=True,
    )
    db.table("stock_count").create_index(["number"], unique=True)
    db.table("stock_count_line").create(
        {
            "count_id": int,
            "line_no": int,
            "product_code": str,
            "batch_no": str,
            "book_milli": int,
            "counted_milli": int,
            "unit_cost_e4": int,
            "difference_fen": int,
            "note": str,
        },
        pk=("count_id", "line_no"),
        not_null={"product_code", "book_milli"},
        foreign_keys=[("count_id", "stock_count", "id"), ("product_code", "product", "code")],
        strict=True,
    )
