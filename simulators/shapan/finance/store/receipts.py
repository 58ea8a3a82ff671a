"""Receipts (收款单) and settlements (核销单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.receivables import Unapplied, receipt_state
from shapan.finance.store.query import changed_page, next_change, one

_RECEIPT = (
    "r.id, r.number, r.customer_id, c.short_name, r.business_date, r.period, r.amount_fen, r.applied_fen, r.state, r.bank_account,"
    " r.bank_reference, r.voucher_id, v.word AS voucher_word, v.number AS voucher_number, r.posted_at, r.change"
)
_RECEIPTS = "receipt AS r JOIN customer AS c ON c.id = r.customer_id JOIN voucher AS v ON v.id = r.voucher_id"
_SETTLEMENT = (
    "s.id, s.number, s.customer_id, c.short_name, s.receipt_id, r.number AS receipt_number, s.business_date, s.period, s.posted_at,"
    " s.change"
)
_SETTLEMENTS = "settlement AS s JOIN customer AS c ON c.id = s.customer_id JOIN receipt AS r ON r.id = s.receipt_id"


def insert(db: sqlite3.Connection, receipt: Mapping[str, Any]) -> int:
    """Add a posted receipt; its id."""
    cursor = db.execute(
        "INSERT INTO receipt (number, customer_id, business_date, period, amount_fen, applied_fen, state, bank_account, bank_reference,"
        " voucher_id, posted_at, change) VALUES (:number, :customer_id, :business_date, :period, :amount_fen, 0, 'unapplied',"
        " :bank_account, :bank_reference, :voucher_id, :posted_at, :change)",
        {**receipt, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def get(db: sqlite3.Connection, receipt_id: int) -> sqlite3.Row | None:
    """The receipt of this id."""
    return one(db, f"SELECT {_RECEIPT} FROM {_RECEIPTS} WHERE r.id = ?", (receipt_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of receipts, and whether more follow. `filters` are columns of the receipt."""
    named = {f"r.{column}": value for column, value in filters.items()}
    return changed_page(db, _RECEIPT, _RECEIPTS, "r.change", named, since, limit)


def unapplied(db: sqlite3.Connection, receipt_id: int) -> Unapplied | None:
    """The receipt as settlement sees it."""
    row = one(
        db, "SELECT id, number, customer_id, amount_fen - applied_fen AS rest FROM receipt WHERE id = ?", (receipt_id,)
    )
    return None if row is None else Unapplied(row["id"], row["number"], row["customer_id"], row["rest"])


def unapplied_of_customer(db: sqlite3.Connection, customer_id: int) -> int:
    """What of a customer's receipts is not applied, in fen."""
    row = db.execute(
        "SELECT coalesce(sum(amount_fen - applied_fen), 0) FROM receipt WHERE customer_id = ? AND state <> 'applied'",
        (customer_id,),
    ).fetchone()
    return int(row[0])


def apply(db: sqlite3.Connection, receipt_id: int, amount: int) -> None:
    """Note that `amount` more is applied."""
    row = db.execute(
        "SELECT amount_fen, applied_fen + ? AS applied_fen FROM receipt WHERE id = ?", (amount, receipt_id)
    ).fetchone()
    db.execute(
        "UPDATE receipt SET applied_fen = ?, state = ?, change = ? WHERE id = ?",
        (row["applied_fen"], receipt_state(row["amount_fen"], row["applied_fen"]), next_change(db), receipt_id),
    )


def insert_settlement(
    db: sqlite3.Connection, settlement: Mapping[str, Any], allocations: Sequence[tuple[int, int]]
) -> int:
    """Add a settlement with its allocations (receivable id, fen); its id."""
    cursor = db.execute(
        "INSERT INTO settlement (number, customer_id, receipt_id, business_date, period, posted_at, change)"
        " VALUES (:number, :customer_id, :receipt_id, :business_date, :period, :posted_at, :change)",
        {**settlement, "change": next_change(db)},
    )
    settlement_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO settlement_line (settlement_id, line_no, receivable_id, amount_fen) VALUES (?, ?, ?, ?)",
        [(settlement_id, line_no, *allocation) for line_no, allocation in enumerate(allocations, 1)],
    )
    return settlement_id


def settlement(db: sqlite3.Connection, settlement_id: int) -> sqlite3.Row | None:
    """The settlement of this id."""
    return one(db, f"SELECT {_SETTLEMENT} FROM {_SETTLEMENTS} WHERE s.id = ?", (settlement_id,))  # noqa: S608


def settlements(
    db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """A page of settlements, and whether more follow. `filters` are columns of the settlement."""
    named = {f"s.{column}": value for column, value in filters.items()}
    return changed_page(db, _SETTLEMENT, _SETTLEMENTS, "s.change", named, since, limit)


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
