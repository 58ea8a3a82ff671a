"""What the SCM begins with of each batch (期初批次)."""

from __future__ import annotations

import sqlite_utils


def opening_batches(db: sqlite_utils.Database) -> None:
    """A batch may be there from the opening on, so that what is on hand of it is that and its movements; in 0.1 each came by a movement."""
    db.execute("ALTER TABLE batch_stock ADD COLUMN opening_milli INTEGER NOT NULL DEFAULT 0 CHECK (opening_milli >= 0)")
