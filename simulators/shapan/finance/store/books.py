"""The books themselves (账套): their choices, and the chart and posting rules that they were set up with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from shapan.finance.charts import ChartRow
from shapan.finance.rules.periods import previous_period
from shapan.finance.rules.posting import Kind
from shapan.finance.store.query import next_change


@dataclass(frozen=True, slots=True)
class Books:
    """What the books were set up with: 企业会计准则 or 小企业会计准则, kind of taxpayer, first period, when revenue is recognised."""

    standard: str
    taxpayer_kind: str
    opening_period: str
    revenue_recognition: str

    @property
    def enterprise(self) -> bool:
        """Whether 企业会计准则 applies."""
        return self.standard == "enterprise"

    @property
    def general_taxpayer(self) -> bool:
        """Whether the company is a 一般纳税人, with input tax to deduct."""
        return self.taxpayer_kind == "general"


def books(db: sqlite3.Connection) -> Books:
    """The choices of these books."""
    row = db.execute("SELECT standard, taxpayer_kind, opening_period, revenue_recognition FROM books").fetchone()
    return Books(row["standard"], row["taxpayer_kind"], row["opening_period"], row["revenue_recognition"])


def insert(db: sqlite3.Connection, books: Books) -> None:
    """Write the choices into books that have none."""
    db.execute(
        "INSERT INTO books (id, standard, taxpayer_kind, opening_period, revenue_recognition) VALUES (1, ?, ?, ?, ?)",
        (books.standard, books.taxpayer_kind, books.opening_period, books.revenue_recognition),
    )


def write_chart(db: sqlite3.Connection, chart: Iterable[ChartRow]) -> None:
    """Enter a chart and its roles. An account that is there already keeps its name and takes the rest."""
    for row in chart:
        db.execute(
            "INSERT INTO account (code, name, english_name, category, direction, parent, leaf, dimensions, optional_dimensions,"
            " controlled, change) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (code) DO UPDATE SET leaf = excluded.leaf, dimensions = excluded.dimensions,"
            " optional_dimensions = excluded.optional_dimensions, controlled = excluded.controlled, change = excluded.change",
            (
                *(row.code, row.name, row.english_name, row.category, row.direction, row.parent, row.leaf),
                *(json.dumps(row.dimensions), json.dumps(row.optional_dimensions), row.controlled, next_change(db)),
            ),
        )
        db.executemany(
            "INSERT OR IGNORE INTO account_role (role, account_code) VALUES (?, ?)",
            [(role, row.code) for role in row.roles],
        )


def write_rules(db: sqlite3.Connection, kinds: Iterable[Kind]) -> None:
    """Enter the posting rules of kinds that have none yet: a rule that was changed stays as it is."""
    present = {row["document"] for row in db.execute("SELECT DISTINCT document FROM posting_rule")}
    for kind in kinds:
        if kind.name not in present:
            replace_rule(db, kind)


def replace_rule(db: sqlite3.Connection, kind: Kind) -> None:
    """Let documents of a kind post by these lines from now on."""
    db.execute("DELETE FROM posting_rule WHERE document = ?", (kind.name,))
    db.executemany(
        "INSERT INTO posting_rule (document, line_no, word, side, account, amount, summary) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (kind.name, line_no, kind.word, line.side, line.account, line.amount, line.summary)
            for line_no, line in enumerate(kind.lines, 1)
        ],
    )


def in_use(db: sqlite3.Connection) -> bool:
    """Whether something is posted, waits to be, or is closed: then the books can no longer be set up anew."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM voucher) OR EXISTS (SELECT 1 FROM voucher_draft WHERE state = 'draft')"
        " OR EXISTS (SELECT 1 FROM period WHERE state <> 'open' AND period >= (SELECT opening_period FROM books))"
    ).fetchone()
    return bool(row[0])


def set_up(db: sqlite3.Connection, new: Books, chart: Iterable[ChartRow], kinds: Iterable[Kind]) -> None:
    """Replace the choices, the chart and the posting rules of books that are not in use. Opening balances must have been taken out."""
    # An account's foreign keys are looked at when the transaction ends: those that remain are in the new chart.
    db.execute("PRAGMA defer_foreign_keys = ON")
    for table in ("posting_rule", "account_role", "account", "period"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608
    db.execute(
        "UPDATE books SET standard = ?, taxpayer_kind = ?, opening_period = ?, revenue_recognition = ?",
        (new.standard, new.taxpayer_kind, new.opening_period, new.revenue_recognition),
    )
    write_chart(db, chart)
    write_rules(db, kinds)
    db.execute(
        "INSERT INTO period (period, state, change) VALUES (?, 'locked', ?)",
        (previous_period(new.opening_period), next_change(db)),
    )


def rules(db: sqlite3.Connection) -> dict[str, list[sqlite3.Row]]:
    """Kind of document -> the lines of its posting rule."""
    found: dict[str, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT document, word, side, account, amount, summary FROM posting_rule ORDER BY document, line_no"
    ):
        found.setdefault(row["document"], []).append(row)
    return found
