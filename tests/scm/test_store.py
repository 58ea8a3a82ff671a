"""The last line of defence: should a rule ever miss one, the database refuses the change and the request is rolled back."""

from __future__ import annotations

import sqlite3
from datetime import date

import pytest
import sqlite_utils

from shapan.kernel.database import kernel_tables
from shapan.kernel.money import Tax
from shapan.scm.rules.sales_orders import OrderLine
from shapan.scm.store import sales_orders, stock
from shapan.scm.store.query import draw_number
from shapan.scm.tables import MIGRATIONS
from tests.scm.opening import value_opening

DAY = date(2026, 11, 24)
NOW = f"{DAY}T10:00:00.000+08:00"


@pytest.fixture
def db() -> sqlite3.Connection:
    """One product, ten pieces on hand, an order of ten."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    database = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *MIGRATIONS):
        migration(database)
    connection.execute(
        "INSERT INTO partner (id, code, short_name, created_at, updated_at) VALUES (1, 'KH00001', '华信', '', '')"
    )
    connection.execute("INSERT INTO warehouse (code, name, address) VALUES ('CK01', '主仓库', '')")
    connection.execute(
        "INSERT INTO product (code, name, spec, model, category, base_unit, rate_bp) VALUES ('A', '电缆', '', '', '', '件', 1300)"
    )
    connection.execute("INSERT INTO stock VALUES ('A', 'CK01', 10000, 10400, 10000, 0, NULL)")
    value_opening(connection)
    order = {
        "number": "XSDD-202611-00001",
        "partner_code": "KH00001",
        "warehouse_code": "CK01",
        "order_date": "2026-11-24",
        "requested_date": None,
        "note": None,
        "source_system": None,
        "source_document": None,
        "source_id": None,
        "created_at": "2026-11-24T09:30:00.000+08:00",
    }
    sales_orders.insert(connection, order, [OrderLine("A", 10_000, 10_000, 1300, Tax(1_000, 130), None)])
    return connection


def balance(db: sqlite3.Connection) -> tuple[int, int]:
    row = db.execute("SELECT on_hand_milli, reserved_milli FROM stock").fetchone()
    return row["on_hand_milli"], row["reserved_milli"]


def test_stock_holds_its_checks(db: sqlite3.Connection) -> None:
    stock.reserve(db, "CK01", "A", 6_000)
    with pytest.raises(sqlite3.IntegrityError):
        stock.reserve(db, "CK01", "A", 4_001)
    with pytest.raises(sqlite3.IntegrityError):
        stock.reserve(db, "CK01", "A", -6_001)
    with pytest.raises(sqlite3.IntegrityError):
        stock.book(db, "other_issue", "CK01", "A", -4_001, DAY, NOW)
    with pytest.raises(sqlite3.IntegrityError):
        stock.book(db, "sales_issue", "CK01", "A", -6_001, DAY, NOW, unreserve_milli=6_001)
    assert balance(db) == (10_000, 6_000)
    stock.book(db, "sales_issue", "CK01", "A", -6_000, DAY, NOW, unreserve_milli=6_000)
    assert balance(db) == (4_000, 0)


def test_a_first_movement_out_of_nothing_is_refused(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM stock")
    with pytest.raises(sqlite3.IntegrityError):
        stock.book(db, "other_issue", "CK01", "A", -1, DAY, NOW)


def test_an_order_line_never_has_more_than_was_ordered(db: sqlite3.Connection) -> None:
    sales_orders.reserve_line(db, 1, 1, 10_000)
    with pytest.raises(sqlite3.IntegrityError):
        sales_orders.reserve_line(db, 1, 1, 1)
    sales_orders.ship_line(db, 1, 1, 10_000, Tax(1_000, 130))
    with pytest.raises(sqlite3.IntegrityError):
        sales_orders.ship_line(db, 1, 1, 1, Tax(0, 0))


def test_documents_are_numbered_by_month_of_business(db: sqlite3.Connection) -> None:
    numbers = [draw_number(db, "XSDD", day) for day in (DAY, DAY, date(2026, 12, 1), DAY)]
    assert numbers == ["XSDD-202611-00001", "XSDD-202611-00002", "XSDD-202612-00001", "XSDD-202611-00003"]
    db.execute("UPDATE shapan_number SET last = 99999")
    assert draw_number(db, "XSDD", DAY) == "XSDD-202611-100000"
