"""What was sold and what it cost, document by document (出库单的收入与成本)."""

from __future__ import annotations

import sqlite3

from shapan.finance.store.receivables import RECOGNISED


def deliveries_without_cost(db: sqlite3.Connection, period: str) -> list[str]:
    """Deliveries of the SCM whose revenue a period recognised, not taken back whole in red, and which have no cost of sales, by number.

    Cost is an inventory document of kind sales_cost with the same source, or what receivables post when goods are accepted.
    """
    rows = db.execute(
        f"SELECT DISTINCT r.source_document FROM receivable AS r WHERE r.{RECOGNISED} AND r.opening = 0 AND r.red_of_id IS NULL"  # noqa: S608
        " AND r.source_system = 'scm' AND substr(coalesce(r.recognised_on, r.business_date), 1, 7) = ? AND r.cost_voucher_id IS NULL"
        " AND r.gross_fen > (SELECT -coalesce(sum(red.gross_fen), 0) FROM receivable AS red WHERE red.red_of_id = r.id)"
        " AND NOT EXISTS (SELECT 1 FROM inventory_document AS d WHERE d.source_document = r.source_document AND d.source_system = 'scm'"
        "   AND d.kind = 'sales_cost' AND d.reverses_id IS NULL"
        "   AND NOT EXISTS (SELECT 1 FROM inventory_document AS back WHERE back.reverses_id = d.id))"
        " ORDER BY r.source_document",
        (period,),
    )
    return [row["source_document"] for row in rows]
