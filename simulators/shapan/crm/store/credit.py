"""SQL of a customer's credit (客户信用)."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class OpenOrders(NamedTuple):
    """Orders that are confirmed or wait for approval, and of which something is still to come: how many, and what, in fen."""

    number: int
    gross_fen: int


def open_orders(db: sqlite3.Connection, customer_id: str, without: int | None = None) -> OpenOrders:
    """What a customer has ordered and not got, the order with the seq `without` left out."""
    # `IS NOT`, so that None leaves nothing out.
    row = db.execute(
        "SELECT count(*), coalesce(sum(net_fen + tax_fen - delivered_fen), 0) FROM sales_order"
        " WHERE customer_id = ? AND state IN ('confirmed', 'pendingApproval') AND delivery_status <> 'complete'"
        " AND closed_at IS NULL AND seq IS NOT ?",
        (customer_id, without),
    ).fetchone()
    return OpenOrders(*row)
