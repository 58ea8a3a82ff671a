"""Vouchers (记账凭证)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.rules.vouchers import voucher_label
from shapan.kernel.money import text_from_fen, text_from_milli


def voucher(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Voucher."""
    return {
        "id": row["id"],
        "period": row["period"],
        "word": row["word"],
        "number": row["number"],
        "label": voucher_label(row["word"], row["number"]),
        "date": row["date"],
        "source": {"kind": row["source_kind"], "document_number": row["source_number"]},
        "debit_total": text_from_fen(sum(line["debit_fen"] for line in lines)),
        "credit_total": text_from_fen(sum(line["credit_fen"] for line in lines)),
        "lines": [
            {
                "line_no": line["line_no"],
                "summary": line["summary"],
                "account_code": line["account_code"],
                "account_name": line["account_name"],
                "customer_id": line["customer_id"],
                "supplier_id": line["supplier_id"],
                "product_code": line["product_code"],
                "store_code": line["store_code"],
                "quantity": None if line["quantity_milli"] is None else text_from_milli(line["quantity_milli"]),
                "debit": text_from_fen(line["debit_fen"]),
                "credit": text_from_fen(line["credit_fen"]),
            }
            for line in lines
        ],
        "maker": row["maker"],
        "checker": row["checker"],
        "reverses": row["reverses"],
        "reversed_by": row["reversed_by"],
        "posted_at": row["posted_at"],
    }


def draft(row: sqlite3.Row) -> dict[str, Any]:
    """VoucherDraft."""
    return {
        "id": row["id"],
        "date": row["date"],
        "word": row["word"],
        "maker": row["maker"],
        "state": row["state"],
        "voucher_id": row["voucher_id"],
        "lines": json.loads(row["lines"]),
        "created_at": row["created_at"],
    }
