"""SQL of store sales (门店销售) and their lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.crm.rules.orders import Line
from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid
from shapan.kernel.money import Tax
from shapan.kernel.numbering import next_number

_LINE_COLUMNS = ", ".join(Line._fields)
_INSERT_LINE = f"INSERT INTO store_sale_line (sale_seq, {_LINE_COLUMNS}) VALUES (?{', ?' * len(Line._fields)})"  # noqa: S608


def insert(
    db: sqlite3.Connection,
    *,
    store_code: str,
    member_id: str | None,
    sold_at: str,
    payments: Sequence[Mapping[str, Any]],
    lines: Sequence[Line],
    amount: Tax,
    points: int,
    today: date,
    now: str,
) -> sqlite3.Row:
    """A new store sale, with the next number of the month of `today`. `sold_at` has the offset of Shanghai, so its date is the day of business."""
    month = f"{today:%Y%m}"
    row: sqlite3.Row = db.execute(
        "INSERT INTO store_sale (id, number, store_code, member_id, state, sold_at, business_date, payments, net_fen, tax_fen, points,"
        " version, created_at, updated_at) VALUES (?, ?, ?, ?, 'completed', ?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING *",
        (
            new_uuid(),
            f"SAL-{month}-{next_number(db, f'store-sale-{month}'):05d}",
            store_code,
            member_id,
            sold_at,
            sold_at[:10],
            json.dumps(list(payments)),
            amount.net,
            amount.tax,
            points,
            now,
            now,
        ),
    ).fetchone()
    db.executemany(_INSERT_LINE, [(row["seq"], *line) for line in lines])
    return row


def void(db: sqlite3.Connection, seq: int, reason: str, now: str) -> sqlite3.Row:
    """A store sale becomes voided."""
    row: sqlite3.Row = db.execute(
        "UPDATE store_sale SET state = 'voided', voided_at = ?1, void_reason = ?2, version = version + 1, updated_at = ?1"
        " WHERE seq = ?3 RETURNING *",
        (now, reason, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, sale_id: str) -> sqlite3.Row | None:
    """The store sale with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM store_sale WHERE id = ?", (sale_id,)).fetchone()
    return row


def lines_of(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of these store sales in their order, by the sale's seq, in one statement."""
    found: dict[int, list[Line]] = {seq: [] for seq in seqs}
    rows = db.execute(
        f"SELECT sale_seq, {_LINE_COLUMNS} FROM store_sale_line"  # noqa: S608
        " WHERE sale_seq IN (SELECT value FROM json_each(?)) ORDER BY sale_seq, line_number",
        (json.dumps(list(found)),),
    )
    for seq, *line in rows:
        found[seq].append(Line(*line))
    return found


def page(
    db: sqlite3.Connection,
    *,
    store_code: str | None,
    member_id: str | None,
    business_date: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Store sales that match all filters given."""
    filters = {"store_code = ?": store_code, "member_id = ?": member_id, "business_date = ?": business_date}
    return select_page(db, "store_sale", filters, after, limit)
