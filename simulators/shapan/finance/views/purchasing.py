"""Purchase orders, goods receipts, purchase returns and accruals (采购订单, 入库单, 采购退货, 暂估单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from shapan.finance.rules.purchasing import ReceiptLine
from shapan.finance.rules.vouchers import voucher_label
from shapan.finance.views.common import source_reference
from shapan.kernel.money import text_from_e4, text_from_fen, text_from_milli, text_from_rate


def _head(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "supplier_id": row["supplier_id"],
        "supplier_short_name": row["short_name"],
        "business_date": row["business_date"],
        "period": row["period"],
        "source_reference": source_reference(row),
    }


def _goods(line: sqlite3.Row) -> dict[str, Any]:
    return {
        "line_no": line["line_no"],
        "product_code": line["product_code"],
        "description": line["description"],
        "stock_class": line["stock_class"],
        "quantity": text_from_milli(line["quantity_milli"]),
        "unit_price": text_from_e4(line["price_e4"]),
        "tax_rate": text_from_rate(line["rate_bp"]),
        "net_amount": text_from_fen(line["net_fen"]),
        "tax_amount": text_from_fen(line["tax_fen"]),
    }


def _amounts(lines: Sequence[sqlite3.Row]) -> dict[str, str]:
    net, tax = sum(line["net_fen"] for line in lines), sum(line["tax_fen"] for line in lines)
    return {
        "net_amount": text_from_fen(net),
        "tax_amount": text_from_fen(tax),
        "gross_amount": text_from_fen(net + tax),
    }


def purchase_order(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """PurchaseOrder."""
    return {
        **_head(row),
        **_amounts(lines),
        "lines": [
            {
                **_goods(line),
                "gross_amount": text_from_fen(line["net_fen"] + line["tax_fen"]),
                "received_quantity": text_from_milli(line["received_milli"]),
                "invoiced_quantity": text_from_milli(line["invoiced_milli"]),
            }
            for line in lines
        ],
        "registered_at": row["registered_at"],
    }


def goods_receipt(
    row: sqlite3.Row, lines: Sequence[sqlite3.Row], seen_by_rules: Sequence[ReceiptLine]
) -> dict[str, Any]:
    """GoodsReceipt. `seen_by_rules` are the same lines."""
    return {
        **_head(row),
        **_amounts(lines),
        "purchase_order_id": row["purchase_order_id"],
        "uninvoiced_amount": text_from_fen(sum(line.open_net for line in seen_by_rules)),
        "state": row["state"],
        "lines": [
            {
                **_goods(line),
                "purchase_order_line_no": line["purchase_order_line_no"],
                "returned_quantity": text_from_milli(line["returned_milli"]),
                "invoiced_quantity": text_from_milli(line["invoiced_milli"]),
                "open_quantity": text_from_milli(seen.open),
                "uninvoiced_amount": text_from_fen(seen.open_net),
            }
            for line, seen in zip(lines, seen_by_rules, strict=True)
        ],
        "registered_at": row["registered_at"],
    }


def purchase_return(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """PurchaseReturn."""
    return {
        **_head(row),
        "reason": row["reason"],
        "lines": [
            {
                "line_no": line["line_no"],
                "goods_receipt_id": line["goods_receipt_id"],
                "goods_receipt_number": line["number"],
                "goods_receipt_line_no": line["goods_receipt_line_no"],
                "product_code": line["product_code"],
                "quantity": text_from_milli(line["quantity_milli"]),
            }
            for line in lines
        ],
        "registered_at": row["registered_at"],
    }


def accrual(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """Accrual."""
    return {
        "id": row["id"],
        "number": row["number"],
        "supplier_id": row["supplier_id"],
        "supplier_short_name": row["short_name"],
        "period": row["period"],
        "amount": text_from_fen(row["amount_fen"]),
        "lines": [
            {
                "goods_receipt_id": line["goods_receipt_id"],
                "goods_receipt_number": line["number"],
                "goods_receipt_line_no": line["goods_receipt_line_no"],
                "quantity": text_from_milli(line["quantity_milli"]),
                "amount": text_from_fen(line["amount_fen"]),
            }
            for line in lines
        ],
        "voucher_id": row["voucher_id"],
        "voucher_label": voucher_label(row["voucher_word"], row["voucher_number"]),
        "reversal_period": row["reversal_period"],
        "reversal_voucher_id": row["reversal_voucher_id"],
        "reversal_voucher_label": voucher_label(row["reversal_word"], row["reversal_number"]),
        "posted_at": row["posted_at"],
    }
