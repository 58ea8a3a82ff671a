"""SQL of customers (客户). Values of a customer are passed by column name."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page
from shapan.kernel.ids import new_uuid
from shapan.kernel.numbering import next_number

COLUMNS = (
    "name",
    "uscc",
    "region",
    "industry",
    "province",
    "city",
    "district",
    "street",
    "postcode",
    "phone",
    "email",
    "payment_terms",
    "price_list_id",
    "credit_limit_fen",
    "credit_hold",
)
"""The columns that clients write."""

DEFAULTS: Mapping[str, Any] = {**dict.fromkeys(COLUMNS), "payment_terms": "NET30", "credit_hold": "none"}
"""What a new customer is where nothing is said."""

_INSERT = (
    f"INSERT INTO customer (id, code, version, created_at, updated_at, {', '.join(COLUMNS)})"  # noqa: S608
    f" VALUES (?, ?, 1, ?, ?, {', '.join('?' * len(COLUMNS))}) RETURNING *"
)
_UPDATE = (
    f"UPDATE customer SET {', '.join(f'{column} = ?' for column in COLUMNS)}, version = version + 1, updated_at = ?"  # noqa: S608
    " WHERE seq = ? RETURNING *"
)


def code_series(region: str, industry: str) -> str:
    """The series of running numbers from which customer codes of a region and industry come."""
    return f"customer-{region}-{industry}"


def insert(db: sqlite3.Connection, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """A new customer with the next code of its region and industry."""
    region, industry = values["region"], values["industry"]
    serial = next_number(db, code_series(region, industry))
    row: sqlite3.Row = db.execute(
        _INSERT,
        (new_uuid(), f"{region}-{industry}-{serial:03d}", now, now, *(values[column] for column in COLUMNS)),
    ).fetchone()
    return row


def update(db: sqlite3.Connection, seq: int, values: Mapping[str, Any], now: str) -> sqlite3.Row:
    """Write all COLUMNS of a customer and count its version up."""
    row: sqlite3.Row = db.execute(_UPDATE, (*(values[column] for column in COLUMNS), now, seq)).fetchone()
    return row


def set_former_names(db: sqlite3.Connection, seq: int, former_names: str) -> None:
    """Keep the names that a customer had before (JSON); its `update` follows and counts the version up."""
    db.execute("UPDATE customer SET former_names = ? WHERE seq = ?", (former_names, seq))


def set_balance(db: sqlite3.Connection, seq: int, open_fen: int, overdue_fen: int, as_of: str, now: str) -> sqlite3.Row:
    """Store the balance that finance reports, and count the version up."""
    row: sqlite3.Row = db.execute(
        "UPDATE customer SET open_fen = ?, overdue_fen = ?, balance_as_of = ?, version = version + 1, updated_at = ?"
        " WHERE seq = ? RETURNING *",
        (open_fen, overdue_fen, as_of, now, seq),
    ).fetchone()
    return row


def find(db: sqlite3.Connection, customer_id: str) -> sqlite3.Row | None:
    """The customer with this id (a UUID in lower case)."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM customer WHERE id = ?", (customer_id,)).fetchone()
    return row


def page(
    db: sqlite3.Connection,
    *,
    name: str | None,
    code: str | None,
    uscc: str | None,
    state: str | None,
    updated_since: str | None,
    after: Position,
    limit: int,
) -> list[sqlite3.Row]:
    """Customers that match all filters given."""
    filters = {
        "name = ?": name,
        "code = ?": code,
        "uscc = ?": uscc,
        "state = ?": state,
        "updated_at >= ?": updated_since,
    }
    return select_page(db, "customer", filters, after, limit)
