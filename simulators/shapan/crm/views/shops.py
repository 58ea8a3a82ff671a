"""Stores (门店), members (会员) and store sales (门店销售) as the CRM shows them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.crm.rules.orders import Line
from shapan.crm.views.orders import amounts, line


def store(row: sqlite3.Row) -> dict[str, Any]:
    """`Store` of the contract."""
    return {
        "code": row["code"],
        "name": row["name"],
        "address": row["address"],
        "phone": row["phone"],
        "state": row["state"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def member(row: sqlite3.Row) -> dict[str, Any]:
    """`Member` of the contract."""
    return {
        "id": row["id"],
        "phone": row["phone"],
        "name": row["name"],
        "level": row["level"],
        "points": row["points"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def sale(row: sqlite3.Row, lines: Iterable[Line]) -> dict[str, Any]:
    """`StoreSale` of the contract."""
    return {
        "id": row["id"],
        "number": row["number"],
        "storeCode": row["store_code"],
        "memberId": row["member_id"],
        "state": row["state"],
        "soldAt": row["sold_at"],
        "businessDate": row["business_date"],
        "payments": json.loads(row["payments"]),
        "lines": [_line(one) for one in lines],
        **amounts(row),
        "points": row["points"],
        "voidedAt": row["voided_at"],
        "voidReason": row["void_reason"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def _line(one: Line) -> dict[str, Any]:
    # Over the counter there are no customers' price lists, so nothing is said of where the price came from.
    return {member: value for member, value in line(one).items() if member != "priceSource"}
