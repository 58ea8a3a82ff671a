"""Receivables and their lines (应收单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.receivables import OpenItem, ReceivableLine, receivable_state
from shapan.finance.store.query import changed_page, next_change, one

_RECEIVABLE = (
    "r.id, r.number, r.customer_id, c.short_name, r.business_date, r.due_date, r.period, r.summary, r.net_fen, r.tax_fen, r.gross_fen,"
    " r.settled_fen, r.state, r.opening, r.source_system, r.source_document, r.source_id, r.order_reference, r.voucher_id,"
    " v.word AS voucher_word, v.number AS voucher_number, r.posted_at, r.change"
)
_RECEIVABLES = (
    "receivable AS r JOIN customer AS c ON c.id = r.customer_id LEFT JOIN voucher AS v ON v.id = r.voucher_id"
)


def insert(db: sqlite3.Connection, receivable: Mapping[str, Any], lines: Sequence[ReceivableLine]) -> int:
    """Add a posted receivable with its lines; its id."""
    cursor = db.execute(
        "INSERT INTO receivable (number, customer_id, business_date, due_date, period, summary, net_fen, tax_fen, gross_fen, settled_fen,"
        " state, opening, source_system, source_document, source_id, order_reference, voucher_id, posted_at, change)"
        " VALUES (:number, :customer_id, :business_date, :due_date, :period, :summary, :net_fen, :tax_fen, :gross_fen, 0, 'open', 0,"
        " :source_system, :source_document, :source_id, :order_reference, :voucher_id, :posted_at, :change)",
        {**receivable, "change": next_change(db)},
    )
    receivable_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO receivable_line (receivable_id, line_no, description, net_fen, rate_bp, tax_fen) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (receivable_id, line_no, line.description, line.net, line.rate_bp, line.tax)
            for line_no, line in enumerate(lines, 1)
        ],
    )
    return receivable_id


def get(db: sqlite3.Connection, receivable_id: int) -> sqlite3.Row | None:
    """The receivable of this id."""
    return one(db, f"SELECT {_RECEIVABLE} FROM {_RECEIVABLES} WHERE r.id = ?", (receivable_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of receivables, and whether more follow. `filters` are columns of the receivable."""
    named = {f"r.{column}": value for column, value in filters.items()}
    return changed_page(db, _RECEIVABLE, _RECEIVABLES, "r.change", named, since, limit)


def lines_of(db: sqlite3.Connection, receivable_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Receivable id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT receivable_id, line_no, description, net_fen, rate_bp, tax_fen FROM receivable_line"
        " WHERE receivable_id IN (SELECT value FROM json_each(?)) ORDER BY receivable_id, line_no",
        (json.dumps(list(receivable_ids)),),
    ):
        lines.setdefault(row["receivable_id"], []).append(row)
    return lines


def items(db: sqlite3.Connection, receivable_ids: Iterable[int]) -> dict[int, OpenItem]:
    """Those of these receivables that exist, by id, as settlement sees them."""
    rows = db.execute(
        "SELECT id, number, customer_id, gross_fen - settled_fen AS open_fen, due_date FROM receivable"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(receivable_ids))),),
    )
    return {row["id"]: _item(row) for row in rows}


def open_items(db: sqlite3.Connection, customer_id: int) -> list[OpenItem]:
    """What is not settled of a customer's receivables."""
    rows = db.execute(
        "SELECT id, number, customer_id, gross_fen - settled_fen AS open_fen, due_date FROM receivable"
        " WHERE customer_id = ? AND state <> 'settled'",
        (customer_id,),
    )
    return [_item(row) for row in rows]


def _item(row: sqlite3.Row) -> OpenItem:
    return OpenItem(row["id"], row["number"], row["customer_id"], row["open_fen"], date.fromisoformat(row["due_date"]))


def settle(db: sqlite3.Connection, receivable_id: int, amount: int) -> None:
    """Note that `amount` more is settled."""
    row = db.execute(
        "SELECT gross_fen, settled_fen + ? AS settled_fen FROM receivable WHERE id = ?", (amount, receivable_id)
    ).fetchone()
    db.execute(
        "UPDATE receivable SET settled_fen = ?, state = ?, change = ? WHERE id = ?",
        (row["settled_fen"], receivable_state(row["gross_fen"], row["settled_fen"]), next_change(db), receivable_id),
    )
