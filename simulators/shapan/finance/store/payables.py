"""Payables (应付单), what is open of them, and how 220201 and 220202 stand beside them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.finance.rules.payables import OpenPayable, payable_state
from shapan.finance.rules.periods import period_of
from shapan.finance.store.query import changed_page, next_change, one

_PAYABLE = (
    "p.id, p.number, p.supplier_id, s.short_name, p.business_date, p.due_date, p.period, p.summary, p.net_fen, p.tax_fen, p.gross_fen,"
    " p.settled_fen, p.state, p.opening, p.supplier_invoice_id, i.invoice_number, p.voucher_id, v.word AS voucher_word,"
    " v.number AS voucher_number, p.posted_at, p.change"
)
_PAYABLES = (
    "payable AS p JOIN supplier AS s ON s.id = p.supplier_id LEFT JOIN supplier_invoice AS i ON i.id = p.supplier_invoice_id"
    " LEFT JOIN voucher AS v ON v.id = p.voucher_id"
)


@dataclass(frozen=True, slots=True)
class AgedPayable:
    """What was open of a payable at the end of a day, in fen; below zero for a red one."""

    supplier_id: int
    short_name: str
    posted: date
    due: date
    open: int


def insert(db: sqlite3.Connection, payable: Mapping[str, Any]) -> int:
    """Add a payable of which nothing is settled; its id."""
    cursor = db.execute(
        "INSERT INTO payable (number, supplier_id, business_date, due_date, period, summary, net_fen, tax_fen, gross_fen, settled_fen,"
        " state, opening, supplier_invoice_id, voucher_id, posted_at, change) VALUES (:number, :supplier_id, :business_date, :due_date,"
        " :period, :summary, :net_fen, :tax_fen, :gross_fen, 0, 'open', :opening, :supplier_invoice_id, :voucher_id, :posted_at, :change)",
        {**payable, "change": next_change(db)},
    )
    return int(cursor.lastrowid or 0)


def insert_opening(
    db: sqlite3.Connection, supplier_id: int, number: str, business_date: date, due_date: date, gross: int
) -> None:
    """Add a payable that the books open with: no tax, because it was deducted before."""
    insert(
        db,
        {
            "number": number,
            "supplier_id": supplier_id,
            "business_date": business_date.isoformat(),
            "due_date": due_date.isoformat(),
            "period": period_of(business_date),
            "summary": None,
            "net_fen": gross,
            "tax_fen": 0,
            "gross_fen": gross,
            "opening": 1,
            "supplier_invoice_id": None,
            "voucher_id": None,
            "posted_at": None,
        },
    )


def clear_openings(db: sqlite3.Connection) -> None:
    """Take away the payables that the books opened with, and what links payments of before to them, as long as nothing is posted."""
    of_before = "SELECT id FROM payable_settlement WHERE payment_id IN (SELECT id FROM payment WHERE opening = 1)"
    db.execute(f"DELETE FROM payable_settlement_line WHERE payable_settlement_id IN ({of_before})")  # noqa: S608
    db.execute(f"DELETE FROM payable_settlement WHERE id IN ({of_before})")  # noqa: S608
    db.execute("DELETE FROM payable WHERE opening = 1")


def get(db: sqlite3.Connection, payable_id: int) -> sqlite3.Row | None:
    """The payable of this id."""
    return one(db, f"SELECT {_PAYABLE} FROM {_PAYABLES} WHERE p.id = ?", (payable_id,))  # noqa: S608


def page(
    db: sqlite3.Connection, filters: Mapping[str, Any], invoice_number: str | None, since: int, limit: int
) -> tuple[list[sqlite3.Row], bool]:
    """A page of payables, and whether more follow. `filters` are columns of the payable."""
    named = {f"p.{column}": value for column, value in filters.items()}
    return changed_page(
        db, _PAYABLE, _PAYABLES, "p.change", {**named, "i.invoice_number": invoice_number}, since, limit
    )


def items(db: sqlite3.Connection, payable_ids: Iterable[int]) -> dict[int, OpenPayable]:
    """Those of these payables that exist, by id, as settlement sees them."""
    rows = db.execute(
        "SELECT id, number, supplier_id, gross_fen - settled_fen AS open_fen, business_date FROM payable"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(payable_ids))),),
    )
    return {
        row["id"]: OpenPayable(
            row["id"], row["number"], row["supplier_id"], row["open_fen"], date.fromisoformat(row["business_date"])
        )
        for row in rows
    }


def settle(db: sqlite3.Connection, payable_id: int, amount: int) -> None:
    """Note that `amount` more is settled; below zero for a red payable, or when a settlement is taken back."""
    row = db.execute(
        "SELECT gross_fen, settled_fen + ? AS settled_fen FROM payable WHERE id = ?", (amount, payable_id)
    ).fetchone()
    db.execute(
        "UPDATE payable SET settled_fen = ?, state = ?, change = ? WHERE id = ?",
        (row["settled_fen"], payable_state(row["gross_fen"], row["settled_fen"]), next_change(db), payable_id),
    )


def aged(db: sqlite3.Connection, as_of: date, supplier_id: int | None) -> list[AgedPayable]:
    """What was open of payables at the end of a day, by supplier: settlements after it do not count."""
    rows = db.execute(
        "SELECT p.supplier_id, s.short_name, p.business_date, p.due_date, p.gross_fen"
        " - coalesce((SELECT sum(l.amount_fen) FROM payable_settlement_line AS l JOIN payable_settlement AS t"
        "   ON t.id = l.payable_settlement_id WHERE l.payable_id = p.id AND t.business_date <= ?1), 0)"
        " + coalesce((SELECT sum(l.amount_fen) FROM payable_settlement AS t JOIN payable_settlement_line AS l"
        "   ON l.payable_settlement_id = t.id WHERE t.red_payable_id = p.id AND t.business_date <= ?1), 0)"
        # A refund is a negative payment; one that was taken back counts with its reversal.
        " - coalesce((SELECT sum(m.amount_fen) FROM payment AS m WHERE m.refunded_payable_id = p.id AND m.business_date <= ?1), 0)"
        " AS open_fen"
        " FROM payable AS p JOIN supplier AS s ON s.id = p.supplier_id"
        " WHERE p.business_date <= ?1 AND (?2 IS NULL OR p.supplier_id = ?2) ORDER BY p.supplier_id, p.id",
        (as_of.isoformat(), supplier_id),
    )
    return [
        AgedPayable(
            row["supplier_id"],
            row["short_name"],
            date.fromisoformat(row["business_date"]),
            date.fromisoformat(row["due_date"]),
            row["open_fen"],
        )
        for row in rows
        if row["open_fen"]
    ]


def control(db: sqlite3.Connection, account_code: str, period: str) -> dict[int, int]:
    """Supplier id -> credits less debits of an account up to the end of a period; 0 stands for no supplier."""
    rows = db.execute(
        "SELECT coalesce(supplier_id, 0) AS supplier_id, sum(amount) AS amount FROM ("
        "  SELECT supplier_id, credit_fen - debit_fen AS amount FROM opening_balance WHERE account_code = ?1"
        "  UNION ALL SELECT l.supplier_id, l.credit_fen - l.debit_fen FROM voucher_line AS l JOIN voucher AS v ON v.id = l.voucher_id"
        "   WHERE l.account_code = ?1 AND v.period <= ?2"
        ") GROUP BY 1",
        (account_code, period),
    )
    return {row["supplier_id"]: row["amount"] for row in rows if row["amount"]}


def sub_ledger(db: sqlite3.Connection, period: str) -> dict[int, int]:
    """Supplier id -> what 220201 should show at the end of a period, by its documents: payables less payments and prepayments applied."""
    rows = db.execute(
        "SELECT supplier_id, sum(amount) AS amount FROM ("
        "  SELECT supplier_id, gross_fen AS amount FROM payable WHERE period <= ?1"
        "  UNION ALL SELECT supplier_id, -amount_fen FROM payment WHERE kind = 'payment' AND period <= ?1"
        "  UNION ALL SELECT t.supplier_id, -l.amount_fen FROM payable_settlement AS t JOIN payment AS m ON m.id = t.payment_id"
        "   JOIN payable_settlement_line AS l ON l.payable_settlement_id = t.id WHERE m.kind = 'prepayment' AND t.period <= ?1"
        ") GROUP BY 1",
        (period,),
    )
    return {row["supplier_id"]: row["amount"] for row in rows if row["amount"]}


def prepaid(db: sqlite3.Connection, period: str) -> dict[int, int]:
    """Supplier id -> what 1123 should show at the end of a period, credits less debits: prepayments applied less those made."""
    rows = db.execute(
        "SELECT supplier_id, sum(amount) AS amount FROM ("
        "  SELECT supplier_id, -amount_fen AS amount FROM payment WHERE kind = 'prepayment' AND period <= ?1"
        "  UNION ALL SELECT t.supplier_id, l.amount_fen FROM payable_settlement AS t JOIN payment AS m ON m.id = t.payment_id"
        "   JOIN payable_settlement_line AS l ON l.payable_settlement_id = t.id WHERE m.kind = 'prepayment' AND t.period <= ?1"
        ") GROUP BY 1",
        (period,),
    )
    return {row["supplier_id"]: row["amount"] for row in rows if row["amount"]}


def last_reversal(
    db: sqlite3.Connection, payable_ids: Iterable[int], payment_id: int | None, red_payable_id: int | None
) -> list[date]:
    """The last day on which a settlement of these was taken back; empty when none was. What is dated before it would count twice."""
    row = db.execute(
        "SELECT max(t.business_date) FROM payable_settlement AS t JOIN payable_settlement_line AS l ON l.payable_settlement_id = t.id"
        " WHERE t.reverses_id IS NOT NULL AND (l.payable_id IN (SELECT value FROM json_each(?1)) OR t.payment_id = ?2"
        "  OR t.red_payable_id = ?3)",
        (json.dumps(sorted(payable_ids)), payment_id, red_payable_id),
    ).fetchone()
    return [] if row[0] is None else [date.fromisoformat(row[0])]
