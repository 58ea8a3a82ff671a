"""What orders and receipts of goods have in common when they are registered: goods, their value, and what can be wrong with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.rules.dimensions import Dimensions, unknown
from shapan.finance.rules.purchasing import line_value
from shapan.finance.store import masters as master_store
from shapan.kernel.errors import Fault
from shapan.kernel.money import e4_from_text, milli_from_text, rate_from_text, split_net, text_from_fen

LARGEST_LINE = 999_999_999_999
"""The largest amount that an invoice line can have, in fen; a line that is worth more is a slip."""


def unknown_supplier(supplier_id: int) -> Fault:
    """A reference to a supplier that does not exist."""
    return unknown("/supplier_id", "supplier", supplier_id)


def subject(supplier_id: int) -> str:
    """The subject of a supplier's events: customers have the bare number."""
    return f"supplier-{supplier_id}"


def source_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the required source_reference of a body."""
    source = body["source_reference"]
    return {
        "source_system": source["system"],
        "source_document": source["document"],
        "source_id": source.get("id"),
    }


def goods_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a line with product, quantity, price and rate: what it is worth, and the tax on it."""
    quantity, price, rate = (
        milli_from_text(line["quantity"]),
        e4_from_text(line["unit_price"]),
        rate_from_text(line["tax_rate"]),
    )
    value = split_net(line_value(quantity, price), rate)
    return {
        "product_code": line["product_code"],
        "description": line.get("description"),
        "stock_class": line.get("stock_class", "goods"),
        "quantity_milli": quantity,
        "price_e4": price,
        "rate_bp": rate,
        "net_fen": value.net,
        "tax_fen": value.tax,
    }


def product_faults(db: sqlite3.Connection, codes: Sequence[str]) -> list[Fault]:
    """Products that are no inventory items of finance (存货档案), by their place in /lines."""
    known = master_store.known(db, (Dimensions(product_code=code) for code in codes))
    return [
        unknown(f"/lines/{index}/product_code", "product", code)
        for index, code in enumerate(codes)
        if not known.has("product", code)
    ]


def goods_faults(db: sqlite3.Connection, lines: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """What is wrong with lines of goods: unknown products, values beyond any invoice."""
    found = product_faults(db, [line["product_code"] for line in lines])
    found += [
        Fault(
            f"/lines/{index}/quantity",
            f"Quantity x price is {text_from_fen(line['net_fen'])}; a line is worth at most {text_from_fen(LARGEST_LINE)}.",
            f"数量乘单价为 {text_from_fen(line['net_fen'])}，每行最多 {text_from_fen(LARGEST_LINE)}。",
        )
        for index, line in enumerate(lines)
        if line["net_fen"] > LARGEST_LINE
    ]
    return found
