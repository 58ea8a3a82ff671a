"""Write-offs of bad debts and what was recovered of them (坏账核销单, 坏账收回)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.write_offs import lost_of, write_off_state
from shapan.finance.store.query import changed_page, next_change, one

_WRITE_OFF = (
    "w.id, w.number, w.customer_id, c.short_name, w.business_date, w.period, w.amount_fen, w.recovered_fen, w.state, w.reason,"
    " w.voucher_id, v.word AS voucher_word, v.number AS voucher_number, w.reversed_on, w.reversal_reason, w.reversal_voucher_id,"
    " x.word AS reversal_word, x.number AS reversal_number, w.posted_at, w.change"
)
_WRITE_OFFS = (
    "write_off AS w JOIN customer AS c ON c.id = w.customer_id JOIN voucher AS v ON v.id = w.voucher_id"
    " LEFT JOIN voucher AS x ON x.id = w.reversal_voucher_id"
)


def insert(db: sqlite3.Connection, write_off: Mapping[str, Any], allocations: Sequence[tuple[int, int]]) -> int:
    """Add a posted write-off with its allocations (receivable id, fen); its id."""
    cursor = db.execute(
        "INSERT INTO write_off (number, customer_id, business_date, period, amount_fen, recovered_fen, state, reason, voucher_id,"
        " posted_at, change) VALUES (:number, :customer_id, :business_date, :period, :amount_fen, 0, 'posted', :reason, :voucher_id,"
        " :posted_at, :change)",
        {**write_off, "change": next_change(db)},
    )
    write_off_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO write_off_line (write_off_id, line_no, receivable_id, amount_fen) VALUES (?, ?, ?, ?)",
        [(write_off_id, line_no, *allocation) for line_no, allocation in enumerate(allocations, 1)],
    )
    return write_off_id


def get(db: sqlite3.Connection, write_off_id: int) -> sqlite3.Row | None:
    """The write-off of this id."""
    return one(db, f"SELECT {_WRITE_OFF} FROM {_WRITE_OFFS} WHERE w.id = ?", (write_off_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of write-offs, and whether more follow. `filters` are columns of the write-off."""
    named = {f"w.{column}": value for column, value in filters.items()}
    return changed_page(db, _WRITE_OFF, _WRITE_OFFS, "w.change", named, since, limit)


def allocations_of(db: sqlite3.Connection, write_off_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Write-off id -> its allocations in order."""
    return _by_write_off(
        db,
        "SELECT l.write_off_id, l.receivable_id, r.number AS receivable_number, l.amount_fen FROM write_off_line AS l"
        " JOIN receivable AS r ON r.id = l.receivable_id"
        " WHERE l.write_off_id IN (SELECT value FROM json_each(?)) ORDER BY l.write_off_id, l.line_no",
        write_off_ids,
    )


def lost_by(db: sqlite3.Connection, receivable_id: int) -> dict[str, int]:
    """Number of a write-off that is not reversed -> what of this receivable is lost by it, in fen."""
    rows = db.execute(
        "SELECT id, number, recovered_fen FROM write_off WHERE state <> 'reversed'"
        " AND id IN (SELECT write_off_id FROM write_off_line WHERE receivable_id = ?) ORDER BY id",
        (receivable_id,),
    ).fetchall()
    allocations = allocations_of(db, (row["id"] for row in rows))
    lost = {
        row["number"]: lost_of(
            receivable_id, [(a["receivable_id"], a["amount_fen"]) for a in allocations[row["id"]]], row["recovered_fen"]
        )
        for row in rows
    }
    return {number: amount for number, amount in lost.items() if amount}


def recoveries_of(db: sqlite3.Connection, write_off_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Write-off id -> its recoveries in order."""
    return _by_write_off(
        db,
        "SELECT y.write_off_id, y.amount_fen, y.business_date, y.bank_account, y.bank_reference, y.voucher_id, v.word AS voucher_word,"
        " v.number AS voucher_number, y.posted_at FROM write_off_recovery AS y JOIN voucher AS v ON v.id = y.voucher_id"
        " WHERE y.write_off_id IN (SELECT value FROM json_each(?)) ORDER BY y.write_off_id, y.id",
        write_off_ids,
    )


def _by_write_off(db: sqlite3.Connection, sql: str, write_off_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(sql, (json.dumps(list(write_off_ids)),)):
        found.setdefault(row["write_off_id"], []).append(row)
    return found


def add_recovery(db: sqlite3.Connection, recovery: Mapping[str, Any]) -> None:
    """Add money that came in after all."""
    db.execute(
        "INSERT INTO write_off_recovery (write_off_id, amount_fen, business_date, bank_account, bank_reference, voucher_id, posted_at)"
        " VALUES (:write_off_id, :amount_fen, :business_date, :bank_account, :bank_reference, :voucher_id, :posted_at)",
        recovery,
    )
    row = db.execute(
        "SELECT amount_fen, recovered_fen + ? AS recovered_fen FROM write_off WHERE id = ?",
        (recovery["amount_fen"], recovery["write_off_id"]),
    ).fetchone()
    db.execute(
        "UPDATE write_off SET recovered_fen = ?, state = ?, change = ? WHERE id = ?",
        (
            row["recovered_fen"],
            write_off_state(row["amount_fen"], row["recovered_fen"]),
            next_change(db),
            recovery["write_off_id"],
        ),
    )


def reverse(db: sqlite3.Connection, write_off_id: int, day: str, reason: str, voucher_id: int) -> None:
    """Note that the write-off is reversed."""
    db.execute(
        "UPDATE write_off SET state = 'reversed', reversed_on = ?, reversal_reason = ?, reversal_voucher_id = ?, change = ? WHERE id = ?",
        (day, reason, voucher_id, next_change(db), write_off_id),
    )
