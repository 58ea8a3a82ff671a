"""Customers (客户), their contacts and balances, as the CRM shows them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from shapan.kernel.money import number_from_fen


def customer(row: sqlite3.Row) -> dict[str, Any]:
    """`Customer` of the contract."""
    return {
        "id": row["id"],
        "code": row["code"],
        "name": row["name"],
        "unifiedSocialCreditCode": row["uscc"],
        "region": row["region"],
        "industry": row["industry"],
        "address": _address(row),
        "phone": row["phone"],
        "email": row["email"],
        "paymentTerms": row["payment_terms"],
        "priceListId": row["price_list_id"],
        "creditLimit": None if row["credit_limit_fen"] is None else number_from_fen(row["credit_limit_fen"]),
        "creditHold": row["credit_hold"],
        "state": row["state"],
        "mergedInto": row["merged_into"],
        "formerNames": json.loads(row["former_names"]),
        "balance": None if row["balance_as_of"] is None else balance(row),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def _address(row: sqlite3.Row) -> dict[str, Any] | None:
    if row["province"] is None:
        return None
    return {part: row[part] for part in ("province", "city", "district", "street", "postcode")}


def balance(row: sqlite3.Row) -> dict[str, Any]:
    """`Balance` of the contract, from a customer's row that has one."""
    return {
        "openAmount": number_from_fen(row["open_fen"]),
        "overdueAmount": number_from_fen(row["overdue_fen"]),
        "asOf": row["balance_as_of"],
    }


def contact(row: sqlite3.Row) -> dict[str, Any]:
    """`Contact` of the contract."""
    return {
        "id": row["id"],
        "customerId": row["customer_id"],
        "name": row["name"],
        "title": row["title"],
        "phone": row["phone"],
        "email": row["email"],
        "state": row["state"],
        "primary": bool(row["is_primary"]),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def history(row: sqlite3.Row) -> dict[str, Any]:
    """`CustomerHistoryEntry` of the contract."""
    return {
        "kind": row["kind"],
        "at": row["at"],
        "by": row["client_id"],
        "otherId": row["other_id"],
        "reason": row["reason"],
        "changes": json.loads(row["changes"]),
    }
