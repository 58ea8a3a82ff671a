"""Rows as the CRM shows them (对外格式): camelCase, yuan as JSON numbers, whole sales units."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.crm.rules import Line
from shapan.kernel.money import number_from_fen, number_from_rate


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
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def product(row: sqlite3.Row) -> dict[str, Any]:
    """`Product` of the contract."""
    return {
        "code": row["code"],
        "name": row["name"],
        "spec": row["spec"],
        "unit": row["unit"],
        "listPrice": number_from_fen(row["list_price_fen"]),
        "taxRate": number_from_rate(row["tax_rate_bp"]),
    }


def order(row: sqlite3.Row, lines: Iterable[Line]) -> dict[str, Any]:
    """`Order` of the contract."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customerId": row["customer_id"],
        "customerName": row["customer_name"],
        "state": row["state"],
        "deliveryStatus": row["delivery_status"],
        "requestedDeliveryDate": row["requested_delivery_date"],
        "note": row["note"],
        "currency": "CNY",
        "lines": [_line(line) for line in lines],
        "netAmount": number_from_fen(row["net_fen"]),
        "taxAmount": number_from_fen(row["tax_fen"]),
        "grossAmount": number_from_fen(row["net_fen"] + row["tax_fen"]),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "confirmedAt": row["confirmed_at"],
        "cancelledAt": row["cancelled_at"],
        "cancelReason": row["cancel_reason"],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "lineNumber": line.line_number,
        "productCode": line.product_code,
        "productName": line.product_name,
        "unit": line.unit,
        "quantity": line.quantity_milli // 1000,
        "unitPrice": number_from_fen(line.unit_price_fen),
        "taxRate": number_from_rate(line.tax_rate_bp),
        "netAmount": number_from_fen(line.net_fen),
        "taxAmount": number_from_fen(line.tax_fen),
        "grossAmount": number_from_fen(line.gross_fen),
    }
