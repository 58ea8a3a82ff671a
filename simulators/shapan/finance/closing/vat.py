"""Value added tax at month end (转出未交增值税).

What 222101 owes at the end of the period goes to 222102 未交增值税; excess input tax stays in it as 留抵. Where less is owed than was transferred in
the period already (input tax or red letters came later), the difference goes back in red. Small-scale taxpayers keep no
columns and have nothing to transfer. Source: 财会[2016]22号.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.posting import Document, post_document
from shapan.finance.rules.periods import last_day
from shapan.finance.store import accounts, balances
from shapan.kernel.money import text_from_fen

VAT_PAYABLE = "222101"
COLUMN = 8
"""Digits of a column (专栏) below it, such as 22210107 销项税额."""


def _owed(db: sqlite3.Connection, period: str) -> int:
    """What is to be transferred; negative when too much was, and never more than this period transferred."""
    owed = -balances.balance(db, VAT_PAYABLE, period)
    if owed >= 0:
        return owed
    unpaid = accounts.role(db, "vat_unpaid")
    debit, credit = balances.movement(db, unpaid, period, period, only=("vat_transfer",))
    return -min(-owed, max(credit - debit, 0))


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    owed = text_from_fen(_owed(db, period))
    if owed == "0.00":
        return []
    return [
        Reason(
            f"{owed} of value added tax is to be transferred to 222102 (back, where negative); run this step.",
            f"尚有应交增值税 {owed} 未转入 222102 未交增值税（负数为多转），请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    owed = _owed(work.db, work.period)
    if owed == 0:
        return []
    document = Document(
        "vat_transfer", work.period, last_day(work.period), {"amount": owed}, texts={"text": "转出未交增值税"}
    )
    return [post_document(work.db, document, work.now)]


STEP = Step(
    "vat",
    "Transfer of unpaid value added tax",
    "转出未交增值税",
    _pending,
    _run,
    lambda books, _: books.general_taxpayer,
)
