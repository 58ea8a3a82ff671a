"""Stock balances and the movement ledger (库存). A balance only ever changes together with a movement or a reservation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import date

from shapan.scm.store.query import draw_number, page_of

_BALANCE = "s.product_code, p.name, s.warehouse_code, p.base_unit, s.on_hand_milli, s.reserved_milli"
_MOVEMENT = (
    "m.number, m.kind, m.warehouse_code, m.product_code, p.base_unit, m.change_milli, m.on_hand_after_milli, m.business_date,"
    " m.source_document, m.note, m.created_at"
)
_MOVEMENTS = "movement AS m JOIN product AS p ON p.code = m.product_code"


def balances(
    db: sqlite3.Connection, product_code: str | None, warehouse_code: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of balances by product and warehouse, and the number of matches."""
    return page_of(
        db,
        _BALANCE,
        "stock AS s JOIN product AS p ON p.code = s.product_code",
        {"s.product_code": product_code, "s.warehouse_code": warehouse_code},
        "s.product_code, s.warehouse_code",
        page,
        page_size,
    )


def available(db: sqlite3.Connection, warehouse_code: str, product_codes: Iterable[str]) -> dict[str, int]:
    """Product -> on hand less reserved in this warehouse (可用量). Products that it never held are left out."""
    return {
        row["product_code"]: row["available"]
        for row in db.execute(
            "SELECT product_code, on_hand_milli - reserved_milli AS available FROM stock"
            " WHERE warehouse_code = ? AND product_code IN (SELECT value FROM json_each(?))",
            (warehouse_code, json.dumps(sorted(set(product_codes)))),
        )
    }


def reserve(db: sqlite3.Connection, warehouse_code: str, product_code: str, change_milli: int) -> None:
    """Add to the reserved quantity of a balance that exists, or release when negative."""
    db.execute(
        "UPDATE stock SET reserved_milli = reserved_milli + ? WHERE product_code = ? AND warehouse_code = ?",
        (change_milli, product_code, warehouse_code),
    )


def book(
    db: sqlite3.Connection,
    kind: str,
    warehouse_code: str,
    product_code: str,
    change_milli: int,
    business_date: date,
    created_at: str,
    *,
    unreserve_milli: int = 0,
    source_document: str | None = None,
    note: str | None = None,
) -> str:
    """Move stock in or out, release `unreserve_milli` with it, write the ledger; the number of the movement.

    A warehouse that never held the product gets a balance with its first receipt.
    """
    row = db.execute(
        # One statement, because the balance must hold its CHECKs after each.
        "UPDATE stock SET on_hand_milli = on_hand_milli + ?, reserved_milli = reserved_milli - ?"
        " WHERE product_code = ? AND warehouse_code = ? RETURNING on_hand_milli",
        (change_milli, unreserve_milli, product_code, warehouse_code),
    ).fetchone()
    if row is None:
        db.execute(
            "INSERT INTO stock (product_code, warehouse_code, opening_milli, opening_value_fen, on_hand_milli, reserved_milli)"
            " VALUES (?, ?, 0, 0, ?, 0)",
            (product_code, warehouse_code, change_milli),
        )
    number = draw_number(db, "KCLS", business_date)
    db.execute(
        "INSERT INTO movement (number, kind, product_code, warehouse_code, change_milli, on_hand_after_milli, business_date,"
        " source_document, note, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            kind,
            product_code,
            warehouse_code,
            change_milli,
            change_milli if row is None else row["on_hand_milli"],
            business_date.isoformat(),
            source_document,
            note,
            created_at,
        ),
    )
    return number


def movement(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The movement of this number."""
    row: sqlite3.Row | None = db.execute(
        f"SELECT {_MOVEMENT} FROM {_MOVEMENTS} WHERE m.number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    return row


def movements(
    db: sqlite3.Connection,
    product_code: str | None,
    warehouse_code: str | None,
    kind: str | None,
    source_document: str | None,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of the ledger in the order of booking, and the number of matches."""
    filters = {
        "m.product_code": product_code,
        "m.warehouse_code": warehouse_code,
        "m.kind": kind,
        "m.source_document": source_document,
    }
    return page_of(db, _MOVEMENT, _MOVEMENTS, filters, "m.id", page, page_size)
