"""What a step of the period's close is (结账步骤)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from shapan.finance.rules.periods import last_day
from shapan.finance.store.books import Books


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is not done: what is missing and what to do, in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Work:
    """What a step works with: the request's transaction, the period, the time, who asked, and what the caller noted."""

    db: sqlite3.Connection
    period: str
    now: str
    actor: str
    note: str | None = None

    @property
    def date(self) -> str:
        """The date of the step's vouchers: the last day of the period."""
        return last_day(self.period).isoformat()


@dataclass(frozen=True, slots=True)
class Step:
    """One step, in the order of `closing.STEPS`.

    pending  the reasons why it is not done in a period, read from the books each time; none when it is done. A step that is done
             becomes pending again by itself when something is posted that it has to take up.
    run      does what is pending and gives the ids of the vouchers it posted. It posts the difference to what ought to be, so it can be
             run again at any time. After it `pending` is empty, or says what a person has to do.
    applies  whether the step is on the checklist of these books and this period at all
    """

    name: str
    en: str
    zh: str
    pending: Callable[[sqlite3.Connection, str], list[Reason]]
    run: Callable[[Work], list[int]]
    applies: Callable[[Books, str], bool] = lambda books, period: True
