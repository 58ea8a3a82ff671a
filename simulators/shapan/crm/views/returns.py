"""Returns (退货申请) as the CRM shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.crm.views.orders import amounts
from shapan.kernel.money import number_from_fen, number_from_rate


def return_(row: sqlite3.Row, order: sqlite3.Row, lines: Iterable[sqlite3.Row]) -> dict[str, Any]:
    """`Return` of the contract; `order` has id and number, `lines` what the order's line says as well."""
    return {
        "id": row["id"],
        "number": row["number"],
        "orderId": order["id"],
        "orderNumber": order["number"],
        "customerId": row["customer_id"],
        "state": row["state"],
        "reason": row["reason"],
        "lines": [_line(line) for line in lines],
        **amounts(row),
        "requestedAt": row["requested_at"],
        "decidedAt": row["decided_at"],
        "approver": row["approver"],
        "comment": row["comment"],
        "receivedAt": row["received_at"],
        "receiptReference": row["receipt_reference"],
        "creditedAt": row["credited_at"],
        "creditReference": row["credit_reference"],
        "updatedAt": row["updated_at"],
    }


def _line(line: sqlite3.Row) -> dict[str, Any]:
    return {
        "lineNumber": line["line_number"],
        "productCode": line["product_code"],
        "productName": line["product_name"],
        "unit": line["unit"],
        "quantity": line["quantity_milli"] // 1000,
        "unitPrice": number_from_fen(line["unit_price_fen"]),
        "discountPercent": number_from_fen(line["discount_bp"]),
        "taxRate": number_from_rate(line["tax_rate_bp"]),
        **amounts(line),
    }
