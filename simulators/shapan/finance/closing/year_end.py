"""Year end (年末结转): 本年利润 to 利润分配-未分配利润, and a tenth of the profit to the statutory surplus reserve (法定盈余公积).

Losses of earlier years are made good first (公司法: 10 % of the profit after tax, after making good losses). Only in December.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.posting import post
from shapan.finance.rules.closing import statutory_reserve
from shapan.finance.rules.periods import last_day
from shapan.finance.rules.vouchers import Entry
from shapan.finance.store import accounts, balances
from shapan.kernel.money import text_from_fen

SOURCE = "year_end"


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    profit = -balances.balance(db, accounts.role(db, "profit"), period)
    if profit == 0:
        return []
    return [
        Reason(
            f"The year's profit of {text_from_fen(profit)} is not transferred to retained earnings; run this step.",
            f"本年利润 {text_from_fen(profit)} 尚未转入未分配利润，请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    db, period = work.db, work.period
    profit_account, retained = accounts.role(db, "profit"), accounts.role(db, "retained")
    appropriation, reserve_account = accounts.role(db, "statutory_appropriation"), accounts.role(db, "surplus_reserve")
    profit = -balances.balance(db, profit_account, period)
    if profit == 0:
        return []
    # After a reopening some of the year's profit has been carried over before: the reserve is that of the whole year's.
    year, before = profit, -balances.balance(db, retained, period)
    debit, credit = balances.movement(db, profit_account, period, period, only=(SOURCE,))
    year += debit - credit
    debit, credit = balances.movement(db, retained, period, period, only=(SOURCE,))
    before -= credit - debit
    debit, credit = balances.movement(db, reserve_account, period, period, only=(SOURCE,))
    reserve = statutory_reserve(year, before) - (credit - debit)
    made = [_transfer(work, "结转本年利润", profit_account, retained, profit)]
    if reserve:
        made.append(_transfer(work, "提取法定盈余公积", appropriation, reserve_account, reserve))
        made.append(_transfer(work, "结转利润分配", retained, appropriation, reserve))
    return made


def _transfer(work: Work, text: str, debit: str, credit: str, amount: int) -> int:
    # A loss is transferred the other way round, not in red.
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    entries = [Entry(text, debit, None, amount, 0), Entry(text, credit, None, 0, amount)]
    return post(work.db, last_day(work.period), "转", (SOURCE, work.period), entries, work.now, maker=work.actor)


STEP = Step(
    SOURCE,
    "Year end: retained earnings and statutory reserve",
    "年末结转与提取法定盈余公积",
    _pending,
    _run,
    lambda _, period: period.endswith("-12"),
)
