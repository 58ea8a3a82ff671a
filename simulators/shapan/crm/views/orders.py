"""Sales orders (销售订单), their approval and their former revisions as the CRM shows them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shapan.crm.rules.deliveries import Delivered, of_line
from shapan.crm.rules.orders import Line
from shapan.kernel.money import number_from_fen, number_from_rate


def order(
    row: sqlite3.Row, lines: Iterable[Line], delivered: Delivered, steps: Sequence[sqlite3.Row] = ()
) -> dict[str, Any]:
    """`Order` of the contract; `steps` are those of the approval that it needed."""
    return {
        "id": row["id"],
        "number": row["number"],
        "revision": row["revision"],
        "customerId": row["customer_id"],
        "customerName": row["customer_name"],
        "state": row["state"],
        "deliveryStatus": row["delivery_status"],
        "requestedDeliveryDate": row["requested_delivery_date"],
        "note": row["note"],
        "currency": "CNY",
        "lines": [{**line(one), "deliveredQuantity": _units(of_line(one, delivered))} for one in lines],
        **amounts(row),
        "approval": approval(steps),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "submittedAt": row["submitted_at"],
        "confirmedAt": row["confirmed_at"],
        "completedAt": row["completed_at"],
        "cancelledAt": row["cancelled_at"],
        "cancelReason": row["cancel_reason"],
        "closedAt": row["closed_at"],
        "closeReason": row["close_reason"],
    }


def amounts(row: sqlite3.Row) -> dict[str, float]:
    """The sums of a document in yuan."""
    return {
        "netAmount": number_from_fen(row["net_fen"]),
        "taxAmount": number_from_fen(row["tax_fen"]),
        "grossAmount": number_from_fen(row["net_fen"] + row["tax_fen"]),
    }


def line(one: Line) -> dict[str, Any]:
    """`OrderLine` of the contract."""
    return {
        "lineNumber": one.line_number,
        "productCode": one.product_code,
        "productName": one.product_name,
        "unit": one.unit,
        "quantity": one.quantity_milli // 1000,
        "unitPrice": number_from_fen(one.unit_price_fen),
        "priceSource": one.price_source,
        "discountPercent": number_from_fen(one.discount_bp),
        "taxRate": number_from_rate(one.tax_rate_bp),
        "netAmount": number_from_fen(one.net_fen),
        "taxAmount": number_from_fen(one.tax_fen),
        "grossAmount": number_from_fen(one.gross_fen),
    }


def _units(milli: int | None) -> int | None:
    return None if milli is None else milli // 1000


def approval(steps: Sequence[sqlite3.Row]) -> dict[str, Any] | None:
    """`Approval` of the contract, or None without steps."""
    if not steps:
        return None
    closed = all(step["state"] in ("approved", "rejected", "withdrawn") for step in steps)
    decided = max((step["decided_at"] for step in steps if step["decided_at"] is not None), default=None)
    # Withdrawn steps alone decide nothing; neither does an early step of an approval that was withdrawn.
    final = decided if closed and (steps[-1]["state"] == "approved" or _rejected(steps)) else None
    return {
        "requestedAt": steps[0]["requested_at"],
        "decidedAt": final,
        "leadTimeSeconds": _seconds(steps[0]["requested_at"], final),
        "steps": [_step(step) for step in steps],
    }


def _rejected(steps: Iterable[sqlite3.Row]) -> bool:
    return any(step["state"] == "rejected" for step in steps)


def _step(step: sqlite3.Row) -> dict[str, Any]:
    return {
        "step": step["step"],
        "role": step["role"],
        "state": step["state"],
        "reasons": json.loads(step["reasons"]),
        "requestedAt": step["requested_at"],
        "decidedAt": step["decided_at"],
        "leadTimeSeconds": _seconds(step["requested_at"], step["decided_at"]),
        "approver": step["approver"],
        "comment": step["comment"],
    }


def _seconds(begin: str | None, end: str | None) -> float | None:
    if begin is None or end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def former_revision(row: sqlite3.Row, lines: Iterable[Line]) -> dict[str, Any]:
    """What `OrderRevision` keeps of an order's content."""
    return {
        "requestedDeliveryDate": row["requested_delivery_date"],
        "note": row["note"],
        "lines": [line(one) for one in lines],
        **amounts(row),
    }


def revision(order_id: str, row: sqlite3.Row) -> dict[str, Any]:
    """`OrderRevision` of the contract."""
    return {
        "orderId": order_id,
        "revision": row["revision"],
        "replacedAt": row["replaced_at"],
        "reason": row["reason"],
        **json.loads(row["document"]),
    }
