"""What waits, what is reserved, what lies and what expires (缺货、预留、呆滞、效期)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta

_OPEN_LINES = (
    "sales_order_line AS l JOIN sales_order AS o ON o.id = l.order_id JOIN partner AS b ON b.code = o.partner_code"
    " JOIN product AS p ON p.code = l.product_code"
    " LEFT JOIN stock AS s ON s.product_code = l.product_code AND s.warehouse_code = o.warehouse_code"
)
_EXPIRED = (
    "coalesce((SELECT sum(bs.on_hand_milli) FROM batch_stock AS bs JOIN batch AS x ON x.product_code = bs.product_code"
    " AND x.batch_no = bs.batch_no WHERE bs.product_code = l.product_code AND bs.warehouse_code = o.warehouse_code"
    " AND x.expiry_date < :today), 0)"
)
_OPEN_LINE = (
    "o.number, l.line_no, o.partner_code, b.short_name, o.warehouse_code, l.product_code, p.name AS product_name, p.base_unit,"
    " l.quantity_milli, l.reserved_milli, l.shipped_milli,"
    f" max(0, coalesce(s.on_hand_milli - s.reserved_milli, 0) - {_EXPIRED}) AS available_milli, o.order_date, o.requested_date"
)


def _page(
    db: sqlite3.Connection,
    columns: str,
    source: str,
    conditions: list[str],
    order: str,
    given: Mapping[str, str | int | None],
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """One page of rows and the number of all matches; all SQL is written in this module."""
    source += f" WHERE {' AND '.join(conditions)}"
    total = db.execute(f"SELECT count(*) FROM {source}", given).fetchone()[0]  # noqa: S608
    rows = db.execute(
        f"SELECT {columns} FROM {source} ORDER BY {order} LIMIT :size OFFSET :skip",  # noqa: S608
        {**given, "size": page_size, "skip": (page - 1) * page_size},
    ).fetchall()
    return rows, total


def _filters(columns: Mapping[str, str], given: Mapping[str, str | int | None]) -> list[str]:
    return [f"{column} = :{name}" for name, column in columns.items() if given[name] is not None]


def open_lines(
    db: sqlite3.Connection,
    waiting: bool,
    product_code: str | None,
    warehouse_code: str | None,
    sales_order_no: str | None,
    today: date,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of lines of approved orders that wait for stock, or for which some is reserved, and the number of matches."""
    given = {
        "product": product_code,
        "warehouse": warehouse_code,
        "order": sales_order_no,
        "today": today.isoformat(),
    }
    open_condition = "l.reserved_milli + l.shipped_milli < l.quantity_milli" if waiting else "l.reserved_milli > 0"
    columns = {"product": "l.product_code", "warehouse": "o.warehouse_code", "order": "o.number"}
    conditions = ["o.state = 'approved'", open_condition, *_filters(columns, given)]
    return _page(db, _OPEN_LINE, _OPEN_LINES, conditions, "o.id, l.line_no", given, page, page_size)


def stale(
    db: sqlite3.Connection,
    days: int,
    product_code: str | None,
    warehouse_code: str | None,
    today: date,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of balances that nothing has moved for `days` days, the longest first, and the number of matches."""
    given = {
        "product": product_code,
        "warehouse": warehouse_code,
        "last": (today - timedelta(days)).isoformat(),
    }
    source = (
        "(SELECT s.*, coalesce((SELECT max(m.business_date) FROM movement AS m WHERE m.product_code = s.product_code"
        " AND m.warehouse_code = s.warehouse_code), s.opened_on) AS moved_on FROM stock AS s) AS s"
        " JOIN product AS p ON p.code = s.product_code LEFT JOIN product_cost AS c ON c.product_code = s.product_code"
    )
    columns = (
        "s.product_code, p.name AS product_name, s.warehouse_code, p.base_unit, s.on_hand_milli, s.moved_on,"
        " coalesce(c.quantity_milli, 0) AS company_milli, coalesce(c.value_fen, 0) AS company_value_fen"
    )
    conditions = [
        "s.on_hand_milli > 0",
        "s.moved_on <= :last",
        *_filters({"product": "s.product_code", "warehouse": "s.warehouse_code"}, given),
    ]
    return _page(
        db, columns, source, conditions, "s.moved_on, s.product_code, s.warehouse_code", given, page, page_size
    )


def expiring(
    db: sqlite3.Connection,
    days: int,
    product_code: str | None,
    warehouse_code: str | None,
    today: date,
    page: int,
    page_size: int,
) -> tuple[list[sqlite3.Row], int]:
    """A page of batches on hand that expire within `days` days or have expired, the earliest first, and the number of matches."""
    given = {
        "product": product_code,
        "warehouse": warehouse_code,
        "last": (today + timedelta(days)).isoformat(),
    }
    source = (
        "batch_stock AS s JOIN batch AS b ON b.product_code = s.product_code AND b.batch_no = s.batch_no"
        " JOIN product AS p ON p.code = s.product_code"
    )
    columns = "s.product_code, p.name AS product_name, s.warehouse_code, p.base_unit, s.batch_no, b.production_date, b.expiry_date, s.on_hand_milli"
    conditions = [
        "s.on_hand_milli > 0",
        "b.expiry_date <= :last",
        *_filters({"product": "s.product_code", "warehouse": "s.warehouse_code"}, given),
    ]
    order = "b.expiry_date, s.product_code, s.batch_no, s.warehouse_code"
    return _page(db, columns, source, conditions, order, given, page, page_size)
