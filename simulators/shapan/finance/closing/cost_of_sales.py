"""Cost of sales (结转销售成本): what was sold in the period must have its cost, or a note that says why there is none.

The cost itself comes document by document, as goods leave (inventory documents, goods accepted); this step only looks. Each delivery whose
revenue was recognised needs a cost with the same source document; where the cost of the month was entered as a voucher by hand, it is
for no delivery in particular, and the step looks no further than that there is one. Finance does not know what goods cost: whether an
amount is right is for the SCM's stock ledger to say, and for control, which compares the two.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.store import accounts, balances, period_log, sold
from shapan.kernel.money import text_from_fen

_TRANSFER = ("profit_and_loss",)
_NAMED = 10
"""So many deliveries are named in a reason; the others are counted."""


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    # The accounts of first level, with all that were added below them.
    roles = accounts.roles(db)
    cost_account = roles["cost_of_sales"][:4]
    debit, credit = balances.movement(db, roles["revenue"][:4], period, period, without=_TRANSFER)
    cost = balances.movement(db, cost_account, period, period, without=_TRANSFER)
    revenue = credit - debit
    if revenue <= 0 or period_log.noted(db, period, "cost_of_sales"):
        return []
    if cost == (0, 0):
        return [
            Reason(
                f"{period} has revenue of {text_from_fen(revenue)} and no cost of sales. Post the cost of what was sold,"
                " or run this step with a note that says why there is none.",
                f"{period} 有主营业务收入 {text_from_fen(revenue)}，但没有结转销售成本。请录入销售成本，或在执行本步骤时注明无成本的原因。",
            )
        ]
    if balances.movement(db, cost_account, period, period, only=("manual",)) != (0, 0):
        return []
    lacking = sold.deliveries_without_cost(db, period)
    if not lacking:
        return []
    named = ", ".join(lacking[:_NAMED]) + (" …" if len(lacking) > _NAMED else "")
    return [
        Reason(
            f"{len(lacking)} deliveries of {period} have revenue and no cost of sales: {named}. Post their cost as inventory documents,"
            " or run this step with a note that says why there is none.",
            f"{period} 有 {len(lacking)} 张出库单已确认收入但没有结转成本：{named}。请录入存货核算单，或在执行本步骤时注明无成本的原因。",
        )
    ]


def _run(work: Work) -> list[int]:
    return []


STEP = Step("cost_of_sales", "Cost of sales", "结转销售成本", _pending, _run)
