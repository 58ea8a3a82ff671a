"""Supplier invoices (采购发票), what they stand for, and the tolerance of their match."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapan.finance.rules.expenses import Expense
from shapan.finance.rules.purchasing import InvoiceLine, Key, Tolerance
from shapan.finance.store.query import changed_page, next_change, one

_INVOICE = (
    "i.id, i.number, i.supplier_id, s.short_name, i.business_date, i.period, i.invoice_number, i.invoice_kind, i.invoice_date, i.due_date,"
    " i.summary, i.state, i.reverses_id, i.differences, i.reason, i.released_by, i.voucher_id, v.word AS voucher_word,"
    " v.number AS voucher_number, (SELECT p.id FROM payable AS p WHERE p.supplier_invoice_id = i.id) AS payable_id, i.entered_at,"
    " i.posted_at, i.change"
)
_INVOICES = (
    "supplier_invoice AS i JOIN supplier AS s ON s.id = i.supplier_id LEFT JOIN voucher AS v ON v.id = i.voucher_id"
)


def tolerance(db: sqlite3.Connection) -> Tolerance:
    """The tolerance of the match."""
    row = db.execute("SELECT price_bp, line_fen FROM match_tolerance").fetchone()
    return Tolerance(row["price_bp"], row["line_fen"])


def set_tolerance(db: sqlite3.Connection, tolerance: Tolerance) -> None:
    """Use another tolerance from now on."""
    db.execute("UPDATE match_tolerance SET price_bp = ?, line_fen = ?", (tolerance.price_bp, tolerance.line_fen))


def insert(
    db: sqlite3.Connection,
    invoice: Mapping[str, Any],
    lines: Mapping[int, tuple[InvoiceLine, str | None]],
) -> int:
    """Add an invoice, not posted yet, with its lines (line number -> line and description); its id."""
    cursor = db.execute(
        "INSERT INTO supplier_invoice (number, supplier_id, business_date, period, invoice_number, invoice_kind, invoice_date, due_date,"
        " summary, state, reverses_id, differences, reason, entered_at, change) VALUES (:number, :supplier_id, :business_date, :period,"
        " :invoice_number, :invoice_kind, :invoice_date, :due_date, :summary, 'mismatched', :reverses_id, '[]', :reason, :entered_at,"
        " :change)",
        {**invoice, "change": next_change(db)},
    )
    invoice_id = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO supplier_invoice_line (supplier_invoice_id, line_no, goods_receipt_id, goods_receipt_line_no, purchase_order_id,"
        " purchase_order_line_no, description, quantity_milli, net_fen, rate_bp, tax_fen, to_cost_fen, account_code, product_code, store_code,"
        " red_milli) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        [
            (
                *(invoice_id, line_no, *(line.receipt or (None, None)), *(line.order or (None, None)), description),
                *(line.quantity, line.net, line.rate_bp, line.tax, line.to_cost),
                *_service_columns(line.expense),
            )
            for line_no, (line, description) in lines.items()
        ],
    )
    return invoice_id


def decide(
    db: sqlite3.Connection,
    invoice_id: int,
    state: str,
    differences: Sequence[Mapping[str, Any]],
    reason: str | None = None,
    released_by: str | None = None,
) -> None:
    """Note what became of an invoice that is not posted yet."""
    db.execute(
        "UPDATE supplier_invoice SET state = ?, differences = ?, reason = coalesce(?, reason), released_by = ?, change = ? WHERE id = ?",
        (state, json.dumps(differences, ensure_ascii=False), reason, released_by, next_change(db), invoice_id),
    )


def mark_posted(
    db: sqlite3.Connection, invoice_id: int, business_date: str, period: str, due_date: str, voucher_id: int, now: str
) -> None:
    """Note the voucher of an invoice, and the date that it was posted on."""
    db.execute(
        "UPDATE supplier_invoice SET business_date = ?, period = ?, due_date = ?, voucher_id = ?, posted_at = ?, change = ? WHERE id = ?",
        (business_date, period, due_date, voucher_id, now, next_change(db), invoice_id),
    )


def allocate(db: sqlite3.Connection, invoice_id: int, line_no: int, receipt: Key, quantity: int, net: int) -> None:
    """Note which goods a posted line stands for; a red one with negative quantity and value."""
    db.execute(
        "INSERT INTO invoice_allocation (supplier_invoice_id, line_no, goods_receipt_id, goods_receipt_line_no, quantity_milli, net_fen)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (invoice_id, line_no, *receipt, quantity, net),
    )


def add_red(db: sqlite3.Connection, invoice_id: int, line_no: int, quantity: int) -> None:
    """Note that a red invoice took back so much of a line."""
    db.execute(
        "UPDATE supplier_invoice_line SET red_milli = red_milli + ? WHERE supplier_invoice_id = ? AND line_no = ?",
        (quantity, invoice_id, line_no),
    )
    db.execute("UPDATE supplier_invoice SET change = ? WHERE id = ?", (next_change(db), invoice_id))


def get(db: sqlite3.Connection, invoice_id: int) -> sqlite3.Row | None:
    """The invoice of this id."""
    return one(db, f"SELECT {_INVOICE} FROM {_INVOICES} WHERE i.id = ?", (invoice_id,))  # noqa: S608


def registered(db: sqlite3.Connection, supplier_id: int, invoice_number: str) -> sqlite3.Row | None:
    """The invoice of this supplier and number that is not cancelled."""
    return one(
        db,
        f"SELECT {_INVOICE} FROM {_INVOICES} WHERE i.supplier_id = ? AND i.invoice_number = ? AND i.state <> 'cancelled'",  # noqa: S608
        (supplier_id, invoice_number),
    )


def page(db: sqlite3.Connection, filters: Mapping[str, Any], since: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """A page of invoices, and whether more follow. `filters` are columns of the invoice."""
    named = {f"i.{column}": value for column, value in filters.items()}
    return changed_page(db, _INVOICE, _INVOICES, "i.change", named, since, limit)


def lines_of(db: sqlite3.Connection, invoice_ids: Iterable[int]) -> dict[int, list[sqlite3.Row]]:
    """Invoice id -> its lines in order."""
    lines: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT supplier_invoice_id, line_no, goods_receipt_id, goods_receipt_line_no, purchase_order_id, purchase_order_line_no,"
        " description, quantity_milli, net_fen, rate_bp, tax_fen, to_cost_fen, account_code, product_code, store_code, red_milli"
        " FROM supplier_invoice_line"
        " WHERE supplier_invoice_id IN (SELECT value FROM json_each(?)) ORDER BY supplier_invoice_id, line_no",
        (json.dumps(list(invoice_ids)),),
    ):
        lines.setdefault(row["supplier_invoice_id"], []).append(row)
    return lines


def invoice_line(row: sqlite3.Row) -> InvoiceLine:
    """A row of `lines_of` as rules see it."""
    receipt, order = row["goods_receipt_id"], row["purchase_order_id"]
    return InvoiceLine(
        None if receipt is None else (receipt, row["goods_receipt_line_no"]),
        None if order is None else (order, row["purchase_order_line_no"]),
        row["quantity_milli"],
        row["net_fen"],
        row["rate_bp"],
        row["tax_fen"],
        row["to_cost_fen"],
        None if row["account_code"] is None else Expense(row["account_code"], row["product_code"], row["store_code"]),
    )


def _service_columns(expense: Expense | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if expense is None else (expense.account_code, expense.product_code, expense.store_code)


def allocations_of(db: sqlite3.Connection, invoice_ids: Iterable[int]) -> dict[tuple[int, int], list[sqlite3.Row]]:
    """(invoice id, line number) -> the goods that the line stands for."""
    found: dict[tuple[int, int], list[sqlite3.Row]] = {}
    for row in db.execute(
        "SELECT a.supplier_invoice_id, a.line_no, a.goods_receipt_id, d.number, a.goods_receipt_line_no, a.quantity_milli, a.net_fen"
        " FROM invoice_allocation AS a JOIN goods_receipt AS d ON d.id = a.goods_receipt_id"
        " WHERE a.supplier_invoice_id IN (SELECT value FROM json_each(?))"
        " ORDER BY a.supplier_invoice_id, a.line_no, d.business_date, d.id, a.goods_receipt_line_no",
        (json.dumps(list(invoice_ids)),),
    ):
        found.setdefault((row["supplier_invoice_id"], row["line_no"]), []).append(row)
    return found


def taken_back(db: sqlite3.Connection, invoice_id: int) -> dict[tuple[int, Key], int]:
    """(line number of a blue invoice, receipt line) -> thousandths that red invoices took back there, positive."""
    rows = db.execute(
        "SELECT a.line_no, a.goods_receipt_id, a.goods_receipt_line_no, -sum(a.quantity_milli) AS taken"
        " FROM supplier_invoice AS i JOIN invoice_allocation AS a ON a.supplier_invoice_id = i.id"
        " WHERE i.reverses_id = ? GROUP BY a.line_no, a.goods_receipt_id, a.goods_receipt_line_no",
        (invoice_id,),
    )
    return {(row["line_no"], (row["goods_receipt_id"], row["goods_receipt_line_no"])): row["taken"] for row in rows}
