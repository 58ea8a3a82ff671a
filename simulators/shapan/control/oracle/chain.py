"""The chain of documents that belongs to one CRM order, as steps of a trace (单据追踪) and as the scope of a
verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Document,
    crm_customer,
    crm_order,
    delivery,
    finance_customer,
    money,
    partner,
    product,
    receipt,
    receivable,
    sales_order,
    settlement,
)
from shapan.control.oracle.model import CrmOrder, Delivery, Receivable, SalesOrder


@dataclass(frozen=True, slots=True)
class Step:
    """One document on the way; `at` is RFC 3339 or None, `follows` the document before it."""

    document: Document
    state: str | None
    at: str | None
    party: str | None
    gross_fen: int | None
    follows: Document | None

    def as_json(self) -> dict[str, Any]:
        """As the control contract shows it, with the amount in yuan."""
        return {
            **self.document.as_json(),
            "state": self.state,
            "at": self.at,
            "party": self.party,
            "gross_amount": None if self.gross_fen is None else money(self.gross_fen),
            "follows": self.follows.number if self.follows else None,
        }


def steps_of_order(books: Books, order: CrmOrder) -> Iterable[Step]:
    """The order and all that follows it, upstream first."""
    customer = books.crm_customers.get(order.customer_id)
    own = crm_order(order.number)
    yield Step(own, order.state, order.confirmed_at, customer.name if customer else None, order.gross_fen, None)
    for follower in books.links.sales_orders_of(order):
        yield from steps_of_sales_order(books, follower, own)


def steps_of_sales_order(books: Books, order: SalesOrder, follows: Document | None = None) -> Iterable[Step]:
    """A sales order, its deliveries and what follows them."""
    own, gross = sales_order(order.number), sum(line.gross_fen for line in order.lines)
    yield Step(own, order.state, order.created_at, _partner_name(books, order.partner_code), gross, follows)
    for item in books.links.deliveries_of(order):
        yield from steps_of_delivery(books, item, own)


def steps_of_delivery(books: Books, item: Delivery, follows: Document | None = None) -> Iterable[Step]:
    """A delivery, its receivables and what pays them."""
    own = delivery(item.number)
    yield Step(own, item.state, item.shipped_at, _partner_name(books, item.partner_code), item.gross_fen, follows)
    for booked in books.links.receivables_of(item):
        yield from steps_of_receivable(books, booked, own)


def steps_of_receivable(books: Books, item: Receivable, follows: Document | None = None) -> Iterable[Step]:
    """A receivable, the receipts that pay it, and the settlements between them with the amount that fell to
    this receivable.
    """
    own = receivable(item.number)
    state = "settled" if item.settled_fen == item.gross_fen else "partly_settled" if item.settled_fen else "open"
    yield Step(own, state, item.posted_at, _finance_name(books, item.customer_id), item.gross_fen, follows)
    for paid in books.links.receipts_of(item):
        name = _finance_name(books, paid.customer_id)
        yield Step(receipt(paid.number), None, paid.posted_at, name, paid.amount_fen, own)
    for one in books.links.settlements_of(item):
        paid_by = books.receipts.get(one.receipt_id)
        amount = sum(part.amount_fen for part in one.allocations if part.receivable_id == item.id)
        name = _finance_name(books, paid_by.customer_id) if paid_by else None
        yield Step(
            settlement(one.number), None, one.posted_at, name, amount, receipt(paid_by.number) if paid_by else own
        )


def trace(books: Books, number: str) -> tuple[str | None, tuple[Step, ...]]:
    """(number of the CRM order or None, the whole chain that `number` stands in); no steps when no system has such a
    document.

    A receipt or settlement that pays receivables of several orders shows the chains of all of them.
    """
    links = books.links
    if number in links.orders:
        return number, tuple(steps_of_order(books, links.orders[number]))
    if number in links.sales_orders:
        return _chain_of_sales_order(books, links.sales_orders[number])
    if number in links.deliveries:
        return _chain_of_delivery(books, links.deliveries[number])
    chains = [_chain_of_receivable(books, item) for item in _receivables_behind(books, number)]
    steps = tuple(dict.fromkeys(step for _, chain in chains for step in chain))
    if not steps:
        steps = tuple(
            Step(
                receipt(paid.number),
                None,
                paid.posted_at,
                _finance_name(books, paid.customer_id),
                paid.amount_fen,
                None,
            )
            for paid in books.finance.receipts
            if paid.number == number
        )
    return next((order for order, _ in chains if order), None), steps


def _chain_of_sales_order(books: Books, order: SalesOrder) -> tuple[str | None, tuple[Step, ...]]:
    source = books.links.order_of(order)
    return (
        (source.number, tuple(steps_of_order(books, source)))
        if source
        else (None, tuple(steps_of_sales_order(books, order)))
    )


def _chain_of_delivery(books: Books, item: Delivery) -> tuple[str | None, tuple[Step, ...]]:
    order = books.links.sales_orders.get(item.sales_order)
    return _chain_of_sales_order(books, order) if order else (None, tuple(steps_of_delivery(books, item)))


def _chain_of_receivable(books: Books, item: Receivable) -> tuple[str | None, tuple[Step, ...]]:
    source = books.links.delivery_of(item)
    return _chain_of_delivery(books, source) if source else (None, tuple(steps_of_receivable(books, item)))


def _receivables_behind(books: Books, number: str) -> list[Receivable]:
    """The receivable with this number, or those that the receipt or settlement with this number pays."""
    paying = {
        part.receivable_id
        for one in books.finance.settlements
        if one.number == number or getattr(books.receipts.get(one.receipt_id), "number", None) == number
        for part in one.allocations
    }
    return [item for item in books.finance.receivables if item.number == number or item.id in paying]


def scope_of_order(books: Books, order: CrmOrder) -> frozenset[Document]:
    """All that a verdict on one order looks at: its chain, its customer in each system, and its products."""
    documents = {step.document for step in steps_of_order(books, order)}
    customer = books.crm_customers.get(order.customer_id)
    if customer:
        documents.add(crm_customer(customer.code))
        documents.update(map(finance_customer, books.parties.finance_of(customer.id)))
    documents.update(product(line.product_code) for line in order.lines)
    for follower in books.links.sales_orders_of(order):
        documents.add(partner(follower.partner_code))
        documents.update(product(line.product_code) for line in follower.lines)
    return frozenset(documents)


def _partner_name(books: Books, code: str) -> str | None:
    found = books.partners.get(code)
    return found.short_name if found else None


def _finance_name(books: Books, id_: int) -> str | None:
    found = books.finance_customers.get(id_)
    return found.short_name if found else None
