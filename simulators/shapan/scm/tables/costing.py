"""Value of stock and batches: what the company has of a product in quantity and value, and what the ledger knows of both."""

from __future__ import annotations

from collections import defaultdict

import sqlite_utils

from shapan.scm.rules.costing import Cost, at_average, issue_value


def value_and_batches(db: sqlite_utils.Database) -> None:
    """Stock gets a value, movements what they change of it, products their batches."""
    db.execute(
        """
        CREATE TABLE product_cost (
            product_code TEXT PRIMARY KEY REFERENCES product (code),
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli >= 0),
            value_fen INTEGER NOT NULL CHECK (value_fen >= 0),
            CHECK (quantity_milli > 0 OR value_fen = 0)
        ) STRICT
        """
    )
    # company_…: goods in all warehouses and between them. A movement between two warehouses changes neither quantity nor value of the company.
    for column in (
        "batch_no TEXT",
        "company_change_milli INTEGER NOT NULL DEFAULT 0",
        "company_after_milli INTEGER NOT NULL DEFAULT 0",
        "value_change_fen INTEGER NOT NULL DEFAULT 0",
        "value_after_fen INTEGER NOT NULL DEFAULT 0",
    ):
        db.execute(f"ALTER TABLE movement ADD COLUMN {column}")
    db.table("movement").create_index(["product_code", "business_date"])
    for column in (
        "kind TEXT NOT NULL DEFAULT 'goods'",
        "batch_managed INTEGER NOT NULL DEFAULT 0",
        "shelf_life_days INTEGER",
        "safety_stock_milli INTEGER NOT NULL DEFAULT 0",
    ):
        db.execute(f"ALTER TABLE product ADD COLUMN {column}")
    db.execute("ALTER TABLE delivery_line ADD COLUMN cost_fen INTEGER")
    db.table("batch").create(
        {"product_code": str, "batch_no": str, "production_date": str, "expiry_date": str, "created_at": str},
        pk=("product_code", "batch_no"),
        not_null={"created_at"},
        foreign_keys=[("product_code", "product", "code")],
        strict=True,
    )
    db.execute(
        """
        CREATE TABLE batch_stock (
            product_code TEXT NOT NULL,
            warehouse_code TEXT NOT NULL REFERENCES warehouse (code),
            batch_no TEXT NOT NULL,
            on_hand_milli INTEGER NOT NULL CHECK (on_hand_milli >= 0),
            PRIMARY KEY (product_code, warehouse_code, batch_no),
            FOREIGN KEY (product_code, batch_no) REFERENCES batch (product_code, batch_no)
        ) STRICT
        """
    )
    _value_what_was_moved(db)


def _value_what_was_moved(db: sqlite_utils.Database) -> None:
    """The movements of a database of version 0.1, which knew no value: receipts and issues at the average of their time."""
    costs: defaultdict[str, Cost] = defaultdict(lambda: Cost(0, 0))
    for code, milli, value in db.execute(
        "SELECT product_code, sum(opening_milli), sum(opening_value_fen) FROM stock GROUP BY product_code"
    ).fetchall():
        costs[code] = Cost(milli, value if milli else 0)
    for serial, code, change in db.execute(
        "SELECT id, product_code, change_milli FROM movement ORDER BY id"
    ).fetchall():
        cost = costs[code]
        value = at_average(cost, change) if change > 0 else -issue_value(cost, -change)
        costs[code] = cost = Cost(cost.quantity_milli + change, cost.value_fen + value)
        db.execute(
            "UPDATE movement SET company_change_milli = ?, company_after_milli = ?, value_change_fen = ?, value_after_fen = ? WHERE id = ?",
            (change, cost.quantity_milli, value, cost.value_fen, serial),
        )
    db.table("product_cost").insert_all(
        {"product_code": code, "quantity_milli": cost.quantity_milli, "value_fen": cost.value_fen}
        for code, cost in costs.items()
    )
