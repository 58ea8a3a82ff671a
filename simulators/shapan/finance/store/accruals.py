"""Accruals of goods received and not invoiced (暂估单)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.accruals import AccrualLine
from shapan.finance.rules.purchasing import Key, ReceiptLine
from shapan.finance.store.query import changed_page, next_change, one

_ACCRUAL = (
    "a.id, a.number, a.supplier_id, s.short_name, a.period, a.amount_fen, a.voucher_id, v.word AS voucher_word,"
    " v.number AS voucher_number, a.reversal_period, a.reversal_voucher_id, r.word AS reversal_word, r.number AS reversal_number,"
    " a.posted_at, a.change"
)
_ACCRUALS = (
    "accrual AS a JOIN supplier AS s ON s.id = a.supplier_id JOIN voucher AS v ON v.id = a.voucher_id"
    " JOIN voucher AS r ON r.id = a.reversal_voucher_id"
)


def insert(db: sqlite3.Connection, accrual: Mapping[str, Any], lines: Sequence[AccrualLine]) -> int:
    """Add an accrual; its id."""
    cursor = db.execute(
        "INSERT INTO accrual (number, supplier_id, period, amount_fen, voucher_id, reversal_period, reversal_voucher_id, posted_at,"
        " change) VALUES (:number, :supplier_id, :period, :amount_fen, :voucher_id, :reversal_period, :reversal_voucher_id, :posted_at,"
        " :change)",
        {**accrual, "change": next_change(db)},
    )
    accrual_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO accrual_line (accrual_id, line_no, goods_receipt_id, goods_receipt_line_no, quantity_milli, amount_fen)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(accrual_id, line_no, *line.receipt.key, line.quantity, line.amount) for line_no, line in enumerate(lines, 1)],
    )
    return accrual_id


def get(db: sqlite3.Connection, accrual_id: int) -> sqlite3.Row | None:
    """The accrual of this id."""
    return one(db, f"SELECT {_ACCRUAL} FROM {_ACCRUALS} WHERE a.id = ?", (accrual_id,))  # noqa: S608


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of accruals, and whether more follow. `filters` are columns of the accrual."""
    named = {f"a.{column}": value for column, value in filters.items()}
    return changed_page(db, _ACCRUAL, _ACCRUALS, "a.change", named, since, limit)


def lines_of(db: sqlite3.Connection, accrual_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Accrual id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT l.accrual_id, l.goods_receipt_id, d.number, l.goods_receipt_line_no, l.quantity_milli, l.amount_fen FROM accrual_line AS l"
        " JOIN goods_receipt AS d ON d.id = l.goods_receipt_id WHERE l.accrual_id IN (SELECT value FROM json_each(?))"
        " ORDER BY l.accrual_id, l.line_no",
        (json.dumps(list(accrual_ids)),),
    ):
        lines.setdefault(row["accrual_id"], []).append(row)
    return lines


def received_by(db: sqlite3.Connection, period: str) -> list[ReceiptLine]:
    """Every receipt line as it stood at the end of a period: what went back or was invoiced later does not count yet."""
    rows = db.execute(
        "SELECT l.goods_receipt_id, l.line_no, d.number, d.supplier_id, l.product_code, l.stock_class, l.quantity_milli, l.price_e4,"
        " l.rate_bp, l.net_fen, l.tax_fen,"
        " coalesce((SELECT sum(x.quantity_milli) FROM purchase_return_line AS x JOIN purchase_return AS y ON y.id = x.purchase_return_id"
        "   WHERE x.goods_receipt_id = d.id AND x.goods_receipt_line_no = l.line_no AND y.period <= ?1), 0) AS returned_milli,"
        " coalesce((SELECT sum(x.quantity_milli) FROM invoice_allocation AS x JOIN supplier_invoice AS y ON y.id = x.supplier_invoice_id"
        "   WHERE x.goods_receipt_id = d.id AND x.goods_receipt_line_no = l.line_no AND y.period <= ?1), 0) AS invoiced_milli"
        " FROM goods_receipt_line AS l JOIN goods_receipt AS d ON d.id = l.goods_receipt_id"
        " WHERE d.period <= ?1 ORDER BY d.id, l.line_no",
        (period,),
    )
    return [
        ReceiptLine(
            row["goods_receipt_id"],
            row["line_no"],
            row["number"],
            row["supplier_id"],
            row["product_code"],
            row["stock_class"],
            row["quantity_milli"],
            row["price_e4"],
            row["rate_bp"],
            row["net_fen"],
            row["tax_fen"],
            row["returned_milli"],
            row["invoiced_milli"],
        )
        for row in rows
    ]


def accrued(db: sqlite3.Connection, period: str) -> dict[Key, tuple[int, int]]:
    """Receipt line -> what is accrued for a period by now, in thousandths and fen."""
    rows = db.execute(
        "SELECT l.goods_receipt_id, l.goods_receipt_line_no, sum(l.quantity_milli) AS quantity, sum(l.amount_fen) AS amount FROM accrual_line AS l"
        " JOIN accrual AS a ON a.id = l.accrual_id WHERE a.period = ? GROUP BY 1, 2",
        (period,),
    )
    return {(row["goods_receipt_id"], row["goods_receipt_line_no"]): (row["quantity"], row["amount"]) for row in rows}


def by_supplier(db: sqlite3.Connection, period: str) -> dict[int, int]:
    """Supplier id -> what 220202 should show at the end of a period: its accruals, those of earlier periods being reversed in the next."""
    rows = db.execute(
        "SELECT supplier_id, sum(CASE WHEN period <= ?1 THEN amount_fen ELSE 0 END)"
        " - sum(CASE WHEN reversal_period <= ?1 THEN amount_fen ELSE 0 END) AS amount FROM accrual GROUP BY 1",
        (period,),
    )
    return {row["supplier_id"]: row["amount"] for row in rows if row["amount"]}
