"""The books: the facts of the three systems at one moment, looked up by key, with who is who and what follows what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from shapan.control.oracle.followers import Followers
from shapan.control.oracle.graph import Graph
from shapan.control.oracle.links import Links
from shapan.control.oracle.model import (
    CrmCustomer,
    CrmFacts,
    EntityOf,
    FinanceCustomer,
    FinanceFacts,
    Receipt,
    Receivable,
    ScmFacts,
    ScmPartner,
    ScmProduct,
    knows_nothing,
)
from shapan.control.oracle.model_purchasing import ScmSupplier, Supplier
from shapan.control.oracle.parties import Parties


@dataclass(frozen=True)
class Books:
    """All that the oracle knows at one moment: the facts of the three systems and, if at hand, the answer key."""

    crm: CrmFacts
    scm: ScmFacts
    finance: FinanceFacts
    entity_of: EntityOf = field(default=knows_nothing)

    @cached_property
    def results(self) -> dict[str, Any]:
        """What checks have found in these books, by the check's code: books never change, so nothing is looked at twice."""
        return {}

    @cached_property
    def parties(self) -> Parties:
        """Who is who across the systems."""
        return Parties(self)

    @cached_property
    def links(self) -> Links:
        """Which document follows which."""
        return Links(self)

    @cached_property
    def crm_customers(self) -> Mapping[str, CrmCustomer]:
        """By id."""
        return {customer.id: customer for customer in self.crm.customers}

    @cached_property
    def partners(self) -> Mapping[str, ScmPartner]:
        """By code."""
        return {partner.code: partner for partner in self.scm.partners}

    @cached_property
    def products(self) -> Mapping[str, ScmProduct]:
        """By code."""
        return {product.code: product for product in self.scm.products}

    @cached_property
    def finance_customers(self) -> Mapping[int, FinanceCustomer]:
        """By id."""
        return {customer.id: customer for customer in self.finance.customers}

    @cached_property
    def receivables(self) -> Mapping[int, Receivable]:
        """By id."""
        return {receivable.id: receivable for receivable in self.finance.receivables}

    @cached_property
    def receipts(self) -> Mapping[int, Receipt]:
        """By id."""
        return {receipt.id: receipt for receipt in self.finance.receipts}

    @cached_property
    def followers(self) -> Followers:
        """Which document follows which in purchasing, returns, stores and production."""
        return Followers(self)

    @cached_property
    def graph(self) -> Graph:
        """All documents and which follows which."""
        return Graph(self)

    @cached_property
    def scm_suppliers(self) -> Mapping[str, ScmSupplier]:
        """By code."""
        return {supplier.code: supplier for supplier in self.scm.suppliers}

    @cached_property
    def suppliers(self) -> Mapping[int, Supplier]:
        """By id in finance."""
        return {supplier.id: supplier for supplier in self.finance.suppliers}

    @cached_property
    def locked(self) -> frozenset[str]:
        """The periods that are closed."""
        return frozenset(period.period for period in self.finance.periods if period.state == "locked")

    def of_run(self, day: str | None) -> bool:
        """Whether a day (or a moment) lies in the books: what is older was there when the world began, and no integration carries it."""
        opening = self.finance.opening_period
        return day is not None and (opening is None or day[:7] >= opening)

    @cached_property
    def _scm_code_of(self) -> Mapping[str, str]:
        known = ((self.entity_of("scm", "product", item.code), item.code) for item in self.scm.products)
        return {entity: code for entity, code in known if entity}

    def product_key(self, system: str, code: str) -> str:
        """What product codes of any system are compared by: the code in the SCM of the true product, by the answer key; else the code itself."""
        entity = self.entity_of(system, "product", code)
        return self._scm_code_of.get(entity, code) if entity else code
