"""Chart of accounts and posting rules (会计科目, 凭证模板)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.finance.rules.posting import PostingLine
from shapan.finance.rules.vouchers import Account
from shapan.finance.store.query import changed_page, next_change, one

_ACCOUNT = (
    "code, name, english_name, category, direction, parent, leaf, dimensions, optional_dimensions, controlled, change,"
    " (SELECT json_group_array(role) FROM account_role WHERE account_code = code) AS roles"
)
_AS_RULES_SEE_IT = "code, name, leaf, dimensions, optional_dimensions, controlled, category"


def account(db: sqlite3.Connection, code: str) -> sqlite3.Row | None:
    """The account of this code."""
    return one(db, f"SELECT {_ACCOUNT} FROM account WHERE code = ?", (code,))  # noqa: S608


def page(db: sqlite3.Connection, since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of accounts, and whether more follow."""
    return changed_page(db, _ACCOUNT, "account", "change", {}, since, limit)


def chart(db: sqlite3.Connection, codes: Iterable[str]) -> dict[str, Account]:
    """Those of these accounts that exist, by code, as rules see them."""
    rows = db.execute(
        f"SELECT {_AS_RULES_SEE_IT} FROM account WHERE code IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(sorted(set(codes))),),
    )
    return {row["code"]: _account(row) for row in rows}


def family(db: sqlite3.Connection, code: str) -> dict[str, Account]:
    """An account and all below it, by code."""
    rows = db.execute(
        f"SELECT {_AS_RULES_SEE_IT} FROM account WHERE substr(code, 1, length(?1)) = ?1 ORDER BY code",  # noqa: S608
        (code,),
    )
    return {row["code"]: _account(row) for row in rows}


def _account(row: sqlite3.Row) -> Account:
    dimensions = frozenset(json.loads(row["dimensions"]))
    optional = frozenset(json.loads(row["optional_dimensions"]))
    return Account(
        *(row["code"], row["name"], bool(row["leaf"]), dimensions, bool(row["controlled"]), optional, row["category"])
    )


def roles(db: sqlite3.Connection) -> dict[str, str]:
    """Role -> code of the account that has it in these books."""
    return {row["role"]: row["account_code"] for row in db.execute("SELECT role, account_code FROM account_role")}


def role(db: sqlite3.Connection, name: str) -> str:
    """The account with this role. KeyError when the chart of these books has none: ask `roles` where that can be."""
    return roles(db)[name]


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


def uses(db: sqlite3.Connection, code: str) -> list[str]:
    """What stands on an account, so that it must stay a leaf: voucher_line, opening_balance, posting_rule."""
    questions = {
        "voucher_line": "SELECT 1 FROM voucher_line WHERE account_code = ?",
        "opening_balance": "SELECT 1 FROM opening_balance WHERE account_code = ?",
        "posting_rule": "SELECT 1 FROM posting_rule WHERE account = ?",
    }
    return [name for name, sql in questions.items() if one(db, f"{sql} LIMIT 1", (code,)) is not None]


def insert_below(
    db: sqlite3.Connection,
    parent: sqlite3.Row,
    account: Mapping[str, Any],
    required: Iterable[str] | None,
    optional: Iterable[str] | None,
) -> None:
    """Add an account below `parent`, whose class it takes, and its dimensions where None are given. A leaf gives it its roles."""
    db.execute(
        "INSERT INTO account (code, name, english_name, category, direction, parent, leaf, dimensions, optional_dimensions, controlled,"
        " change) VALUES (:code, :name, :english_name, :category, :direction, :parent, 1, :dimensions, :optional_dimensions, 0, :change)",
        {
            **account,
            "category": parent["category"],
            "parent": parent["code"],
            "dimensions": parent["dimensions"] if required is None else json.dumps(sorted(required)),
            "optional_dimensions": parent["optional_dimensions"] if optional is None else json.dumps(sorted(optional)),
            "change": next_change(db),
        },
    )
    if parent["leaf"]:
        db.execute("UPDATE account SET leaf = 0, change = ? WHERE code = ?", (next_change(db), parent["code"]))
        db.execute("UPDATE account_role SET account_code = ? WHERE account_code = ?", (account["code"], parent["code"]))
