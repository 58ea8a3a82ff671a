"""Finance's tables (数据表). Amounts are fen, rates basis points, dates and times text; `change` orders every record's last change.

Posted documents are immutable: triggers refuse what no operation does anyway, so that a fault in a rule fails loudly instead of
changing the books. One module a subject.
"""

from __future__ import annotations

from shapan.finance.tables import (
    closing,
    first,
    history,
    inventory,
    ledger,
    masters,
    payables,
    purchasing,
    refunds,
    sales,
    schedule,
    services,
    suppliers,
)

MIGRATIONS = (
    first.first,
    masters.masters,
    suppliers.suppliers,
    ledger.ledger,
    closing.closing,
    sales.sales,
    purchasing.purchasing,
    payables.payables,
    inventory.inventory,
    services.services,
    refunds.customer_refunds,
    history.history,
    schedule.schedule,
)
"""Schema changes in order; never change one that was released, add another."""
