"""A period's close as an ordered checklist (结账).

Each step is a module with a `STEP`: `pending` tells from the books why it is not done, `run` does it. They are run in the order of STEPS;
a period can be closed when no step is pending. The figures are read from the ledger each time, never from a flag, so that something
posted after a step shows at once.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing import (
    allowance,
    checks,
    cost_of_sales,
    goods_received_not_invoiced,
    profit_and_loss,
    surcharges,
    vat,
    year_end,
)
from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.store.books import books

STEPS: tuple[Step, ...] = (
    goods_received_not_invoiced.STEP,
    cost_of_sales.STEP,
    vat.STEP,
    surcharges.STEP,
    allowance.STEP,
    profit_and_loss.STEP,
    year_end.STEP,
    checks.STEP,
)
"""Every step, in the order in which they are run."""


def steps_of(db: sqlite3.Connection, period: str) -> list[Step]:
    """The steps of a period's checklist, in order."""
    choices = books(db)
    return [step for step in STEPS if step.applies(choices, period)]


__all__ = ["STEPS", "Reason", "Step", "Work", "steps_of"]
