"""Each system's view of the true entities (三套视图), in the naming style that is customary there.

CRM: the full legal name. SCM: the short name without legal form. Finance: trade name and industry with the region in brackets.
Between truth and view is where dirt belongs (missing codes, other spellings, duplicates); it comes with a later release.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime, time, timedelta

from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.world.companies import CLOSE, OPEN
from shapan.world.draws import between, digest, stream
from shapan.world.entities import (
    Company,
    CrmContact,
    CrmCustomer,
    CrmProduct,
    FinanceCustomer,
    Product,
    ScmPartner,
    ScmProduct,
)
from shapan.world.spec import WorldSpec

FIRST_FINANCE_ID = 1001
_TERMS = {0: "PREPAID", 30: "NET30", 60: "NET60", 90: "NET90"}


def _uuid(*path: object) -> str:
    return str(uuid.UUID(int=digest(*path), version=4))


def crm_customers(spec: WorldSpec, companies: tuple[Company, ...]) -> tuple[CrmCustomer, ...]:
    """The CRM's customers; their codes count up within region and industry (BJ-IT-001)."""
    serials: Counter[tuple[str, str]] = Counter()
    opened = datetime.combine(spec.opening, time(9), SHANGHAI)
    made = []
    for company in companies:
        serials[company.region, company.industry] += 1
        serial = serials[company.region, company.industry]
        rng = stream(spec.seed, "crm", company.key)
        # Some day of the three years before the opening, in office hours.
        created = opened - timedelta(days=between(rng, 1, 1095)) + timedelta(minutes=between(rng, 0, 480))
        contacts = tuple(
            CrmContact(_uuid(spec.seed, "contact", company.key, i), p.name, p.title, p.phone, p.email)
            for i, p in enumerate(company.contacts)
        )
        made.append(
            CrmCustomer(
                entity=company.key,
                id=_uuid(spec.seed, "customer", company.key),
                code=f"{company.region}-{company.industry}-{serial:03d}",
                name=company.legal_name,
                uscc=company.uscc,
                region=company.region,
                industry=company.industry,
                address=company.address,
                phone=company.phone,
                email=company.email,
                payment_terms=_TERMS[company.payment_terms_days],
                contacts=contacts,
                created_at=rfc3339(created),
            )
        )
    return tuple(made)


def scm_partners(companies: tuple[Company, ...]) -> tuple[ScmPartner, ...]:
    """The SCM's partners: 北京华信科技."""
    return tuple(
        ScmPartner(
            entity=company.key,
            code=f"KH{n:05d}",
            short_name=f"{company.region_name}{company.trade_name}{company.industry_name}",
            full_name=company.legal_name,
            tax_number=company.uscc,
            phone=company.phone,
            address_text=company.address.text,
        )
        for n, company in enumerate(companies, 1)
    )


def finance_customers(companies: tuple[Company, ...]) -> tuple[FinanceCustomer, ...]:
    """Finance's customers: 华信科技 with the region in full-width brackets."""
    return tuple(
        FinanceCustomer(
            entity=company.key,
            id=id_,
            short_name=f"{company.trade_name}{company.industry_name}{OPEN}{company.region_name}{CLOSE}",
            full_name=company.legal_name,
            tax_number=company.uscc,
            payment_terms_days=company.payment_terms_days,
        )
        for id_, company in enumerate(companies, FIRST_FINANCE_ID)
    )


def crm_products(products: tuple[Product, ...]) -> tuple[CrmProduct, ...]:
    """What the CRM sells, by the sales unit."""
    return tuple(
        CrmProduct(p.key, p.code, p.name, p.spec, p.sales_unit, p.list_price_fen, p.tax_rate_bp) for p in products
    )


def scm_products(products: tuple[Product, ...]) -> tuple[ScmProduct, ...]:
    """What the SCM stocks, by the base unit, with its conversions."""
    made = []
    for p in products:
        units = [(p.base_unit, 1000)]
        if p.sales_unit != p.base_unit:
            units.append((p.sales_unit, p.units_per_sales_unit * 1000))
        made.append(
            ScmProduct(
                p.key, p.code, p.name, p.spec, p.model, p.category, p.base_unit, tuple(units), p.tax_rate_bp, p.cost_e4
            )
        )
    return tuple(made)
