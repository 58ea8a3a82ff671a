"""The one way into the ledger (过账): every document, every closing step and every manual voucher posts here."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from shapan.finance.rules import periods, vouchers
from shapan.finance.rules.dimensions import NO_DIMENSIONS, Dimensions
from shapan.finance.rules.posting import Part, account_code, compose_entries
from shapan.finance.rules.vouchers import Account, Entry
from shapan.finance.store import accounts as account_store
from shapan.finance.store import masters as master_store
from shapan.finance.store import vouchers as voucher_store
from shapan.kernel.errors import Fault, conflict


@dataclass(frozen=True, slots=True)
class Document:
    """What makes a voucher: a kind of document with a number, on a day.

    amounts     figure -> fen, as the kind declares its figures in data/posting_rules
    dimensions  what it names: customer, supplier, product, store; each stands on the lines whose account has that dimension
    accounts    accounts that it brings, by the name that its rule uses
    parts       parts that stand apart in the ledger (lines by product, by store); their figures add up to those of the document
    texts       {text} and {source} of the summaries
    """

    kind: str
    number: str
    day: date
    amounts: Mapping[str, int]
    dimensions: Dimensions = NO_DIMENSIONS
    accounts: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


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
    *,
    maker: str | None = None,
    checker: str | None = None,
    reverses: int | None = None,
) -> int:
    """Post entries that have been checked; the id of the voucher. Opens the period when it is new."""
    period = periods.period_of(day)
    voucher_store.touch_period(db, period)
    voucher_id, _ = voucher_store.insert(
        db, day, period, word, source, entries, now, maker=maker, checker=checker, reverses=reverses
    )
    return voucher_id


def post_document(db: sqlite3.Connection, document: Document, now: str) -> int:
    """Post the voucher that a document makes by the posting rule of its kind; the id of the voucher.

    The rule is data, so its voucher is checked like one that was entered by hand; 409 `posting-rule-unusable` when it is wrong.
    The period must have been checked (`check_period`).
    """
    return post_documents(db, [document], now)


def post_documents(db: sqlite3.Connection, documents: Sequence[Document], now: str) -> int:
    """Post one voucher for documents that are parts of one paper, such as the goods and the services of an invoice; its id.

    Word, day and source are those of the first; see `post_document`.
    """
    made = [composed(db, document) for document in documents]
    first, entries = documents[0], [entry for _, found in made for entry in found]
    return post(db, first.day, made[0][0], (first.kind, first.number), entries, now)


def composed(db: sqlite3.Connection, document: Document) -> tuple[str, tuple[Entry, ...]]:
    """(voucher word, checked entries) that a document makes by the posting rule of its kind; see `post_document`."""
    word, rule = account_store.posting_rule(db, document.kind)
    roles = account_store.roles(db)
    brought = [document.accounts, *(part.accounts for part in document.parts)]
    chart: dict[str, Account] = account_store.chart(
        db, (account_code(line.account, accounts, roles) for line in rule for accounts in brought)
    )
    whole = Part(document.amounts, document.dimensions, None, document.accounts)
    texts = {"text": "", "source": "", **document.texts, "number": document.number}
    entries = compose_entries(rule, whole, document.parts, texts, roles, chart)
    faults = vouchers.voucher_faults(
        entries, chart, master_store.known(db, (entry.dimensions for entry in entries)), manual=False
    )
    if faults:
        # A user's data can be the cause: a bank account that needs a customer, a rule that was written for other accounts.
        raise conflict(
            "posting-rule-unusable",
            f"The posting rule of {document.kind} makes no voucher that can be posted: {' '.join(fault.en for fault in faults)}"
            " Change the rule (PUT /posting-rules) or use another account; nothing was posted.",
            f"{document.kind} 的凭证模板无法生成可过账的凭证：{''.join(fault.zh for fault in faults)}"
            "请修改凭证模板\uff08PUT /posting-rules\uff09或改用其他科目；本次未过账。",
        )
    return word, entries


def reverse(
    db: sqlite3.Connection,
    voucher_id: int,
    day: date,
    source: tuple[str, str | None],
    now: str,
    *,
    maker: str | None = None,
) -> int:
    """Post the red-letter copy of a voucher (红字冲销) on `day`; the id of the new voucher.

    Same word, same lines and sides, negative amounts, summary 冲销 2026年3月记-0012号, linked by `reverses`. `source` is the document
    that asks for it (kind, number). A voucher is reversed once only: whether it has been shows in `store.vouchers.get` as
    reversed_by, and the caller refuses; storing a second reversal fails. The period must have been checked (`check_period`).
    """
    row = voucher_store.get(db, voucher_id)
    if row is None:
        raise ValueError(f"There is no voucher {voucher_id}")
    summary = vouchers.reversal_summary(row["period"], row["word"], row["number"])
    entries = [
        dataclasses.replace(
            entry,
            summary=summary,
            debit=-entry.debit,
            credit=-entry.credit,
            quantity=None if entry.quantity is None else -entry.quantity,
        )
        for entry in voucher_store.entries_of(db, voucher_id)
    ]
    return post(db, day, row["word"], source, entries, now, maker=maker, reverses=voucher_id)
