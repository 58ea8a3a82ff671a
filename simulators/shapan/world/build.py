"""A world from its spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapan.world import opening, views
from shapan.world.answers import AnswerKey
from shapan.world.companies import companies
from shapan.world.entities import Company, CrmView, FinanceView, Product, ScmView
from shapan.world.errors import WorldError
from shapan.world.products import products
from shapan.world.spec import WorldSpec, load_profile, size_of


@dataclass(frozen=True)
class World:
    """The truth, the three views of it, and the answer key. `warehouses` are (code, name, address)."""

    spec: WorldSpec
    companies: tuple[Company, ...]
    products: tuple[Product, ...]
    warehouses: tuple[tuple[str, str, str], ...]
    crm: CrmView
    scm: ScmView
    finance: FinanceView
    answer_key: AnswerKey


def build_world(spec: WorldSpec) -> World:
    """The world of a spec, the same each time. WorldError when the profile, the size or the opening day cannot be used."""
    if spec.opening.day != 1:
        raise WorldError(
            f"A world opens on the first day of a month, not on {spec.opening}. Give the first with --opening.",
            f"世界须在某月 1 日期初建账，不能是 {spec.opening}。请用 --opening 指定该月 1 日。",
        )
    profile = load_profile(spec.profile)
    size = size_of(profile, spec.size)
    true_companies = companies(spec.seed, size.customers)
    true_products = products(spec.seed, size.products, profile)
    warehouses = tuple((w["code"], w["name"], w["address"]) for w in profile.warehouses[: size.warehouses])
    stock = opening.opening_stock(spec, profile, true_products, tuple(code for code, *_ in warehouses))
    crm = CrmView(views.crm_customers(spec, true_companies), views.crm_products(true_products))
    scm = ScmView(views.scm_partners(true_companies), views.scm_products(true_products), warehouses, stock)
    customers = views.finance_customers(true_companies)
    receivables = opening.opening_receivables(spec, profile, true_companies, customers)
    finance = FinanceView(customers, opening.opening_balances(profile, receivables, stock), receivables)
    key = AnswerKey(_key(crm, scm, finance))
    return World(spec, true_companies, true_products, warehouses, crm, scm, finance, key)


def _key(crm: CrmView, scm: ScmView, finance: FinanceView) -> Iterator[tuple[str, str, str, str]]:
    yield from (("crm", "customer", c.id, c.entity) for c in crm.customers)
    yield from (("scm", "customer", p.code, p.entity) for p in scm.partners)
    yield from (("finance", "customer", str(c.id), c.entity) for c in finance.customers)
    yield from (("crm", "product", p.code, p.entity) for p in crm.products)
    yield from (("scm", "product", p.code, p.entity) for p in scm.products)
