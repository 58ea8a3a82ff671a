"""Stores (门店), members (会员) and store sales (门店销售)."""

from __future__ import annotations

import sqlite_utils


def shops(db: sqlite_utils.Database) -> None:
    store = db.table("store")
    store.create(
        {
            "seq": int,
            "code": str,
            "name": str,
            "address": str,
            "phone": str,
            "state": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"code", "name", "state", "version", "created_at", "updated_at"},
        strict=True,
    )
    store.create_index(["code"], unique=True)

    member = db.table("member")
    member.create(
        {
            "seq": int,
            "id": str,
            "phone": str,
            "name": str,
            "level": str,
            "points": int,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"id", "phone", "name", "level", "points", "version", "created_at", "updated_at"},
        strict=True,
    )
    member.create_index(["id"], unique=True)
    member.create_index(["phone"], unique=True)


def store_sales(db: sqlite_utils.Database) -> None:
    sale = db.table("store_sale")
    sale.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "store_code": str,
            "member_id": str,
            "state": str,
            "sold_at": str,
            "business_date": str,
            "payments": str,
            "net_fen": int,
            "tax_fen": int,
            "points": int,
            "version": int,
            "created_at": str,
            "updated_at": str,
            "voided_at": str,
            "void_reason": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "store_code",
            "state",
            "sold_at",
            "business_date",
            "payments",
            "net_fen",
            "tax_fen",
            "points",
            "version",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("store_code", "store", "code"), ("member_id", "member", "id")],
        strict=True,
    )
    sale.create_index(["id"], unique=True)
    sale.create_index(["number"], unique=True)
    for column in ("store_code", "member_id", "business_date"):
        sale.create_index([column])

    db.table("store_sale_line").create(
        {
            "sale_seq": int,
            "line_number": int,
            "product_code": str,
            "product_name": str,
            "unit": str,
            "quantity_milli": int,
            "unit_price_fen": int,
            "tax_rate_bp": int,
            "net_fen": int,
            "tax_fen": int,
            "discount_bp": int,
            "price_source": str,
        },
        pk=("sale_seq", "line_number"),
        not_null={
            "product_code",
            "product_name",
            "unit",
            "quantity_milli",
            "unit_price_fen",
            "tax_rate_bp",
            "net_fen",
            "tax_fen",
            "discount_bp",
            "price_source",
        },
        foreign_keys=[("sale_seq", "store_sale", "seq")],
        strict=True,
    )


def store_sale_returns(db: sqlite_utils.Database) -> None:
    back = db.table("store_sale_return")
    back.create(
        {
            "seq": int,
            "sale_seq": int,
            "returned_at": str,
            "business_date": str,
            "reason": str,
            "refunds": str,
            "net_fen": int,
            "tax_fen": int,
            "points": int,
        },
        pk="seq",
        not_null={"sale_seq", "returned_at", "business_date", "reason", "refunds", "net_fen", "tax_fen", "points"},
        foreign_keys=[("sale_seq", "store_sale", "seq")],
        strict=True,
    )
    for column in ("sale_seq", "business_date"):
        back.create_index([column])
    # What was sold is read in the line of the sale.
    db.table("store_sale_return_line").create(
        {"return_seq": int, "line_number": int, "quantity_milli": int, "net_fen": int, "tax_fen": int},
        pk=("return_seq", "line_number"),
        not_null={"quantity_milli", "net_fen", "tax_fen"},
        foreign_keys=[("return_seq", "store_sale_return", "seq")],
        strict=True,
    )
