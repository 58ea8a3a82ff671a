"""What finds the records whose time comes next (定时任务索引)."""

from __future__ import annotations

import sqlite_utils


def expiring_batches(db: sqlite_utils.Database) -> None:
    """The next batch that expires is looked for after every write."""
    db.execute("CREATE INDEX idx_batch_expiring ON batch (expiry_date) WHERE expiry_date IS NOT NULL")
