"""Voucher drafts (凭证草稿)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.store.query import changed_page, next_change, one

_DRAFT = "id, date, word, lines, maker, state, voucher_id, created_at, change"


def insert(
    db: sqlite3.Connection, date: str, word: str, maker: str, lines: Sequence[Mapping[str, Any]], now: str
) -> int:
    """Add a draft with its lines as they were entered; its id."""
    cursor = db.execute(
        "INSERT INTO voucher_draft (date, word, lines, maker, state, created_at, change) VALUES (?, ?, ?, ?, 'draft', ?, ?)",
        (date, word, json.dumps(lines, ensure_ascii=False), maker, now, next_change(db)),
    )
    return int(cursor.lastrowid or 0)


def replace(
    db: sqlite3.Connection, draft_id: int, date: str, word: str, maker: str, lines: Sequence[Mapping[str, Any]]
) -> None:
    """Let a draft say something else."""
    db.execute(
        "UPDATE voucher_draft SET date = ?, word = ?, maker = ?, lines = ?, change = ? WHERE id = ?",
        (date, word, maker, json.dumps(lines, ensure_ascii=False), next_change(db), draft_id),
    )


def finish(db: sqlite3.Connection, draft_id: int, state: str, voucher_id: int | None = None) -> None:
    """Note that a draft is posted, as which voucher, or discarded."""
    db.execute(
        "UPDATE voucher_draft SET state = ?, voucher_id = ?, change = ? WHERE id = ?",
        (state, voucher_id, next_change(db), draft_id),
    )


def get(db: sqlite3.Connection, draft_id: int) -> sqlite3.Row | None:
    """The draft of this id."""
    return one(db, f"SELECT {_DRAFT} FROM voucher_draft WHERE id = ?", (draft_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of drafts, and whether more follow."""
    return changed_page(db, _DRAFT, "voucher_draft", "change", filters, since, limit)


def open_count(db: sqlite3.Connection, period: str | None = None) -> int:
    """How many drafts are neither posted nor discarded, of a period when one is named."""
    row = db.execute(
        "SELECT count(*) FROM voucher_draft WHERE state = 'draft' AND (?1 IS NULL OR substr(date, 1, 7) = ?1)",
        (period,),
    ).fetchone()
    return int(row[0])
