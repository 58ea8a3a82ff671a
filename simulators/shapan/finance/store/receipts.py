"""Receipts (收款单), and how much of them is applied, an advance, or neither."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.finance.rules.receivables import Unapplied, receipt_state
from shapan.finance.store.query import changed_page, next_change, one

_RECEIPT = (
    "r.id, r.number, r.customer_id, c.short_name, r.business_date, r.period, r.amount_fen, r.applied_fen, r.advance_fen, r.reversed_fen,"
    " r.state, r.is_advance, r.bank_account, r.bank_reference, r.opening, r.voucher_id, v.word AS voucher_word, v.number AS voucher_number,"
    " r.reversed_on, r.reason, r.reversal_voucher_id, w.word AS reversal_word, w.number AS reversal_number, r.posted_at, r.change"
)
_RECEIPTS = (
    "receipt AS r JOIN customer AS c ON c.id = r.customer_id LEFT JOIN voucher AS v ON v.id = r.voucher_id"
    " LEFT JOIN voucher AS w ON w.id = r.reversal_voucher_id"
)
UNAPPLIED = "amount_fen - applied_fen - advance_fen - reversed_fen"
"""SQL: what of a receipt stands in account 1122 and settles nothing yet."""


def insert(db: sqlite3.Connection, receipt: Mapping[str, Any]) -> int:
    """Add a posted receipt; its id. All of it is an advance (预收) when `is_advance` is 1."""
    cursor = db.execute(
        "INSERT INTO receipt (number, customer_id, business_date, period, amount_fen, applied_fen, advance_fen, is_advance, state,"
        " bank_account, bank_reference, voucher_id, posted_at, change) VALUES (:number, :customer_id, :business_date, :period,"
        " :amount_fen, 0, CASE WHEN :is_advance THEN :amount_fen ELSE 0 END, :is_advance, 'unapplied', :bank_account, :bank_reference,"
        " :voucher_id, :posted_at, :change)",
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


def unapplied(db: sqlite3.Connection, receipt_id: int, *, advance: bool = False) -> Unapplied | None:
    """The receipt as settlement sees it: what of it is unapplied, or what of it is an advance."""
    rest = "advance_fen" if advance else UNAPPLIED
    row = one(db, f"SELECT id, number, customer_id, {rest} AS rest FROM receipt WHERE id = ?", (receipt_id,))  # noqa: S608
    return None if row is None else Unapplied(row["id"], row["number"], row["customer_id"], row["rest"])


def of_customer(db: sqlite3.Connection, customer_id: int) -> tuple[int, int]:
    """(unapplied, advances) of a customer's receipts, in fen."""
    row = db.execute(
        f"SELECT coalesce(sum({UNAPPLIED}), 0) AS unapplied, coalesce(sum(advance_fen), 0) AS advance"  # noqa: S608
        " FROM receipt WHERE customer_id = ? AND state NOT IN ('applied', 'reversed')",
        (customer_id,),
    ).fetchone()
    return int(row["unapplied"]), int(row["advance"])


def apply(db: sqlite3.Connection, receipt_id: int, amount: int, *, from_advance: bool) -> None:
    """Note that `amount` more is applied, less when it is negative, out of the advance or of what is unapplied."""
    _change(db, receipt_id, applied=amount, advance=-amount if from_advance else 0)


def to_advance(db: sqlite3.Connection, transfer: Mapping[str, Any]) -> None:
    """Move what is unapplied to the advance, and keep the transfer with its voucher."""
    db.execute(
        "INSERT INTO advance_transfer (receipt_id, amount_fen, business_date, voucher_id, posted_at)"
        " VALUES (:receipt_id, :amount_fen, :business_date, :voucher_id, :posted_at)",
        transfer,
    )
    _change(db, transfer["receipt_id"], advance=transfer["amount_fen"])


def transfers(db: sqlite3.Connection, receipt_id: int) -> list[sqlite3.Row]:
    """What was moved to the advance after the receipt was posted, in order."""
    return db.execute(
        "SELECT amount_fen, business_date, voucher_id FROM advance_transfer WHERE receipt_id = ? ORDER BY id",
        (receipt_id,),
    ).fetchall()


def reverse(db: sqlite3.Connection, receipt_id: int, day: str, reason: str, voucher_id: int) -> None:
    """Note that the receipt is reversed altogether."""
    db.execute(
        f"UPDATE receipt SET reversed_unapplied_fen = {UNAPPLIED}, reversed_fen = amount_fen, advance_fen = 0, reversed_on = ?,"  # noqa: S608
        " reason = ?, reversal_voucher_id = ?, state = 'reversed', change = ? WHERE id = ?",
        (day, reason, voucher_id, next_change(db), receipt_id),
    )


def give_back(db: sqlite3.Connection, receipt_id: int, amount: int, *, from_advance: bool) -> None:
    """Note that `amount` more of a receipt was refunded, less when it is negative, out of the advance or of what is unapplied."""
    db.execute(
        "UPDATE receipt SET reversed_fen = reversed_fen + ?1, reversed_unapplied_fen = reversed_unapplied_fen + iif(?2, 0, ?1),"
        " advance_fen = advance_fen - iif(?2, ?1, 0), change = ?3 WHERE id = ?4",
        (amount, from_advance, next_change(db), receipt_id),
    )


def _change(db: sqlite3.Connection, receipt_id: int, *, applied: int = 0, advance: int = 0) -> None:
    row = db.execute(
        "SELECT amount_fen, applied_fen + ? AS applied_fen, advance_fen + ? AS advance_fen FROM receipt WHERE id = ?",
        (applied, advance, receipt_id),
    ).fetchone()
    db.execute(
        "UPDATE receipt SET applied_fen = ?, advance_fen = ?, state = ?, change = ? WHERE id = ?",
        (
            row["applied_fen"],
            row["advance_fen"],
            receipt_state(row["amount_fen"], row["applied_fen"]),
            next_change(db),
            receipt_id,
        ),
    )
