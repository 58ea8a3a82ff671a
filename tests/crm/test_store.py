"""The CRM's SQL: what a load test would only show late."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
import sqlite_utils

from shapan.crm import SYSTEM
from shapan.crm.store import contacts, customers, orders, products
from shapan.crm.store.pages import Position
from shapan.kernel.database import kernel_tables


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    database = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(database)
    yield connection
    connection.close()


def plans(db: sqlite3.Connection, call: object) -> list[str]:
    """How SQLite would run every statement of `call`."""
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    call()  # type: ignore[operator]
    db.set_trace_callback(None)
    assert statements
    return [row["detail"] for statement in statements for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]


BEGINNING = Position(None, 0)
TIME = "2026-01-01T00:00:00.000+08:00"
SINCE = {"updated_since": TIME, "after": Position(TIME, 0)}
CUSTOMERS = {"name": None, "code": None, "uscc": None, "updated_since": None, "after": BEGINNING, "limit": 51}
ORDERS = {"state": None, "customer_id": None, "number": None, "updated_since": None, "after": BEGINNING, "limit": 51}


@pytest.mark.parametrize("filters", [{"name": "x"}, {"code": "x"}, {"uscc": "x"}, SINCE])
def test_every_filter_of_customers_has_an_index(db: sqlite3.Connection, filters: dict[str, object]) -> None:
    (step,) = plans(db, lambda: customers.page(db, **{**CUSTOMERS, **filters}))
    assert step.startswith("SEARCH customer USING INDEX")


@pytest.mark.parametrize("filters", [{"state": "x"}, {"customer_id": "x"}, {"number": "x"}, SINCE])
def test_every_filter_of_orders_has_an_index(db: sqlite3.Connection, filters: dict[str, object]) -> None:
    (step,) = plans(db, lambda: orders.page(db, **{**ORDERS, **filters}))
    assert step.startswith("SEARCH sales_order USING INDEX")


@pytest.mark.parametrize(
    "call",
    [
        lambda db: customers.find(db, "x"),
        lambda db: customers.page(db, **CUSTOMERS),
        lambda db: contacts.find(db, "x"),
        lambda db: contacts.page(db, "x", after=BEGINNING, limit=51),
        lambda db: products.find(db, "x"),
        lambda db: products.page(db, after=BEGINNING, limit=51),
        lambda db: products.price_list(db, ["x", "y"]),
        lambda db: orders.find(db, "x"),
        lambda db: orders.page(db, **ORDERS),
        lambda db: orders.lines_of(db, [1, 2]),
    ],
)
def test_nothing_reads_a_whole_table(db: sqlite3.Connection, call: object) -> None:
    tables = ("customer", "contact", "product", "sales_order", "sales_order_line")
    steps = plans(db, lambda: call(db))  # type: ignore[operator]
    assert not [step for step in steps if step in {f"SCAN {table}" for table in tables}], steps
    assert any(step.startswith("SEARCH") for step in steps), steps
