"""Receivables and what they are offset against (应收单, 红蓝对冲)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.views.common import allocations, label, source_reference
from shapan.kernel.money import text_from_fen, text_from_milli, text_from_rate

_NOT_OWED = ("pending", "rejected")


def line(row: sqlite3.Row) -> dict[str, Any]:
    """ReceivableLine, of a receivable or a cash sale."""
    return {
        "line_no": row["line_no"],
        "description": row["description"],
        "net_amount": text_from_fen(row["net_fen"]),
        "tax_rate": text_from_rate(row["rate_bp"]),
        "tax_amount": text_from_fen(row["tax_fen"]),
        "gross_amount": text_from_fen(row["net_fen"] + row["tax_fen"]),
    }


def _cost(row: sqlite3.Row) -> dict[str, Any]:
    quantity = row["quantity_milli"]
    return {
        "product_code": row["product_code"],
        "amount": text_from_fen(row["amount_fen"]),
        "quantity": None if quantity is None else text_from_milli(quantity),
    }


def receivable(row: sqlite3.Row, lines: Sequence[sqlite3.Row], costs: Sequence[sqlite3.Row] = ()) -> dict[str, Any]:
    """Receivable."""
    open_fen = 0 if row["state"] in _NOT_OWED else row["gross_fen"] - row["settled_fen"]
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "business_date": row["business_date"],
        "due_date": row["due_date"],
        "period": row["period"],
        "summary": row["summary"],
        "net_amount": text_from_fen(row["net_fen"]),
        "tax_amount": text_from_fen(row["tax_fen"]),
        "gross_amount": text_from_fen(row["gross_fen"]),
        "settled_amount": text_from_fen(row["settled_fen"]),
        "open_amount": text_from_fen(open_fen),
        "state": row["state"],
        "opening": bool(row["opening"]),
        "source_reference": source_reference(row),
        "order_reference": row["order_reference"],
        "voucher_id": row["voucher_id"],
        "voucher_label": label(row, "voucher"),
        "lines": [line(each) for each in lines],
        "posted_at": row["posted_at"],
        "recognition": row["recognition"],
        "recognised_on": row["recognised_on"],
        "invoiced": bool(row["invoiced"]),
        "invoiced_on": row["invoiced_on"],
        "invoice_number": row["invoice_number"],
        "red_of_id": row["red_of_id"],
        "red_of_number": row["red_of_number"],
        "red_amount": text_from_fen(row["red_fen"]),
        "reason": row["reason"],
        "cost_lines": [_cost(each) for each in costs],
        "dispatch_voucher_id": row["dispatch_voucher_id"],
        "cost_voucher_id": row["cost_voucher_id"],
        "invoice_voucher_id": row["invoice_voucher_id"],
    }


def offset(row: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Offset."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customer_id": row["customer_id"],
        "customer_short_name": row["short_name"],
        "red_receivable_id": row["red_receivable_id"],
        "red_receivable_number": row["red_receivable_number"],
        "business_date": row["business_date"],
        "period": row["period"],
        "amount": text_from_fen(sum(part["amount_fen"] for part in parts)),
        "allocations": allocations(parts),
        "posted_at": row["posted_at"],
    }
