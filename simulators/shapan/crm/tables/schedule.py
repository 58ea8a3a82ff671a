"""What finds the records whose time comes next (定时任务索引)."""

from __future__ import annotations

import sqlite_utils


def expiring_quotations(db: sqlite_utils.Database) -> None:
    """The next quotation that expires is looked for after every write."""
    db.execute("CREATE INDEX idx_quotation_expiring ON quotation (valid_until) WHERE state = 'sent'")
