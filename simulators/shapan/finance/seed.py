"""Finance's view of a world (初始数据): chart of accounts, posting rules, customers, suppliers, opening balances and open items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.finance import history
from shapan.finance.charts import chart_of_accounts, kinds
from shapan.finance.rules.periods import period_of, previous_period
from shapan.finance.store import books
from shapan.finance.store.query import next_change
from shapan.kernel.seeding import timestamp
from shapan.world.seeding import stores

if TYPE_CHECKING:
    from shapan.world import World

_MERCHANDISE, _MATERIALS = "1405", "1403"


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write the view into empty tables. The books open in the period of the world's opening; the one before is locked."""
    seed_books(db, world.spec.opening)
    _parties(db, world)
    _masters(db, world)
    db.table("opening_balance").insert_all(opening_rows(world))
    history.write(db.conn, world)


def seed_books(db: sqlite_utils.Database, opening: date) -> None:
    """Chart of accounts and posting rules, and empty books that open in the period of `opening`: 企业会计准则, general taxpayer."""
    books.write_chart(db.conn, chart_of_accounts())
    books.write_rules(db.conn, kinds().values())
    period = period_of(opening)
    books.insert(db.conn, books.Books("enterprise", "general", period, "on_shipment"))
    db.table("period").insert({"period": previous_period(period), "state": "locked", "change": next_change(db.conn)})


def _parties(db: sqlite_utils.Database, world: World) -> None:
    opened = timestamp(world.spec.opening)
    db.table("customer").insert_all(
        {
            "id": customer.id,
            "short_name": customer.short_name,
            "full_name": customer.full_name,
            "tax_number": customer.tax_number,
            "payment_terms_days": customer.payment_terms_days,
            "phone": customer.phone,
            "bank_name": customer.bank_name,
            "bank_account": customer.bank_account,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for customer in world.finance.customers
    )
    db.table("supplier").insert_all(
        {
            "id": supplier.id,
            "short_name": supplier.short_name,
            "full_name": supplier.full_name,
            "tax_number": supplier.tax_number,
            "supplier_class": supplier.grade,
            "payment_terms_days": supplier.payment_terms_days,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for supplier in world.finance.suppliers
    )


def _masters(db: sqlite_utils.Database, world: World) -> None:
    opened = timestamp(world.spec.opening)
    db.table("inventory_item").insert_all(
        {
            "code": item.code,
            "name": item.name,
            "unit": item.unit,
            "category": item.category,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for item in world.finance.items
    )
    db.table("store").insert_all(
        {"code": code, "name": name, "created_at": opened, "change": next_change(db.conn)}
        for code, name, _ in stores(world)
    )


def opening_rows(world: World) -> Iterator[dict[str, Any]]:
    """The opening balances; what stands on 1405 and 1403 is told by inventory item, as the SCM's opening stock has it.

    Where an item stands in the books twice, under a retired code as well, its stock is under the one in use, which comes first.
    """
    items: dict[str, tuple[str, str]] = {}
    for item in world.finance.items:
        items.setdefault(item.entity, (item.code, _MATERIALS if item.kind == "material" else _MERCHANDISE))
    entities = {product.code: product.entity for product in world.scm.products}
    values: Counter[str] = Counter()
    quantities: Counter[str] = Counter()
    for product, _, milli, value in world.scm.opening_stock:
        values[entities[product]] += value
        quantities[entities[product]] += milli
    for balance in world.finance.opening_balances:
        row = {
            "account_code": balance.account,
            "customer_id": balance.customer_id,
            "supplier_id": balance.supplier_id,
            "product_code": None,
            "quantity_milli": None,
            "debit_fen": balance.debit_fen,
            "credit_fen": balance.credit_fen,
        }
        if balance.account not in (_MERCHANDISE, _MATERIALS):
            yield row
            continue
        for entity, value in (+values).items():
            code, account = items[entity]
            if account == balance.account:
                yield {**row, "debit_fen": value, "product_code": code, "quantity_milli": quantities[entity]}
