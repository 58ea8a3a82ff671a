"""A CRM that was kept since release 0.1 is brought up to date with everything in it."""

from __future__ import annotations

import sqlite3

import sqlite_utils

from shapan.crm import SYSTEM, views
from shapan.crm.store import contacts, customers, orders, products
from shapan.crm.tables import first
from shapan.kernel.database import kernel_tables

THEN = "2026-01-05T10:00:00.000+08:00"
OF_0_1 = (first.masters, first.orders)


def test_rows_of_0_1_are_what_they_were() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    assert SYSTEM.migrations[: len(OF_0_1)] == OF_0_1
    for migration in (kernel_tables, *OF_0_1):
        migration(db)
    changed = {"version": 3, "created_at": THEN, "updated_at": THEN}
    customer = {"id": "c", "code": "BJ-IT-001", "name": "北京华信科技有限公司", "region": "BJ", "industry": "IT"}
    db.table("customer").insert({**customer, "payment_terms": "NET60", **changed})
    db.table("contact").insert({"id": "k", "customer_id": "c", "name": "王小明", **changed})
    product = {
        "code": "CAB-1",
        "name": "电缆",
        "spec": "3×25",
        "unit": "箱",
        "list_price_fen": 11300,
        "tax_rate_bp": 1300,
    }
    db.table("product").insert(product)
    order = {"id": "o", "number": "ORD-202601-00001", "customer_id": "c", "customer_name": customer["name"]}
    amounts = {"net_fen": 20000, "tax_fen": 2600}
    states = {"state": "confirmed", "delivery_status": "none", "confirmed_at": THEN}
    db.table("sales_order").insert({**order, **states, **amounts, **changed})
    line = {"order_seq": 1, "line_number": 1, "product_code": "CAB-1", "product_name": "电缆", "unit": "箱"}
    figures = {"quantity_milli": 2000, "unit_price_fen": 11300, "tax_rate_bp": 1300, **amounts}
    db.table("sales_order_line").insert({**line, **figures})

    for migration in SYSTEM.migrations[len(OF_0_1) :]:
        migration(db)

    row = customers.find(connection, "c")
    assert row is not None
    shown = views.customers.customer(row)
    assert (shown["name"], shown["paymentTerms"], shown["updatedAt"]) == (customer["name"], "NET60", THEN)
    assert (shown["state"], shown["formerNames"], shown["priceListId"], shown["creditLimit"]) == (
        "active",
        [],
        None,
        None,
    )
    row = contacts.find(connection, "k")
    assert row is not None
    assert (row["version"], views.customers.contact(row)["state"]) == (3, "active")
    row = products.find(connection, "CAB-1")
    assert row is not None
    assert views.products.product(row)["state"] == "active"
    row = orders.find(connection, "o")
    assert row is not None
    seen = views.orders.order(row, orders.lines_of(connection, [1])[1], orders.delivered_of(row))
    assert (seen["state"], seen["grossAmount"], seen["confirmedAt"]) == ("confirmed", 226, THEN)
    assert [(one["discountPercent"], one["priceSource"], one["grossAmount"]) for one in seen["lines"]] == [
        (0, "listPrice", 226)
    ]
    connection.close()
