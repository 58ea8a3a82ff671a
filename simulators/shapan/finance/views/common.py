"""What all pages and documents of finance share: watermarks and where a document comes from."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.rules.vouchers import voucher_label
from shapan.kernel.money import text_from_fen


def page(rows: Sequence[sqlite3.Row], items: list[dict[str, Any]], since: int, more: bool) -> dict[str, Any]:
    """A page with its watermark: the change number of its last row."""
    return {"items": items, "watermark": rows[-1]["change"] if rows else since, "has_more": more}


def source_reference(row: sqlite3.Row) -> dict[str, Any] | None:
    """SourceReference, or None."""
    if row["source_system"] is None:
        return None
    return {"system": row["source_system"], "document": row["source_document"], "id": row["source_id"]}


def label(row: sqlite3.Row, prefix: str) -> str | None:
    """Word and number (凭证字号) of the voucher in the columns `prefix`_word and `prefix`_number, None where there is none."""
    word = row[f"{prefix}_word"]
    return None if word is None else voucher_label(word, row[f"{prefix}_number"])


def allocations(parts: Sequence[sqlite3.Row]) -> list[dict[str, Any]]:
    """Allocation, for each receivable of a settlement, an offset or a write-off."""
    return [
        {
            "receivable_id": part["receivable_id"],
            "receivable_number": part["receivable_number"],
            "amount": text_from_fen(part["amount_fen"]),
        }
        for part in parts
    ]
