"""Payments (付款单) and settlements of payables (付款核销单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules.payables import payment_state
from shapan.finance.rules.periods import period_of
from shapan.finance.store.query import changed_page, next_change, one

_PAYMENT = (
    "p.id, p.number, p.supplier_id, s.short_name, p.business_date, p.period, p.kind, p.amount_fen, p.applied_fen, p.state, p.opening,"
    " p.bank_account, p.bank_reference, p.reverses_id, r.id AS reversed_by_id, p.reason, p.voucher_id, v.word AS voucher_word,"
    " v.number AS voucher_number, p.refunded_payment_id, p.refunded_payable_id, p.posted_at, p.change"
)
_PAYMENTS = (
    "payment AS p JOIN supplier AS s ON s.id = p.supplier_id LEFT JOIN payment AS r ON r.reverses_id = p.id"
    " LEFT JOIN voucher AS v ON v.id = p.voucher_id"
)
_SETTLEMENT = (
    "t.id, t.number, t.supplier_id, s.short_name, t.business_date, t.period, t.payment_id, t.red_payable_id, t.reverses_id,"
    " r.id AS reversed_by_id, t.reason, t.voucher_id, v.word AS voucher_word, v.number AS voucher_number, t.posted_at, t.change"
)
_SETTLEMENTS = (
    "payable_settlement AS t JOIN supplier AS s ON s.id = t.supplier_id LEFT JOIN payable_settlement AS r ON r.reverses_id = t.id"
    " LEFT JOIN voucher AS v ON v.id = t.voucher_id"
)


_MAY_LACK = (
    *("bank_account", "bank_reference", "reverses_id", "reason", "voucher_id", "posted_at"),
    *("refunded_payment_id", "refunded_payable_id"),
)


def insert(db: sqlite3.Connection, payment: Mapping[str, Any]) -> int:
    """Add a payment of which nothing is applied; its id. Members that are missing are None."""
    cursor = db.execute(
        "INSERT INTO payment (number, supplier_id, business_date, period, kind, amount_fen, applied_fen, state, opening, bank_account,"
        " bank_reference, reverses_id, reason, voucher_id, refunded_payment_id, refunded_payable_id, posted_at, change) VALUES (:number,"
        " :supplier_id, :business_date, :period, :kind, :amount_fen, :applied_fen, :state, :opening, :bank_account, :bank_reference,"
        " :reverses_id, :reason, :voucher_id, :refunded_payment_id, :refunded_payable_id, :posted_at, :change)",
        {**dict.fromkeys(_MAY_LACK), "applied_fen": 0, **payment, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def insert_opening(db: sqlite3.Connection, supplier_id: int, number: str, business_date: date, amount: int) -> None:
    """Add a prepayment that the books open with."""
    insert(
        db,
        {
            "number": number,
            "supplier_id": supplier_id,
            "business_date": business_date.isoformat(),
            "period": period_of(business_date),
            "kind": "prepayment",
            "amount_fen": amount,
            "state": "unapplied",
            "opening": 1,
        },
    )


def clear_openings(db: sqlite3.Connection) -> None:
    """Take away the prepayments that the books opened with, as long as nothing is posted."""
    db.execute("DELETE FROM payment WHERE opening = 1")


def get(db: sqlite3.Connection, payment_id: int) -> sqlite3.Row | None:
    """The payment of this id."""
    return one(db, f"SELECT {_PAYMENT} FROM {_PAYMENTS} WHERE p.id = ?", (payment_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of payments, and whether more follow. `filters` are columns of the payment."""
    named = {f"p.{column}": value for column, value in filters.items()}
    return changed_page(db, _PAYMENT, _PAYMENTS, "p.change", named, since, limit)


def apply(db: sqlite3.Connection, payment_id: int, amount: int) -> None:
    """Note that `amount` more of a payment is applied; less when a settlement is taken back."""
    row = db.execute(
        "SELECT amount_fen, applied_fen + ? AS applied_fen FROM payment WHERE id = ?", (amount, payment_id)
    ).fetchone()
    db.execute(
        "UPDATE payment SET applied_fen = ?, state = ?, change = ? WHERE id = ?",
        (row["applied_fen"], payment_state(row["amount_fen"], row["applied_fen"]), next_change(db), payment_id),
    )


def mark_reversed(db: sqlite3.Connection, payment_id: int) -> None:
    """Note that a payment was taken back."""
    db.execute("UPDATE payment SET state = 'reversed', change = ? WHERE id = ?", (next_change(db), payment_id))


def insert_settlement(
    db: sqlite3.Connection, settlement: Mapping[str, Any], allocations: Sequence[tuple[int, int]]
) -> int:
    """Add a settlement of (payable id, fen); its id."""
    cursor = db.execute(
        "INSERT INTO payable_settlement (number, supplier_id, business_date, period, payment_id, red_payable_id, reverses_id, reason,"
        " voucher_id, posted_at, change) VALUES (:number, :supplier_id, :business_date, :period, :payment_id, :red_payable_id,"
        " :reverses_id, :reason, :voucher_id, :posted_at, :change)",
        {**settlement, "change": next_change(db)},
    )
    settlement_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO payable_settlement_line (payable_settlement_id, line_no, payable_id, amount_fen) VALUES (?, ?, ?, ?)",
        [(settlement_id, line_no, *allocation) for line_no, allocation in enumerate(allocations, 1)],
    )
    return settlement_id


def touch_settlement(db: sqlite3.Connection, settlement_id: int) -> None:
    """Note that a settlement shows something new: that it was taken back."""
    db.execute("UPDATE payable_settlement SET change = ? WHERE id = ?", (next_change(db), settlement_id))


def settlement(db: sqlite3.Connection, settlement_id: int) -> sqlite3.Row | None:
    """The settlement of this id."""
    return one(db, f"SELECT {_SETTLEMENT} FROM {_SETTLEMENTS} WHERE t.id = ?", (settlement_id,))  # noqa: S608


def settlements(
    db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """A page of settlements, and whether more follow. `filters` are columns of the settlement."""
    named = {f"t.{column}": value for column, value in filters.items()}
    return changed_page(db, _SETTLEMENT, _SETTLEMENTS, "t.change", named, since, limit)


def allocations_of(db: sqlite3.Connection, settlement_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Settlement id -> its allocations in order."""
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.payable_settlement_id, l.payable_id, p.number, l.amount_fen FROM payable_settlement_line AS l"
        " JOIN payable AS p ON p.id = l.payable_id WHERE l.payable_settlement_id IN (SELECT value FROM json_each(?))"
        " ORDER BY l.payable_settlement_id, l.line_no",
        (json.dumps(list(settlement_ids)),),
    ):
        found.setdefault(row["payable_settlement_id"], []).append(row)
    return found
