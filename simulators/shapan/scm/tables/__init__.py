"""The SCM's tables (数据表). Amounts are fen, quantities thousandths of the base unit, unit prices 1/10000 yuan, rates basis points.

One module a subject.
"""

from __future__ import annotations

from shapan.scm.tables import costing, first, openings, production, purchasing, sales, schedule, stores, warehousing

MIGRATIONS = (
    first.everything,
    costing.value_and_batches,
    warehousing.stores_transfers_and_counts,
    production.boms_and_production,
    stores.store_sales_and_returns,
    purchasing.categories_and_suppliers,
    purchasing.orders_and_receipts,
    sales.closed_short,
    openings.opening_batches,
    schedule.expiring_batches,
)
"""Schema changes in order; never change one that was released, add another."""
