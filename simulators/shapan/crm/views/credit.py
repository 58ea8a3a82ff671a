"""The credit panel (信用情况) as the CRM shows it."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from shapan.crm.rules.credit import Credit
from shapan.kernel.money import number_from_fen


def panel(customer: sqlite3.Row, credit: Credit, orders: int, now: datetime) -> dict[str, Any]:
    """`CreditPanel` of the contract."""
    as_of = customer["balance_as_of"]
    return {
        "customerId": customer["id"],
        "known": as_of is not None,
        "openAmount": _yuan(credit.open_fen),
        "overdueAmount": _yuan(credit.overdue_fen),
        "asOf": as_of,
        "ageSeconds": None if as_of is None else (now - datetime.fromisoformat(as_of)).total_seconds(),
        "creditLimit": _yuan(credit.limit_fen),
        "creditHold": credit.hold,
        "openOrders": number_from_fen(credit.ordered_fen),
        "openOrderCount": orders,
        "used": number_from_fen(credit.used_fen),
        "available": _yuan(credit.available_fen),
    }


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else number_from_fen(fen)
