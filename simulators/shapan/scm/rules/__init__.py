"""Business rules of the SCM (业务规则), pure, one module a subject: amounts, reservation, shares of part shipments, what a state allows.

Refusals come back as values: a list of faults, or a Problem that the operation raises. Quantities are thousandths of the base unit
("milli"), unit prices 1/10000 yuan ("e4"), amounts fen, tax rates basis points; see kernel/money.py.
"""

from __future__ import annotations

from shapan.scm.rules import (
    amounts,
    batches,
    boms,
    costing,
    deliveries,
    documents,
    figures,
    goods_receipts,
    issues,
    parts,
    production,
    products,
    purchase_orders,
    purchase_returns,
    references,
    requisitions,
    sales_orders,
    sales_returns,
    stock,
    stock_counts,
    store_sales,
    transfers,
    warehouses,
)

__all__ = [
    "amounts",
    "batches",
    "boms",
    "costing",
    "deliveries",
    "documents",
    "figures",
    "goods_receipts",
    "issues",
    "parts",
    "production",
    "products",
    "purchase_orders",
    "purchase_returns",
    "references",
    "requisitions",
    "sales_orders",
    "sales_returns",
    "stock",
    "stock_counts",
    "store_sales",
    "transfers",
    "warehouses",
]
