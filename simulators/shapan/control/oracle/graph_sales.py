"""Sales in the graph of documents: order, sales order, delivery, receivable, receipt, settlement, and what comes back (销售单据链)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapan.control.oracle.document import (
    Document,
    crm_order,
    crm_return,
    delivery,
    receipt,
    receivable,
    sales_order,
    sales_return,
    settlement,
)
from shapan.control.oracle.model import Receivable
from shapan.control.oracle.steps import Node, Step, node

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


def sales(books: Books) -> Iterator[Node]:
    """All documents of sales; what follows comes after what it follows."""
    yield from _orders(books)
    yield from _receivables(books)
    yield from _money(books)


def _orders(books: Books) -> Iterator[Node]:
    links = books.links
    for order in books.crm.orders:
        customer = books.crm_customers.get(order.customer_id)
        name = customer.name if customer else None
        yield Step(crm_order(order.number), order.state, order.confirmed_at, name, order.gross_fen, None), (), None
    for sold in books.scm.sales_orders:
        source = links.order_of(sold)
        above = [crm_order(source.number)] if source else []
        name, gross = _partner(books, sold.partner_code), sum(line.gross_fen for line in sold.lines)
        yield node(sales_order(sold.number), sold.state, sold.created_at, name, gross, above)
    for item in books.scm.deliveries:
        above = [sales_order(item.sales_order)] if item.sales_order in links.sales_orders else []
        name = _partner(books, item.partner_code)
        yield node(delivery(item.number), item.state, item.shipped_at, name, item.gross_fen, above)
    for asked in books.crm.returns:
        customer = books.crm_customers.get(asked.customer_id)
        above = [crm_order(asked.order_number)] if asked.order_number in links.orders else []
        name = customer.name if customer else None
        yield node(crm_return(asked.number), asked.state, asked.decided_at, name, asked.gross_fen, above)
    known = {asked.number for asked in books.crm.returns}
    for back in books.scm.sales_returns:
        above = [crm_return(back.source_document)] if back.source_document in known else []
        above += [delivery(back.delivery)] if back.delivery in links.deliveries else []
        name = _partner(books, back.partner_code)
        yield node(sales_return(back.number), back.state, back.received_at, name, back.gross_fen, above)


def _receivables(books: Books) -> Iterator[Node]:
    links = books.links
    red_of_return = {
        red.id: sales_return(number) for number, reds in books.followers.red_of_return.items() for red in reds
    }
    for item in sorted(books.finance.receivables, key=lambda one: one.red_of is not None):
        above: list[Document] = []
        if item.red_of is not None:
            above = [red_of_return[item.id]] if item.id in red_of_return else []
            blue = books.receivables.get(item.red_of)
            above += [receivable(blue.number)] if blue else []
        elif (source := links.delivery_of(item)) is not None:
            above = [delivery(source.number)]
        elif item.order_reference in links.orders:
            above = [crm_order(item.order_reference or "")]
        name = _finance(books, item.customer_id)
        yield node(receivable(item.number), _state(item), item.posted_at, name, item.gross_fen, above)


def _state(item: Receivable) -> str:
    if not item.recognised:
        return "pending"
    if item.red_of is not None:
        return "red"
    return "settled" if item.settled_fen == item.gross_fen else "partly_settled" if item.settled_fen else "open"


def _money(books: Books) -> Iterator[Node]:
    for paid in books.finance.receipts:
        pays = {
            part.receivable_id
            for one in books.links.settlements_with(paid)
            for part in one.allocations
            if part.receivable_id in books.receivables
        }
        above = [receivable(books.receivables[id_].number) for id_ in sorted(pays)]
        state = "reversed" if paid.reversed else None
        name = _finance(books, paid.customer_id)
        yield node(receipt(paid.number), state, paid.posted_at, name, paid.amount_fen, above)
    for one in books.finance.settlements:
        parts: Counter[Document] = Counter()
        for part in one.allocations:
            if part.receivable_id in books.receivables:
                parts[receivable(books.receivables[part.receivable_id].number)] += part.amount_fen
        paid_by = books.receipts.get(one.receipt_id)
        own = [receipt(paid_by.number)] if paid_by else []
        name = _finance(books, paid_by.customer_id) if paid_by else None
        gross = sum(part.amount_fen for part in one.allocations)
        first = own[0] if own else next(iter(parts), None)
        yield Step(settlement(one.number), None, one.posted_at, name, gross, first), [*parts] or own, parts or None


def _partner(books: Books, code: str) -> str | None:
    found = books.partners.get(code)
    return found.short_name if found else None


def _finance(books: Books, id_: int) -> str | None:
    found = books.finance_customers.get(id_)
    return found.short_name if found else None
