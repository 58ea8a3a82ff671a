"""Inventory documents (存货核算单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.rules.vouchers import voucher_label
from shapan.finance.views.common import source_reference
from shapan.kernel.money import text_from_fen, text_from_milli


def inventory_document(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """InventoryDocument."""
    return {
        "id": row["id"],
        "number": row["number"],
        "kind": row["kind"],
        "business_date": row["business_date"],
        "period": row["period"],
        "store_code": row["store_code"],
        "source_reference": source_reference(row),
        "summary": row["summary"],
        "amount": text_from_fen(row["amount_fen"]),
        "vat_transferred_out_amount": text_from_fen(row["vat_out_fen"]),
        "lines": [
            {
                "line_no": line["line_no"],
                "product_code": line["product_code"],
                "stock_class": line["stock_class"],
                "quantity": None if line["quantity_milli"] is None else text_from_milli(line["quantity_milli"]),
                "amount": text_from_fen(line["amount_fen"]),
            }
            for line in lines
        ],
        "reverses_id": row["reverses_id"],
        "reversed_by_id": row["reversed_by_id"],
        "reason": row["reason"],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]),
        "posted_at": row["posted_at"],
    }
