"""Transfer of profit and loss (结转本年利润): every profit and loss account to 本年利润, so that each stands at zero in every dimension."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.posting import post
from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.periods import last_day
from shapan.finance.rules.vouchers import Entry
from shapan.finance.store import accounts, balances
from shapan.kernel.money import text_from_fen

SOURCE = "profit_and_loss"
"""Kind of source of the transfer's vouchers; statements leave them out."""
_TEXT = "结转本年利润"


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    open_ = balances.profit_and_loss_balances(db, period)
    if not open_:
        return []
    codes = ", ".join(dict.fromkeys(code for code, *_ in open_))
    total = text_from_fen(-sum(amount for *_, amount in open_))
    return [
        Reason(
            f"Profit and loss accounts have a balance ({codes}; result {total}); run this step.",
            f"损益类科目尚有余额（{codes}；损益合计 {total}），请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    roles = accounts.roles(work.db)
    made = []
    for target, debit, entries in _transfers(roles, balances.profit_and_loss_balances(work.db, work.period)):
        total = sum(entry.debit + entry.credit for entry in entries)
        own = Entry(_TEXT, target, None, total if debit else 0, 0 if debit else total)
        ordered = [own, *entries] if debit else [*entries, own]
        source = (SOURCE, work.period)
        made.append(post(work.db, last_day(work.period), "转", source, ordered, work.now, maker=work.actor))
    return made


def _transfers(
    roles: Mapping[str, str], open_: Iterable[tuple[str, Dimensions, int]]
) -> Iterator[tuple[str, bool, list[Entry]]]:
    """(account that takes the result, whether it is debited, entries on the other side), as a bookkeeper writes them.

    Income is debited and expense credited, each against 本年利润; 以前年度损益调整 belongs to earlier years and goes to 未分配利润.
    """
    listed = list(open_)
    earlier = roles.get("prior_year_adjustment")
    for target, mine in (
        (roles["profit"], [each for each in listed if each[0] != earlier]),
        (roles["retained"], [each for each in listed if each[0] == earlier]),
    ):
        income = [_entry(code, named, -amount, 0) for code, named, amount in mine if amount < 0]
        expense = [_entry(code, named, 0, amount) for code, named, amount in mine if amount > 0]
        if income:
            yield target, False, income
        if expense:
            yield target, True, expense


def _entry(code: str, named: Dimensions, debit: int, credit: int) -> Entry:
    return Entry(
        *(_TEXT, code, named.customer_id, debit, credit),
        *(named.supplier_id, named.product_code, named.store_code),
    )


STEP = Step(SOURCE, "Transfer of profit and loss", "结转本年利润", _pending, _run)
