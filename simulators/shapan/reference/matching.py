"""Which customer there is which customer here: CRM customer ↔ SCM partner ↔ finance customer (客户对照).

In this order: the record was made for the customer; the tax number (统一社会信用代码) is the same; the legal name is the same, or was until
the customer was renamed; the name differs in style only and the region is the same. A record whose tax number is another one is another
company, whatever its name. Only when there is no match, a new record is created. What was decided is kept in the crosswalk.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from shapan.reference.client import SystemClient
from shapan.reference.directory import Directory, name_token, reference_token, tax_token
from shapan.reference.errors import Undecidable
from shapan.reference.names import city_of, plain_name, same_but_for_style, short_name, taken_apart
from shapan.reference.state import State

Json = Mapping[str, Any]
_TERMS = {"PREPAID": 0, "NET30": 30, "NET60": 60, "NET90": 90}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Party:
    """A customer as its own system describes it.

    system, key   where it comes from; `code` is what people call it
    city          its city as it stands in names (北京); "" when unknown
    former_names  legal names that it had before
    """

    system: str
    key: str
    code: str
    name: str
    tax_number: str | None
    terms_days: int | None = None
    phone: str | None = None
    address: str | None = None
    city: str = ""
    former_names: tuple[str, ...] = ()

    @property
    def reference(self) -> dict[str, str]:
        """The source_reference of a record that is created for it."""
        return {"system": self.system, "document": self.code, "id": self.key}

    @property
    def names(self) -> tuple[str, ...]:
        """Its legal name, then those that it had before."""
        return (self.name, *self.former_names)

    @property
    def tokens(self) -> set[str]:
        """What a record of it may be found by."""
        names = (n for name in self.names for n in (name, taken_apart(name, self.city).core))
        found = {reference_token(self.system, self.key), *map(name_token, names)}
        return found | {tax_token(self.tax_number)} if plain_tax_number(self.tax_number) else found


def plain_tax_number(number: str | None) -> str:
    """A tax number for comparison; "" when there is none."""
    return "".join((number or "").split()).upper()


def party_of_crm(customer: Json) -> Party:
    """A customer as the CRM describes it, from its record or an event about it."""
    address = customer["address"]
    return Party(
        "crm",
        customer["id"],
        customer["code"],
        customer["name"],
        customer["unifiedSocialCreditCode"],
        _TERMS[customer["paymentTerms"]],
        customer["phone"],
        _one_line(address),
        city_of(address["city"]) if address else "",
        tuple(former["name"] for former in customer.get("formerNames", ())),
    )


def choose(party: Party, candidates: Iterable[Json], key: str) -> Json | None:
    """The candidate that is `party`, or None. `key` names the member with a candidate's own number.

    Of several that fit alike the first by number: duplicates of one company. Undecidable when they have different tax numbers and the party
    has none, or when a name in another style fits several that nothing tells apart.
    """
    tax = plain_tax_number(party.tax_number)
    found = sorted(candidates, key=lambda candidate: candidate[key])
    if made_for_it := [one for one in found if _is_made_for(party, one)]:
        return made_for_it[0]
    if tax and (by_tax := [one for one in found if plain_tax_number(one["tax_number"]) == tax]):
        return by_tax[0]
    if tax:
        found = [one for one in found if not plain_tax_number(one["tax_number"])]
    for fits in (has_the_same_name, has_the_name_in_another_style):
        if fitting := [one for one in found if fits(party, one)]:
            return _one_company(party, fitting)
    return None


def has_the_same_name(party: Party, candidate: Json) -> bool:
    """Whether the candidate bears the legal name, or one that the party had before."""
    name = plain_name(_name_of(candidate))
    return bool(name) and name in {plain_name(one) for one in party.names}


def has_the_name_in_another_style(party: Party, candidate: Json) -> bool:
    """Whether the candidate is called like the party but for style, in the same region: 北京华信科技 or 华信科技（北京） of 北京华信科技有限公司."""
    theirs = taken_apart(_name_of(candidate), party.city)
    same_region = theirs.placed or bool(party.city and party.city in (candidate.get("address") or ""))
    return same_region and any(same_but_for_style(taken_apart(one, party.city), theirs) for one in party.names)


def _name_of(candidate: Json) -> str | None:
    """What a record says of its name: the full one, or, where that is missing, what stands as the short one."""
    return candidate["full_name"] or candidate.get("short_name")


def _is_made_for(party: Party, candidate: Json) -> bool:
    reference = candidate.get("source_reference") or {}
    return bool(reference.get("system") == party.system and reference.get("id") == party.key)


def _one_company(party: Party, fitting: list[Json]) -> Json:
    """The first of several records that fit, when they may be one company."""
    alike = [one for one in fitting if _shares_phone_or_address(party, one)]
    for some in (fitting, alike):
        if some and len({plain_tax_number(one["tax_number"]) for one in some} - {""}) <= 1:
            return some[0]
    numbers = sorted({plain_tax_number(one["tax_number"]) for one in fitting} - {""})
    raise Undecidable(
        f"{party.system} customer {party.code} ({party.name}) has no tax number, and its name belongs to "
        f"{', '.join(numbers)}; enter its tax number. 客户缺少税号且同名企业不止一家，请补录税号。"
    )


def _shares_phone_or_address(party: Party, candidate: Json) -> bool:
    pairs = ((party.phone, candidate.get("phone")), (party.address, candidate.get("address")))
    return any(ours and ours == theirs for ours, theirs in pairs)


class Locks:
    """A lock for each key, so that only those who deal with the same company wait for each other."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    @contextmanager
    def hold(self, *keys: str) -> Iterator[None]:
        """Hold the locks of all keys, taken in one fixed order so that no two threads wait for each other."""
        with self._guard:
            locks = [self._locks[key] for key in sorted(set(keys))]
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            yield


class Matcher:
    """Finds or creates customers across the systems. Thread-safe."""

    def __init__(self, crm: SystemClient, scm: SystemClient, finance: SystemClient, state: State) -> None:
        self._crm = crm
        self._scm = scm
        self._finance = finance
        self._state = state
        self.locks = Locks()
        self.directories = {
            "scm": Directory("partner_code", self._read_partners),
            "finance": Directory("id", self._read_finance_customers),
        }

    def _read_partners(self, known: int | None) -> tuple[Iterable[Json], int]:
        """The SCM lists partners in the order of their codes, which it gives in turn and never changes: new ones are behind those known."""
        return self._scm.numbered("/partners", (known or 0) // _PAGE + 1, _PAGE)

    def _read_finance_customers(self, watermark: int | None) -> tuple[Iterable[Json], int]:
        return self._finance.changes("/customers", watermark, limit=500)

    def crm_party(self, customer_id: str) -> Party:
        """A customer as the CRM describes it; one that was merged into another is that other."""
        customer = self._crm.get(f"/customers/{customer_id}")
        return self.crm_party(customer["mergedInto"]) if customer.get("mergedInto") else party_of_crm(customer)

    def scm_party(self, partner_code: str) -> Party:
        """A customer as the SCM describes it, for orders that were entered there."""
        partner = self._scm.get(f"/partners/{partner_code}")
        name = partner["full_name"] or partner["short_name"]
        return Party("scm", partner_code, partner_code, name, partner["tax_number"], phone=partner["phone"])

    def partner_of(self, customer_id: str) -> str:
        """The SCM partner code of a CRM customer; created when there is none."""
        return self._counterpart("crm", customer_id, "scm", lambda: self.crm_party(customer_id), self._partner)

    def finance_customer_of(self, system: str, key: str) -> int:
        """The finance customer id of a customer of `system`; created when there is none."""
        describe = self.crm_party if system == "crm" else self.scm_party
        return int(self._counterpart(system, key, "finance", lambda: describe(key), self._finance_customer))

    def crm_customers_of(self, finance_id: int) -> list[str]:
        """The CRM customers behind a finance customer: the crosswalk's, and, when it knows none, those with its tax number or name."""
        known = self._state.sources("customer", "crm", "finance", str(finance_id))
        if known:
            return known
        customer = self._finance.get(f"/customers/{finance_id}")
        party = Party("finance", str(finance_id), str(finance_id), customer["full_name"] or "", customer["tax_number"])
        found = [one["id"] for one in self._crm_customers(party)]
        for customer_id in found:
            # Finance may have a company twice: the record on which its documents are booked stays the one that was decided on.
            if self._state.linked("customer", "crm", customer_id, "finance") is None:
                self._state.link("customer", "crm", customer_id, "finance", str(finance_id))
        return found

    def _counterpart(
        self, system: str, key: str, target: str, describe: Callable[[], Party], find_or_create: Callable[[Party], str]
    ) -> str:
        known = self._state.linked("customer", system, key, target)
        if known is not None:
            return known
        party = describe()
        with self.locks.hold(*lock_keys(party)):
            known = self._state.linked("customer", system, key, target)
            if known is None:
                known = find_or_create(party)
                self._state.link("customer", system, key, target, known)
        return known

    def find(self, target: str, party: Party) -> str | None:
        """The key of the record of a party in SCM or finance, as its directory knows it since it was last refreshed; None when there is none."""
        directory = self.directories[target]
        found = choose(party, directory.near(party.tokens), directory.key)
        return None if found is None else str(found[directory.key])

    def _partner(self, party: Party) -> str:
        self.directories["scm"].refresh()
        found = self.find("scm", party)
        if found is None:
            key = f"partner/{party.system}/{party.key}"
            found = self._scm.post("/partners", partner_body(party), key=key)["partner_code"]
        return str(found)

    def _finance_customer(self, party: Party) -> str:
        self.directories["finance"].refresh()
        found = self.find("finance", party)
        if found is None:
            key = f"customer/{party.system}/{party.key}"
            found = self._finance.post("/customers", finance_customer_body(party), key=key)["id"]
        return str(found)

    def _crm_customers(self, party: Party) -> list[Mapping[str, Any]]:
        tax = plain_tax_number(party.tax_number)
        if tax:
            found = list(self._crm.by_link("/customers", unifiedSocialCreditCode=tax))
            if found:
                return found
        named = self._crm.by_link("/customers", name=party.name) if party.name else ()
        # One whose tax number is another one is another company, whatever its name.
        return [one for one in named if not tax or plain_tax_number(one["unifiedSocialCreditCode"]) in ("", tax)]


def lock_keys(party: Party) -> list[str]:
    """What is to be locked while a party is looked for and created: a duplicate of it may be known by one of these only."""
    return sorted(party.tokens - {reference_token(party.system, party.key)})


def partner_body(party: Party) -> dict[str, Any]:
    """A new partner of the SCM."""
    return {"phone": party.phone, "address": party.address, **_identity(party)}


def finance_customer_body(party: Party) -> dict[str, Any]:
    """A new customer of finance."""
    terms = {} if party.terms_days is None else {"payment_terms_days": party.terms_days}
    return {**_identity(party), **terms}


def _identity(party: Party) -> dict[str, Any]:
    """What a new record in SCM or finance says of a party; what is not known is left out."""
    identity: dict[str, Any] = {
        "short_name": short_name(party.name),
        "full_name": party.name,
        "source_reference": party.reference,
    }
    if party.tax_number:
        identity["tax_number"] = plain_tax_number(party.tax_number)
    return identity


def _one_line(address: Mapping[str, Any] | None) -> str | None:
    """省市区街道 in one line; a municipality (直辖市) is its own province and is named once."""
    if address is None:
        return None
    parts = (address["province"], address["city"], address["district"], address["street"])
    return "".join(dict.fromkeys(parts))
