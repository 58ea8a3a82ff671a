"""The books: the facts of the three systems at one moment, looked up by key, with who is who and what follows what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

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
from shapan.control.oracle.parties import Parties


@dataclass(frozen=True)
class Books:
    """All that the oracle knows at one moment: the facts of the three systems and, if at hand, the answer key."""

    crm: CrmFacts
    scm: ScmFacts
    finance: FinanceFacts
    entity_of: EntityOf = field(default=knows_nothing)

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
