"""The checks of the oracle, one family a file. A new one is written beside the others and registered here, in
one line.
"""

from __future__ import annotations

from shapan.control.oracle.checks import (
    credit,
    ghosts,
    ledger,
    lines,
    orders,
    receivables,
    settlements,
    stock,
    unlinked,
    wrong_parties,
)
from shapan.control.oracle.finding import Check

CHECKS: tuple[Check, ...] = (
    orders.CHECK,
    lines.CHECK,
    receivables.CHECK,
    wrong_parties.CHECK,
    ledger.CHECK,
    stock.CHECK,
    credit.CHECK,
    ghosts.CHECK,
    settlements.CHECK,
    unlinked.CHECK,
)
