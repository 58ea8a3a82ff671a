"""Settlements of receipts against receivables (核销单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_SETTLEMENT = (
    "s.id, s.number, s.customer_id, c.short_name, s.receipt_id, r.number AS receipt_number, s.business_date, s.period, s.from_advance,"
    " s.reverses_id, s.reversed_by_id, s.voucher_id, v.word AS voucher_word, v.number AS voucher_number, s.reason, s.posted_at, s.change"
)
_SETTLEMENTS = (
    "settlement AS s JOIN customer AS c ON c.id = s.customer_id JOIN receipt AS r ON r.id = s.receipt_id"
    " LEFT JOIN voucher AS v ON v.id = s.voucher_id"
)


def insert(db: sqlite3.Connection, settlement: Mapping[str, Any], allocations: Sequence[tuple[int, int]]) -> int:
    """Add a settlement with its allocations (receivable id, fen); its id."""
    cursor = db.execute(
        "INSERT INTO settlement (number, customer_id, receipt_id, business_date, period, from_advance, voucher_id, reverses_id, reason,"
        " posted_at, change) VALUES (:number, :customer_id, :receipt_id, :business_date, :period, :from_advance, :voucher_id,"
        " :reverses_id, :reason, :posted_at, :change)",
        {**settlement, "change": next_change(db)},
    )
    settlement_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO settlement_line (settlement_id, line_no, receivable_id, amount_fen) VALUES (?, ?, ?, ?)",
        [(settlement_id, line_no, *allocation) for line_no, allocation in enumerate(allocations, 1)],
    )
    return settlement_id


def get(db: sqlite3.Connection, settlement_id: int) -> sqlite3.Row | None:
    """The settlement of this id."""
    return one(db, f"SELECT {_SETTLEMENT} FROM {_SETTLEMENTS} WHERE s.id = ?", (settlement_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of settlements, and whether more follow. `filters` are columns of the settlement."""
    named = {f"s.{column}": value for column, value in filters.items()}
    return changed_page(db, _SETTLEMENT, _SETTLEMENTS, "s.change", named, since, limit)


def last_reversal(db: sqlite3.Connection, receivable_ids: Iterable[int], receipt_id: int | None = None) -> list[date]:
    """The last day on which something that cleared these receivables, or used this receipt, was taken back; empty when nothing was.

    What is dated before it would count a second time on the days in between.
    """
    row = db.execute(
        "SELECT max(day) FROM ("
        " SELECT max(c.business_date) AS day FROM receivable_clearing AS c JOIN receivable AS r ON r.id = c.receivable_id"
        "  WHERE c.receivable_id IN (SELECT value FROM json_each(?1)) AND (c.amount_fen < 0) <> (r.gross_fen < 0)"
        " UNION ALL SELECT max(business_date) FROM receivable_clearing WHERE receipt_id = ?2 AND amount_fen < 0"
        " UNION ALL SELECT max(reversed_on) FROM refund WHERE receipt_id = ?2)",
        (json.dumps(sorted(receivable_ids)), receipt_id),
    ).fetchone()
    return [] if row[0] is None else [date.fromisoformat(row[0])]


def note_reversal(db: sqlite3.Connection, settlement_id: int, reversed_by_id: int) -> None:
    """Note by which settlement this one is reversed."""
    db.execute(
        "UPDATE settlement SET reversed_by_id = ?, change = ? WHERE id = ?",
        (reversed_by_id, next_change(db), settlement_id),
    )


def allocations_of(db: sqlite3.Connection, settlement_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Settlement id -> its allocations in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.settlement_id, l.receivable_id, r.number AS receivable_number, l.amount_fen FROM settlement_line AS l"
        " JOIN receivable AS r ON r.id = l.receivable_id"
        " WHERE l.settlement_id IN (SELECT value FROM json_each(?)) ORDER BY l.settlement_id, l.line_no",
        (json.dumps(list(settlement_ids)),),
    ):
        lines.setdefault(row["settlement_id"], []).append(row)
    return lines
