"""Suppliers (供应商) and what is owed to them."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.finance import views
from shapan.finance.registering import subject
from shapan.finance.store import goods_receipts as receipt_store
from shapan.finance.store import suppliers as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, created, ok


def list_suppliers(
    ctx: Context,
    changed_since: int,
    limit: int,
    tax_number: str | None,
    short_name: str | None,
    full_name: str | None,
) -> Answer:
    """Suppliers changed after a watermark."""
    filters = {"tax_number": tax_number, "short_name": short_name, "full_name": full_name}
    rows, more = store.page(ctx.db, filters, changed_since, limit)
    return ok(views.common.page(rows, [views.suppliers.supplier(row) for row in rows], changed_since, more))


def create_supplier(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a supplier."""
    source = body.get("source_reference", {})
    supplier_id = store.insert(
        ctx.db,
        {
            "short_name": body["short_name"],
            "full_name": body.get("full_name"),
            "tax_number": body.get("tax_number"),
            "supplier_class": body.get("supplier_class", "B"),
            "payment_terms_days": body.get("payment_terms_days", 30),
            "source_system": source.get("system"),
            "source_document": source.get("document"),
            "source_id": source.get("id"),
            "created_at": ctx.timestamp,
        },
    )
    view = views.suppliers.supplier(_supplier(ctx, supplier_id))
    ctx.emit("finance.supplier.created", subject(supplier_id), view)
    return created(view, ctx.url(f"/suppliers/{supplier_id}"))


def get_supplier(ctx: Context, supplier_id: int) -> Answer:
    """One supplier, or 404."""
    return ok(views.suppliers.supplier(_supplier(ctx, supplier_id)))


def get_supplier_balance(ctx: Context, supplier_id: int) -> Answer:
    """Open, overdue, unapplied, prepaid and uninvoiced amounts of a supplier at this moment, or 404."""
    _supplier(ctx, supplier_id)
    standing = store.standing(ctx.db, supplier_id, ctx.today.isoformat())
    uninvoiced = sum(line.open_net for line in receipt_store.lines_of_supplier(ctx.db, supplier_id))
    return ok(views.suppliers.supplier_balance(supplier_id, standing, uninvoiced, ctx.timestamp))


def _supplier(ctx: Context, supplier_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, supplier_id)
    if row is None:
        raise not_found("supplier", "供应商", supplier_id)
    return row
