"""Suppliers (供应商)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import not_found
from shapan.kernel.money import rate_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import views
from shapan.scm.store import suppliers as store


def list_suppliers(
    ctx: Context, page: int, page_size: int, supplier_class: str | None, tax_number: str | None, name: str | None
) -> Answer:
    """A page of suppliers."""
    rows, total = store.page(ctx.db, supplier_class, tax_number, name, page, page_size)
    return ok(views.page([views.suppliers.supplier(row) for row in rows], page, page_size, total))


def create_supplier(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a supplier; duplicates are not refused. Emits scm.supplier.created."""
    code = store.insert(ctx.db, _columns(body), ctx.timestamp)
    supplier = _supplier(ctx, code)
    ctx.emit("scm.supplier.created", code, supplier)
    return created(supplier, ctx.url(f"/suppliers/{code}"))


def get_supplier(ctx: Context, supplier_code: str) -> Answer:
    """One supplier. 404."""
    return ok(_supplier(ctx, supplier_code))


def put_supplier(ctx: Context, supplier_code: str, body: dict[str, Any]) -> Answer:
    """Replace what is known of it. 404."""
    _supplier(ctx, supplier_code)
    store.replace(ctx.db, supplier_code, _columns(body), ctx.timestamp)
    return ok(_supplier(ctx, supplier_code))


def _columns(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": body["name"],
        "short_name": body.get("short_name") or body["name"],
        "class": body.get("supplier_class") or "B",
        "payment_terms": body.get("payment_terms") or "NET30",
        "tolerance_bp": rate_from_text(body.get("over_receipt_tolerance") or "0"),
        **{member: body.get(member) for member in ("tax_number", "contact", "phone", "address")},
        **views.source_columns(body),
    }


def _supplier(ctx: Context, code: str) -> views.Json:
    row = store.get(ctx.db, code)
    if row is None:
        raise not_found("supplier", "供应商", code)
    return views.suppliers.supplier(row)
