"""What a world consists of: true entities, and the records that each system has of them. Immutable values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address whose parts belong together; `division` is the 6-digit code of the district (区划)."""

    province: str
    city: str
    district: str
    street: str
    postcode: str
    division: str

    @property
    def text(self) -> str:
        """On one line, as labels have it; a municipality is not named twice."""
        province = "" if self.province == self.city else self.province
        return f"{province}{self.city}{self.district}{self.street}"


@dataclass(frozen=True, slots=True)
class Person:
    """A contact person (联系人)."""

    name: str
    title: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Company:
    """A true company. `region` and `industry` are the two-letter codes of customer codes; the name's own words are kept apart."""

    key: str
    legal_name: str
    region_name: str
    region: str
    trade_name: str
    industry_name: str
    industry: str
    form: str
    layout: str
    uscc: str
    address: Address
    phone: str
    email: str
    contacts: tuple[Person, ...]
    payment_terms_days: int
    credit_limit_fen: int


@dataclass(frozen=True, slots=True)
class Product:
    """A true product. Price: tax-inclusive, per sales unit, fen. Cost: net, per base unit, 1/10000 yuan."""

    key: str
    code: str
    name: str
    category: str
    spec: str
    model: str
    base_unit: str
    sales_unit: str
    units_per_sales_unit: int
    list_price_fen: int
    cost_e4: int
    tax_rate_bp: int
    scarce: bool


@dataclass(frozen=True, slots=True)
class CrmContact:
    """A contact as the CRM has it."""

    id: str
    name: str
    title: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class CrmCustomer:
    """A customer as the CRM has it. `entity` is the key of the true company, in every view."""

    entity: str
    id: str
    code: str
    name: str
    uscc: str | None
    region: str
    industry: str
    address: Address | None
    phone: str | None
    email: str | None
    payment_terms: str
    contacts: tuple[CrmContact, ...]
    created_at: str


@dataclass(frozen=True, slots=True)
class CrmProduct:
    """A product as the CRM sells it."""

    entity: str
    code: str
    name: str
    spec: str
    sales_unit: str
    list_price_fen: int
    tax_rate_bp: int


@dataclass(frozen=True, slots=True)
class CrmView:
    """The CRM at the opening."""

    customers: tuple[CrmCustomer, ...]
    products: tuple[CrmProduct, ...]


@dataclass(frozen=True, slots=True)
class ScmPartner:
    """A customer as the SCM has it."""

    entity: str
    code: str
    short_name: str
    full_name: str | None
    tax_number: str | None
    phone: str | None
    address_text: str | None


@dataclass(frozen=True, slots=True)
class ScmProduct:
    """A product as the SCM stocks it; `units` are (unit, thousandths of the base unit in one)."""

    entity: str
    code: str
    name: str
    spec: str
    model: str
    category: str
    base_unit: str
    units: tuple[tuple[str, int], ...]
    tax_rate_bp: int
    cost_e4: int


@dataclass(frozen=True, slots=True)
class ScmView:
    """The SCM at the opening. warehouses: (code, name, address); opening_stock: (product, warehouse, thousandths, value in fen)."""

    partners: tuple[ScmPartner, ...]
    products: tuple[ScmProduct, ...]
    warehouses: tuple[tuple[str, str, str], ...]
    opening_stock: tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True, slots=True)
class FinanceCustomer:
    """A customer (往来单位) as finance has it."""

    entity: str
    id: int
    short_name: str
    full_name: str | None
    tax_number: str | None
    payment_terms_days: int


@dataclass(frozen=True, slots=True)
class OpeningReceivable:
    """A receivable with which the books open; amounts in fen, dates as ISO text."""

    customer_id: int
    number: str
    business_date: str
    due_date: str
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class FinanceView:
    """Finance at the opening. opening_balances: (account, customer id or None, debit fen, credit fen); they balance."""

    customers: tuple[FinanceCustomer, ...]
    opening_balances: tuple[tuple[str, int | None, int, int], ...]
    opening_receivables: tuple[OpeningReceivable, ...]
