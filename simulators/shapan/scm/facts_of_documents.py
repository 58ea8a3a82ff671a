"""What the oracle reads of purchasing, returns, stores and production (采购、退货、门店与生产事实), beside `shapan.scm.facts`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any

Json = dict[str, Any]


def facts(conn: sqlite3.Connection) -> Json:
    """suppliers, purchase orders, their receipts and returns; sales returns; store sales; production; what documents changed of the stock's value."""
    return {
        "suppliers": _rows(conn, "SELECT code, name, short_name, tax_number FROM supplier ORDER BY id"),
        "purchase_orders": _with_lines(conn, _PURCHASE_ORDERS, _PURCHASE_ORDER_LINES),
        "goods_receipts": _with_lines(conn, _GOODS_RECEIPTS, _GOODS_RECEIPT_LINES),
        "purchase_returns": _with_lines(conn, _PURCHASE_RETURNS, _PURCHASE_RETURN_LINES),
        "sales_returns": _with_lines(conn, _SALES_RETURNS, _SALES_RETURN_LINES),
        "store_sales": _with_lines(conn, _STORE_SALES, _STORE_SALE_LINES),
        "production_orders": _rows(conn, _PRODUCTION_ORDERS),
        "production_postings": _rows(conn, _PRODUCTION_POSTINGS),
        "value_changes": _rows(conn, _VALUE_CHANGES),
        "untold_values": _rows(conn, _UNTOLD_VALUES),
        "transfers": _rows(conn, _TRANSFERS),
        "stock_counts": _rows(conn, "SELECT number, state, warehouse_code, posted_at FROM stock_count ORDER BY id"),
        "cost_adjustments": _rows(conn, _COST_ADJUSTMENTS),
    }


_PURCHASE_ORDERS = (
    "SELECT id, number, state, supplier_code, order_date, created_at, approved_at, net_fen, tax_fen, net_fen + tax_fen AS gross_fen"
    " FROM purchase_order ORDER BY id"
)
_PURCHASE_ORDER_LINES = (
    "SELECT order_id, line_no AS line, product_code, quantity_milli, net_fen, tax_fen, net_fen + tax_fen AS gross_fen"
    " FROM purchase_order_line ORDER BY order_id, line_no"
)
_GOODS_RECEIPTS = (
    "SELECT r.id, r.number, r.state, o.number AS purchase_order, o.supplier_code, r.receipt_date, r.created_at, r.posted_at"
    " FROM goods_receipt AS r JOIN purchase_order AS o ON o.id = r.order_id ORDER BY r.id"
)
# What enters stock; what was rejected does not, and nobody pays for it.
_GOODS_RECEIPT_LINES = (
    "SELECT l.receipt_id, l.line_no AS line, l.order_line, p.product_code, l.quantity_milli, l.net_fen, l.tax_fen,"
    " l.net_fen + l.tax_fen AS gross_fen FROM goods_receipt_line AS l JOIN goods_receipt AS r ON r.id = l.receipt_id"
    " JOIN purchase_order_line AS p ON p.order_id = r.order_id AND p.line_no = l.order_line ORDER BY l.receipt_id, l.line_no"
)
_PURCHASE_RETURNS = (
    "SELECT b.id, b.number, b.state, r.number AS goods_receipt, o.supplier_code, b.return_date, b.created_at, b.posted_at"
    " FROM purchase_return AS b JOIN goods_receipt AS r ON r.id = b.receipt_id JOIN purchase_order AS o ON o.id = r.order_id ORDER BY b.id"
)
_PURCHASE_RETURN_LINES = (
    "SELECT l.return_id, l.line_no AS line, l.receipt_line, p.product_code, l.quantity_milli, l.rejected, l.net_fen, l.tax_fen,"
    " l.net_fen + l.tax_fen AS gross_fen FROM purchase_return_line AS l JOIN purchase_return AS b ON b.id = l.return_id"
    " JOIN goods_receipt AS r ON r.id = b.receipt_id"
    " JOIN goods_receipt_line AS g ON g.receipt_id = r.id AND g.line_no = l.receipt_line"
    " JOIN purchase_order_line AS p ON p.order_id = r.order_id AND p.line_no = g.order_line ORDER BY l.return_id, l.line_no"
)
_SALES_RETURNS = (
    "SELECT s.id, s.number, s.state, d.number AS delivery, o.partner_code, s.source_system, s.source_document, s.receive_date,"
    " s.created_at, s.received_at FROM sales_return AS s JOIN delivery AS d ON d.id = s.delivery_id"
    " JOIN sales_order AS o ON o.id = d.order_id ORDER BY s.id"
)
_SALES_RETURN_LINES = (
    "SELECT l.return_id, l.line_no AS line, p.product_code, p.source_line, l.quantity_milli, l.net_fen, l.tax_fen,"
    " l.net_fen + l.tax_fen AS gross_fen FROM sales_return_line AS l JOIN sales_return AS s ON s.id = l.return_id"
    " JOIN delivery AS d ON d.id = s.delivery_id"
    " JOIN sales_order_line AS p ON p.order_id = d.order_id AND p.line_no = l.line_no ORDER BY l.return_id, l.line_no"
)
_STORE_SALES = "SELECT id, number, state, warehouse_code, business_date, source_system, source_document, created_at FROM store_sale ORDER BY id"
_STORE_SALE_LINES = (
    "SELECT sale_id, line_no AS line, product_code, quantity_milli FROM store_sale_line ORDER BY sale_id, line_no"
)
_PRODUCTION_ORDERS = (
    "SELECT number, state, product_code, quantity_milli, sales_order_no AS sales_order, source_document, created_at"
    " FROM production_order ORDER BY id"
)
_PRODUCTION_POSTINGS = (
    "SELECT d.number, d.kind, o.number AS production_order, d.business_date, d.created_at, 0 AS conversion_fen FROM production_posting AS d"
    " JOIN production_order AS o ON o.id = d.order_id"
    " UNION ALL SELECT r.number, 'receipt', o.number, r.business_date, r.created_at, r.labour_fen + r.overhead_fen FROM production_receipt AS r"
    " JOIN production_order AS o ON o.id = r.order_id ORDER BY 5, 1"
)
# Goods on their way between two warehouses stay the company's: a transfer changes the value only by what was lost.
_VALUE_CHANGES = (
    "SELECT source_document AS document, kind, min(business_date) AS business_date, min(created_at) AS created_at,"
    " sum(value_change_fen) AS value_fen FROM movement"
    " WHERE source_document IS NOT NULL AND kind NOT IN ('transfer_out', 'transfer_in', 'other_receipt', 'other_issue')"
    " GROUP BY source_document, kind ORDER BY min(id)"
)

# Stock that was booked in or out by hand: no event tells of it, and what it was worth is entered in the books by a person, where at all.
_UNTOLD_VALUES = (
    "SELECT product_code, sum(value_change_fen) AS value_fen FROM movement WHERE kind IN ('other_receipt', 'other_issue')"
    " GROUP BY product_code ORDER BY product_code"
)
_TRANSFERS = (
    "SELECT number, state, from_warehouse_code, to_warehouse_code, sent_at, received_at FROM transfer ORDER BY id"
)
_COST_ADJUSTMENTS = (
    "SELECT a.number, r.number AS goods_receipt, a.adjustment_date, a.created_at FROM cost_adjustment AS a"
    " JOIN goods_receipt AS r ON r.id = a.receipt_id ORDER BY a.id"
)


def _rows(conn: sqlite3.Connection, sql: str) -> list[Json]:
    return [dict(row) for row in conn.execute(sql)]


def _with_lines(conn: sqlite3.Connection, headers: str, lines: str) -> list[Json]:
    """Documents with their lines; the first column of each is the id of the document, which is not shown."""
    by_header: defaultdict[int, list[Json]] = defaultdict(list)
    for line in conn.execute(lines):
        shown = dict(line)
        by_header[shown.pop(line.keys()[0])].append(shown)
    found = []
    for row in conn.execute(headers):
        document = dict(row)
        own = by_header[document.pop("id")]
        totals = {
            name: sum(line[name] for line in own)
            for name in ("net_fen", "tax_fen", "gross_fen")
            if name not in document and all(name in line for line in own)
        }
        found.append({**document, **totals, "lines": own})
    return found
