"""The one way into the ledger (过账): receivables, receipts and manual vouchers all post here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.finance.rules import periods, vouchers
from shapan.finance.rules.vouchers import Account, Entry
from shapan.finance.store import accounts as account_store
from shapan.finance.store import vouchers as voucher_store
from shapan.kernel.errors import Fault


@dataclass(frozen=True, slots=True)
class Document:
    """What makes a voucher: the kind of document, its figures, the accounts and texts that it brings, and its customer."""

    kind: str
    customer_id: int
    amounts: Mapping[str, int]
    accounts: Mapping[str, str]


def check_period(db: sqlite3.Connection, pointer: str, day: date | None) -> Fault | None:
    """Why nothing can be posted on this day, or None."""
    if day is None:
        return None
    period = periods.period_of(day)
    return periods.lock_fault(pointer, period, voucher_store.opening_period(db), voucher_store.period_state(db, period))


def post(
    db: sqlite3.Connection,
    day: date,
    word: str,
    source: tuple[str, str | None],
    entries: Sequence[Entry],
    now: str,
) -> int:
    """Post entries that have been checked; the id of the voucher. Opens the period when it is new."""
    period = periods.period_of(day)
    voucher_store.touch_period(db, period)
    voucher_id, _ = voucher_store.insert(db, day, period, word, source, entries, now)
    return voucher_id


def post_document(
    db: sqlite3.Connection, document: Document, number: str, texts: Mapping[str, str], day: date, now: str
) -> int:
    """Post the voucher that a document makes by its posting rule; the id of the voucher.

    The rule is data, so its voucher is checked like one that was entered by hand; ValueError when the rule makes a wrong one.
    """
    word, rule = account_store.posting_rule(db, document.kind)
    chart: dict[str, Account] = account_store.chart(
        db, (document.accounts.get(line.account, line.account) for line in rule)
    )
    entries = vouchers.compose_entries(
        rule, document.amounts, document.accounts, {**texts, "number": number}, document.customer_id, chart
    )
    faults = vouchers.voucher_faults(entries, chart, {document.customer_id}, manual=False)
    if faults:
        raise ValueError(f"The posting rule of {document.kind} makes a wrong voucher: {[fault.en for fault in faults]}")
    return post(db, day, word, (document.kind, number), entries, now)
