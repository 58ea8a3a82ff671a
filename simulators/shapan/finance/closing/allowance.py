"""Allowance for bad debts (计提坏账准备), 企业会计准则 only: account 1231 is brought to its target.

The target is the sum of ageing bucket x rate over what may be lost: open receivables by their posting date at the end of the period, less
what the same customer has in credit (receipts not applied, red receivables), oldest first. The difference goes to 6702 信用减值损失; where too
much is held it is a red-letter entry on the same sides. Write-offs and recoveries moved 1231 during the period, so that a write-off without
enough allowance shows here as a loss.
"""

from __future__ import annotations

import sqlite3

from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.posting import Document, post_document
from shapan.finance.rules.ageing import AgedItem, allowance_target, exposed, spread
from shapan.finance.rules.periods import last_day
from shapan.finance.store import accounts, balances, sub_ledger
from shapan.kernel.money import text_from_fen


def _missing(db: sqlite3.Connection, period: str) -> int:
    day = last_day(period)
    items: dict[int, list[AgedItem]] = {}
    for item in sub_ledger.aged_items(sub_ledger.open_at(db, day)):
        items.setdefault(item.customer_id, []).append(item)
    receipts = sub_ledger.receipts_at(db, day)
    at_risk = [item for customer, owed in items.items() for item in exposed(owed, receipts.get(customer, (0, 0))[0])]
    target = allowance_target(spread(at_risk, "posting_date", day), sub_ledger.allowance_rates(db))
    return target + balances.balance(db, accounts.role(db, "allowance"), period)


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    missing = _missing(db, period)
    if missing == 0:
        return []
    return [
        Reason(
            f"The allowance for bad debts is {text_from_fen(missing)} away from its target at the end of {period}; run this step.",
            f"{period} 期末坏账准备与应提数相差 {text_from_fen(missing)}，请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    missing = _missing(work.db, work.period)
    if missing == 0:
        return []
    texts = {"text": "计提坏账准备" if missing > 0 else "冲回坏账准备"}
    document = Document("allowance", work.period, last_day(work.period), {"amount": missing}, texts=texts)
    return [post_document(work.db, document, work.now)]


STEP = Step(
    "allowance",
    "Allowance for bad debts",
    "计提坏账准备",
    _pending,
    _run,
    lambda books, period: books.enterprise,
)
