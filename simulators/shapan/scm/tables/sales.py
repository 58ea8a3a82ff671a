"""What sales orders grew after 0.1: their rest can be closed (关闭剩余)."""

from __future__ import annotations

import sqlite_utils


def closed_short(db: sqlite_utils.Database) -> None:
    # Why the rest is not delivered; NULL for an order that is open, cancelled or shipped altogether.
    db.table("sales_order").add_column("close_reason", str)
