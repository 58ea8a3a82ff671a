"""Refunds to customers (退款单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_REFUND = (
    "f.id, f.number, f.customer_id, c.short_name, f.business_date, f.period, f.amount_fen, f.receipt_id, p.number AS receipt_number,"
    " f.from_advance, f.receivable_id, r.number AS receivable_number, f.bank_account, f.bank_reference, f.reason, f.state, f.voucher_id,"
    " v.word AS voucher_word, v.number AS voucher_number, f.reversed_on, f.reversal_reason, f.reversal_voucher_id,"
    " x.word AS reversal_word, x.number AS reversal_number, f.posted_at, f.change"
)
_REFUNDS = (
    "refund AS f JOIN customer AS c ON c.id = f.customer_id JOIN voucher AS v ON v.id = f.voucher_id"
    " LEFT JOIN receipt AS p ON p.id = f.receipt_id LEFT JOIN receivable AS r ON r.id = f.receivable_id"
    " LEFT JOIN voucher AS x ON x.id = f.reversal_voucher_id"
)


def insert(db: sqlite3.Connection, refund: Mapping[str, Any]) -> int:
    """Add a posted refund; its id."""
    cursor = db.execute(
        "INSERT INTO refund (number, customer_id, business_date, period, amount_fen, receipt_id, from_advance, receivable_id, bank_account,"
        " bank_reference, reason, state, voucher_id, posted_at, change) VALUES (:number, :customer_id, :business_date, :period,"
        " :amount_fen, :receipt_id, :from_advance, :receivable_id, :bank_account, :bank_reference, :reason, 'posted', :voucher_id,"
        " :posted_at, :change)",
        {**refund, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def get(db: sqlite3.Connection, refund_id: int) -> sqlite3.Row | None:
    """The refund of this id."""
    return one(db, f"SELECT {_REFUND} FROM {_REFUNDS} WHERE f.id = ?", (refund_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of refunds, and whether more follow. `filters` are columns of the refund."""
    named = {f"f.{column}": value for column, value in filters.items()}
    return changed_page(db, _REFUND, _REFUNDS, "f.change", named, since, limit)


def standing_of(db: sqlite3.Connection, receipt_id: int) -> str | None:
    """The number of a refund of this receipt that stands, None when there is none."""
    row = one(db, "SELECT number FROM refund WHERE receipt_id = ? AND state = 'posted' LIMIT 1", (receipt_id,))
    return None if row is None else str(row["number"])


def reverse(db: sqlite3.Connection, refund_id: int, day: str, reason: str, voucher_id: int) -> None:
    """Note that the refund is reversed."""
    db.execute(
        "UPDATE refund SET state = 'reversed', reversed_on = ?, reversal_reason = ?, reversal_voucher_id = ?, change = ? WHERE id = ?",
        (day, reason, voucher_id, next_change(db), refund_id),
    )
