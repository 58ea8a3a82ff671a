"""Rows -> JSON in the SCM's convention: snake_case, decimals as strings, local dates, quantities in base units. One module a subject.

What all subjects share stands in `common` and is at hand here: `views.page`, `views.source_columns`, `views.Json`.
"""

from __future__ import annotations

from shapan.scm.views import (
    deliveries,
    figures,
    goods_receipts,
    partners,
    production,
    products,
    purchase_orders,
    purchase_returns,
    requisitions,
    sales_orders,
    sales_returns,
    stock,
    stock_counts,
    stock_reports,
    store_sales,
    suppliers,
    transfers,
    warehouses,
)
from shapan.scm.views.common import Json, page, source_columns

__all__ = [
    "Json",
    "deliveries",
    "figures",
    "goods_receipts",
    "page",
    "partners",
    "production",
    "products",
    "purchase_orders",
    "purchase_returns",
    "requisitions",
    "sales_orders",
    "sales_returns",
    "source_columns",
    "stock",
    "stock_counts",
    "stock_reports",
    "store_sales",
    "suppliers",
    "transfers",
    "warehouses",
]
