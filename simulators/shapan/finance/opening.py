"""Opening balances (期初余额) and the open items behind those on accounts that documents control.

A balance on such an account is one open document of a sub-ledger. `OPENERS` says by role of the account who enters that document and who
takes all of them away again, which is possible only while nothing is posted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from shapan.finance.rules.vouchers import Entry
from shapan.finance.store import openings as store
from shapan.finance.store import payables as payable_store
from shapan.finance.store import payments as payment_store


@dataclass(frozen=True, slots=True)
class OpeningItem:
    """An open document with which the books begin: its balance, number and dates."""

    entry: Entry
    number: str
    business_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Opener:
    """How open items of a role come into the sub-ledger: `side` is that of their balance, `table` holds its documents."""

    side: str
    table: str
    create: Callable[[sqlite3.Connection, OpeningItem], None]
    clear: Callable[[sqlite3.Connection], None]


OPENERS: Mapping[str, Opener] = {
    "receivable": Opener(
        "debit",
        "receivable",
        lambda db, item: store.insert_receivable(
            db, item.entry.customer_id or 0, item.number, item.business_date, item.due_date, item.entry.debit
        ),
        store.clear_receivables,
    ),
    "payable": Opener(
        "credit",
        "payable",
        lambda db, item: payable_store.insert_opening(
            db, item.entry.supplier_id or 0, item.number, item.business_date, item.due_date, item.entry.credit
        ),
        payable_store.clear_openings,
    ),
    "prepayment": Opener(
        "debit",
        "payment",
        lambda db, item: payment_store.insert_opening(
            db, item.entry.supplier_id or 0, item.number, item.business_date, item.entry.debit
        ),
        payment_store.clear_openings,
    ),
}
"""Role of the account -> its sub-ledger."""
