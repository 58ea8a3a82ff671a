"""SQL of the former revisions of orders (历史版本)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm.store.pages import Position, select_page


def insert(
    db: sqlite3.Connection, order_seq: int, revision: int, document: Mapping[str, Any], reason: str, now: str
) -> None:
    """Keep what was agreed before a change."""
    db.execute(
        "INSERT INTO order_revision (order_seq, revision, replaced_at, reason, document) VALUES (?, ?, ?, ?, ?)",
        (order_seq, revision, now, reason, json.dumps(document, ensure_ascii=False)),
    )


def last(db: sqlite3.Connection, order_seq: int) -> dict[str, Any]:
    """What was agreed before the last change, in wire form."""
    row = db.execute(
        "SELECT document FROM order_revision WHERE order_seq = ? ORDER BY seq DESC LIMIT 1", (order_seq,)
    ).fetchone()
    document: dict[str, Any] = json.loads(row["document"])
    return document


def page(db: sqlite3.Connection, order_seq: int, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Former revisions of an order, oldest first."""
    return select_page(db, "order_revision", {"order_seq = ?": order_seq}, after, limit)
