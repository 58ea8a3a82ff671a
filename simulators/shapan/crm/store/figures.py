"""SQL of key figures (关键指标) and monthly summaries (月度汇总)."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from shapan.crm.rules.figures import Figures, Period, Sums
from shapan.crm.store.pages import Position

_ORDERED = (
    "SELECT count(*), coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) FROM sales_order"
    " WHERE confirmed_at >= ? AND confirmed_at < ? AND state = 'confirmed'"
)
_RETURNED = (
    "SELECT count(*), coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) FROM return_request"
    " WHERE received_at >= ? AND received_at < ?"
)
_STORE_SALES = (
    "SELECT count(*), coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) FROM store_sale"
    " WHERE business_date >= ? AND business_date < ? AND state = 'completed'"
)
_STORE_RETURNS = (
    "SELECT count(*), coalesce(sum(net_fen), 0), coalesce(sum(tax_fen), 0) FROM store_sale_return"
    " WHERE business_date >= ? AND business_date < ?"
)
_LEAD_TIMES = "SELECT confirmed_at, completed_at FROM sales_order WHERE completed_at >= ? AND completed_at < ?"
_APPROVAL_TIMES = (
    "SELECT submitted_at, confirmed_at FROM sales_order"
    " WHERE confirmed_at >= ? AND confirmed_at < ? AND state = 'confirmed' AND approval_round > 0"
)
# Months of a customer with something in them, in the order of the customers.
_MONTH = """
WITH ordered AS (
    SELECT customer_id, count(*) AS orders, sum(net_fen) AS net_fen, sum(tax_fen) AS tax_fen FROM sales_order
    WHERE confirmed_at >= ?1 AND confirmed_at < ?2 AND state = 'confirmed' GROUP BY customer_id
), returned AS (
    SELECT customer_id, count(*) AS returns, sum(net_fen + tax_fen) AS returned_fen FROM return_request
    WHERE received_at >= ?1 AND received_at < ?2 GROUP BY customer_id
)
SELECT c.seq, c.id, c.code, c.name, coalesce(o.orders, 0) AS orders, coalesce(o.net_fen, 0) AS net_fen,
    coalesce(o.tax_fen, 0) AS tax_fen, coalesce(r.returns, 0) AS returns, coalesce(r.returned_fen, 0) AS returned_fen
FROM (SELECT customer_id FROM ordered UNION SELECT customer_id FROM returned) AS active
CROSS JOIN customer AS c ON c.id = active.customer_id
LEFT JOIN ordered AS o ON o.customer_id = c.id
LEFT JOIN returned AS r ON r.customer_id = c.id
WHERE c.seq > ?3 ORDER BY c.seq LIMIT ?4
"""


def figures(db: sqlite3.Connection, period: Period) -> Figures:
    """What the key figures of a period are made of."""
    return Figures(
        _sums(db, _ORDERED, period),
        _sums(db, _RETURNED, period),
        _sums(db, _STORE_SALES, period),
        _sums(db, _STORE_RETURNS, period),
        _seconds(db, _LEAD_TIMES, period),
        _seconds(db, _APPROVAL_TIMES, period),
    )


def _sums(db: sqlite3.Connection, statement: str, period: Period) -> Sums:
    return Sums(*db.execute(statement, period).fetchone())


def _seconds(db: sqlite3.Connection, statement: str, period: Period) -> list[float]:
    return [
        (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        for begin, end in db.execute(statement, period)
    ]


def month(db: sqlite3.Connection, period: Period, *, after: Position, limit: int) -> list[sqlite3.Row]:
    """Customers with orders confirmed or returns received in a period, with their sums."""
    return db.execute(_MONTH, (*period, after.seq, limit)).fetchall()
