"""Opening stock that tests write themselves."""

from __future__ import annotations

import sqlite3


def value_opening(db: sqlite3.Connection) -> None:
    """Begin the value of each product with that of its opening stock in all warehouses; nothing has moved yet."""
    db.execute(
        "INSERT INTO product_cost (product_code, quantity_milli, value_fen)"
        " SELECT product_code, sum(opening_milli), iif(sum(opening_milli) > 0, sum(opening_value_fen), 0) FROM stock GROUP BY product_code"
    )
