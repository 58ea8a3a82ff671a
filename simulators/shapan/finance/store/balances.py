"""Balances and movements of accounts, for closing steps and statements (科目余额)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from shapan.finance.rules.dimensions import Dimensions
from shapan.finance.rules.statements import Balance

_NAMED = "customer_id, supplier_id, product_code, store_code"
_LINES = (
    "SELECT account_code, NULL AS period, debit_fen, credit_fen, customer_id, supplier_id, product_code, store_code FROM opening_balance"
    " UNION ALL SELECT l.account_code, v.period, l.debit_fen, l.credit_fen, l.customer_id, l.supplier_id, l.product_code, l.store_code"
    " FROM voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id"
)


def balance(db: sqlite3.Connection, prefix: str, period: str) -> int:
    """Debits less credits of an account and all below it at the end of a period, in fen."""
    return int(
        db.execute(
            f"SELECT coalesce(sum(debit_fen - credit_fen), 0) FROM ({_LINES})"  # noqa: S608
            " WHERE substr(account_code, 1, length(?1)) = ?1 AND (period IS NULL OR period <= ?2)",
            (prefix, period),
        ).fetchone()[0]
    )


def movement(
    db: sqlite3.Connection, prefix: str, first: str, last: str, *, without: Iterable[str] = (), only: Iterable[str] = ()
) -> tuple[int, int]:
    """(debits, credits) of an account and all below it in the periods `first` to `last`, in fen.

    `without` leaves out the vouchers of these kinds of source, `only` takes none but theirs.
    """
    left_out, taken = json.dumps(sorted(without)), json.dumps(sorted(only))
    row = db.execute(
        "SELECT coalesce(sum(l.debit_fen), 0) AS debit, coalesce(sum(l.credit_fen), 0) AS credit"
        " FROM voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id"
        " WHERE substr(l.account_code, 1, length(?1)) = ?1 AND v.period BETWEEN ?2 AND ?3"
        " AND v.source_kind NOT IN (SELECT value FROM json_each(?4))"
        " AND (?5 = '[]' OR v.source_kind IN (SELECT value FROM json_each(?5)))",
        (prefix, first, last, left_out, taken),
    ).fetchone()
    return int(row["debit"]), int(row["credit"])


def profit_and_loss_balances(db: sqlite3.Connection, period: str) -> list[tuple[str, Dimensions, int]]:
    """(account, dimensions, debits less credits at the end of the period) where a profit and loss account has a balance, by code."""
    rows = db.execute(
        f"SELECT account_code, {_NAMED}, sum(debit_fen - credit_fen) AS balance FROM ({_LINES})"  # noqa: S608
        " WHERE (period IS NULL OR period <= ?) AND account_code IN (SELECT code FROM account WHERE category = 'profit_and_loss')"
        f" GROUP BY account_code, {_NAMED} HAVING balance <> 0 ORDER BY account_code, {_NAMED}",
        (period,),
    )
    return [
        (
            row["account_code"],
            Dimensions(row["customer_id"], row["supplier_id"], row["product_code"], row["store_code"]),
            row["balance"],
        )
        for row in rows
    ]


def standing(db: sqlite3.Connection, period: str) -> list[Balance]:
    """What stands on every account at the end of a period, by customer and supplier; the opening balances for an earlier one."""
    rows = db.execute(
        "SELECT account_code, customer_id, supplier_id, sum(amount) AS amount FROM ("
        "  SELECT account_code, customer_id, supplier_id, debit_fen - credit_fen AS amount FROM opening_balance"
        "  UNION ALL SELECT l.account_code, l.customer_id, l.supplier_id, l.debit_fen - l.credit_fen"
        "  FROM voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id WHERE v.period <= ?"
        ") GROUP BY account_code, customer_id, supplier_id HAVING sum(amount) <> 0",
        (period,),
    )
    return [Balance(row["account_code"], row["customer_id"], row["supplier_id"], row["amount"]) for row in rows]


def earned(db: sqlite3.Connection, first: str, last: str, without: Iterable[str]) -> dict[str, int]:
    """Account -> credits less debits of the profit and loss accounts in a range of periods, without vouchers of these kinds."""
    rows = db.execute(
        "SELECT l.account_code, sum(l.credit_fen - l.debit_fen) AS amount"
        " FROM voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id JOIN account AS a ON a.code = l.account_code"
        " WHERE a.category = 'profit_and_loss' AND v.period BETWEEN ?1 AND ?2"
        " AND v.source_kind NOT IN (SELECT value FROM json_each(?3)) GROUP BY l.account_code",
        (first, last, json.dumps(sorted(without))),
    )
    return {row["account_code"]: row["amount"] for row in rows}
