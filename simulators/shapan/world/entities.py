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
class BankAccount:
    """A corporate bank account (对公账户): the bank, its branch and the account number of 12 to 22 digits."""

    bank: str
    branch: str
    number: str


@dataclass(frozen=True, slots=True)
class Company:
    """A true company. `region` and `industry` are the two-letter codes of customer codes; the name's own words are kept apart.

    `lookalike_of` is the key of the company that this one resembles without being it, and `likeness` in what: region, industry, form,
    near (one character), layout, branch. `parent` is the key of the company it belongs to, whose branch (分公司) or subsidiary it is.
    `former_name` is the registered name before `renamed_on` (曾用名), where it had another. `number` counts 1, 2, … within its kind.
    """

    key: str
    number: int
    legal_name: str
    region_name: str
    region: str
    trade_name: str
    industry_name: str
    industry: str
    industry_short: str
    form: str
    layout: str
    uscc: str
    address: Address
    phone: str
    email: str
    bank: BankAccount
    contacts: tuple[Person, ...]
    payment_terms_days: int
    credit_limit_fen: int
    lookalike_of: str | None = None
    likeness: str | None = None
    parent: str | None = None
    branch: str | None = None
    former_name: str | None = None
    renamed_on: str | None = None


@dataclass(frozen=True, slots=True)
class Supplier:
    """A true supplier (供应商): a company and how we buy from it. `grade` is A, B or C; `categories` are those of the products it sells us."""

    company: Company
    code: str
    grade: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A true product. Price: tax-inclusive, per sales unit, fen. Cost: net, per base unit, 1/10000 yuan.

    The cost of one sales unit is a whole number of fen, so that stock values are exact. `kind` is goods, material, finished, dish or
    service as the SCM has it; `prices` are the list prices of the past, (first day as ISO text, fen), oldest first, the last one that of
    today. `twin_of` is the key of a product whose code looks the same (skeleton), and which only specification, name or unit tell apart.
    `shelf_life_days` is None where batches do not expire. `stock_sales_units` is what the main warehouse holds at the opening, at least;
    of a scarce product there is less, and a dish is never in stock.
    """

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
    kind: str = "goods"
    prices: tuple[tuple[str, int], ...] = ()
    twin_of: str | None = None
    batch_managed: bool = False
    shelf_life_days: int | None = None
    stock_sales_units: int = 0

    @property
    def units(self) -> tuple[tuple[str, int], ...]:
        """Its units, the base unit first: (unit, thousandths of the base unit in one)."""
        base = ((self.base_unit, 1000),)
        if self.sales_unit == self.base_unit:
            return base
        return (*base, (self.sales_unit, self.units_per_sales_unit * 1000))


@dataclass(frozen=True, slots=True)
class BomLine:
    """What one base unit of a product takes of a material: thousandths of the material's base unit, waste on top in basis points."""

    material: str
    quantity_milli: int
    scrap_bp: int


@dataclass(frozen=True, slots=True)
class Bom:
    """The bill of materials (物料清单) of a finished product or the recipe (配方) of a dish; product and materials are keys."""

    product: str
    lines: tuple[BomLine, ...]


@dataclass(frozen=True, slots=True)
class Noise:
    """One thing that was made wrong in one record, for the answer key (噪声日志). `path` is the seed path of the draw."""

    system: str
    kind: str
    record_id: str
    field: str
    rule: str
    before: str
    after: str
    path: str


@dataclass(frozen=True, slots=True)
class Relation:
    """How two entities belong together, or only seem to. `kind`: parent, branch, former-name, hard-negative or twin."""

    kind: str
    entity: str
    other: str
    detail: str


@dataclass(frozen=True, slots=True)
class CrmContact:
    """A contact as the CRM has it."""

    id: str
    name: str
    title: str | None
    phone: str | None
    email: str | None
    state: str = "active"


@dataclass(frozen=True, slots=True)
class CrmCustomer:
    """A customer as the CRM has it. `entity` is the key of the true company, in every view; several may have one (duplicates).

    `former_names` are (name, until when as ISO text), as far as the CRM kept them.
    """

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
    credit_limit_fen: int | None = None
    former_names: tuple[tuple[str, str], ...] = ()


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
class ScmSupplier:
    """A supplier as the SCM has it; `grade` is A, B or C."""

    entity: str
    code: str
    name: str
    short_name: str
    grade: str
    payment_terms: str
    tax_number: str | None
    contact: str | None
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
    suppliers: tuple[ScmSupplier, ...]
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
    phone: str | None = None
    bank_name: str | None = None
    bank_account: str | None = None


@dataclass(frozen=True, slots=True)
class FinanceSupplier:
    """A supplier (供应商) as finance has it."""

    entity: str
    id: int
    short_name: str
    full_name: str | None
    tax_number: str | None
    grade: str
    payment_terms_days: int


@dataclass(frozen=True, slots=True)
class FinanceItem:
    """An inventory item (存货档案) as finance has it; `code` was typed by hand and need not be the SCM's."""

    entity: str
    code: str
    name: str
    unit: str
    category: str
    kind: str


@dataclass(frozen=True, slots=True)
class OpeningReceivable:
    """A receivable with which the books open, as far as it is open; amounts in fen, dates as ISO text."""

    customer_id: int
    number: str
    business_date: str
    due_date: str
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class OpeningReceipt:
    """Money that came in before the books opened and is not settled (未核销收款); fen, ISO date."""

    customer_id: int
    number: str
    business_date: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class OpeningPayable:
    """A payable with which the books open; fen, ISO dates."""

    supplier_id: int
    number: str
    business_date: str
    due_date: str
    net_fen: int
    tax_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """A balance with which the books open, in fen, on one side; the party where the account has one."""

    account: str
    customer_id: int | None
    supplier_id: int | None
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class FinanceView:
    """Finance at the opening. The balances of merchandise (1405) and materials (1403) are told in one sum each."""

    customers: tuple[FinanceCustomer, ...]
    suppliers: tuple[FinanceSupplier, ...]
    items: tuple[FinanceItem, ...]
    opening_balances: tuple[OpeningBalance, ...]
    opening_receivables: tuple[OpeningReceivable, ...]
    opening_receipts: tuple[OpeningReceipt, ...]
    opening_payables: tuple[OpeningPayable, ...]
