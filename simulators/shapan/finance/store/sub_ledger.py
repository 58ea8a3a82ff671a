"""The sub-ledger of receivables as it stood at the end of a day (应收明细账): open items, unapplied receipts, advances, entries on 1122.

A link between documents counts from the day on which all of them have been posted (the view receivable_clearing), so that open
receivables less unapplied receipts are account 1122 on every day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from shapan.finance.rules.ageing import AgedItem
from shapan.finance.store.receivables import RECOGNISED

_OPEN = f"""
SELECT r.id, r.customer_id, r.number, r.business_date, coalesce(r.recognised_on, r.business_date) AS posted_on, r.due_date, r.gross_fen,
    r.gross_fen - coalesce(c.cleared, 0) AS open_fen
FROM receivable AS r
LEFT JOIN (
    SELECT receivable_id, sum(amount_fen) AS cleared FROM receivable_clearing
    WHERE business_date <= :day AND (:customer IS NULL OR customer_id = :customer) GROUP BY receivable_id
) AS c ON c.receivable_id = r.id
WHERE r.{RECOGNISED} AND coalesce(r.recognised_on, r.business_date) <= :day AND (:customer IS NULL OR r.customer_id = :customer)
    AND r.gross_fen <> coalesce(c.cleared, 0)
ORDER BY r.customer_id, posted_on, r.id
"""  # noqa: S608
# What of receipts stood in 1122, and in the account of advances, at the end of a day, by customer.
_RECEIPTS = """
SELECT customer_id, sum(unapplied) AS unapplied_fen, sum(advance) AS advance_fen FROM (
    SELECT customer_id, CASE WHEN is_advance THEN 0 ELSE amount_fen END AS unapplied,
        CASE WHEN is_advance THEN amount_fen ELSE 0 END AS advance
    FROM receipt WHERE business_date <= :day
    UNION ALL
    SELECT r.customer_id, -t.amount_fen, t.amount_fen FROM advance_transfer AS t JOIN receipt AS r ON r.id = t.receipt_id
    WHERE t.business_date <= :day
    UNION ALL
    SELECT customer_id, CASE WHEN from_advance THEN 0 ELSE -amount_fen END, CASE WHEN from_advance THEN -amount_fen ELSE 0 END
    FROM receivable_clearing WHERE kind = 'settlement' AND business_date <= :day
    UNION ALL
    SELECT customer_id, -reversed_unapplied_fen, reversed_unapplied_fen - reversed_fen FROM receipt WHERE reversed_on <= :day
    UNION ALL
    SELECT customer_id, iif(from_advance, 0, -amount_fen), iif(from_advance, -amount_fen, 0) FROM refund
    WHERE receipt_id IS NOT NULL AND business_date <= :day
    UNION ALL
    SELECT customer_id, iif(from_advance, 0, amount_fen), iif(from_advance, amount_fen, 0) FROM refund
    WHERE receipt_id IS NOT NULL AND reversed_on <= :day
) WHERE :customer IS NULL OR customer_id = :customer GROUP BY customer_id
"""


def open_at(db: sqlite3.Connection, day: date, customer_id: int | None = None) -> list[sqlite3.Row]:
    """Receivables with something open at the end of a day, by customer and posting date: id, customer_id, number, business_date,
    posted_on, due_date, gross_fen, open_fen.
    """
    return db.execute(_OPEN, {"day": day.isoformat(), "customer": customer_id}).fetchall()


def aged_items(rows: Iterable[sqlite3.Row]) -> list[AgedItem]:
    """Open receivables as ageing sees them."""
    return [
        AgedItem(
            row["customer_id"],
            row["number"],
            date.fromisoformat(row["posted_on"]),
            date.fromisoformat(row["due_date"]),
            row["open_fen"],
        )
        for row in rows
    ]


def receipts_at(db: sqlite3.Connection, day: date, customer_id: int | None = None) -> dict[int, tuple[int, int]]:
    """Customer -> (unapplied, advances) in fen at the end of a day."""
    rows = db.execute(_RECEIPTS, {"day": day.isoformat(), "customer": customer_id})
    return {row["customer_id"]: (row["unapplied_fen"], row["advance_fen"]) for row in rows}


def short_names(db: sqlite3.Connection) -> dict[int, str]:
    """Customer -> short name."""
    return {row["id"]: row["short_name"] for row in db.execute("SELECT id, short_name FROM customer")}


def balance_before(db: sqlite3.Connection, account_code: str, customer_id: int, day: date) -> int:
    """Debits less credits of a customer on an account before a day, the opening balance included."""
    row = db.execute(
        "SELECT coalesce((SELECT sum(debit_fen - credit_fen) FROM opening_balance WHERE account_code = ?1 AND customer_id = ?2), 0)"
        " + coalesce((SELECT sum(l.debit_fen - l.credit_fen) FROM voucher_line AS l JOIN voucher AS v ON v.id = l.voucher_id"
        "   WHERE l.account_code = ?1 AND l.customer_id = ?2 AND v.date < ?3), 0)",
        (account_code, customer_id, day.isoformat()),
    ).fetchone()
    return int(row[0])


def entries(db: sqlite3.Connection, account_code: str, customer_id: int, first: date, last: date) -> list[sqlite3.Row]:
    """A customer's entries on an account from `first` to `last`, by date and posting."""
    return db.execute(
        "SELECT v.id AS voucher_id, v.date, v.word, v.number, v.source_kind, v.source_number, l.summary, l.debit_fen, l.credit_fen"
        " FROM voucher_line AS l JOIN voucher AS v ON v.id = l.voucher_id"
        " WHERE l.account_code = ? AND l.customer_id = ? AND v.date BETWEEN ? AND ? ORDER BY v.date, v.id, l.line_no",
        (account_code, customer_id, first.isoformat(), last.isoformat()),
    ).fetchall()


def allowance_rates(db: sqlite3.Connection) -> dict[str, int]:
    """Bucket -> rate in basis points (坏账准备计提比例)."""
    return {row["bucket"]: row["rate_bp"] for row in db.execute("SELECT bucket, rate_bp FROM allowance_rate")}


def set_allowance_rates(db: sqlite3.Connection, rates: Iterable[tuple[str, int]]) -> None:
    """Replace the rates."""
    db.executemany(
        "INSERT INTO allowance_rate (bucket, rate_bp) VALUES (?1, ?2) ON CONFLICT (bucket) DO UPDATE SET rate_bp = ?2",
        list(rates),
    )
