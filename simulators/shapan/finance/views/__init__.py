"""Rows → JSON (报文): snake_case, money as text with two decimals, local dates, watermarks. One module a subject."""

from __future__ import annotations

from shapan.finance.views import (
    accounts,
    ageing,
    books,
    closing,
    common,
    customers,
    inventory_documents,
    ledger,
    masters,
    payables,
    periods,
    purchasing,
    receipts,
    receivables,
    refunds,
    statements,
    supplier_invoices,
    suppliers,
    vouchers,
    write_offs,
)

__all__ = [
    "accounts",
    "ageing",
    "books",
    "closing",
    "common",
    "customers",
    "inventory_documents",
    "ledger",
    "masters",
    "payables",
    "periods",
    "purchasing",
    "receipts",
    "receivables",
    "refunds",
    "statements",
    "supplier_invoices",
    "suppliers",
    "vouchers",
    "write_offs",
]
