"""Stores, production and the value of stock in the graph of documents (门店、生产与存货单据链)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapan.control.oracle.document import (
    Document,
    crm_order,
    crm_store_sale,
    delivery,
    finance,
    sales_order,
    sales_return,
    scm,
)
from shapan.control.oracle.steps import Node, node

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


def stores(books: Books) -> Iterator[Node]:
    """Store sales, production orders and inventory documents; what follows comes after what it follows."""
    yield from _sales(books)
    yield from _production(books)
    yield from _warehouse(books)
    yield from _values(books)


def _sales(books: Books) -> Iterator[Node]:
    sold = {sale.number for sale in books.crm.store_sales}
    for sale in books.crm.store_sales:
        yield node(crm_store_sale(sale.number), sale.state, sale.sold_at, sale.store_code, sale.gross_fen, [])
    for used in books.scm.store_sales:
        above = [crm_store_sale(used.source_document or "")] if used.source_document in sold else []
        yield node(scm("store_sale", used.number), used.state, used.created_at, used.warehouse_code, None, above)
    for cash in books.finance.cash_sales:
        above = [crm_store_sale(cash.source_document or "")] if cash.source_document in sold else []
        yield node(
            finance("cash_sale", cash.number), cash.state, cash.posted_at, cash.store_code, cash.gross_fen, above
        )


def _production(books: Books) -> Iterator[Node]:
    orders = books.links.sales_orders
    for made in books.scm.production_orders:
        above = [sales_order(made.sales_order or "")] if made.sales_order in orders else []
        if not above and made.source_document in books.links.orders:
            above = [crm_order(made.source_document or "")]
        yield node(scm("production_order", made.number), made.state, made.created_at, None, None, above)
    for posting in books.scm.production_postings:
        above = [scm("production_order", posting.production_order)]
        yield node(scm(f"production_{posting.kind}", posting.number), None, posting.created_at, None, None, above)


def _warehouse(books: Books) -> Iterator[Node]:
    for moved in books.scm.transfers:
        yield node(scm("transfer", moved.number), moved.state, moved.sent_at, moved.from_warehouse_code, None, [])
    for count in books.scm.stock_counts:
        yield node(scm("stock_count", count.number), count.state, count.posted_at, count.warehouse_code, None, [])
    for dearer in books.scm.cost_adjustments:
        above = [scm("goods_receipt", dearer.goods_receipt)]
        yield node(scm("cost_adjustment", dearer.number), None, dearer.created_at, None, None, above)


def _values(books: Books) -> Iterator[Node]:
    known: dict[str, Document] = {
        **{item.number: delivery(item.number) for item in books.scm.deliveries},
        **{item.number: sales_return(item.number) for item in books.scm.sales_returns},
        **{item.number: scm("store_sale", item.number) for item in books.scm.store_sales},
        **{item.number: scm(f"production_{item.kind}", item.number) for item in books.scm.production_postings},
        **{item.number: scm("transfer", item.number) for item in books.scm.transfers},
        **{item.number: scm("stock_count", item.number) for item in books.scm.stock_counts},
        **{item.number: scm("cost_adjustment", item.number) for item in books.scm.cost_adjustments},
        **{item.number: scm("purchase_return", item.number) for item in books.scm.purchase_returns},
        **{item.number: scm("goods_receipt", item.number) for item in books.scm.goods_receipts},
    }
    for item in books.finance.inventory_documents:
        above = [finance("inventory_document", item.reverses)] if item.reverses else []
        if not above and item.source_document in known:
            above = [known[item.source_document or ""]]
        yield node(
            finance("inventory_document", item.number),
            item.kind,
            item.posted_at,
            item.store_code,
            item.amount_fen,
            above,
        )
