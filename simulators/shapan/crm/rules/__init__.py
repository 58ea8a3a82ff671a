"""The CRM's business rules (业务规则), pure, one module a subject: amounts, states, and what is refused with which words.

Refusals are values: a list of faults, or a Problem or None. Money is integer fen, a quantity integer thousandths, a tax rate
integer basis points, as everywhere inside.
"""

from __future__ import annotations

from shapan.crm.rules import (
    activities,
    approvals,
    contacts,
    credit,
    customers,
    deliveries,
    figures,
    leads,
    merging,
    opportunities,
    orders,
    prices,
    products,
    quotations,
    returns,
    store_sales,
)

__all__ = [
    "activities",
    "approvals",
    "contacts",
    "credit",
    "customers",
    "deliveries",
    "figures",
    "leads",
    "merging",
    "opportunities",
    "orders",
    "prices",
    "products",
    "quotations",
    "returns",
    "store_sales",
]
