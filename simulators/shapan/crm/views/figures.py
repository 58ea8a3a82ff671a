"""Monthly summaries (月度汇总) as the CRM shows them."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm.views.orders import amounts
from shapan.kernel.money import number_from_fen


def month(text: str, row: sqlite3.Row) -> dict[str, Any]:
    """`MonthlySummary` of the contract."""
    return {
        "month": text,
        "customerId": row["id"],
        "customerCode": row["code"],
        "customerName": row["name"],
        "orders": row["orders"],
        **amounts(row),
        "returns": row["returns"],
        "returnedAmount": number_from_fen(row["returned_fen"]),
    }
