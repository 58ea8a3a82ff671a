"""Cost of sales (结转销售成本): revenue of the period must have its cost, or a note that says why there is none.

The cost itself comes document by document, as goods leave (inventory documents); this step only looks.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.store import accounts, balances, period_log
from shapan.kernel.money import text_from_fen

_TRANSFER = ("profit_and_loss",)


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    debit, credit = balances.movement(db, accounts.role(db, "revenue"), period, period, without=_TRANSFER)
    cost = balances.movement(db, accounts.role(db, "cost_of_sales"), period, period, without=_TRANSFER)
    revenue = credit - debit
    if revenue <= 0 or cost != (0, 0) or period_log.noted(db, period, "cost_of_sales"):
        return []
    return [
        Reason(
            f"{period} has revenue of {text_from_fen(revenue)} and no cost of sales. Post the cost of what was sold,"
            " or run this step with a note that says why there is none.",
            f"{period} 有主营业务收入 {text_from_fen(revenue)}，但没有结转销售成本。请录入销售成本，或在执行本步骤时注明无成本的原因。",
        )
    ]


def _run(work: Work) -> list[int]:
    return []


STEP = Step("cost_of_sales", "Cost of sales", "结转销售成本", _pending, _run)
