"""What the masters (主数据) grew after 0.1: merged and renamed customers, contacts who left, products that change, price lists."""

from __future__ import annotations

import sqlite_utils


def customers_and_contacts(db: sqlite_utils.Database) -> None:
    customer = db.table("customer")
    customer.add_column("state", str, not_null_default="active")
    customer.add_column("merged_into", str)
    customer.add_column("price_list_id", str)
    # [{"name", "until"}]: what every answer shows of the history, so that a list of customers needs no second look.
    customer.add_column("former_names", str, not_null_default="[]")
    for column in ("state", "merged_into"):
        customer.create_index([column])

    contact = db.table("contact")
    contact.add_column("state", str, not_null_default="active")
    contact.add_column("is_primary", int, not_null_default=0)

    # Not `customer_id`: a customer's history stays its own when it is merged into another.
    history = db.table("customer_history")
    history.create(
        {
            "seq": int,
            "customer_seq": int,
            "kind": str,
            "at": str,
            "client_id": str,
            "other_id": str,
            "reason": str,
            "changes": str,
        },
        pk="seq",
        not_null={"customer_seq", "kind", "at", "client_id", "changes"},
        foreign_keys=[("customer_seq", "customer", "seq")],
        strict=True,
    )
    history.create_index(["customer_seq"])


def products_and_price_lists(db: sqlite_utils.Database) -> None:
    product = db.table("product")
    product.add_column("state", str, not_null_default="active")
    product.add_column("version", int, not_null_default=1)

    price_list = db.table("price_list")
    price_list.create(
        {
            "seq": int,
            "id": str,
            "name": str,
            "valid_from": str,
            "valid_to": str,
            "note": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"id", "name", "valid_from", "version", "created_at", "updated_at"},
        strict=True,
    )
    price_list.create_index(["id"], unique=True)
    for column in ("name", "updated_at"):
        price_list.create_index([column])

    item = db.table("price_list_item")
    item.create(
        {
            "price_list_seq": int,
            "position": int,
            "product_code": str,
            "minimum_quantity": int,
            "price_fen": int,
        },
        pk=("price_list_seq", "position"),
        not_null={"product_code", "minimum_quantity", "price_fen"},
        foreign_keys=[("price_list_seq", "price_list", "seq")],
        strict=True,
    )
    item.create_index(["price_list_seq", "product_code", "minimum_quantity"], unique=True)
