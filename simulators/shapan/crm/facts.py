"""What the oracle reads of the CRM (对账事实): whole numbers of fen, whole sales units, in the order of creation."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from typing import Any


def facts(db: sqlite3.Connection, today: date) -> dict[str, Any]:
    """`CrmFacts` of contracts/control.yaml; the date makes no difference here."""
    return {
        "customers": [_customer(row) for row in db.execute(_CUSTOMERS)],
        "orders": _orders(db),
        "returns": _returns(db),
        "store_sales": _store_sales(db),
    }


_CUSTOMERS = "SELECT id, code, name, former_names, uscc AS tax_number, open_fen, overdue_fen, balance_as_of FROM customer ORDER BY seq"
_ORDERS = (
    "SELECT seq, id, number, state, customer_id, confirmed_at, delivery_status, net_fen, tax_fen,"
    " net_fen + tax_fen AS gross_fen FROM sales_order ORDER BY seq"
)
_LINES = (
    "SELECT order_seq, line_number AS line, product_code, quantity_milli / 1000 AS quantity, quantity_milli, unit,"
    " unit_price_fen, tax_rate_bp, net_fen, tax_fen, net_fen + tax_fen AS gross_fen"
    " FROM sales_order_line ORDER BY order_seq, line_number"
)

_RETURNS = (
    "SELECT r.seq, r.number, r.state, o.number AS order_number, r.customer_id, r.requested_at, r.decided_at, r.received_at, r.credited_at,"
    " r.net_fen, r.tax_fen, r.net_fen + r.tax_fen AS gross_fen FROM return_request AS r JOIN sales_order AS o ON o.seq = r.order_seq"
    " ORDER BY r.seq"
)
_RETURN_LINES = (
    "SELECT l.return_seq, l.line_number AS line, o.product_code, l.quantity_milli / 1000 AS quantity, o.unit, l.net_fen, l.tax_fen,"
    " l.net_fen + l.tax_fen AS gross_fen FROM return_line AS l JOIN return_request AS r ON r.seq = l.return_seq"
    " JOIN sales_order_line AS o ON o.order_seq = r.order_seq AND o.line_number = l.line_number ORDER BY l.return_seq, l.line_number"
)
# A sale less what was taken back of it: that is what stock and books follow.
_STORE_SALES = (
    "SELECT s.seq, s.number, s.state, s.store_code, s.business_date, s.sold_at, s.net_fen, s.tax_fen, s.net_fen + s.tax_fen AS gross_fen,"
    " coalesce(sum(r.net_fen), 0) AS returned_net_fen, coalesce(sum(r.tax_fen), 0) AS returned_tax_fen"
    " FROM store_sale AS s LEFT JOIN store_sale_return AS r ON r.sale_seq = s.seq GROUP BY s.seq ORDER BY s.seq"
)
_STORE_SALE_LINES = (
    "SELECT l.sale_seq, l.line_number AS line, l.product_code, l.quantity_milli / 1000 AS quantity, l.unit,"
    " coalesce((SELECT sum(x.quantity_milli) / 1000 FROM store_sale_return_line AS x JOIN store_sale_return AS r ON r.seq = x.return_seq"
    "  WHERE r.sale_seq = l.sale_seq AND x.line_number = l.line_number), 0) AS returned"
    " FROM store_sale_line AS l ORDER BY l.sale_seq, l.line_number"
)


def _customer(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "former_names": [former["name"] for former in json.loads(row["former_names"])]}


def _returns(db: sqlite3.Connection) -> list[dict[str, Any]]:
    return _with_lines(db, _RETURNS, _RETURN_LINES, "return_seq")


def _store_sales(db: sqlite3.Connection) -> list[dict[str, Any]]:
    return _with_lines(db, _STORE_SALES, _STORE_SALE_LINES, "sale_seq")


def _orders(db: sqlite3.Connection) -> list[dict[str, Any]]:
    return _with_lines(db, _ORDERS, _LINES, "order_seq")


def _with_lines(db: sqlite3.Connection, headers: str, lines: str, key: str) -> list[dict[str, Any]]:
    """Headers with their lines; `key` is the column of a line that names its header's seq, and neither is shown."""
    by_header: dict[int, list[dict[str, Any]]] = {}
    for row in db.execute(lines):
        line = dict(row)
        by_header.setdefault(line.pop(key), []).append(line)
    documents = []
    for row in db.execute(headers):
        document = dict(row)
        seq = document.pop("seq")
        documents.append({**document, "lines": by_header.get(seq, [])})
    return documents
