"""Stores (门店), members (会员) and store sales (门店销售) as the CRM shows them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from shapan.crm.rules.orders import Line
from shapan.crm.rules.returns import ReturnLine
from shapan.crm.rules.store_sales import Back, returned
from shapan.crm.views.orders import amounts, line
from shapan.kernel.money import number_from_fen


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


def sale(row: sqlite3.Row, lines: Iterable[Line], backs: Sequence[Back] = ()) -> dict[str, Any]:
    """`StoreSale` of the contract; `backs` is what came back of it."""
    back = returned(backs)
    return {
        "id": row["id"],
        "number": row["number"],
        "storeCode": row["store_code"],
        "memberId": row["member_id"],
        "state": row["state"],
        "soldAt": row["sold_at"],
        "businessDate": row["business_date"],
        "payments": json.loads(row["payments"]),
        "lines": [_line(one, back.get(one.line_number)) for one in lines],
        **amounts(row),
        "points": row["points"],
        "returns": [_back(one) for one in backs],
        "voidedAt": row["voided_at"],
        "voidReason": row["void_reason"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def _line(one: Line, back: ReturnLine | None) -> dict[str, Any]:
    # Over the counter there are no customers' price lists, so nothing is said of where the price came from.
    shown = {member: value for member, value in line(one).items() if member != "priceSource"}
    return {**shown, "returnedQuantity": 0 if back is None else back.quantity_milli // 1000}


def _back(one: Back) -> dict[str, Any]:
    return {
        "returnedAt": one.returned_at,
        "businessDate": one.business_date,
        "reason": one.reason,
        "refunds": one.refunds,
        "lines": [
            {
                "lineNumber": part.line_number,
                "quantity": part.quantity_milli // 1000,
                **_sums(part.net_fen, part.tax_fen),
            }
            for part in one.lines
        ],
        **_sums(one.amount.net, one.amount.tax),
        "points": one.points,
    }


def _sums(net_fen: int, tax_fen: int) -> dict[str, float]:
    return {
        "netAmount": number_from_fen(net_fen),
        "taxAmount": number_from_fen(tax_fen),
        "grossAmount": number_from_fen(net_fen + tax_fen),
    }
