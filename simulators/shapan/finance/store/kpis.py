"""What the KPIs of finance are made of (指标取数), in fen."""

from __future__ import annotations

import sqlite3

from shapan.finance.rules.periods import first_day, last_day, previous_period
from shapan.finance.store.receivables import RECOGNISED
from shapan.finance.store.sub_ledger import open_at


def settled(db: sqlite3.Connection, first: str, last: str) -> int:
    """What receipts settled of receivables in a range of periods, less what was paid back for red ones."""
    row = db.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM receivable_clearing WHERE kind IN ('settlement', 'refund') AND business_date BETWEEN ? AND ?",
        (first_day(first).isoformat(), last_day(last).isoformat()),
    ).fetchone()
    return int(row[0])


def open_before(db: sqlite3.Connection, first: str) -> int:
    """What was open of receivables before a period, red ones taken off."""
    return sum(row["open_fen"] for row in open_at(db, last_day(previous_period(first))))


def charged(db: sqlite3.Connection, first: str, last: str) -> int:
    """Receivables of a range of periods, with tax, red ones taken off."""
    row = db.execute(
        f"SELECT coalesce(sum(gross_fen), 0) FROM receivable WHERE opening = 0 AND {RECOGNISED}"  # noqa: S608
        " AND coalesce(recognised_on, business_date) BETWEEN ? AND ?",
        (first_day(first).isoformat(), last_day(last).isoformat()),
    ).fetchone()
    return int(row[0])
