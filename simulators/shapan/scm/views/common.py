"""What the JSON of all subjects shares: pages, references to a source, amounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.kernel.money import text_from_fen

Json = dict[str, Any]


def page(items: Sequence[Json], page: int, page_size: int, total: int) -> Json:
    """A page of a list."""
    return {"items": list(items), "page": page, "page_size": page_size, "total": total}


def source(row: sqlite3.Row) -> Json | None:
    if row["source_system"] is None:
        return None
    return {"system": row["source_system"], "document": row["source_document"], "id": row["source_id"]}


def source_columns(body: Mapping[str, Any]) -> dict[str, str | None]:
    """`source_reference` of a body -> the columns that keep it, all None when there is none."""
    source = body.get("source_reference") or {}
    return {
        "source_system": source.get("system"),
        "source_document": source.get("document"),
        "source_id": source.get("id"),
    }


def amounts(net_fen: int, tax_fen: int) -> Json:
    return {
        "amount": text_from_fen(net_fen),
        "tax_amount": text_from_fen(tax_fen),
        "gross_amount": text_from_fen(net_fen + tax_fen),
    }
