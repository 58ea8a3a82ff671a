"""Stock counts and their lines (盘点单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.scm.store.query import page_of

_COUNT = "id, number, state, warehouse_code, count_date, note, created_at, updated_at, posted_at, cancelled_at"


def insert(db: sqlite3.Connection, count: Mapping[str, Any], lines: Iterable[tuple[str, str | None, int]]) -> None:
    """Add a draft. `lines` are (product, batch, book quantity)."""
    count_id = db.execute(
        "INSERT INTO stock_count (number, state, warehouse_code, count_date, note, created_at, updated_at)"
        " VALUES (:number, 'draft', :warehouse_code, :count_date, :note, :created_at, :created_at)",
        count,
    ).lastrowid
    db.executemany(
        "INSERT INTO stock_count_line (count_id, line_no, product_code, batch_no, book_milli) VALUES (?, ?, ?, ?, ?)",
        [(count_id, line_no, *line) for line_no, line in enumerate(lines, 1)],
    )


def get(db: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    """The count of this number."""
    row: sqlite3.Row | None = db.execute(f"SELECT {_COUNT} FROM stock_count WHERE number = ?", (number,)).fetchone()  # noqa: S608
    return row


def page(
    db: sqlite3.Connection, state: str | None, warehouse_code: str | None, page: int, page_size: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of counts in the order of entry, and the number of matches."""
    return page_of(db, _COUNT, "stock_count", {"state": state, "warehouse_code": warehouse_code}, "id", page, page_size)


def lines_of(db: sqlite3.Connection, count_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Count id -> its lines in order, each with its product's name and base unit."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.count_id, l.line_no, l.product_code, p.name AS product_name, p.base_unit, l.batch_no, l.book_milli, l.counted_milli,"
        " l.unit_cost_e4, l.difference_fen, l.note FROM stock_count_line AS l JOIN product AS p ON p.code = l.product_code"
        " WHERE l.count_id IN (SELECT value FROM json_each(?)) ORDER BY l.count_id, l.line_no",
        (json.dumps(list(count_ids)),),
    ):
        lines.setdefault(row["count_id"], []).append(row)
    return lines


def book_lines(
    db: sqlite3.Connection, warehouse_code: str, product_codes: Iterable[str] | None
) -> list[tuple[str, str | None, int]]:
    """(product, batch, on hand) of what the book has in a warehouse, by batch where there are batches.

    None takes all that is there; products that are named stand there with nothing, too, unless they are kept in batches.
    """
    named = None if product_codes is None else json.dumps(sorted(set(product_codes)))
    return [
        (row["code"], row["batch_no"], row["book"])
        for row in db.execute(
            "SELECT p.code, NULL AS batch_no, coalesce(s.on_hand_milli, 0) AS book FROM product AS p"
            " LEFT JOIN stock AS s ON s.product_code = p.code AND s.warehouse_code = :warehouse"
            " WHERE NOT p.batch_managed AND iif(:named IS NULL, s.on_hand_milli > 0, p.code IN (SELECT value FROM json_each(:named)))"
            " UNION ALL SELECT p.code, b.batch_no, b.on_hand_milli FROM product AS p"
            " JOIN batch_stock AS b ON b.product_code = p.code AND b.warehouse_code = :warehouse AND b.on_hand_milli > 0"
            " WHERE p.batch_managed AND (:named IS NULL OR p.code IN (SELECT value FROM json_each(:named)))"
            " ORDER BY 1, 2",
            {"warehouse": warehouse_code, "named": named},
        )
    ]


def enter(
    db: sqlite3.Connection,
    count_id: int,
    product_code: str,
    batch_no: str | None,
    book_milli: int,
    counted_milli: int,
    unit_cost_e4: int | None,
    note: str | None,
) -> None:
    """Set what was counted of a product or batch, and the book at this moment; a line that is not there yet is added."""
    figures = (book_milli, counted_milli, unit_cost_e4, note)
    changed = db.execute(
        "UPDATE stock_count_line SET book_milli = ?, counted_milli = ?, unit_cost_e4 = ?, note = ?"
        " WHERE count_id = ? AND product_code = ? AND batch_no IS ?",
        (*figures, count_id, product_code, batch_no),
    ).rowcount
    if not changed:
        db.execute(
            "INSERT INTO stock_count_line (count_id, line_no, product_code, batch_no, book_milli, counted_milli, unit_cost_e4, note)"
            " SELECT ?, max(line_no) + 1, ?, ?, ?, ?, ?, ? FROM stock_count_line WHERE count_id = ?",
            (count_id, product_code, batch_no, *figures, count_id),
        )


def touch(db: sqlite3.Connection, count_id: int, now: str) -> None:
    """Note the time of a change of its lines."""
    db.execute("UPDATE stock_count SET updated_at = ? WHERE id = ?", (now, count_id))


def set_difference(db: sqlite3.Connection, count_id: int, line_no: int, value_fen: int) -> None:
    """What a line's difference is worth, with its sign."""
    db.execute(
        "UPDATE stock_count_line SET difference_fen = ? WHERE count_id = ? AND line_no = ?",
        (value_fen, count_id, line_no),
    )


def post(db: sqlite3.Connection, count_id: int, day: str, now: str) -> None:
    """draft -> posted."""
    db.execute(
        "UPDATE stock_count SET state = 'posted', count_date = ?, posted_at = ?, updated_at = ? WHERE id = ?",
        (day, now, now, count_id),
    )


def cancel(db: sqlite3.Connection, count_id: int, now: str) -> None:
    """draft -> cancelled."""
    db.execute(
        "UPDATE stock_count SET state = 'cancelled', cancelled_at = ?, updated_at = ? WHERE id = ?",
        (now, now, count_id),
    )
