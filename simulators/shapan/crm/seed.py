"""The CRM's view of a world (初始数据): customers, their contacts and the price list; no orders yet, no balances reported yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.crm.store.customers import code_series
from shapan.kernel.numbering import continue_after

if TYPE_CHECKING:
    from shapan.world import World
    from shapan.world.entities import Company, CrmCustomer

CREDIT_LIMIT_FACTOR = 50
"""The CRM's credit limit as a multiple of what the company may owe in the world: that is for one delivery, this for all that is ordered."""


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write `world.crm` (a `shapan.world` CrmView) into an empty, migrated database.

    The running numbers of customer codes go on after the highest serial that the world gave out.
    """
    view = world.crm
    companies = {company.key: company for company in world.companies}
    db.table("customer").insert_all(_customer(customer, companies[customer.entity]) for customer in view.customers)
    db.table("contact").insert_all(
        {
            "id": contact.id,
            "customer_id": customer.id,
            "name": contact.name,
            "title": contact.title,
            "phone": contact.phone,
            "email": contact.email,
            "version": 1,
            "created_at": customer.created_at,
            "updated_at": customer.created_at,
        }
        for customer in view.customers
        for contact in customer.contacts
    )
    db.table("product").insert_all(
        {
            "code": product.code,
            "name": product.name,
            "spec": product.spec,
            "unit": product.sales_unit,
            "list_price_fen": product.list_price_fen,
            "tax_rate_bp": product.tax_rate_bp,
        }
        for product in view.products
    )
    for series, last in _last_serials(view.customers).items():
        continue_after(db.conn, series, last)


def _customer(customer: CrmCustomer, company: Company) -> dict[str, Any]:
    address = customer.address
    return {
        "id": customer.id,
        "code": customer.code,
        "name": customer.name,
        "uscc": customer.uscc,
        "region": customer.region,
        "industry": customer.industry,
        "province": address and address.province,
        "city": address and address.city,
        "district": address and address.district,
        "street": address and address.street,
        "postcode": address and address.postcode,
        "phone": customer.phone,
        "email": customer.email,
        "payment_terms": customer.payment_terms,
        # Who pays in advance owes nothing, so nothing is checked.
        "credit_limit_fen": company.credit_limit_fen * CREDIT_LIMIT_FACTOR if company.payment_terms_days else None,
        "version": 1,
        "created_at": customer.created_at,
        "updated_at": customer.created_at,
    }


def _last_serials(customers: Iterable[CrmCustomer]) -> dict[str, int]:
    last: dict[str, int] = {}
    for customer in customers:
        # By the code, not by region and industry: a customer may have moved since it got its code.
        if match := re.fullmatch(r"([A-Z]{2})-([A-Z]{2})-(\d{3,})", customer.code):
            series = code_series(match[1], match[2])
            last[series] = max(last.get(series, 0), int(match[3]))
    return last
