"""The chain of documents that one of them belongs to, as steps of a trace (单据追踪) and as the scope of a verdict (范围)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapan.control.oracle.books import Books
from shapan.control.oracle.document import (
    Document,
    crm_customer,
    finance_customer,
    finance_supplier,
    partner,
    product,
    scm,
    warehouse,
)
from shapan.control.oracle.steps import Step

__all__ = ["Scope", "Step", "Unknown", "scope_of", "trace"]


class Unknown(LookupError):
    """No system has a document or record of these names."""

    def __init__(self, orders: tuple[str, ...], documents: tuple[str, ...]) -> None:
        self.orders = orders
        self.documents = documents
        super().__init__(", ".join((*orders, *documents)))


@dataclass(frozen=True, slots=True)
class Scope:
    """What a verdict is about: documents and records, and the products whose value in the ledger was asked for by name."""

    documents: frozenset[Document]
    valued: frozenset[str]


def trace(books: Books, number: str) -> tuple[str | None, tuple[Step, ...]]:
    """(number of the first CRM order in it or None, the whole chain that `number` stands in); no steps when no system has such a
    document.

    A receipt or settlement that pays receivables of several orders shows the chains of all of them.
    """
    steps = books.graph.chain(number)
    return next((step.document.number for step in steps if step.document.type == "order"), None), steps


def scope_of(books: Books, orders: Sequence[str], documents: Sequence[str]) -> Scope:
    """All that a verdict on these CRM orders and documents looks at: their chains, and the records and products that stand in them.

    A name of `documents` may also be the code of a customer, partner, supplier, store, warehouse or product. Raises Unknown with every name
    that nobody knows.
    """
    unknown_orders = tuple(number for number in orders if number not in books.links.orders)
    found: dict[Document, None] = {}
    valued: set[str] = set()
    unknown = []
    for number in (*orders, *documents):
        steps = books.graph.chain(number)
        records = () if steps else _records(books, number)
        if number in books.products:
            valued.add(books.product_key("scm", number))
        if not steps and not records and number not in unknown_orders:
            unknown.append(number)
        found.update(dict.fromkeys(step.document for step in steps))
        found.update(dict.fromkeys(records))
    if unknown_orders or unknown:
        raise Unknown(unknown_orders, tuple(dict.fromkeys(unknown)))
    return Scope(frozenset({*found, *_around(books, found)}), frozenset(valued))


def _records(books: Books, code: str) -> tuple[Document, ...]:
    """A record of this code, with the chains of its documents of this run."""
    roots: list[Document] = []
    records: list[Document] = []
    graph = books.graph
    for customer in books.crm.customers:
        if customer.code == code:
            records.append(crm_customer(code))
            roots += _numbers(books, (o.number for o in books.crm.orders if o.customer_id == customer.id))
    if code in books.partners:
        records.append(partner(code))
        roots += _numbers(books, (o.number for o in books.scm.sales_orders if o.partner_code == code))
    if code in books.scm_suppliers:
        records.append(scm("supplier", code))
        roots += _numbers(books, (o.number for o in books.scm.purchase_orders if o.supplier_code == code))
    if code in books.products:
        records.append(product(code))
    sales = [sale.number for sale in books.crm.store_sales if sale.store_code == code]
    if sales or code in {item.warehouse_code for item in books.scm.stock}:
        records.append(warehouse(code))
        roots += _numbers(books, sales)
    # What never got as far as a moment of its own was not there when the world began, or leaves nothing to compare.
    run = [root for root in roots if (at := graph.steps[root].at) is None or books.of_run(at)]
    chains = graph.below(dict.fromkeys(top for root in run for top in graph.roots(root)))
    return (*records, *(step.document for step in chains))


def _numbers(books: Books, numbers: Iterable[str]) -> list[Document]:
    return [document for number in numbers for document in books.graph.named(number)]


def _around(books: Books, documents: Iterable[Document]) -> set[Document]:
    """The customers, partners, suppliers and products that stand in these documents."""
    numbers = {(document.system, document.type): set[str]() for document in documents}
    for document in documents:
        numbers[document.system, document.type].add(document.number)

    def of(system: str, type_: str) -> set[str]:
        return numbers.get((system, type_), set())

    found: set[Document] = set()
    customers = {order.customer_id for order in books.crm.orders if order.number in of("crm", "order")}
    codes = of("crm", "customer")
    for customer in books.crm.customers:
        if customer.id in customers or customer.code in codes:
            found.add(crm_customer(customer.code))
            found.update(map(finance_customer, books.parties.finance_of(customer.id)))
    for order in books.crm.orders:
        if order.number in of("crm", "order"):
            found.update(product(line.product_code) for line in order.lines)
    for sold in books.scm.sales_orders:
        if sold.number in of("scm", "sales_order"):
            found.add(partner(sold.partner_code))
            found.update(product(line.product_code) for line in sold.lines)
    for bought in books.scm.purchase_orders:
        if bought.number in of("scm", "purchase_order"):
            found.add(scm("supplier", bought.supplier_code))
            found.update(product(line.product_code) for line in bought.lines)
    for entry in (*books.finance.purchase_orders, *books.finance.goods_receipts):
        if entry.number in of("finance", "purchase_order") | of("finance", "goods_receipt"):
            found.add(finance_supplier(entry.supplier_id))
    for made in books.scm.production_orders:
        if made.number in of("scm", "production_order"):
            found.add(product(made.product_code))
    return found
