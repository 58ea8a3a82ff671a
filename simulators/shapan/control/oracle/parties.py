"""Who is who: whether a CRM customer, an SCM partner and a finance customer are the same real company (往来单位匹配).

Evidence in this order: the answer key, when both records were seeded; the unified social credit code, when both
carry one; else the legal name, written exactly alike but for width and spaces. What none of them proves stays open
rather than being guessed.
"""

from __future__ import annotations

import functools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapan.control.oracle.model import CrmCustomer, FinanceCustomer, ScmPartner

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


@dataclass(frozen=True, slots=True)
class Party:
    """One record seen as a company: its entity in the answer key, tax number and legal names, each where known."""

    entity: str | None
    tax_number: str | None
    names: frozenset[str]


@functools.lru_cache(65536)
def folded(text: str | None) -> str:
    """Full-width and half-width forms, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", text or "").upper().split())


def same(one: Party, other: Party) -> bool | None:
    """True: the same company. False: another one. None: nothing proves either."""
    if one.entity and other.entity:
        return one.entity == other.entity
    if one.tax_number and other.tax_number:
        return one.tax_number == other.tax_number
    return True if one.names & other.names else None


class Parties:
    """The records of one set of books as parties, and a CRM customer's finance customers."""

    def __init__(self, books: Books) -> None:
        self._entity_of = books.entity_of
        self._crm = {customer.id: self._crm_party(customer) for customer in books.crm.customers}
        self._partners = {partner.code: self._partner_party(partner) for partner in books.scm.partners}
        self._finance = {customer.id: self._finance_party(customer) for customer in books.finance.customers}
        self._scm_suppliers = {
            supplier.code: self._party(
                "scm", supplier.code, supplier.tax_number, supplier.name, supplier.short_name, kind="supplier"
            )
            for supplier in books.scm.suppliers
        }
        self._suppliers = {
            supplier.id: self._party(
                "finance",
                str(supplier.id),
                supplier.tax_number,
                supplier.full_name,
                supplier.short_name,
                kind="supplier",
            )
            for supplier in books.finance.suppliers
        }
        self._finance_by_token = _by_token(self._finance)

    def _crm_party(self, customer: CrmCustomer) -> Party:
        return self._party("crm", customer.id, customer.tax_number, customer.name, *customer.former_names)

    def _partner_party(self, partner: ScmPartner) -> Party:
        return self._party("scm", partner.code, partner.tax_number, partner.full_name, partner.short_name)

    def _finance_party(self, customer: FinanceCustomer) -> Party:
        return self._party("finance", str(customer.id), customer.tax_number, customer.full_name, customer.short_name)

    def _party(
        self, system: str, record_id: str, tax_number: str | None, *names: str | None, kind: str = "customer"
    ) -> Party:
        entity = self._entity_of(system, kind, record_id)
        return Party(entity, folded(tax_number) or None, frozenset(filter(None, map(folded, names))))

    def crm_and_partner(self, customer_id: str, partner_code: str) -> bool | None:
        """Whether a CRM customer and an SCM partner are the same company; False when either record does not exist."""
        return _same(self._crm.get(customer_id), self._partners.get(partner_code))

    def crm_and_finance(self, customer_id: str, finance_id: int) -> bool | None:
        """Whether a CRM customer and a finance customer are the same company."""
        return _same(self._crm.get(customer_id), self._finance.get(finance_id))

    def partner_and_finance(self, partner_code: str, finance_id: int) -> bool | None:
        """Whether an SCM partner and a finance customer are the same company."""
        return _same(self._partners.get(partner_code), self._finance.get(finance_id))

    def scm_and_finance_supplier(self, code: str, finance_id: int) -> bool | None:
        """Whether a supplier of the SCM and one of finance are the same company."""
        return _same(self._scm_suppliers.get(code), self._suppliers.get(finance_id))

    def finance_of(self, customer_id: str) -> tuple[int, ...]:
        """The ids of all finance customers that are provably the company of this CRM customer."""
        party = self._crm[customer_id]
        near = {id_ for token in _tokens(party) for id_ in self._finance_by_token[token]}
        return tuple(sorted(id_ for id_ in near if same(party, self._finance[id_])))


def _same(one: Party | None, other: Party | None) -> bool | None:
    return False if one is None or other is None else same(one, other)


def _tokens(party: Party) -> Iterable[tuple[str, str]]:
    if party.entity:
        yield "entity", party.entity
    if party.tax_number:
        yield "tax", party.tax_number
    for name in party.names:
        yield "name", name


def _by_token(parties: Mapping[int, Party]) -> defaultdict[tuple[str, str], list[int]]:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for id_, party in parties.items():
        for token in _tokens(party):
            found[token].append(id_)
    return found
