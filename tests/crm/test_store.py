"""The CRM's SQL: what a load test would only show late."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date

import pytest
import sqlite_utils

from shapan.crm import SYSTEM
from shapan.crm.rules.figures import month
from shapan.crm.store import (
    activities,
    approvals,
    contacts,
    credit,
    customer_history,
    customers,
    figures,
    leads,
    members,
    opportunities,
    orders,
    price_lists,
    products,
    quotations,
    returns,
    revisions,
    store_sales,
    stores,
)
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
DAY = date(2026, 1, 1)
TIME = "2026-01-01T00:00:00.000+08:00"
SINCE = {"updated_since": TIME, "after": Position(TIME, 0)}
CUSTOMERS = {
    "name": None,
    "code": None,
    "uscc": None,
    "state": None,
    "updated_since": None,
    "after": BEGINNING,
    "limit": 51,
}
ORDERS = {"state": None, "customer_id": None, "number": None, "updated_since": None, "after": BEGINNING, "limit": 51}


@pytest.mark.parametrize("filters", [{"name": "x"}, {"code": "x"}, {"uscc": "x"}, {"state": "x"}, SINCE])
def test_every_filter_of_customers_has_an_index(db: sqlite3.Connection, filters: dict[str, object]) -> None:
    (step,) = plans(db, lambda: customers.page(db, **{**CUSTOMERS, **filters}))
    assert step.startswith("SEARCH customer USING INDEX")


@pytest.mark.parametrize("filters", [{"state": "x"}, {"customer_id": "x"}, {"number": "x"}, SINCE])
def test_every_filter_of_orders_has_an_index(db: sqlite3.Connection, filters: dict[str, object]) -> None:
    (step,) = plans(db, lambda: orders.page(db, **{**ORDERS, **filters}))
    assert step.startswith("SEARCH sales_order USING INDEX")


LEADS = {"state": None, "company_name": None, "updated_since": None, "after": BEGINNING, "limit": 51}
OPPORTUNITIES = {"stage": None, "customer_id": None, "updated_since": None, "after": BEGINNING, "limit": 51}
QUOTATIONS = {**ORDERS, "opportunity_id": None, "today": DAY}
ABOUT = dict.fromkeys(activities.ABOUT)
ACTIVITIES = {"about": ABOUT, "kind": None, "updated_since": None, "after": BEGINNING, "limit": 51}


@pytest.mark.parametrize(
    ("page", "everything", "table", "filters"),
    [
        *((leads.page, LEADS, "lead", one) for one in ({"state": "x"}, {"company_name": "x"}, SINCE)),
        *((opportunities.page, OPPORTUNITIES, "opportunity", one) for one in ({"stage": "x"}, {"customer_id": "x"}, SINCE)),
        *((quotations.page, QUOTATIONS, "quotation", {one: "x"}) for one in ("state", "customer_id", "opportunity_id", "number")),
        *((quotations.page, QUOTATIONS, "quotation", one) for one in ({"state": "sent"}, {"state": "expired"}, SINCE)),
        *((activities.page, ACTIVITIES, "activity", {"about": {**ABOUT, one: "x"}}) for one in ABOUT),
        *((activities.page, ACTIVITIES, "activity", one) for one in ({"kind": "x"}, SINCE)),
    ],
)  # fmt: skip
def test_every_filter_on_the_way_to_an_order_has_an_index(
    db: sqlite3.Connection,
    page: Callable[..., object],
    everything: dict[str, object],
    table: str,
    filters: dict[str, object],
) -> None:
    (step,) = plans(db, lambda: page(db, **{**everything, **filters}))
    assert step.startswith(f"SEARCH {table} USING INDEX")


RETURNS = {"state": None, "order_seq": None, "customer_id": None, "after": BEGINNING, "limit": 51}
STORE_SALES = {"store_code": None, "member_id": None, "business_date": None, "after": BEGINNING, "limit": 51}


@pytest.mark.parametrize(
    ("page", "everything", "table", "wanted"),
    [
        *((returns.page, RETURNS, "return_request", one) for one in ("state", "order_seq", "customer_id")),
        *((store_sales.page, STORE_SALES, "store_sale", one) for one in ("store_code", "member_id", "business_date")),
        (members.page, {"phone": None, "after": BEGINNING, "limit": 51}, "member", "phone"),
    ],
)
def test_every_filter_behind_an_order_has_an_index(
    db: sqlite3.Connection, page: Callable[..., object], everything: dict[str, object], table: str, wanted: str
) -> None:
    (step,) = plans(db, lambda: page(db, **{**everything, wanted: 1}))
    assert step.startswith(f"SEARCH {table} USING INDEX")


def test_what_a_customer_has_ordered_is_summed_up_in_the_index(db: sqlite3.Connection) -> None:
    [step] = plans(db, lambda: credit.open_orders(db, "x"))
    assert "COVERING INDEX idx_sales_order_open" in step


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
        lambda db: credit.open_orders(db, "x"),
        lambda db: approvals.next_round(db, 1),
        lambda db: approvals.pending(db, 1, 1),
        lambda db: approvals.steps_of(db, [{"seq": 1, "approval_round": 2}]),
        lambda db: revisions.page(db, 1, after=BEGINNING, limit=51),
        lambda db: returns.find(db, "x"),
        lambda db: returns.returned(db, 1),
        lambda db: returns.lines_of(db, [1, 2]),
        lambda db: returns.orders_of(db, [1, 2]),
        lambda db: returns.page(db, **RETURNS),
        lambda db: stores.find(db, "x"),
        lambda db: members.find(db, "x"),
        lambda db: members.find_by_phone(db, "x"),
        lambda db: store_sales.find(db, "x"),
        lambda db: store_sales.lines_of(db, [1, 2]),
        lambda db: store_sales.page(db, **STORE_SALES),
        lambda db: figures.figures(db, month("2026-11")),
        lambda db: figures.month(db, month("2026-11"), after=BEGINNING, limit=51),
        lambda db: products.known(db, ["x"]),
        lambda db: price_lists.offers_of(db, "x", DAY, ["y"]),
        lambda db: price_lists.offers_in(db, [1, 2]),
        lambda db: price_lists.page(db, name=None, updated_since=None, after=BEGINNING, limit=51),
        lambda db: customer_history.page(db, 1, after=BEGINNING, limit=51),
        lambda db: customer_history.move(db, "x", "y", TIME),
        lambda db: customer_history.close(db, "x", "y", TIME),
        lambda db: leads.page(db, **LEADS),
        lambda db: opportunities.page(db, **OPPORTUNITIES),
        lambda db: opportunities.stages_of(db, [1, 2]),
        lambda db: quotations.page(db, **QUOTATIONS),
        lambda db: quotations.lines_of(db, [1, 2]),
        lambda db: activities.page(db, **ACTIVITIES),
        lambda db: activities.give_to_customer(db, "x", "y", TIME),
    ],
)
def test_nothing_reads_a_whole_table(db: sqlite3.Connection, call: object) -> None:
    tables = [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    steps = plans(db, lambda: call(db))  # type: ignore[operator]
    assert not [step for step in steps if step in {f"SCAN {table}" for table in tables}], steps
    assert any(step.startswith("SEARCH") for step in steps), steps
