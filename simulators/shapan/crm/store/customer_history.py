"""SQL of what happened to customers (客户变更历史), and of moving everything from one to another (合并)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.crm.rules.merging import Balance
from shapan.crm.store.pages import Position, select_page

MOVED: Mapping[str, str] = {
    "orders": "sales_order",
    "quotations": "quotation",
    "opportunities": "opportunity",
    "contacts": "contact",
    "activities": "activity",
    "leads": "lead",
    "returns": "return_request",
}
"""What moves with a merge, as the answer calls it -> its table: every table that has a `customer_id`."""


def insert(
    db: sqlite3.Connection,
    customer_seq: int,
    kind: str,
    *,
    client_id: str,
    now: str,
    changes: Sequence[Mapping[str, Any]] = (),
    other_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Write down what happened to a customer."""
    db.execute(
        "INSERT INTO customer_history (customer_seq, kind, at, client_id, other_id, reason, changes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (customer_seq, kind, now, client_id, other_id, reason, json.dumps(changes, ensure_ascii=False)),
    )


def page(db: sqlite3.Connection, customer_seq: int, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """What happened to a customer, in its order."""
    return select_page(db, "customer_history", {"customer_seq = ?": customer_seq}, after, limit)


def move(db: sqlite3.Connection, merged_id: str, into_id: str, now: str) -> dict[str, int]:
    """Give everything of one customer to another; how many of each kind. At most one contact stays the primary one."""
    db.execute(
        "UPDATE contact SET is_primary = 0 WHERE customer_id = ?"
        " AND EXISTS (SELECT 1 FROM contact WHERE customer_id = ? AND is_primary = 1)",
        (merged_id, into_id),
    )
    return {
        kind: db.execute(
            f"UPDATE {table} SET customer_id = ?, version = version + 1, updated_at = ? WHERE customer_id = ?",  # noqa: S608
            (into_id, now, merged_id),
        ).rowcount
        for kind, table in MOVED.items()
    }


def close(db: sqlite3.Connection, merged_id: str, into_id: str, now: str) -> sqlite3.Row:
    """A customer becomes merged, without a balance of its own; those merged into it before follow, so that one look leads to the end."""
    db.execute(
        "UPDATE customer SET merged_into = ?, version = version + 1, updated_at = ? WHERE merged_into = ?",
        (into_id, now, merged_id),
    )
    row: sqlite3.Row = db.execute(
        "UPDATE customer SET state = 'merged', merged_into = ?, open_fen = NULL, overdue_fen = NULL, balance_as_of = NULL,"
        " version = version + 1, updated_at = ? WHERE id = ? RETURNING *",
        (into_id, now, merged_id),
    ).fetchone()
    return row


def absorb(db: sqlite3.Connection, into_id: str, filled: Mapping[str, Any], balance: Balance, now: str) -> sqlite3.Row:
    """The customer that goes on: with the columns of `filled`, and this balance."""
    values = {**filled, **dict(zip(("open_fen", "overdue_fen", "balance_as_of"), balance, strict=True))}
    row: sqlite3.Row = db.execute(
        f"UPDATE customer SET {', '.join(f'{column} = ?' for column in values)}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE id = ? RETURNING *",
        (*values.values(), now, into_id),
    ).fetchone()
    return row
