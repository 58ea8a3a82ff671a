"""Supplier invoices (采购发票)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.finance.rules.purchasing import Difference, Tolerance
from shapan.finance.rules.vouchers import voucher_label
from shapan.kernel.money import text_from_fen, text_from_milli, text_from_rate

Allocations = Mapping[tuple[int, int], Sequence[sqlite3.Row]]


def difference(found: Difference) -> dict[str, Any]:
    """InvoiceDifference."""
    return {
        "line_no": found.line_no,
        "kind": found.kind,
        "invoiced": found.invoiced,
        "expected": found.expected,
        "text": {"en": found.en, "zh": found.zh},
    }


def _line(line: sqlite3.Row, allocations: Sequence[sqlite3.Row]) -> dict[str, Any]:
    received = sum(part["net_fen"] for part in allocations)
    return {
        "line_no": line["line_no"],
        "goods_receipt_id": line["goods_receipt_id"],
        "goods_receipt_line_no": line["goods_receipt_line_no"],
        "purchase_order_id": line["purchase_order_id"],
        "purchase_order_line_no": line["purchase_order_line_no"],
        "account_code": line["account_code"],
        "product_code": line["product_code"],
        "store_code": line["store_code"],
        "description": line["description"],
        "quantity": text_from_milli(line["quantity_milli"]),
        "net_amount": text_from_fen(line["net_fen"]),
        "tax_rate": text_from_rate(line["rate_bp"]),
        "tax_amount": text_from_fen(line["tax_fen"]),
        "gross_amount": text_from_fen(line["net_fen"] + line["tax_fen"]),
        "received_net_amount": text_from_fen(received),
        "price_difference_amount": text_from_fen(_price_difference(line, allocations)),
        "to_cost_amount": text_from_fen(line["to_cost_fen"]),
        "red_quantity": text_from_milli(line["red_milli"]),
        "allocations": [
            {
                "goods_receipt_id": part["goods_receipt_id"],
                "goods_receipt_number": part["number"],
                "goods_receipt_line_no": part["goods_receipt_line_no"],
                "quantity": text_from_milli(part["quantity_milli"]),
                "net_amount": text_from_fen(part["net_fen"]),
            }
            for part in allocations
        ],
    }


def _price_difference(line: sqlite3.Row, allocations: Sequence[sqlite3.Row]) -> int:
    """Net amount less the value of the goods; services, and what is not posted, have none."""
    return line["net_fen"] - sum(part["net_fen"] for part in allocations) if allocations else 0


def supplier_invoice(row: sqlite3.Row, lines: Sequence[sqlite3.Row], allocations: Allocations) -> dict[str, Any]:
    """SupplierInvoice."""
    parts = {line["line_no"]: allocations.get((row["id"], line["line_no"]), ()) for line in lines}
    net, tax = sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)
    posted = row["voucher_id"] is not None
    return {
        "id": row["id"],
        "number": row["number"],
        "supplier_id": row["supplier_id"],
        "supplier_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
        "invoice_number": row["invoice_number"],
        "invoice_kind": row["invoice_kind"],
        "invoice_date": row["invoice_date"],
        "due_date": row["due_date"],
        "summary": row["summary"],
        "state": row["state"],
        "red": row["reverses_id"] is not None,
        "reverses_id": row["reverses_id"],
        "differences": json.loads(row["differences"]),
        "net_amount": text_from_fen(net),
        "tax_amount": text_from_fen(tax),
        "gross_amount": text_from_fen(net + tax),
        "price_difference_amount": text_from_fen(
            sum(_price_difference(line, parts[line["line_no"]]) for line in lines)
        ),
        "to_cost_amount": text_from_fen(sum(line["to_cost_fen"] for line in lines)),
        "reason": row["reason"],
        "released_by": row["released_by"],
        "payable_id": row["payable_id"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]) if posted else None,
        "lines": [_line(line, parts[line["line_no"]]) for line in lines],
        "entered_at": row["entered_at"],
        "posted_at": row["posted_at"],
    }


def match_tolerance(tolerance: Tolerance) -> dict[str, Any]:
    """MatchTolerance."""
    return {"price_percent": text_from_fen(tolerance.price_bp), "line_amount": text_from_fen(tolerance.line_fen)}
