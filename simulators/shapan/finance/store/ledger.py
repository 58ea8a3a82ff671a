"""What the general ledger sums up to (总账), and the checks that the oracle reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.finance.rules.ledger import CONTROL_ACCOUNT, AccountSums, number_gaps
from shapan.finance.store.receipts import UNAPPLIED
from shapan.finance.store.receivables import RECOGNISED


def sums(db: sqlite3.Connection, period: str) -> list[AccountSums]:
    """Per account that has any: debits less credits before `period`, and its debits and credits in it; by account code."""
    rows = db.execute(
        "SELECT account_code, sum(opening) AS opening, sum(debit) AS debit, sum(credit) AS credit FROM ("
        "  SELECT account_code, debit_fen - credit_fen AS opening, 0 AS debit, 0 AS credit FROM opening_balance"
        "  UNION ALL"
        "  SELECT l.account_code, CASE WHEN v.period < ?1 THEN l.debit_fen - l.credit_fen ELSE 0 END,"
        "   CASE WHEN v.period = ?1 THEN l.debit_fen ELSE 0 END, CASE WHEN v.period = ?1 THEN l.credit_fen ELSE 0 END"
        "  FROM voucher AS v JOIN voucher_line AS l ON l.voucher_id = v.id WHERE v.period <= ?1"
        ") GROUP BY account_code HAVING sum(opening) <> 0 OR sum(debit) <> 0 OR sum(credit) <> 0 ORDER BY account_code",
        (period,),
    )
    return [AccountSums(row["account_code"], row["opening"], row["debit"], row["credit"]) for row in rows]


def latest_period(db: sqlite3.Connection) -> str:
    """The last period that was posted to, or that in which the books open."""
    return str(
        db.execute(
            "SELECT max(p) FROM (SELECT max(period) AS p FROM voucher UNION SELECT opening_period FROM books)"
        ).fetchone()[0]
    )


def unbalanced_vouchers(db: sqlite3.Connection) -> list[str]:
    """Vouchers whose debit and credit differ, or that lack lines, in words."""
    rows = db.execute(
        "SELECT v.period, v.word, v.number, coalesce(sum(l.debit_fen), 0) AS debit, coalesce(sum(l.credit_fen), 0) AS credit"
        " FROM voucher AS v LEFT JOIN voucher_line AS l ON l.voucher_id = v.id GROUP BY v.id"
        " HAVING debit <> credit OR count(l.line_no) <> v.line_count ORDER BY v.id"
    )
    return [
        f"{r['period']} {r['word']}-{r['number']:04}: debit {r['debit']} fen, credit {r['credit']} fen" for r in rows
    ]


def missing_numbers(db: sqlite3.Connection) -> list[str]:
    """Voucher numbers that are missing in their series (断号), in words."""
    series: dict[str, list[int]] = {}
    for row in db.execute("SELECT period, word, number FROM voucher ORDER BY period, word, number"):
        series.setdefault(f"{row['period']} {row['word']}", []).append(row["number"])
    return [gap for label, numbers in series.items() for gap in number_gaps(label, numbers)]


def voucher_count(db: sqlite3.Connection) -> int:
    """How many vouchers there are."""
    return int(db.execute("SELECT count(*) FROM voucher").fetchone()[0])


def control_account(db: sqlite3.Connection) -> list[dict[str, int]]:
    """Account 1122 per customer beside open receivables less unapplied receipts, in fen.

    The open items are added up from the documents and what links them, not from what the documents show: receivables, red ones and those
    accepted among them, less all that clears them (settlements, offsets, write-offs, and their reversals), less receipts that did not come
    in advance, with what of those was settled, moved to advances, refunded, or reversed.
    A posting to 1122 without a customer stands under customer 0, where the sub-ledger has nothing.
    """
    rows = db.execute(
        "SELECT customer_id, sum(ledger) AS ledger_1122_fen, sum(sub) AS subledger_fen FROM ("  # noqa: S608
        "  SELECT coalesce(customer_id, 0) AS customer_id, debit_fen - credit_fen AS ledger, 0 AS sub FROM opening_balance WHERE account_code = ?1"
        "  UNION ALL SELECT coalesce(customer_id, 0), debit_fen - credit_fen, 0 FROM voucher_line WHERE account_code = ?1"
        f"  UNION ALL SELECT customer_id, 0, gross_fen FROM receivable WHERE {RECOGNISED}"
        "  UNION ALL SELECT customer_id, 0, -amount_fen FROM receivable_clearing"
        "  UNION ALL SELECT customer_id, 0, -amount_fen FROM receipt WHERE NOT is_advance"
        "  UNION ALL SELECT s.customer_id, 0, l.amount_fen FROM settlement AS s JOIN settlement_line AS l ON l.settlement_id = s.id"
        "   WHERE NOT s.from_advance"
        "  UNION ALL SELECT r.customer_id, 0, t.amount_fen FROM advance_transfer AS t JOIN receipt AS r ON r.id = t.receipt_id"
        "  UNION ALL SELECT customer_id, 0, reversed_unapplied_fen FROM receipt"
        ") GROUP BY customer_id ORDER BY customer_id",
        (CONTROL_ACCOUNT,),
    )
    return [dict(row) for row in rows]


def customer_facts(db: sqlite3.Connection, today: str) -> list[dict[str, Any]]:
    """Customers with open, overdue (due before `today`) and unapplied amounts in fen."""
    rows = db.execute(
        "SELECT c.id, c.short_name, c.full_name, c.tax_number,"  # noqa: S608
        f" coalesce((SELECT sum(gross_fen - settled_fen) FROM receivable WHERE customer_id = c.id AND {RECOGNISED}), 0) AS open_fen,"
        f" coalesce((SELECT sum(gross_fen - settled_fen) FROM receivable WHERE customer_id = c.id AND {RECOGNISED} AND due_date < ?"
        "   AND gross_fen > settled_fen), 0) AS overdue_fen,"
        f" coalesce((SELECT sum({UNAPPLIED}) FROM receipt WHERE customer_id = c.id), 0) AS unapplied_fen"
        " FROM customer AS c ORDER BY c.id",
        (today,),
    )
    return [dict(row) for row in rows]


def receivable_facts(db: sqlite3.Connection) -> Iterable[sqlite3.Row]:
    """Receivables as they show themselves; what settles them stands in `settlement_facts`, for the oracle to compare."""
    return db.execute(
        "SELECT r.id, r.number, r.customer_id, r.source_system, r.source_document, r.order_reference, r.net_fen, r.tax_fen, r.gross_fen,"  # noqa: S608
        f" r.settled_fen, r.business_date, r.red_of_id AS red_of, r.reason, {RECOGNISED} AS recognised, r.recognised_on,"
        " coalesce((SELECT sum(c.amount_fen) FROM receivable_cost AS c WHERE c.receivable_id = r.id), 0) AS cost_fen,"
        " r.due_date, r.period, r.posted_at, v.word, v.number AS voucher_number, r.opening"
        " FROM receivable AS r LEFT JOIN voucher AS v ON v.id = r.voucher_id ORDER BY r.id"
    )


def receipt_facts(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Receipts as they show themselves, less what was refunded; what applies them stands in `settlement_facts`."""
    rows = db.execute(
        "SELECT id, number, customer_id, amount_fen - iif(state = 'reversed', 0, reversed_fen) AS amount_fen,"  # noqa: S608
        f" {UNAPPLIED} AS unapplied_fen, advance_fen, state = 'reversed' AS reversed,"
        " business_date, posted_at, bank_reference, opening FROM receipt ORDER BY id"
    )
    return [{**dict(row), "reversed": bool(row["reversed"]), "opening": bool(row["opening"])} for row in rows]


def clearing_facts(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """What reduces open amounts without a receipt: offsets of red receivables and write-offs, with their reversals."""
    rows = db.execute(
        "SELECT kind, number, receivable_id, amount_fen FROM receivable_clearing WHERE kind <> 'settlement'"
        " ORDER BY number, receivable_id, amount_fen DESC"
    )
    return [dict(row) for row in rows]


def settlement_facts(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Settlements without their allocations."""
    rows = db.execute(
        "SELECT s.id, s.number, s.receipt_id, s.posted_at, s.period < b.opening_period AS opening FROM settlement AS s, books AS b ORDER BY s.id"
    )
    return [{**dict(row), "opening": bool(row["opening"])} for row in rows]
