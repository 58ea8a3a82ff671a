"""Rows -> JSON in the SCM's convention: snake_case, decimals as strings, local dates, quantities in base units."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.kernel.money import text_from_e4, text_from_fen, text_from_milli, text_from_rate
from shapan.scm.rules import backorder

Json = dict[str, Any]


def page(items: Sequence[Json], page: int, page_size: int, total: int) -> Json:
    """A page of a list."""
    return {"items": list(items), "page": page, "page_size": page_size, "total": total}


def _source(row: sqlite3.Row) -> Json | None:
    if row["source_system"] is None:
        return None
    return {"system": row["source_system"], "document": row["source_document"], "id": row["source_id"]}


def source_columns(body: Mapping[str, Any]) -> dict[str, str | None]:
    """`source_reference` of a body -> the columns that keep it, all None when there is none."""
    source = body.get("source_reference") or {}
    return {
        "source_system": source.get("system"),
        "source_document": source.get("document"),
        "source_id": source.get("id"),
    }


def partner(row: sqlite3.Row) -> Json:
    """Partner."""
    return {
        "partner_code": row["code"],
        "short_name": row["short_name"],
        "full_name": row["full_name"],
        "tax_number": row["tax_number"],
        "phone": row["phone"],
        "address": row["address"],
        "source_reference": _source(row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def product(row: sqlite3.Row, units: Mapping[str, int]) -> Json:
    """Product; `units` are unit -> factor in milli, the base unit first."""
    return {
        "product_code": row["code"],
        "name": row["name"],
        "spec": row["spec"],
        "model": row["model"],
        "category": row["category"],
        "base_unit": row["base_unit"],
        "units": [{"unit": unit, "factor": text_from_milli(factor)} for unit, factor in units.items()],
        "tax_rate": text_from_rate(row["rate_bp"]),
    }


def warehouse(row: sqlite3.Row) -> Json:
    """Warehouse."""
    return {"warehouse_code": row["code"], "name": row["name"], "address": row["address"]}


def stock(row: sqlite3.Row) -> Json:
    """Stock balance."""
    return {
        "product_code": row["product_code"],
        "product_name": row["name"],
        "warehouse_code": row["warehouse_code"],
        "unit": row["base_unit"],
        "on_hand": text_from_milli(row["on_hand_milli"]),
        "reserved": text_from_milli(row["reserved_milli"]),
        "available": text_from_milli(row["on_hand_milli"] - row["reserved_milli"]),
    }


def movement(row: sqlite3.Row) -> Json:
    """Stock movement; the sign of the change becomes `direction`."""
    change = row["change_milli"]
    return {
        "movement_no": row["number"],
        "kind": row["kind"],
        "direction": "in" if change > 0 else "out",
        "warehouse_code": row["warehouse_code"],
        "product_code": row["product_code"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(abs(change)),
        "on_hand_after": text_from_milli(row["on_hand_after_milli"]),
        "business_date": row["business_date"],
        "source_document": row["source_document"],
        "note": row["note"],
        "created_at": row["created_at"],
    }


def _amounts(net_fen: int, tax_fen: int) -> Json:
    return {
        "amount": text_from_fen(net_fen),
        "tax_amount": text_from_fen(tax_fen),
        "gross_amount": text_from_fen(net_fen + tax_fen),
    }


def _order_line(row: sqlite3.Row, state: str) -> Json:
    waiting = backorder(state, row["quantity_milli"], row["reserved_milli"], row["shipped_milli"])
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "unit_price": text_from_e4(row["unit_price_e4"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **_amounts(row["net_fen"], row["tax_fen"]),
        "reserved_quantity": text_from_milli(row["reserved_milli"]),
        "shipped_quantity": text_from_milli(row["shipped_milli"]),
        "backorder_quantity": text_from_milli(waiting),
        "source_line": row["source_line"],
    }


def sales_order(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Sales order with its lines."""
    return {
        "sales_order_no": row["number"],
        "state": row["state"],
        "partner_code": row["partner_code"],
        "partner_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "order_date": row["order_date"],
        "requested_date": row["requested_date"],
        "note": row["note"],
        "source_reference": _source(row),
        "lines": [_order_line(line, row["state"]) for line in lines],
        **_amounts(row["net_fen"], row["tax_fen"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "approved_at": row["approved_at"],
        "closed_at": row["closed_at"],
        "cancelled_at": row["cancelled_at"],
    }


def _delivery_line(row: sqlite3.Row) -> Json:
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        **_amounts(row["net_fen"], row["tax_fen"]),
        "source_line": row["source_line"],
    }


def delivery(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Delivery with its lines; the header's amounts are their sums."""
    return {
        "delivery_no": row["number"],
        "state": row["state"],
        "sales_order_no": row["order_number"],
        "partner_code": row["partner_code"],
        "partner_short_name": row["short_name"],
        "warehouse_code": row["warehouse_code"],
        "ship_date": row["ship_date"],
        "source_reference": _source(row),
        "lines": [_delivery_line(line) for line in lines],
        **_amounts(sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "shipped_at": row["shipped_at"],
        "cancelled_at": row["cancelled_at"],
    }
