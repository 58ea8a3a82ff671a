"""What orders and receipts of goods have in common when they are registered: goods, their value, and what can be wrong with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from shapan.finance import tax_rates
from shapan.finance.rules.dimensions import Dimensions, unknown
from shapan.finance.rules.purchasing import line_value
from shapan.finance.store import masters as master_store
from shapan.kernel.errors import Fault
from shapan.kernel.money import e4_from_text, milli_from_text, rate_from_text, split_net, text_from_fen, text_from_rate

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


def product_faults(db: sqlite3.Connection, codes: Mapping[int, str]) -> list[Fault]:
    """Products that are no inventory items of finance (存货档案); `codes` are by their place in /lines."""
    known = master_store.known(db, (Dimensions(product_code=code) for code in codes.values()))
    return [
        unknown(f"/lines/{index}/product_code", "product", code)
        for index, code in codes.items()
        if not known.has("product", code)
    ]


def value_faults(lines: Mapping[int, Mapping[str, Any]]) -> list[Fault]:
    """Lines of goods that are worth more than an invoice can say; `lines` are by their place in /lines."""
    return [
        Fault(
            f"/lines/{index}/quantity",
            f"Quantity x price is {text_from_fen(line['net_fen'])}; a line is worth at most {text_from_fen(LARGEST_LINE)}.",
            f"数量乘单价为 {text_from_fen(line['net_fen'])}，每行最多 {text_from_fen(LARGEST_LINE)}。",
        )
        for index, line in lines.items()
        if line["net_fen"] > LARGEST_LINE
    ]


def rate_faults(
    rates: Mapping[int, int], day: date, agreed: Mapping[int, frozenset[int]] = MappingProxyType({})
) -> list[Fault]:
    """Tax rates (basis points, by their place in /lines) that no supplier can charge on a day, be he of either kind of taxpayer.

    `agreed` are further ones that a line may have: those of the goods that it is about.
    """
    valid = {0} | {rate for kind in ("general", "small_scale") for rate in tax_rates.value_added_tax_rates(day, kind)}
    shown = [text_from_rate(rate) for rate in sorted(valid, reverse=True)]
    return [
        Fault(
            f"/lines/{index}/tax_rate",
            f"{text_from_rate(rate)} is no rate of value added tax that a supplier can charge on {day}; use one of {', '.join(shown)}.",
            f"{day} 供应商没有 {text_from_rate(rate)} 这一增值税税率或征收率，可用：{'、'.join(shown)}。",
        )
        for index, rate in rates.items()
        if rate not in valid and rate not in agreed.get(index, ())
    ]
