"""The checks of the oracle, one family a file. A new one is written beside the others and registered here, in
one line.
"""

from __future__ import annotations

from shapan.control.oracle.checks import (
    credit,
    ghosts,
    inventory,
    late,
    ledger,
    lines,
    orders,
    payables,
    periods,
    receivables,
    settlements,
    stock,
    stores,
    unlinked,
    wrong_parties,
)
from shapan.control.oracle.finding import Check

CHECKS: tuple[Check, ...] = (
    orders.CHECK,
    lines.CHECK,
    receivables.CHECK,
    wrong_parties.CHECK,
    payables.CHECK,
    ledger.CHECK,
    stock.CHECK,
    credit.CHECK,
    late.CHECK,
    ghosts.CHECK,
    periods.CHECK,
    settlements.CHECK,
    unlinked.CHECK,
    inventory.CHECK,
    stores.CHECK,
)
