"""Surcharges on value added tax (计提税金及附加): urban maintenance and construction tax, education and local education surcharge.

Their base is the tax that the period owes: what went to 222102 and to 222108 简易计税 (general taxpayers), or what 222101
was credited with (small-scale ones).
The rates are dated data. The step accrues the difference to what the period ought to have.
"""

from __future__ import annotations

import sqlite3

from shapan.finance import tax_rates
from shapan.finance.closing.step import Reason, Step, Work
from shapan.finance.closing.vat import VAT_PAYABLE
from shapan.finance.posting import Document, post_document
from shapan.finance.rules.periods import last_day
from shapan.finance.store import accounts, balances
from shapan.finance.store.books import books
from shapan.kernel.money import divide_half_up, text_from_fen

SIMPLIFIED = "222108"
"""简易计税: general taxpayers owe it beside 222101, and pay it from there."""
_KINDS = {
    "urban": ("urban_construction", "urban_construction_tax"),
    "education": ("education", "education_surcharge"),
    "local": ("local_education", "local_education_surcharge"),
}
"""Figure of the posting rule -> (kind of rate, role of the account)."""


def _base(db: sqlite3.Connection, period: str) -> int:
    if books(db).general_taxpayer:
        debit, credit = balances.movement(db, accounts.role(db, "vat_unpaid"), period, period, only=("vat_transfer",))
        owed = credit - debit + _charged(db, SIMPLIFIED, period)
    else:
        owed = _charged(db, VAT_PAYABLE, period)
    return max(owed, 0)


def _charged(db: sqlite3.Connection, code: str, period: str) -> int:
    """Credits of an account in a period: its debits are what is paid, and red letters stand negative in credit."""
    return balances.movement(db, code, period, period)[1]


def _missing(db: sqlite3.Connection, period: str) -> dict[str, int]:
    base, day = _base(db, period), last_day(period)
    missing = {}
    for figure, (kind, role) in _KINDS.items():
        debit, credit = balances.movement(db, accounts.role(db, role), period, period, only=("surcharges",))
        target = divide_half_up(base * tax_rates.rate_on(kind, day), 10000)
        missing[figure] = target - (credit - debit)
    return missing


def _pending(db: sqlite3.Connection, period: str) -> list[Reason]:
    missing = sum(_missing(db, period).values())
    if not any(_missing(db, period).values()):
        return []
    return [
        Reason(
            f"Surcharges of {text_from_fen(missing)} on the value added tax of {period} are not accrued; run this step.",
            f"{period} 增值税对应的附加税费 {text_from_fen(missing)} 尚未计提，请执行本步骤。",
        )
    ]


def _run(work: Work) -> list[int]:
    missing = _missing(work.db, work.period)
    if not any(missing.values()):
        return []
    document = Document(
        "surcharges",
        work.period,
        last_day(work.period),
        {**missing, "total": sum(missing.values())},
        texts={"text": "计提税金及附加"},
    )
    return [post_document(work.db, document, work.now)]


STEP = Step("surcharges", "Surcharges on value added tax", "计提税金及附加", _pending, _run)
