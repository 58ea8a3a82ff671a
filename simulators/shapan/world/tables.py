"""The whole world as tables of rows (数据表): what each system holds, and the answer key, in one pass over the customers.

Tables of a system are named and spelt as people know them from its exports: dates and numbers are values, the writers in export/
make cells of them. The pass needs no memory that grows with the number of customers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields as members
from operator import attrgetter

from shapan.world import views
from shapan.world.build import Source, relations_of
from shapan.world.entities import Address, CrmCustomer, FinanceCustomer, Noise, ScmPartner
from shapan.world.export.table import Column, Put, Table
from shapan.world.paper import Papers
from shapan.world.pen import Note
from shapan.world.spec import WorldSpec


def _table(system: str, name: str, *columns: str) -> Table:
    """Columns as "name" (text) or "name:kind"; "name:kind?" where a cell may hold what somebody typed."""
    made = []
    for column in columns:
        title, _, kind = column.partition(":")
        made.append(Column(title, kind.rstrip("?") or "text", loose=kind.endswith("?")))  # type: ignore[arg-type]
    return Table(system, name, tuple(made))


CRM_CUSTOMERS = _table(
    "crm", "customers", "id", "code", "name", "former_names", "credit_code", "region", "industry", "province", "city",
    "district", "street", "postcode", "phone", "email", "payment_terms", "created_at",
)  # fmt: skip
CRM_CONTACTS = _table("crm", "contacts", "id", "customer_id", "name", "title", "phone", "email")
CRM_PRODUCTS = _table(
    "crm", "products", "code", "name", "spec", "sales_unit", "list_price:amount", "tax_rate_bp:integer"
)
CRM_PRICES = _table("crm", "price_history", "product_code", "valid_from:date", "list_price:amount")
SCM_PARTNERS = _table("scm", "partners", "partner_code", "short_name", "full_name", "tax_number", "phone", "address")
SCM_SUPPLIERS = _table(
    "scm", "suppliers", "supplier_code", "name", "short_name", "supplier_class", "payment_terms", "tax_number", "contact",
    "phone", "address",
)  # fmt: skip
SCM_PRODUCTS = _table(
    "scm", "products", "product_code", "name", "spec", "model", "category", "kind", "base_unit", "tax_rate_bp:integer",
    "cost:price",
)  # fmt: skip
SCM_UNITS = _table("scm", "product_units", "product_code", "unit", "factor:quantity")
SCM_BOMS = _table("scm", "boms", "product_code", "material_code", "quantity:quantity", "scrap_bp:integer")
SCM_WAREHOUSES = _table("scm", "warehouses", "warehouse_code", "name", "address")
FINANCE_CUSTOMERS = _table(
    "finance", "customers", "id", "short_name", "full_name", "tax_number", "payment_terms_days:integer", "phone",
    "bank_name", "bank_account",
)  # fmt: skip
FINANCE_SUPPLIERS = _table(
    "finance",
    "suppliers",
    "id",
    "short_name",
    "full_name",
    "tax_number",
    "supplier_class",
    "payment_terms_days:integer",
)
FINANCE_ITEMS = _table("finance", "inventory_items", "code", "name", "unit", "category", "kind")
CRM_ORDERS = _table("crm", "orders", "number", "customer_id", "ordered_at", "state", "gross:amount", "salesperson")
CRM_ORDER_LINES = _table(
    "crm", "order_lines", "order_number", "line:integer", "product_code", "quantity:integer", "unit", "unit_price:amount",
    "discount_bp:integer", "gross:amount",
)  # fmt: skip
SCM_STOCK = _table("scm", "stock", "product_code", "warehouse_code", "on_hand:quantity", "value:amount")
SCM_ORDERS = _table(
    "scm", "sales_orders", "number", "partner_code", "warehouse_code", "order_date:date", "source_document", "net:amount",
    "tax:amount",
)  # fmt: skip
SCM_ORDER_LINES = _table(
    "scm", "sales_order_lines", "order_number", "line:integer", "product_code", "quantity:quantity", "unit",
    "unit_price:price", "tax_rate_bp:integer", "net:amount", "tax:amount",
)  # fmt: skip
SCM_DELIVERIES = _table("scm", "deliveries", "number", "order_number", "warehouse_code", "ship_date:date", "keeper")
SCM_DELIVERY_LINES = _table(
    "scm",
    "delivery_lines",
    "delivery_number",
    "line:integer",
    "product_code",
    "quantity:quantity",
    "unit",
    "cost:amount",
)
SCM_PURCHASES = _table(
    "scm",
    "purchase_orders",
    "number",
    "supplier_code",
    "warehouse_code",
    "order_date:date",
    "net:amount",
    "tax:amount",
    "buyer",
)
SCM_PURCHASE_LINES = _table(
    "scm", "purchase_order_lines", "order_number", "line:integer", "product_code", "quantity:quantity", "unit",
    "unit_price:price", "tax_rate_bp:integer", "net:amount", "tax:amount",
)  # fmt: skip
SCM_RECEIPTS = _table("scm", "goods_receipts", "number", "order_number", "warehouse_code", "receipt_date:date")
SCM_PRODUCTIONS = _table(
    "scm", "production_orders", "number", "product_code", "quantity:quantity", "release_date:date", "receipt_number",
    "receipt_date:date", "labour:amount", "cost:amount",
)  # fmt: skip
SCM_MATERIALS = _table(
    "scm", "production_materials", "issue_number", "order_number", "issue_date:date", "product_code", "quantity:quantity",
    "value:amount",
)  # fmt: skip
FINANCE_RECEIVABLES = _table(
    "finance", "receivables", "number", "customer_id", "business_date:date", "due_date:date", "source_document", "net:amount?",
    "tax:amount", "gross:amount?", "settled:amount",
)  # fmt: skip
FINANCE_RECEIPTS = _table(
    "finance", "receipts", "number", "customer_id", "receipt_date:date", "amount:amount?", "entered_by"
)
FINANCE_SETTLEMENTS = _table(
    "finance", "settlements", "number", "receipt_number", "receivable_number", "settlement_date:date", "amount:amount"
)
FINANCE_PAYABLES = _table(
    "finance", "payables", "number", "supplier_id", "business_date:date", "due_date:date", "source_document", "net:amount",
    "tax:amount", "gross:amount", "payment_number", "paid_on:date",
)  # fmt: skip
FINANCE_BALANCES = _table(
    "finance", "opening_balances", "account_code", "customer_id", "supplier_id", "debit:amount", "credit:amount"
)
KEY_ENTITIES = _table("answer-key", "entities", "entity", "kind", "name", "uscc", "demo:integer")
KEY_RECORDS = _table("answer-key", "records", "system", "kind", "record_id", "entity", "name")
KEY_RELATIONS = _table("answer-key", "relations", "kind", "entity", "other", "detail")
KEY_NOISE = _table("answer-key", "noise", *(member.name for member in members(Noise)))

MASTERS = (
    CRM_CUSTOMERS, CRM_CONTACTS, CRM_PRODUCTS, CRM_PRICES, SCM_PARTNERS, SCM_SUPPLIERS, SCM_PRODUCTS, SCM_UNITS, SCM_BOMS,
    SCM_WAREHOUSES, FINANCE_CUSTOMERS, FINANCE_SUPPLIERS, FINANCE_ITEMS,
)  # fmt: skip
DOCUMENTS = (
    CRM_ORDERS, CRM_ORDER_LINES, SCM_STOCK, SCM_ORDERS, SCM_ORDER_LINES, SCM_DELIVERIES, SCM_DELIVERY_LINES, SCM_PURCHASES,
    SCM_PURCHASE_LINES, SCM_RECEIPTS, SCM_PRODUCTIONS, SCM_MATERIALS, FINANCE_RECEIVABLES, FINANCE_RECEIPTS,
    FINANCE_SETTLEMENTS, FINANCE_PAYABLES, FINANCE_BALANCES,
)  # fmt: skip
KEY = (KEY_ENTITIES, KEY_RECORDS, KEY_RELATIONS, KEY_NOISE)


class WorldTables:
    """A world as a source of rows for the export."""

    def __init__(self, spec: WorldSpec) -> None:
        self.source = Source(spec)
        self.tables: tuple[Table, ...] = (*MASTERS, *DOCUMENTS, *KEY)

    @property
    def customers(self) -> int:
        """How many true customers the world has."""
        return self.source.size.customers

    def run(self, puts: Sequence[Put], advance: Callable[[int], None], *, documents: bool = True) -> None:
        """Give all rows, in one pass: `puts[i]` takes those of `tables[i]`.

        Without `documents` those of DOCUMENTS and what was made wrong in them are left out, which takes a tenth of the time.
        """
        put = {table.path: put for table, put in zip(self.tables, puts, strict=True)}
        note = _noise(put["answer-key/noise"])
        papers = Papers(self.source.chronicle(), put, note, self.source.staff) if documents else None
        _catalogue(self.source, put, note)
        _customers(self.source, put, note, papers, advance)


def _record(put: dict[str, Put], system: str, kind: str, record_id: str, entity: str, name: str) -> None:
    put["answer-key/records"]((system, kind, record_id, entity, name))


def _noise(write: Put) -> Note:
    row = attrgetter(*(member.name for member in members(Noise)))
    return lambda noise: write(row(noise))


def _catalogue(source: Source, put: dict[str, Put], note: Note) -> None:
    """What there is whether customers come or not: products, suppliers, warehouses."""
    spec, mess = source.spec, source.mess
    codes = {product.key: product.code for product in source.products}
    for product in source.products:
        put["answer-key/entities"]((product.key, "product", product.name, product.code, 0))
        if product.twin_of:
            put["answer-key/relations"](("twin", product.key, product.twin_of, product.code))
        put["scm/products"](
            (
                product.code, product.name, product.spec, product.model, product.category, product.kind, product.base_unit,
                product.tax_rate_bp, product.cost_e4,
            )
        )  # fmt: skip
    for shown in views.crm_products(source.products):
        put["crm/products"](
            (shown.code, shown.name, shown.spec, shown.sales_unit, shown.list_price_fen, shown.tax_rate_bp)
        )
        _record(put, "crm", "product", shown.code, shown.entity, shown.name)
    for product in source.products:
        for since, price in product.prices:
            put["crm/price_history"]((product.code, since, price))
    for kept in views.scm_products(source.products):
        _record(put, "scm", "product", kept.code, kept.entity, kept.name)
        for unit, factor in kept.units:
            put["scm/product_units"]((kept.code, unit, factor))
    for bom in source.boms:
        for line in bom.lines:
            put["scm/boms"]((codes[bom.product], codes[line.material], line.quantity_milli, line.scrap_bp))
    for item in views.finance_items(spec, mess, source.products, note):
        put["finance/inventory_items"]((item.code, item.name, item.unit, item.category, item.kind))
        _record(put, "finance", "product", item.code, item.entity, item.name)
    for warehouse in source.warehouses:
        put["scm/warehouses"](warehouse)
    for seller in source.suppliers:
        company = seller.company
        put["answer-key/entities"]((company.key, "supplier", company.legal_name, company.uscc, 0))
    for bought in views.scm_suppliers(source.suppliers):
        put["scm/suppliers"](
            (
                bought.code, bought.name, bought.short_name, bought.grade, bought.payment_terms, bought.tax_number,
                bought.contact, bought.phone, bought.address_text,
            )
        )  # fmt: skip
        _record(put, "scm", "supplier", bought.code, bought.entity, bought.name)
    for paid in views.finance_suppliers(source.suppliers):
        put["finance/suppliers"](
            (str(paid.id), paid.short_name, paid.full_name, paid.tax_number, paid.grade, paid.payment_terms_days)
        )
        _record(put, "finance", "supplier", str(paid.id), paid.entity, paid.short_name)


def _customers(
    source: Source, put: dict[str, Put], note: Note, papers: Papers | None, advance: Callable[[int], None]
) -> None:
    spec, mess = source.spec, source.mess
    for nobody in views.unidentified_customer(source.size.customers, mess):
        put["answer-key/entities"]((nobody.entity, "customer", nobody.short_name, "", 0))
        _finance(nobody, put)
    for person in views.customers(spec, mess, source.companies(), note):
        company = person.company
        put["answer-key/entities"](
            (company.key, "customer", company.legal_name, company.uscc, int(views.is_demo(mess, company)))
        )
        for relation in relations_of(company):
            put["answer-key/relations"]((relation.kind, relation.entity, relation.other, relation.detail))
        for one in person.crm:
            _crm(one, put)
        if person.scm:
            _scm(person.scm, put)
        if person.finance:
            _finance(person.finance, put)
        if papers:
            papers.of(company)
        advance(1)
    if papers:
        papers.rest(source.profile)


def _crm(one: CrmCustomer, put: dict[str, Put]) -> None:
    where = one.address or Address("", "", "", "", "", "")
    former = "; ".join(name for name, _ in one.former_names) or None
    put["crm/customers"](
        (
            one.id, one.code, one.name, former, one.uscc, one.region, one.industry, where.province, where.city, where.district,
            where.street, where.postcode, one.phone, one.email, one.payment_terms, one.created_at,
        )
    )  # fmt: skip
    _record(put, "crm", "customer", one.id, one.entity, one.name)
    for contact in one.contacts:
        put["crm/contacts"]((contact.id, one.id, contact.name, contact.title, contact.phone, contact.email))


def _scm(one: ScmPartner, put: dict[str, Put]) -> None:
    put["scm/partners"]((one.code, one.short_name, one.full_name, one.tax_number, one.phone, one.address_text))
    _record(put, "scm", "customer", one.code, one.entity, one.short_name)


def _finance(one: FinanceCustomer, put: dict[str, Put]) -> None:
    put["finance/customers"](
        (
            str(one.id), one.short_name, one.full_name, one.tax_number, one.payment_terms_days, one.phone, one.bank_name,
            one.bank_account,
        )
    )  # fmt: skip
    _record(put, "finance", "customer", str(one.id), one.entity, one.short_name)


def world_tables(spec: WorldSpec) -> WorldTables:
    """The source of all rows of a world. WorldError when the spec cannot be used."""
    return WorldTables(spec)
