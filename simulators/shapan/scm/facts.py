"""What the oracle reads of the SCM (事实): documents and balances in fen and thousandths of the base unit, read in one snapshot."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import date
from typing import Any

from shapan.scm import facts_of_documents
from shapan.scm.rules.costing import Cost, at_average

Json = dict[str, Any]


def facts(conn: sqlite3.Connection, today: date) -> Json:
    """Partners and suppliers, products, documents, stock and its values, whatever the date; see docs/oracle.md for the shape of each."""
    return {
        "partners": [
            dict(row) for row in conn.execute("SELECT code, short_name, full_name, tax_number FROM partner ORDER BY id")
        ],
        "products": _products(conn),
        "sales_orders": _sales_orders(conn),
        "deliveries": _deliveries(conn),
        "stock": _stock(conn),
        "stock_values": _stock_values(conn),
        **facts_of_documents.facts(conn),
    }


def _products(conn: sqlite3.Connection) -> list[Json]:
    units: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in conn.execute(
        "SELECT product_code, unit, factor_milli FROM product_unit ORDER BY product_code, position"
    ):
        units[row["product_code"]][row["unit"]] = row["factor_milli"]
    return [
        {"code": row["code"], "base_unit": row["base_unit"], "units": units[row["code"]]}
        for row in conn.execute("SELECT code, base_unit FROM product ORDER BY code")
    ]


def _with_lines(headers: list[sqlite3.Row], lines: list[sqlite3.Row]) -> list[Json]:
    """Headers with their lines; the first column of each is the header's id, which is left out."""
    by_header: defaultdict[int, list[Json]] = defaultdict(list)
    for line in lines:
        by_header[line[0]].append({**_amounts(line), **dict(zip(line.keys()[1:], tuple(line)[1:], strict=True))})
    return [
        {
            **dict(zip(header.keys()[1:], tuple(header)[1:], strict=True)),
            "lines": by_header[header[0]],
            "net_fen": sum(line["net_fen"] for line in by_header[header[0]]),
            "tax_fen": sum(line["tax_fen"] for line in by_header[header[0]]),
            "gross_fen": sum(line["gross_fen"] for line in by_header[header[0]]),
        }
        for header in headers
    ]


def _amounts(line: sqlite3.Row) -> Json:
    return {"net_fen": line["net_fen"], "tax_fen": line["tax_fen"], "gross_fen": line["net_fen"] + line["tax_fen"]}


def _sales_orders(conn: sqlite3.Connection) -> list[Json]:
    return _with_lines(
        conn.execute(
            "SELECT id, number, state, partner_code, warehouse_code, source_system, source_document, order_date, created_at,"
            " close_reason IS NOT NULL AS closed_short FROM sales_order ORDER BY id"
        ).fetchall(),
        conn.execute(
            "SELECT order_id, line_no AS line, product_code, quantity_milli, reserved_milli, shipped_milli, net_fen, tax_fen,"
            " source_line FROM sales_order_line ORDER BY order_id, line_no"
        ).fetchall(),
    )


def _deliveries(conn: sqlite3.Connection) -> list[Json]:
    return _with_lines(
        conn.execute(
            "SELECT d.id, d.number, d.state, o.number AS sales_order, o.partner_code, o.warehouse_code, o.source_system,"
            " o.source_document, d.ship_date, d.shipped_at FROM delivery AS d JOIN sales_order AS o ON o.id = d.order_id ORDER BY d.id"
        ).fetchall(),
        conn.execute(
            "SELECT dl.delivery_id, dl.line_no AS line, l.product_code, dl.quantity_milli, dl.net_fen, dl.tax_fen, l.source_line"
            " FROM delivery_line AS dl JOIN delivery AS d ON d.id = dl.delivery_id"
            " JOIN sales_order_line AS l ON l.order_id = d.order_id AND l.line_no = dl.line_no ORDER BY dl.delivery_id, dl.line_no"
        ).fetchall(),
    )


def _stock(conn: sqlite3.Connection) -> list[Json]:
    """Balances with what their movements come to. `issued_milli` is what went out for deliveries; `value_fen` what is on hand at the company's
    moving average, rounded by balance, so that only `stock_values` adds up to the fen."""
    return [
        {
            **{name: row[name] for name in row if not name.startswith("company_")},
            "value_fen": at_average(Cost(row["company_milli"], row["company_fen"]), row["on_hand_milli"]),
        }
        for row in map(
            dict,
            conn.execute(
                "SELECT s.product_code, s.warehouse_code, s.opening_milli, coalesce(m.change_milli, 0) AS movements_milli, s.on_hand_milli,"
                " s.reserved_milli, coalesce(m.issued_milli, 0) AS issued_milli, coalesce(c.quantity_milli, 0) AS company_milli,"
                " coalesce(c.value_fen, 0) AS company_fen FROM stock AS s LEFT JOIN (SELECT product_code, warehouse_code,"
                " sum(change_milli) AS change_milli, sum(iif(kind = 'sales_issue', -change_milli, 0)) AS issued_milli"
                " FROM movement GROUP BY product_code, warehouse_code) AS m USING (product_code, warehouse_code)"
                " LEFT JOIN product_cost AS c USING (product_code) ORDER BY s.product_code, s.warehouse_code"
            ),
        )
    ]


def _stock_values(conn: sqlite3.Connection) -> list[Json]:
    """What the company has of each product, goods between two warehouses included, and what opening and movements come to."""
    return [
        dict(row)
        for row in conn.execute(
            "SELECT c.product_code, c.quantity_milli, c.value_fen, coalesce(o.value_fen, 0) AS opening_fen,"
            " coalesce(m.value_fen, 0) AS movements_fen FROM product_cost AS c"
            " LEFT JOIN (SELECT product_code, sum(opening_value_fen) AS value_fen FROM stock GROUP BY product_code) AS o USING (product_code)"
            " LEFT JOIN (SELECT product_code, sum(value_change_fen) AS value_fen FROM movement GROUP BY product_code) AS m USING (product_code)"
            " ORDER BY c.product_code"
        )
    ]
