"""Readable numbers of documents (单据编号): kind, month of business, running number without gaps."""

from __future__ import annotations

import sqlite3
from datetime import date

from shapan.kernel.numbering import next_number


def document_number(db: sqlite3.Connection, kind: str, today: date) -> str:
    """The next number of a kind of document in the month of `today`: "QUO" -> QUO-202611-00001."""
    month = f"{today:%Y%m}"
    return f"{kind}-{month}-{next_number(db, f'{kind.lower()}-{month}'):05d}"
