"""Batches and where they lie (批次库存). Only `stock.book` changes what a warehouse has of a batch."""

from __future__ import annotations

import sqlite3
from datetime import date

from shapan.scm.rules.batches import Batch, BatchBalance


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def get(db: sqlite3.Connection, product_code: str, batch_no: str) -> Batch | None:
    """The batch of this number, or None."""
    row = db.execute(
        "SELECT batch_no, production_date, expiry_date FROM batch WHERE product_code = ? AND batch_no = ?",
        (product_code, batch_no),
    ).fetchone()
    return None if row is None else Batch(row["batch_no"], _day(row["production_date"]), _day(row["expiry_date"]))


def enter(db: sqlite3.Connection, product_code: str, batch: Batch, now: str) -> None:
    """Add a batch that is not there yet; one that is stays as it is (`rules.batches.batch_faults` has compared the dates)."""
    db.execute(
        "INSERT INTO batch (product_code, batch_no, production_date, expiry_date, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (product_code, batch_no) DO NOTHING",
        (
            product_code,
            batch.batch_no,
            batch.production_date and batch.production_date.isoformat(),
            batch.expiry_date and batch.expiry_date.isoformat(),
            now,
        ),
    )


def balances(db: sqlite3.Connection, warehouse_code: str, product_code: str) -> list[BatchBalance]:
    """What a warehouse has of each batch of a product, those of which nothing is left without."""
    return [
        BatchBalance(row["batch_no"], _day(row["expiry_date"]), row["on_hand_milli"])
        for row in db.execute(
            "SELECT s.batch_no, b.expiry_date, s.on_hand_milli FROM batch_stock AS s"
            " JOIN batch AS b ON b.product_code = s.product_code AND b.batch_no = s.batch_no"
            " WHERE s.product_code = ? AND s.warehouse_code = ? AND s.on_hand_milli > 0 ORDER BY s.batch_no",
            (product_code, warehouse_code),
        )
    ]


def move(db: sqlite3.Connection, warehouse_code: str, product_code: str, batch_no: str, change_milli: int) -> None:
    """Add to what a warehouse has of a batch; the CHECK refuses less than nothing."""
    # The update first: an upsert would hold the row to be inserted against the CHECK before it found the conflict.
    moved = db.execute(
        "UPDATE batch_stock SET on_hand_milli = on_hand_milli + ? WHERE product_code = ? AND warehouse_code = ? AND batch_no = ?",
        (change_milli, product_code, warehouse_code, batch_no),
    ).rowcount
    if not moved:
        db.execute(
            "INSERT INTO batch_stock (product_code, warehouse_code, batch_no, on_hand_milli) VALUES (?, ?, ?, ?)",
            (product_code, warehouse_code, batch_no, change_milli),
        )
