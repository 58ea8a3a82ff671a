"""Customers (往来单位) and what they owe."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance import views
from shapan.finance.rules.receivables import open_and_overdue
from shapan.finance.store import customers as store
from shapan.finance.store import receipts as receipt_store
from shapan.finance.store import receivables as receivable_store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, created, ok


def list_customers(
    ctx: Context,
    changed_since: int,
    limit: int,
    tax_number: str | None,
    short_name: str | None,
    full_name: str | None,
) -> Answer:
    """Customers changed after a watermark."""
    filters = {"tax_number": tax_number, "short_name": short_name, "full_name": full_name}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    return ok(views.common.page(rows, [views.customers.customer(row) for row in rows], changed_since, more))


def create_customer(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a customer."""
    source = body.get("source_reference", {})
    customer_id = store.insert(
        ctx.db,
        {
            "short_name": body["short_name"],
            "full_name": body.get("full_name"),
            "tax_number": body.get("tax_number"),
            "payment_terms_days": body.get("payment_terms_days", 30),
            "phone": body.get("phone"),
            "bank_name": body.get("bank_name"),
            "bank_account": body.get("bank_account"),
            "source_system": source.get("system"),
            "source_document": source.get("document"),
            "source_id": source.get("id"),
            "created_at": ctx.timestamp,
        },
    )
    view = views.customers.customer(_customer(ctx, customer_id))
    ctx.emit("finance.customer.created", str(customer_id), view)
    return created(view, ctx.url(f"/customers/{customer_id}"))


def get_customer(ctx: Context, customer_id: int) -> Answer:
    """One customer, or 404."""
    return ok(views.customers.customer(_customer(ctx, customer_id)))


def get_customer_balance(ctx: Context, customer_id: int) -> Answer:
    """Open, overdue and unapplied amounts of a customer at this moment, or 404."""
    _customer(ctx, customer_id)
    open_, overdue = open_and_overdue(receivable_store.open_items(ctx.db, customer_id), ctx.today)
    unapplied, advance = receipt_store.of_customer(ctx.db, customer_id)
    return ok(views.customers.customer_balance(customer_id, open_, overdue, unapplied, advance, ctx.timestamp))


def _customer(ctx: Context, customer_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, customer_id)
    if row is None:
        raise not_found("customer", "往来单位", customer_id)
    return row
