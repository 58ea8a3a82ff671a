"""What the oracle reads of purchasing, stores, stock and periods in finance (采购、门店、存货与期间事实), beside `shapan.finance.facts`."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from typing import Any

from shapan.finance.store import accounts, accruals, ledger
from shapan.finance.store import goods_receipts as receipt_store
from shapan.finance.store import payables as payable_store

Json = dict[str, Any]


def facts(db: sqlite3.Connection) -> Json:
    """Suppliers and their documents, cash sales, inventory documents, inventory accounts by product, account 2202 by supplier, periods."""
    opening_period, taxpayer_kind = db.execute("SELECT opening_period, taxpayer_kind FROM books").fetchone()
    return {
        "opening_period": str(opening_period),
        "taxpayer_kind": str(taxpayer_kind),
        "periods": _rows(db, _PERIODS),
        "suppliers": _rows(db, "SELECT id, short_name, full_name, tax_number FROM supplier ORDER BY id"),
        "purchase_orders": _with_lines(db, _PURCHASE_ORDERS, _PURCHASE_ORDER_LINES),
        "goods_receipts": _with_lines(db, _GOODS_RECEIPTS, _GOODS_RECEIPT_LINES),
        "purchase_returns": _with_lines(db, _PURCHASE_RETURNS, _PURCHASE_RETURN_LINES),
        "supplier_invoices": _with_lines(db, _SUPPLIER_INVOICES, _INVOICE_LINES),
        "payables": [{**row, "opening": bool(row["opening"])} for row in _rows(db, _PAYABLES)],
        "payable_settlements": _rows(db, _PAYABLE_SETTLEMENTS),
        "accruals": _rows(db, _ACCRUALS),
        "payable_accounts": _payable_accounts(db),
        "cash_sales": _rows(db, _CASH_SALES),
        "inventory_documents": _rows(db, _INVENTORY_DOCUMENTS),
        "inventory_accounts": _inventory_accounts(db),
    }


_PERIODS = (
    "SELECT p.period, p.state, (SELECT max(at) FROM period_log AS l WHERE l.period = p.period AND l.action = 'closed') AS closed_at"
    " FROM period AS p ORDER BY p.period"
)
_REGISTERED = "id, number, supplier_id, business_date, period, source_system, source_document, registered_at"
_PURCHASE_ORDERS = f"SELECT {_REGISTERED} FROM purchase_order ORDER BY id"  # noqa: S608
_PURCHASE_ORDER_LINES = (
    "SELECT purchase_order_id, line_no AS line, product_code, quantity_milli, net_fen, tax_fen, net_fen + tax_fen AS gross_fen"
    " FROM purchase_order_line ORDER BY purchase_order_id, line_no"
)
_GOODS_RECEIPTS = f"SELECT {_REGISTERED} FROM goods_receipt ORDER BY id"  # noqa: S608
_GOODS_RECEIPT_LINES = (
    "SELECT goods_receipt_id, line_no AS line, product_code, quantity_milli, returned_milli, invoiced_milli, net_fen, tax_fen,"
    " net_fen + tax_fen AS gross_fen FROM goods_receipt_line ORDER BY goods_receipt_id, line_no"
)
_PURCHASE_RETURNS = f"SELECT {_REGISTERED} FROM purchase_return ORDER BY id"  # noqa: S608
_PURCHASE_RETURN_LINES = (
    "SELECT l.purchase_return_id, l.line_no AS line, r.number AS goods_receipt, g.product_code, l.quantity_milli"
    " FROM purchase_return_line AS l JOIN goods_receipt AS r ON r.id = l.goods_receipt_id"
    " JOIN goods_receipt_line AS g ON g.goods_receipt_id = l.goods_receipt_id AND g.line_no = l.goods_receipt_line_no"
    " ORDER BY l.purchase_return_id, l.line_no"
)
_SUPPLIER_INVOICES = (
    "SELECT i.id, i.number, i.supplier_id, i.state, i.invoice_number, b.number AS reverses, i.business_date, i.period, i.posted_at"
    " FROM supplier_invoice AS i LEFT JOIN supplier_invoice AS b ON b.id = i.reverses_id ORDER BY i.id"
)
# `matched_milli` is what of the line stands against goods that came in; a service (no product) stands against none.
_INVOICE_LINES = (
    "SELECT l.supplier_invoice_id, l.line_no AS line, l.account_code IS NOT NULL AS service, l.quantity_milli, l.net_fen, l.tax_fen,"
    " l.net_fen + l.tax_fen AS gross_fen, coalesce((SELECT sum(a.quantity_milli) FROM invoice_allocation AS a"
    "  WHERE a.supplier_invoice_id = l.supplier_invoice_id AND a.line_no = l.line_no), 0) AS matched_milli,"
    " coalesce((SELECT group_concat(number, ' ') FROM (SELECT DISTINCT r.number FROM invoice_allocation AS a"
    "  JOIN goods_receipt AS r ON r.id = a.goods_receipt_id"
    "  WHERE a.supplier_invoice_id = l.supplier_invoice_id AND a.line_no = l.line_no)), '') AS goods_receipts"
    " FROM supplier_invoice_line AS l ORDER BY l.supplier_invoice_id, l.line_no"
)
_PAYABLES = (
    "SELECT p.id, p.number, p.supplier_id, i.number AS supplier_invoice, p.net_fen, p.tax_fen, p.gross_fen, p.settled_fen, p.business_date,"
    " p.period, p.posted_at, p.opening FROM payable AS p LEFT JOIN supplier_invoice AS i ON i.id = p.supplier_invoice_id ORDER BY p.id"
)
_PAYABLE_SETTLEMENTS = (
    "SELECT s.number, m.number AS payment, p.number AS payable, l.amount_fen, s.posted_at FROM payable_settlement_line AS l"
    " JOIN payable_settlement AS s ON s.id = l.payable_settlement_id JOIN payable AS p ON p.id = l.payable_id"
    " LEFT JOIN payment AS m ON m.id = s.payment_id ORDER BY s.id, l.line_no"
)
_ACCRUALS = "SELECT number, supplier_id, period, amount_fen, reversal_period, posted_at FROM accrual ORDER BY id"
_CASH_SALES = (
    "SELECT number, state, store_code, source_system, source_document, business_date, period, net_fen, tax_fen, gross_fen, posted_at"
    " FROM cash_sale ORDER BY id"
)
# What a document that is reversed and its reversal come to is nothing; the reversal shows its own negative amount.
_INVENTORY_DOCUMENTS = (
    "SELECT d.number, d.kind, d.store_code, d.source_system, d.source_document, d.business_date, d.period, d.amount_fen, d.posted_at,"
    " r.number AS reverses FROM inventory_document AS d LEFT JOIN inventory_document AS r ON r.id = d.reverses_id ORDER BY d.id"
)


def _rows(db: sqlite3.Connection, sql: str) -> list[Json]:
    return [dict(row) for row in db.execute(sql)]


def _with_lines(db: sqlite3.Connection, headers: str, lines: str) -> list[Json]:
    """Documents with their lines; the first column of a line is the id of its document, which is not shown."""
    by_header: defaultdict[int, list[Json]] = defaultdict(list)
    for line in db.execute(lines):
        shown = dict(line)
        by_header[shown.pop(line.keys()[0])].append(shown)
    found = []
    for document in _rows(db, headers):
        own = by_header[document["id"]]
        totals = {
            name: sum(line[name] for line in own)
            for name in ("net_fen", "tax_fen", "gross_fen")
            if all(name in line for line in own)
        }
        found.append({**document, **totals, "lines": own})
    return found


def _payable_accounts(db: sqlite3.Connection) -> list[Json]:
    """What stands on the accounts of 2202 (and 1123) for each supplier beside what its documents come to, credits less debits."""
    period, roles = ledger.latest_period(db), accounts.roles(db)
    rows = []
    for role, documents in (
        ("payable", payable_store.sub_ledger(db, period)),
        ("prepayment", payable_store.prepaid(db, period)),
        ("goods_received_not_invoiced", accruals.by_supplier(db, period)),
    ):
        booked = payable_store.control(db, roles[role], period)
        rows += [
            {
                "supplier_id": supplier,
                "account": roles[role],
                "ledger_fen": booked.get(supplier, 0),
                "subledger_fen": documents.get(supplier, 0),
            }
            for supplier in sorted({*booked, *documents})
        ]
    return rows


def _inventory_accounts(db: sqlite3.Connection) -> list[Json]:
    """What the accounts of stock hold of each product, and what of it came in and is not invoiced; an entry without a product stands under ''.

    All vouchers count, also the reversal of an accrual (暂估冲回) that is dated in the next month: accrual and reversal come to nothing, and
    `uninvoiced_fen` has the goods meanwhile.
    """
    roles = accounts.roles(db)
    booked: Counter[str] = Counter()
    for role in ("raw_material", "inventory"):
        for row in db.execute(
            "SELECT coalesce(product_code, '') AS product, sum(debit_fen - credit_fen) AS amount FROM ("
            "  SELECT account_code, product_code, debit_fen, credit_fen FROM opening_balance"
            "  UNION ALL SELECT account_code, product_code, debit_fen, credit_fen FROM voucher_line)"
            " WHERE substr(account_code, 1, length(?1)) = ?1 GROUP BY 1",
            (roles[role],),
        ):
            booked[row["product"]] += row["amount"]
    waiting: Counter[str] = Counter()
    ids = [row["id"] for row in db.execute("SELECT DISTINCT goods_receipt_id AS id FROM goods_receipt_line")]
    for lines in receipt_store.lines_of(db, ids).values():
        for line in map(receipt_store.receipt_line, lines):
            waiting[line.product_code] += line.open_net
    return [
        {"product_code": code, "ledger_fen": booked[code], "uninvoiced_fen": waiting[code]}
        for code in sorted({*booked, *waiting})
    ]
