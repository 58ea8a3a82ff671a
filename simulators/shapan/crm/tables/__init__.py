"""The CRM's tables (数据表). Amounts are fen, quantities thousandths of the sales unit, rates basis points, times RFC 3339 text.

`seq` is the order of creation, which lists follow; `version` counts the changes of a record and is its ETag. One module a subject.
"""

from __future__ import annotations

from shapan.crm.tables import approvals, first, masters, returns, sales, schedule, shops

MIGRATIONS = (
    first.masters,
    first.orders,
    approvals.orders_in_full,
    approvals.approvals_and_revisions,
    returns.returns,
    shops.shops,
    shops.store_sales,
    masters.customers_and_contacts,
    masters.products_and_price_lists,
    sales.leads_and_opportunities,
    sales.quotations_and_activities,
    approvals.deliveries_and_deciders,
    approvals.discounts_and_rests,
    shops.store_sale_returns,
    schedule.expiring_quotations,
)
"""Schema changes in order; never change one that was released, add another."""
