"""Business partners (往来单位) as JSON."""

from __future__ import annotations

import sqlite3

from shapan.scm.views.common import Json, source


def partner(row: sqlite3.Row) -> Json:
    """Partner."""
    return {
        "partner_code": row["code"],
        "short_name": row["short_name"],
        "full_name": row["full_name"],
        "tax_number": row["tax_number"],
        "phone": row["phone"],
        "address": row["address"],
        "source_reference": source(row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
