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


# Of a batch that was entered when it had expired already nothing happens at its last day.
_EXPIRING = "batch AS b JOIN batch_stock AS s ON s.product_code = b.product_code AND s.batch_no = b.batch_no"
_EXPIRES = "s.on_hand_milli > 0 AND substr(b.created_at, 1, 10) <= b.expiry_date"


def next_last_day(db: sqlite3.Connection, first: str) -> str | None:
    """The earliest last day (ISO date), `first` or later, of a batch on hand."""
    row = db.execute(
        f"SELECT b.expiry_date FROM {_EXPIRING} WHERE b.expiry_date >= ? AND {_EXPIRES} ORDER BY b.expiry_date LIMIT 1",  # noqa: S608
        (first,),
    ).fetchone()
    return None if row is None else str(row[0])


def expired_after(db: sqlite3.Connection, last: str) -> list[sqlite3.Row]:
    """What lies where of batches whose last day is this one, as `stock_reports.expiring` gives it."""
    return db.execute(
        "SELECT s.product_code, p.name AS product_name, s.warehouse_code, p.base_unit, s.batch_no, b.production_date, b.expiry_date,"  # noqa: S608
        f" s.on_hand_milli FROM {_EXPIRING} JOIN product AS p ON p.code = b.product_code"
        f" WHERE b.expiry_date = ? AND {_EXPIRES} ORDER BY s.product_code, s.batch_no, s.warehouse_code",
        (last,),
    ).fetchall()


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
