"""Finance's view of a world (初始数据): chart of accounts, posting rules, customers, opening balances and opening receivables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.finance.charts import chart_of_accounts, kinds
from shapan.finance.rules.periods import period_of, previous_period
from shapan.finance.store import books
from shapan.finance.store.query import next_change
from shapan.kernel.clock import SHANGHAI, rfc3339

if TYPE_CHECKING:
    from shapan.world import World

_INVENTORY = "1405"


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write the view into empty tables. The books open in the period of the world's opening; the one before is locked."""
    seed_books(db, world.spec.opening)
    view = world.finance
    opened = rfc3339(datetime.combine(world.spec.opening, time(), SHANGHAI))
    db.table("customer").insert_all(
        {
            "id": customer.id,
            "short_name": customer.short_name,
            "full_name": customer.full_name,
            "tax_number": customer.tax_number,
            "payment_terms_days": customer.payment_terms_days,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for customer in view.customers
    )
    db.table("inventory_item").insert_all(
        {
            "code": product.code,
            "name": product.name,
            "unit": product.base_unit,
            "category": product.category,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for product in world.scm.products
    )
    db.table("opening_balance").insert_all(opening_rows(world))
    db.table("receivable").insert_all(
        {
            "number": item.number,
            "customer_id": item.customer_id,
            "business_date": item.business_date,
            "due_date": item.due_date,
            "period": period_of(date.fromisoformat(item.business_date)),
            "net_fen": item.net_fen,
            "tax_fen": item.tax_fen,
            "gross_fen": item.gross_fen,
            "settled_fen": 0,
            "state": "open",
            "opening": 1,
            "change": next_change(db.conn),
        }
        for item in view.opening_receivables
    )


def seed_books(db: sqlite_utils.Database, opening: date) -> None:
    """Chart of accounts and posting rules, and empty books that open in the period of `opening`: 企业会计准则, general taxpayer."""
    books.write_chart(db.conn, chart_of_accounts())
    books.write_rules(db.conn, kinds().values())
    period = period_of(opening)
    books.insert(db.conn, books.Books("enterprise", "general", period, "on_shipment"))
    db.table("period").insert({"period": previous_period(period), "state": "locked", "change": next_change(db.conn)})


def opening_rows(world: World) -> Iterator[dict[str, Any]]:
    """The opening balances; what stands on 1405 is told by product, as the SCM's opening stock has it."""
    by_product: Counter[str] = Counter()
    quantities: Counter[str] = Counter()
    for product, _, milli, value in world.scm.opening_stock:
        by_product[product] += value
        quantities[product] += milli
    for code, customer_id, debit, credit in world.finance.opening_balances:
        row = {"account_code": code, "customer_id": customer_id, "debit_fen": debit, "credit_fen": credit}
        if code == _INVENTORY:
            for product, value in sorted((+by_product).items()):
                yield {**row, "debit_fen": value, "product_code": product, "quantity_milli": quantities[product]}
        else:
            yield {**row, "product_code": None, "quantity_milli": None}
