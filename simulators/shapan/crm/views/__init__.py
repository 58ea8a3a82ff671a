"""Rows as the CRM shows them (对外格式): camelCase, yuan as JSON numbers, whole sales units. One module a subject."""

from __future__ import annotations

from shapan.crm.views import (
    approvals,
    credit,
    customers,
    figures,
    orders,
    products,
    returns,
    sales,
    shops,
)

__all__ = [
    "approvals",
    "credit",
    "customers",
    "figures",
    "orders",
    "products",
    "returns",
    "sales",
    "shops",
]
