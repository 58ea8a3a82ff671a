"""What release 0.1 had (最初的数据表): customers, contacts, the price list, orders and their lines. Released: never changed again."""

from __future__ import annotations

import sqlite_utils


def masters(db: sqlite_utils.Database) -> None:
    customer = db.table("customer")
    customer.create(
        {
            "seq": int,
            "id": str,
            "code": str,
            "name": str,
            "uscc": str,
            "region": str,
            "industry": str,
            "province": str,
            "city": str,
            "district": str,
            "street": str,
            "postcode": str,
            "phone": str,
            "email": str,
            "payment_terms": str,
            "open_fen": int,
            "overdue_fen": int,
            "balance_as_of": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"id", "code", "name", "region", "industry", "payment_terms", "version", "created_at", "updated_at"},
        strict=True,
    )
    customer.create_index(["id"], unique=True)
    customer.create_index(["code"], unique=True)
    for column in ("name", "uscc", "updated_at"):
        customer.create_index([column])

    contact = db.table("contact")
    contact.create(
        {
            "seq": int,
            "id": str,
            "customer_id": str,
            "name": str,
            "title": str,
            "phone": str,
            "email": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"id", "customer_id", "name", "version", "created_at", "updated_at"},
        foreign_keys=[("customer_id", "customer", "id")],
        strict=True,
    )
    contact.create_index(["id"], unique=True)
    contact.create_index(["customer_id"])

    product = db.table("product")
    product.create(
        {
            "seq": int,
            "code": str,
            "name": str,
            "spec": str,
            "unit": str,
            "list_price_fen": int,
            "tax_rate_bp": int,
        },
        pk="seq",
        not_null={"code", "name", "spec", "unit", "list_price_fen", "tax_rate_bp"},
        strict=True,
    )
    product.create_index(["code"], unique=True)


def orders(db: sqlite_utils.Database) -> None:
    order = db.table("sales_order")
    order.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "customer_id": str,
            "customer_name": str,
            "state": str,
            "delivery_status": str,
            "requested_delivery_date": str,
            "note": str,
            "net_fen": int,
            "tax_fen": int,
            "version": int,
            "created_at": str,
            "updated_at": str,
            "confirmed_at": str,
            "cancelled_at": str,
            "cancel_reason": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "customer_id",
            "customer_name",
            "state",
            "delivery_status",
            "net_fen",
            "tax_fen",
            "version",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("customer_id", "customer", "id")],
        strict=True,
    )
    order.create_index(["id"], unique=True)
    order.create_index(["number"], unique=True)
    # seq, the row id, is the last column of every index: a page of a filtered list needs no sorting.
    for column in ("state", "customer_id", "updated_at"):
        order.create_index([column])

    # No foreign key to product: a line keeps what was copied from the price list, whatever becomes of the product.
    db.table("sales_order_line").create(
        {
            "order_seq": int,
            "line_number": int,
            "product_code": str,
            "product_name": str,
            "unit": str,
            "quantity_milli": int,
            "unit_price_fen": int,
            "tax_rate_bp": int,
            "net_fen": int,
            "tax_fen": int,
        },
        pk=("order_seq", "line_number"),
        not_null={
            "product_code",
            "product_name",
            "unit",
            "quantity_milli",
            "unit_price_fen",
            "tax_rate_bp",
            "net_fen",
            "tax_fen",
        },
        foreign_keys=[("order_seq", "sales_order", "seq")],
        strict=True,
    )
