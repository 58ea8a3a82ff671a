"""Vouchers and the periods they stand in (记账凭证, 会计期间)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.vouchers import Entry
from shapan.finance.store.query import changed_page, next_change, one
from shapan.kernel.numbering import next_number

_VOUCHER = (
    "v.id, v.period, v.word, v.number, v.date, v.source_kind, v.source_number, v.posted_at, v.change, v.maker, v.checker, v.reverses,"
    " r.id AS reversed_by"
)
_VOUCHERS = "voucher AS v LEFT JOIN voucher AS r ON r.reverses = v.id"
_PERIOD = (
    "p.period, p.state, p.change, (SELECT count(*) FROM voucher AS v WHERE v.period = p.period) AS voucher_count,"
    " CASE WHEN p.state = 'locked' THEN (SELECT max(at) FROM period_log AS l WHERE l.period = p.period AND l.action = 'closed') END"
    " AS closed_at"
)


def insert(
    db: sqlite3.Connection,
    day: date,
    period: str,
    word: str,
    source: tuple[str, str | None],
    entries: Sequence[Entry],
    now: str,
    *,
    maker: str | None = None,
    checker: str | None = None,
    reverses: int | None = None,
) -> tuple[int, int]:
    """(id, number) of a new voucher with the next number of its period and word. `source` is kind and number of its document."""
    number = next_number(db, f"voucher-{period}-{word}")
    cursor = db.execute(
        "INSERT INTO voucher (period, word, number, date, source_kind, source_number, line_count, posted_at, change, maker, checker,"
        " reverses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(period, word, number, day.isoformat(), *source, len(entries), now),
            *(next_change(db), maker, checker, reverses),
        ),
    )
    voucher_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO voucher_line (voucher_id, line_no, summary, account_code, customer_id, debit_fen, credit_fen, supplier_id,"
        " product_code, store_code, quantity_milli) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(voucher_id, line_no, entry.summary, entry.account_code, entry.customer_id, entry.debit, entry.credit),
                *(entry.supplier_id, entry.product_code, entry.store_code, entry.quantity),
            )
            for line_no, entry in enumerate(entries, 1)
        ],
    )
    return voucher_id, number


def get(db: sqlite3.Connection, voucher_id: int) -> sqlite3.Row | None:
    """The voucher of this id."""
    return one(db, f"SELECT {_VOUCHER} FROM {_VOUCHERS} WHERE v.id = ?", (voucher_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of vouchers, and whether more follow."""
    named = {f"v.{column}": value for column, value in filters.items()}
    return changed_page(db, _VOUCHER, _VOUCHERS, "v.change", named, since, limit)


def lines_of(db: sqlite3.Connection, voucher_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Voucher id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.voucher_id, l.line_no, l.summary, l.account_code, a.name AS account_name, l.customer_id, l.debit_fen, l.credit_fen,"
        " l.supplier_id, l.product_code, l.store_code, l.quantity_milli"
        " FROM voucher_line AS l JOIN account AS a ON a.code = l.account_code"
        " WHERE l.voucher_id IN (SELECT value FROM json_each(?)) ORDER BY l.voucher_id, l.line_no",
        (json.dumps(list(voucher_ids)),),
    ):
        lines.setdefault(row["voucher_id"], []).append(row)
    return lines


def entries_of(db: sqlite3.Connection, voucher_id: int) -> tuple[Entry, ...]:
    """The entries of a voucher as rules see them."""
    return tuple(
        Entry(
            *(row["summary"], row["account_code"], row["customer_id"], row["debit_fen"], row["credit_fen"]),
            *(row["supplier_id"], row["product_code"], row["store_code"], row["quantity_milli"]),
        )
        for row in lines_of(db, [voucher_id]).get(voucher_id, [])
    )


def opening_period(db: sqlite3.Connection) -> str:
    """The period in which the books open (启用期间)."""
    return str(db.execute("SELECT opening_period FROM books").fetchone()[0])


def period(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The period, when it is locked or has been posted to."""
    return one(db, f"SELECT {_PERIOD} FROM period AS p WHERE p.period = ?", (name,))  # noqa: S608


def period_state(db: sqlite3.Connection, name: str) -> str | None:
    """Its state, None when it has never been posted to."""
    row = one(db, "SELECT state FROM period WHERE period = ?", (name,))
    return None if row is None else str(row["state"])


def periods(db: sqlite3.Connection, since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of periods, and whether more follow."""
    return changed_page(db, _PERIOD, "period AS p", "p.change", {}, since, limit)


def touch_period(db: sqlite3.Connection, name: str) -> None:
    """Open the period if it is new, and note that something was posted in it."""
    db.execute(
        "INSERT INTO period (period, state, change) VALUES (?1, 'open', ?2)"
        " ON CONFLICT (period) DO UPDATE SET change = excluded.change",
        (name, next_change(db)),
    )


def set_period_state(db: sqlite3.Connection, name: str, state: str) -> None:
    """Let a period be open, closing or locked."""
    db.execute(
        "INSERT INTO period (period, state, change) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (period) DO UPDATE SET state = excluded.state, change = excluded.change",
        (name, state, next_change(db)),
    )


def last_locked(db: sqlite3.Connection) -> str:
    """The last period that is closed, or the one before the books open."""
    return str(db.execute("SELECT max(period) FROM period WHERE state = 'locked'").fetchone()[0])
