"""A world from its spec: as streams (`Source`), or all of it at once (`build_world`)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from shapan.world import opening, views
from shapan.world.answers import AnswerKey, Entity
from shapan.world.companies import company, supplier
from shapan.world.documents import Carried, Production, Purchase, Sale, StockAt
from shapan.world.entities import Bom, Company, CrmView, FinanceView, Noise, Product, Relation, ScmView, Supplier
from shapan.world.errors import WorldError
from shapan.world.history import Chronicle
from shapan.world.mess import Mess, mess_of
from shapan.world.noise import noise_of_sale, noise_of_stock
from shapan.world.products import boms, products
from shapan.world.spec import Profile, Size, WorldSpec, load_profile, size_of
from shapan.world.staff import Staff, staff


class Source:
    """What a world is made of, without its customers, who come one at a time. WorldError when the spec cannot be used."""

    def __init__(self, spec: WorldSpec) -> None:
        if spec.opening.day != 1:
            raise WorldError(
                f"A world opens on the first day of a month, not on {spec.opening}. Give the first with --opening.",
                f"世界须在某月 1 日期初建账，不能是 {spec.opening}。请用 --opening 指定该月 1 日。",
            )
        if not 2000 <= spec.opening.year <= 2099:
            raise WorldError(
                f"A world opens between 2000 and 2099, not on {spec.opening}. Give another day with --opening.",
                f"世界的期初须在 2000 年至 2099 年之间，不能是 {spec.opening}。请用 --opening 指定其他日期。",
            )
        self.spec = spec
        self.profile: Profile = load_profile(spec.profile)
        self.size: Size = size_of(self.profile, spec.size)
        self.mess: Mess = mess_of(spec)

    @functools.cached_property
    def products(self) -> tuple[Product, ...]:
        """The true products."""
        return products(self.spec.seed, self.size.products, self.profile, self.spec.opening)

    @functools.cached_property
    def boms(self) -> tuple[Bom, ...]:
        """What the products are made of."""
        return boms(self.spec.seed, self.size.products, self.profile)

    @functools.cached_property
    def suppliers(self) -> tuple[Supplier, ...]:
        """The true suppliers; together they sell every category."""
        bought = [product for product in self.products if product.kind not in ("finished", "dish", "service")]
        categories = tuple(dict.fromkeys(product.category for product in bought))
        return tuple(supplier(self.spec.seed, n, categories) for n in range(1, self.size.suppliers + 1))

    @functools.cached_property
    def warehouses(self) -> tuple[tuple[str, str, str], ...]:
        """(code, name, address)."""
        return tuple((w["code"], w["name"], w["address"]) for w in self.profile.warehouses[: self.size.warehouses])

    @functools.cached_property
    def staff(self) -> Staff:
        """The company's own people."""
        return staff(self.spec.seed, self.profile)

    def chronicle(self) -> Chronicle:
        """The past year, from its beginning: the running numbers of its documents count up as they are asked for."""
        codes = [code for code, *_ in self.warehouses]
        size = self.size
        return Chronicle(
            self.spec, self.mess, self.profile.history, size.orders_per_customer, size.customers, self.products, self.boms,
            self.suppliers, codes,
        )  # fmt: skip

    def companies(self) -> Iterator[Company]:
        """The true customers, in the order of their numbers."""
        return (company(self.spec.seed, n) for n in range(1, self.size.customers + 1))


def relations_of(one: Company) -> Iterator[Relation]:
    """How a company belongs to others, or only seems to."""
    if one.lookalike_of and one.likeness:
        yield Relation("hard-negative", one.key, one.lookalike_of, one.likeness)
    if one.parent:
        yield Relation("branch" if one.branch else "parent", one.key, one.parent, one.branch or "")
    if one.former_name:
        yield Relation("former-name", one.key, "", one.former_name)


@dataclass(frozen=True)
class World:
    """The truth, the three views of it, the documents of the past year, and the answer key. `warehouses` are (code, name, address),
    `store_codes` those of them that are stores (门店): they sell over the counter and are a dimension of the books.

    `stock_before` is the stock before the first document of the year. Without history there are no documents, and it is that of the opening.
    """

    spec: WorldSpec
    companies: tuple[Company, ...]
    suppliers: tuple[Supplier, ...]
    products: tuple[Product, ...]
    boms: tuple[Bom, ...]
    warehouses: tuple[tuple[str, str, str], ...]
    store_codes: frozenset[str]
    crm: CrmView
    scm: ScmView
    finance: FinanceView
    stock_before: tuple[StockAt, ...]
    sales: tuple[Sale, ...]
    carried: tuple[Carried, ...]
    purchases: tuple[Purchase, ...]
    productions: tuple[Production, ...]
    answer_key: AnswerKey


def build_world(spec: WorldSpec) -> World:
    """The world of a spec, the same each time. WorldError when the profile, the size, the mess or the opening day cannot be used."""
    source = Source(spec)
    noise: list[Noise] = []
    made = source.products
    mess = source.mess
    shown = tuple(views.customers(spec, mess, source.companies(), noise.append))
    people = tuple(one.company for one in shown)
    chronicle = source.chronicle()
    told = tuple(document for company in people for document in chronicle.sales_of(company))
    supply = chronicle.covered
    stock = supply.stock
    crm = CrmView(
        tuple(record for one in shown for record in one.crm),
        tuple(views.crm_products(made)),
    )
    scm = ScmView(
        tuple(one.scm for one in shown if one.scm),
        tuple(views.scm_suppliers(source.suppliers)),
        tuple(views.scm_products(made)),
        source.warehouses,
        tuple((row.product.code, row.warehouse, row.quantity_milli, row.value_fen) for row in stock),
    )
    receivables = tuple(opening.open_receivables(told))
    receipts = tuple(opening.open_receipts(told))
    payables = tuple(opening.open_payables(supply.purchases))
    unidentified = views.unidentified_customer(source.size.customers, mess)
    finance = FinanceView(
        (*unidentified, *(one.finance for one in shown if one.finance)),
        tuple(views.finance_suppliers(source.suppliers)),
        tuple(views.finance_items(spec, mess, made, noise.append)),
        opening.opening_balances(source.profile, receivables, receipts, payables, stock),
        receivables,
        receipts,
        payables,
    )
    for document in told:
        noise.extend(noise_of_sale(spec, document))
    noise.extend(noise_of_stock(spec, mess, made, chronicle.stale, stock, chronicle.main))
    rows = tuple(_key(crm, scm, finance))
    key = AnswerKey(
        (row[:4] for row in rows),
        _entities(source, people, finance),
        _relations(people, made),
        noise,
        {row[:3]: row[4] for row in rows},
    )
    kept = spec.history
    return World(
        spec,
        people,
        source.suppliers,
        made,
        source.boms,
        source.warehouses,
        frozenset(one["code"] for one in source.profile.warehouses if one["kind"] == "store"),
        crm,
        scm,
        finance,
        supply.stock_before if kept else stock,
        tuple(one for one in told if isinstance(one, Sale)) if kept else (),
        tuple(one for one in told if isinstance(one, Carried)) if kept else (),
        supply.purchases if kept else (),
        supply.productions if kept else (),
        key,
    )


def _key(crm: CrmView, scm: ScmView, finance: FinanceView) -> Iterator[tuple[str, str, str, str, str]]:
    """(system, kind, record id, entity, name) of every record."""
    yield from (("crm", "customer", c.id, c.entity, c.name) for c in crm.customers)
    yield from (("scm", "customer", p.code, p.entity, p.short_name) for p in scm.partners)
    yield from (("finance", "customer", str(c.id), c.entity, c.short_name) for c in finance.customers)
    yield from (("scm", "supplier", s.code, s.entity, s.name) for s in scm.suppliers)
    yield from (("finance", "supplier", str(s.id), s.entity, s.short_name) for s in finance.suppliers)
    yield from (("crm", "product", p.code, p.entity, p.name) for p in crm.products)
    yield from (("scm", "product", p.code, p.entity, p.name) for p in scm.products)
    yield from (("finance", "product", i.code, i.entity, i.name) for i in finance.items)


def _entities(source: Source, people: tuple[Company, ...], finance: FinanceView) -> Iterator[Entity]:
    for record in finance.customers[:1]:
        if record.entity == views.UNIDENTIFIED_KEY:
            yield Entity(record.entity, "customer", record.short_name, "")
    for one in people:
        yield Entity(one.key, "customer", one.legal_name, one.uscc, views.is_demo(source.mess, one))
    for seller in source.suppliers:
        yield Entity(seller.company.key, "supplier", seller.company.legal_name, seller.company.uscc)
    for product in source.products:
        yield Entity(product.key, "product", product.name, product.code)


def _relations(people: tuple[Company, ...], made: tuple[Product, ...]) -> Iterator[Relation]:
    for one in people:
        yield from relations_of(one)
    for product in made:
        if product.twin_of:
            yield Relation("twin", product.key, product.twin_of, product.code)
