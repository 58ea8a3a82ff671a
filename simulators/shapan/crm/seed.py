"""The CRM's view of a world (初始数据): customers, their contacts, products and price lists, stores, and the orders of the past year."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.crm import history
from shapan.crm.store.customers import code_series
from shapan.kernel.numbering import continue_after
from shapan.kernel.seeding import timestamp
from shapan.world.seeding import stores
from shapan.world.views import record_uuid

if TYPE_CHECKING:
    from shapan.world import World
    from shapan.world.entities import Company, CrmContact, CrmCustomer

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
        _contact(customer, contact) for customer in view.customers for contact in customer.contacts
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
    _price_lists(db, world)
    opened = timestamp(world.spec.opening)
    db.table("store").insert_all(
        {
            "code": code,
            "name": name,
            "address": address,
            "state": "open",
            "version": 1,
            "created_at": opened,
            "updated_at": opened,
        }
        for code, name, address in stores(world)
    )
    history.write(db.conn, world)


def _customer(customer: CrmCustomer, company: Company) -> dict[str, Any]:
    address = customer.address
    former = [{"name": name, "until": timestamp(date.fromisoformat(until))} for name, until in customer.former_names]
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
        "former_names": json.dumps(former, ensure_ascii=False),
        "version": 1,
        "created_at": customer.created_at,
        "updated_at": customer.created_at,
    }


def _contact(customer: CrmCustomer, contact: CrmContact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "customer_id": customer.id,
        "name": contact.name,
        "title": contact.title,
        "phone": contact.phone,
        "email": contact.email,
        "state": contact.state,
        "version": 1,
        "created_at": customer.created_at,
        "updated_at": customer.created_at,
    }


def _price_lists(db: sqlite_utils.Database, world: World) -> None:
    """A price list (价目表) for each time at which list prices changed, with all prices that held from then on."""
    sold = {product.entity for product in world.crm.products}
    prices = {product.code: product.prices for product in world.products if product.key in sold and product.prices}
    days = sorted({day for changes in prices.values() for day, _ in changes})
    ends = [(date.fromisoformat(day) - timedelta(days=1)).isoformat() for day in days[1:]]
    for seq, (first, last) in enumerate(zip(days, [*ends, None], strict=True), 1):
        made = timestamp(date.fromisoformat(first))
        db.table("price_list").insert(
            {
                "seq": seq,
                "id": record_uuid(world.spec.seed, "price-list", first),
                "name": f"{first[:4]}年{int(first[5:7])}月标准价",
                "valid_from": first,
                "valid_to": last,
                "version": 1,
                "created_at": made,
                "updated_at": made,
            }
        )
        db.table("price_list_item").insert_all(
            {
                "price_list_seq": seq,
                "position": position,
                "product_code": code,
                "minimum_quantity": 1,
                "price_fen": price,
            }
            for position, (code, price) in enumerate(_in_force(prices, first), 1)
        )


def _in_force(prices: dict[str, tuple[tuple[str, int], ...]], day: str) -> Iterator[tuple[str, int]]:
    for code, changes in prices.items():
        held = [price for since, price in changes if since <= day]
        if held:
            yield code, held[-1]


def _last_serials(customers: Iterable[CrmCustomer]) -> dict[str, int]:
    last: dict[str, int] = {}
    for customer in customers:
        # By the code, not by region and industry: a customer may have moved since it got its code.
        if match := re.fullmatch(r"([A-Z]{2})-([A-Z]{2})-(\d{3,})", customer.code):
            series = code_series(match[1], match[2])
            last[series] = max(last.get(series, 0), int(match[3]))
    return last
