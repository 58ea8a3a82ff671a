"""Chart of accounts and posting rules (会计科目, 凭证模板)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from shapan.finance.rules.vouchers import Account, PostingLine
from shapan.finance.store.query import changed_page, one

_ACCOUNT = "code, name, english_name, category, direction, parent, leaf, dimensions, controlled, change"


def account(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The account of this code."""
    return one(db, f"SELECT {_ACCOUNT} FROM account WHERE code = ?", (code,))  # noqa: S608


def page(db: sqlite3.Connection, since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of accounts, and whether more follow."""
    return changed_page(db, _ACCOUNT, "account", "change", {}, since, limit)


def chart(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, Account]:
    """Those of these accounts that exist, by code, as rules see them."""
    rows = db.execute(
        "SELECT code, name, leaf, dimensions, controlled FROM account WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(codes))),),
    )
    return {row["code"]: _account(row) for row in rows}


def family(db: sqlite3.Connection, code: str) -> dict[str, Account]:
    """An account and all below it, by code."""
    rows = db.execute(
        "SELECT code, name, leaf, dimensions, controlled FROM account WHERE substr(code, 1, length(?1)) = ?1 ORDER BY code",
        (code,),
    )
    return {row["code"]: _account(row) for row in rows}


def _account(row: sqlite3.Row) -> Account:
    dimensions = frozenset(json.loads(row["dimensions"]))
    return Account(row["code"], row["name"], bool(row["leaf"]), dimensions, bool(row["controlled"]))


def posting_rule(db: sqlite3.Connection, document: str) -> tuple[str, tuple[PostingLine, ...]]:
    """(voucher word, lines) of the voucher that a kind of document makes."""
    rows = db.execute(
        "SELECT word, side, account, amount, summary FROM posting_rule WHERE document = ? ORDER BY line_no", (document,)
    ).fetchall()
    lines = tuple(PostingLine(row["side"], row["account"], row["amount"], row["summary"]) for row in rows)
    return rows[0]["word"], lines


def titles(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Account code -> (name, direction)."""
    rows = db.execute(
        "SELECT code, name, direction FROM account WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(codes))),),
    )
    return {row["code"]: (row["name"], row["direction"]) for row in rows}
