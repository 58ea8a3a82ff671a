"""Each system's view of the true entities (三套视图): who is in it, under what name, with what data, and what went wrong on the way.

Everything about one record is drawn from the streams of its own company and system, so that the iterators need no memory but the running
numbers of customer codes. What differs from the truth is told to `note`, one `Noise` for each cell.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.world.companies import DEMO
from shapan.world.dirt import fields
from shapan.world.draws import between, digest, stream
from shapan.world.entities import (
    Address,
    Company,
    CrmContact,
    CrmCustomer,
    CrmProduct,
    FinanceCustomer,
    FinanceItem,
    FinanceSupplier,
    Noise,
    Person,
    Product,
    ScmPartner,
    ScmProduct,
    ScmSupplier,
    Supplier,
)
from shapan.world.mess import Mess
from shapan.world.pen import Note, Pen
from shapan.world.spec import WorldSpec

FIRST_FINANCE_ID = 1001
FIRST_FINANCE_SUPPLIER_ID = 1
UNIDENTIFIED_ID = FIRST_FINANCE_ID - 1
UNIDENTIFIED = "待查款项"
UNIDENTIFIED_KEY = "C0000"
"""Finance's customer for money of which nobody knows whom it is from (待查款项). It is no company."""
DEMO_PRODUCTS = 30
"""The first so many products have no wrong codes when there is a demo set."""
_TERMS = {0: "PREPAID", 30: "NET30", 60: "NET60", 90: "NET90"}


def record_uuid(*path: object) -> str:
    """The id of a CRM record, by the seed and what it is the record of."""
    return str(uuid.UUID(int=digest(*path), version=4))


def partner_code(company: Company) -> str:
    """The SCM's code of a customer: KH00017."""
    return f"KH{company.number:05d}"


def finance_id(company: Company) -> int:
    """Finance's id of a customer."""
    return FIRST_FINANCE_ID - 1 + company.number


def crm_id(spec: WorldSpec, company: Company) -> str:
    """The CRM's id of a customer's first record."""
    return record_uuid(spec.seed, "customer", company.key)


def is_demo(mess: Mess, company: Company) -> bool:
    """Whether a customer is of the demo set (演示集)."""
    return mess.demo and company.number <= DEMO


def covered(spec: WorldSpec, mess: Mess, number: int, system: str) -> bool:
    """Whether a system has the customer with this number at all."""
    if mess.demo and number <= DEMO:
        return True
    return stream(spec.seed, "cover", system, number).random() < mess.coverage[system]


@dataclass(frozen=True, slots=True)
class Shown:
    """One true customer and the records that the systems have of it; the CRM's may be several (duplicates), the first one first."""

    company: Company
    crm: tuple[CrmCustomer, ...]
    scm: ScmPartner | None
    finance: FinanceCustomer | None


def customers(spec: WorldSpec, mess: Mess, companies: Iterable[Company], note: Note) -> Iterator[Shown]:
    """All customers one after the other, as the three systems have them.

    Customer codes of the CRM count up within region and industry (BJ-IT-001).
    """
    serials: Counter[tuple[str, str]] = Counter()
    for company in companies:
        yield Shown(
            company,
            tuple(_crm_customers(spec, mess, company, serials, note)),
            _scm_partner(spec, mess, company, note),
            _finance_customer(spec, mess, company, note),
        )


def _crm_customers(
    spec: WorldSpec, mess: Mess, company: Company, serials: Counter[tuple[str, str]], note: Note
) -> Iterator[CrmCustomer]:
    if not covered(spec, mess, company.number, "crm"):
        return
    share, factor = mess.rates["duplicates.share"], mess.rates["duplicates.surface_factor"]
    first = crm_id(spec, company)
    demo = is_demo(mess, company)
    yield _crm_customer(Pen(mess, note, spec, "crm", "customer", first, company.key, demo), spec, company, serials, 1)
    rng = stream(spec.seed, "duplicates", company.key)
    if demo or rng.random() >= share:
        return
    for copy in range(1, 2 + (rng.random() < 0.2)):
        again = record_uuid(spec.seed, "customer", company.key, "dup", copy)
        pen = Pen(mess, note, spec, "crm", "customer", again, company.key, False)
        pen.log("id", "row.duplicate", first, again)
        yield _crm_customer(pen, spec, company, serials, factor)


def _crm_customer(
    pen: Pen, spec: WorldSpec, company: Company, serials: Counter[tuple[str, str]], factor: float
) -> CrmCustomer:
    serials[company.region, company.industry] += 1
    serial = serials[company.region, company.industry]
    name = pen.name("name", company, factor)
    former: tuple[tuple[str, str], ...] = ()
    if company.former_name and company.renamed_on:
        if pen.keeps("former_kept"):
            former = ((company.former_name, company.renamed_on),)
        else:
            pen.log("former_names", "field.former_missing", company.former_name, None)
    street = pen.optional("address.street", company.address.street)
    where = company.address
    return CrmCustomer(
        entity=company.key,
        id=pen.record_id,
        code=f"{company.region}-{company.industry}-{serial:03d}",
        name=name,
        uscc=pen.credit_code("unifiedSocialCreditCode", company.uscc),
        region=company.region,
        industry=company.industry,
        address=Address(
            where.province, where.city, where.district, street or where.street, where.postcode, where.division
        ),
        phone=pen.phone("phone", company.phone),
        email=pen.optional("email", company.email),
        payment_terms=_TERMS[company.payment_terms_days],
        contacts=_contacts(pen, spec, company),
        created_at=_created(pen, spec),
        credit_limit_fen=company.credit_limit_fen,
        former_names=former,
    )


def _created(pen: Pen, spec: WorldSpec) -> str:
    """Some day of the three years before the books open, in office hours."""
    rng = pen.stream("created")
    opened = datetime.combine(spec.opening, time(9), SHANGHAI)
    return rfc3339(opened - timedelta(days=between(rng, 366, 1461)) + timedelta(minutes=between(rng, 0, 480)))


def _contacts(pen: Pen, spec: WorldSpec, company: Company) -> tuple[CrmContact, ...]:
    made = []
    for place, person in enumerate(company.contacts):
        own = record_uuid(spec.seed, "contact", pen.record_id, place)
        contact = CrmContact(own, person.name, person.title, person.phone, person.email)
        made.append(contact if pen.demo else _wrong_contact(pen, contact, person))
    return tuple(made)


def _wrong_contact(pen: Pen, contact: CrmContact, person: Person) -> CrmContact:
    rng = pen.stream(f"contact:{contact.id}")
    invalid, swapped = rng.random(), rng.random()
    name, phone, email = person.name, person.phone, person.email
    if invalid < pen.mess.rates["fields.crm.contact_invalid"]:
        kind = rng.random()
        if kind < 0.4:
            phone = fields.bad_phone(phone, rng)
            pen.log(f"contacts.{contact.id}.phone", "field.contact_phone_bad", person.phone, phone)
        elif kind < 0.7:
            email = fields.bad_mail(email, rng)
            pen.log(f"contacts.{contact.id}.email", "field.contact_mail_bad", person.email, email)
        else:
            name = fields.left_company(name, rng)
            pen.log(f"contacts.{contact.id}.name", "field.contact_left", person.name, name)
    if swapped < pen.mess.rates["fields.crm.contact_swapped"]:
        pen.log(f"contacts.{contact.id}.name", "field.swap", name, phone)
        pen.log(f"contacts.{contact.id}.phone", "field.swap", phone, name)
        name, phone = phone, name
    return CrmContact(contact.id, name, contact.title, phone, email)


def _scm_partner(spec: WorldSpec, mess: Mess, company: Company, note: Note) -> ScmPartner | None:
    """The SCM's partner; the full name only where somebody entered it."""
    if not covered(spec, mess, company.number, "scm"):
        return None
    code = partner_code(company)
    pen = Pen(mess, note, spec, "scm", "customer", code, company.key, is_demo(mess, company))
    return ScmPartner(
        entity=company.key,
        code=code,
        short_name=pen.name("short_name", company),
        full_name=company.legal_name if pen.keeps("full_name_kept") else None,
        tax_number=pen.credit_code("tax_number", company.uscc),
        phone=pen.phone("phone", company.phone),
        address_text=pen.optional("address", company.address.text),
    )


def _finance_customer(spec: WorldSpec, mess: Mess, company: Company, note: Note) -> FinanceCustomer | None:
    """Finance's customer, with what invoices need (开票资料)."""
    if not covered(spec, mess, company.number, "finance"):
        return None
    id_ = finance_id(company)
    pen = Pen(mess, note, spec, "finance", "customer", str(id_), company.key, is_demo(mess, company))
    bank_name = pen.optional("bank_name", company.bank.branch, "bank_missing")
    if bank_name is None:
        pen.log("bank_account", "field.bank_missing", company.bank.number, None)
    return FinanceCustomer(
        entity=company.key,
        id=id_,
        short_name=pen.name("short_name", company),
        full_name=company.legal_name if pen.keeps("full_name_kept") else None,
        tax_number=pen.credit_code("tax_number", company.uscc),
        payment_terms_days=company.payment_terms_days,
        phone=pen.phone("phone", company.phone),
        bank_name=bank_name,
        bank_account=None if bank_name is None else company.bank.number,
    )


def unidentified_customer(customers: int, mess: Mess) -> tuple[FinanceCustomer, ...]:
    """The customer for unidentified money, in worlds that have such."""
    if not mess.rates["items.unidentified"] or (mess.demo and customers <= DEMO):
        return ()
    return (FinanceCustomer(UNIDENTIFIED_KEY, UNIDENTIFIED_ID, UNIDENTIFIED, None, None, 0),)


def scm_suppliers(suppliers: Iterable[Supplier]) -> Iterator[ScmSupplier]:
    """The SCM's suppliers; who buys keeps them well."""
    for one in suppliers:
        company = one.company
        yield ScmSupplier(
            entity=company.key,
            code=one.code,
            name=company.legal_name,
            short_name=f"{company.region_name}{company.trade_name}{company.industry_name}",
            grade=one.grade,
            payment_terms=_TERMS[company.payment_terms_days],
            tax_number=company.uscc,
            contact=company.contacts[0].name,
            phone=company.phone,
            address_text=company.address.text,
        )


def finance_suppliers(suppliers: Iterable[Supplier]) -> Iterator[FinanceSupplier]:
    """Finance's suppliers."""
    for id_, one in enumerate(suppliers, FIRST_FINANCE_SUPPLIER_ID):
        company = one.company
        yield FinanceSupplier(
            entity=company.key,
            id=id_,
            short_name=f"{company.region_name}{company.trade_name}{company.industry_name}",
            full_name=company.legal_name,
            tax_number=company.uscc,
            grade=one.grade,
            payment_terms_days=company.payment_terms_days,
        )


def crm_products(products: Iterable[Product]) -> Iterator[CrmProduct]:
    """What the CRM sells, by the sales unit; materials are not for sale."""
    return (
        CrmProduct(p.key, p.code, p.name, p.spec, p.sales_unit, p.list_price_fen, p.tax_rate_bp)
        for p in products
        if p.kind != "material"
    )


def scm_products(products: Iterable[Product]) -> Iterator[ScmProduct]:
    """What the SCM stocks, by the base unit, with its conversions."""
    for p in products:
        yield ScmProduct(
            p.key, p.code, p.name, p.spec, p.model, p.category, p.base_unit, p.units, p.tax_rate_bp, p.cost_e4
        )


def finance_items(spec: WorldSpec, mess: Mess, products: Iterable[Product], note: Note) -> Iterator[FinanceItem]:
    """Finance's inventory items (存货档案), whose codes were typed by hand; some products stand there under a retired code as well.

    What has no stock of its own, dishes and services, is no inventory item.
    """
    taken: set[str] = set()
    listed = [product for product in products if product.kind not in ("dish", "service")]
    codes = {product.code for product in listed}
    for place, p in enumerate(listed, 1):
        demo = mess.demo and place <= DEMO_PRODUCTS
        rng = stream(spec.seed, "finance", "item", p.code)
        wrong, retired = (
            rng.random() < mess.rates["products.finance_code"],
            rng.random() < mess.rates["products.retired"],
        )
        code = p.code
        if wrong and not demo:
            rule, code = fields.product_code(p.code, rng)
            if code in taken or code in codes:
                code = p.code
            else:
                note(
                    Noise(
                        "finance",
                        "product",
                        code,
                        "code",
                        f"product.{rule}",
                        p.code,
                        code,
                        f"{spec.seed}:finance:item:{p.code}",
                    )
                )
        taken.add(code)
        yield FinanceItem(p.key, code, p.name, p.base_unit, p.category, p.kind)
        old = fields.retired_code(p.code, rng)
        if retired and not demo and old not in taken and old not in codes:
            taken.add(old)
            note(
                Noise(
                    "finance",
                    "product",
                    old,
                    "code",
                    "product.retired",
                    p.code,
                    old,
                    f"{spec.seed}:finance:item:{p.code}",
                )
            )
            yield FinanceItem(p.key, old, p.name, p.base_unit, p.category, p.kind)
