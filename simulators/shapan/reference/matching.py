"""Which customer there is which customer here: CRM customer ↔ SCM partner ↔ finance customer (客户对照).

Matched by tax number (统一社会信用代码) first, then by the exact legal name; a record whose tax number is another one is another
company, whatever its name. Only when there is no match, a new record is created. What was decided is kept in the crosswalk.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from shapan.reference.client import SystemClient
from shapan.reference.errors import Undecidable
from shapan.reference.state import State

_LEGAL_FORMS = ("股份有限公司", "有限责任公司", "集团有限公司", "有限公司")
# The SCM takes no longer short name.
_SHORT = 60
_TERMS = {"PREPAID": 0, "NET30": 30, "NET60": 60, "NET90": 90}


@dataclass(frozen=True, slots=True)
class Party:
    """A customer as its own system describes it: `system` and `key` say where it comes from, `code` is what people call it."""

    system: str
    key: str
    code: str
    name: str
    tax_number: str | None
    terms_days: int | None = None
    phone: str | None = None
    address: str | None = None

    @property
    def reference(self) -> dict[str, str]:
        """The source_reference of a record that is created for it."""
        return {"system": self.system, "document": self.code, "id": self.key}


def plain_name(name: str | None) -> str:
    """A legal name for comparison: full-width and half-width brackets are the same, blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", name or "").split())


def plain_tax_number(number: str | None) -> str:
    """A tax number for comparison; "" when there is none."""
    return "".join((number or "").split()).upper()


def short_name(legal_name: str) -> str:
    """A legal name without its legal form, as warehouse and accounts call a customer: 北京华信科技有限公司 -> 北京华信科技.

    At most 60 characters, as the SCM takes it, with no blank at either end.
    """
    # Blanks in a row become one, so that the cut cannot leave less than it found.
    name = " ".join(legal_name.split())
    for form in _LEGAL_FORMS:
        rest = name.removesuffix(form).strip()
        if name.endswith(form) and len(rest) >= 2:
            return rest[:_SHORT].strip()
    return name[:_SHORT].strip()


def choose(party: Party, candidates: Iterable[Mapping[str, Any]], key: str) -> Mapping[str, Any] | None:
    """The candidate that is `party`, or None. `key` names the member with a candidate's own number.

    Of several with the tax number, or several with the name and no tax number, the first by number: duplicates of one company.
    Undecidable when the party has no tax number and the name belongs to companies with different ones.
    """
    tax, name = plain_tax_number(party.tax_number), plain_name(party.name)
    found = sorted(candidates, key=lambda candidate: candidate[key])
    if tax and (by_tax := [one for one in found if plain_tax_number(one["tax_number"]) == tax]):
        return by_tax[0]
    by_name = [one for one in found if plain_name(one["full_name"]) == name]
    if tax:
        by_name = [one for one in by_name if not plain_tax_number(one["tax_number"])]
    elif len(numbers := {plain_tax_number(one["tax_number"]) for one in by_name} - {""}) > 1:
        raise Undecidable(
            f"{party.system} customer {party.code} ({party.name}) has no tax number, and its name belongs to "
            f"{', '.join(sorted(numbers))}; enter its tax number. 客户缺少税号且同名企业不止一家，请补录税号。"
        )
    return by_name[0] if by_name else None


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
        self._locks = Locks()

    def crm_party(self, customer_id: str) -> Party:
        """A customer as the CRM describes it."""
        customer = self._crm.get(f"/customers/{customer_id}")
        return Party(
            "crm",
            customer["id"],
            customer["code"],
            customer["name"],
            customer["unifiedSocialCreditCode"],
            _TERMS[customer["paymentTerms"]],
            customer["phone"],
            _one_line(customer["address"]),
        )

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
            self._state.link("customer", "crm", customer_id, "finance", str(finance_id))
        return found

    def _counterpart(
        self, system: str, key: str, target: str, describe: Callable[[], Party], find_or_create: Callable[[Party], str]
    ) -> str:
        known = self._state.linked("customer", system, key, target)
        if known is not None:
            return known
        party = describe()
        # Both locks: a duplicate of this customer may lack the tax number and be known by its name only.
        with self._locks.hold(f"{target} {plain_tax_number(party.tax_number)}", f"{target} {plain_name(party.name)}"):
            known = self._state.linked("customer", system, key, target)
            if known is None:
                known = find_or_create(party)
                self._state.link("customer", system, key, target, known)
        return known

    def _partner(self, party: Party) -> str:
        found = None
        if party.tax_number:
            found = choose(
                party, self._scm.by_number("/partners", tax_number=plain_tax_number(party.tax_number)), "partner_code"
            )
        # The SCM has no filter for the full name: all partners are read, page by page.
        found = found or choose(party, self._scm.by_number("/partners", page_size=200), "partner_code")
        if found is None:
            body = {"phone": party.phone, "address": party.address, **_identity(party)}
            found = self._scm.post("/partners", body, key=f"partner/{party.system}/{party.key}")
        return str(found["partner_code"])

    def _finance_customer(self, party: Party) -> str:
        found = None
        if party.tax_number:
            tax_number = plain_tax_number(party.tax_number)
            found = choose(party, self._finance.by_watermark("/customers", tax_number=tax_number), "id")
        for name in _spellings(party.name):
            found = found or choose(party, self._finance.by_watermark("/customers", full_name=name), "id")
        if found is None:
            terms = {} if party.terms_days is None else {"payment_terms_days": party.terms_days}
            body = {**_identity(party), **terms}
            found = self._finance.post("/customers", body, key=f"customer/{party.system}/{party.key}")
        return str(found["id"])

    def _crm_customers(self, party: Party) -> list[Mapping[str, Any]]:
        if party.tax_number:
            found = list(self._crm.by_link("/customers", unifiedSocialCreditCode=plain_tax_number(party.tax_number)))
            if found:
                return found
        return list(self._crm.by_link("/customers", name=party.name)) if party.name else []


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


def _spellings(name: str) -> list[str]:
    """A legal name with its brackets as they are, full-width and half-width."""
    full = name.translate(str.maketrans("()", "\uff08\uff09"))
    half = name.translate(str.maketrans("\uff08\uff09", "()"))
    return list(dict.fromkeys((name, full, half)))


def _one_line(address: Mapping[str, Any] | None) -> str | None:
    """省市区街道 in one line; a municipality (直辖市) is its own province and is named once."""
    if address is None:
        return None
    parts = (address["province"], address["city"], address["district"], address["street"])
    return "".join(dict.fromkeys(parts))
