"""Purchasing in the graph of documents: order, receipt, return, their registers in finance, invoice, payable, payment (采购单据链)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapan.control.oracle.document import Document, finance, scm
from shapan.control.oracle.model_purchasing import PayableSettlement
from shapan.control.oracle.steps import Node, Step, node

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


def purchasing(books: Books) -> Iterator[Node]:
    """All documents of purchasing; what follows comes after what it follows."""
    yield from _goods(books)
    yield from _register(books)
    yield from _invoices(books)


def _goods(books: Books) -> Iterator[Node]:
    known = {order.number for order in books.scm.purchase_orders}
    for order in books.scm.purchase_orders:
        name = _supplier(books, order.supplier_code)
        yield node(scm("purchase_order", order.number), order.state, order.approved_at, name, order.gross_fen, [])
    for item in books.scm.goods_receipts:
        above = [scm("purchase_order", item.purchase_order)] if item.purchase_order in known else []
        name = _supplier(books, item.supplier_code)
        yield node(scm("goods_receipt", item.number), item.state, item.posted_at, name, item.gross_fen, above)
    received = {item.number for item in books.scm.goods_receipts}
    for back in books.scm.purchase_returns:
        above = [scm("goods_receipt", back.goods_receipt)] if back.goods_receipt in received else []
        gross = sum(line.net_fen + line.tax_fen for line in back.lines)
        name = _supplier(books, back.supplier_code)
        yield node(scm("purchase_return", back.number), back.state, back.posted_at, name, gross, above)


def _register(books: Books) -> Iterator[Node]:
    kinds = (
        ("purchase_order", books.finance.purchase_orders, {one.number for one in books.scm.purchase_orders}),
        ("goods_receipt", books.finance.goods_receipts, {one.number for one in books.scm.goods_receipts}),
    )
    for type_, registered, known in kinds:
        for entry in registered:
            above = [scm(type_, entry.source_document or "")] if entry.source_document in known else []
            name = _creditor(books, entry.supplier_id)
            yield node(finance(type_, entry.number), None, entry.registered_at, name, entry.gross_fen, above)
    known = {one.number for one in books.scm.purchase_returns}
    for sent in books.finance.purchase_returns:
        above = [scm("purchase_return", sent.source_document or "")] if sent.source_document in known else []
        name = _creditor(books, sent.supplier_id)
        yield node(finance("purchase_return", sent.number), None, sent.registered_at, name, None, above)


def _invoices(books: Books) -> Iterator[Node]:
    for invoice in books.finance.supplier_invoices:
        receipts = sorted({number for line in invoice.lines for number in line.goods_receipts.split()})
        above = [finance("goods_receipt", number) for number in receipts]
        above += [finance("supplier_invoice", invoice.reverses)] if invoice.reverses else []
        name = _creditor(books, invoice.supplier_id)
        yield node(
            finance("supplier_invoice", invoice.number),
            invoice.state,
            invoice.posted_at,
            name,
            invoice.gross_fen,
            above,
        )
    for payable in books.finance.payables:
        above = [finance("supplier_invoice", payable.supplier_invoice)] if payable.supplier_invoice else []
        state = (
            "settled"
            if payable.settled_fen == payable.gross_fen
            else "partly_settled"
            if payable.settled_fen
            else "open"
        )
        name = _creditor(books, payable.supplier_id)
        yield node(finance("payable", payable.number), state, payable.posted_at, name, payable.gross_fen, above)
    creditor = {payable.number: payable.supplier_id for payable in books.finance.payables}
    payments: dict[str, list[PayableSettlement]] = {}
    for paid in books.finance.payable_settlements:
        payments.setdefault(paid.number, []).append(paid)
    for number, lines in payments.items():
        parts: Counter[Document] = Counter()
        for line in lines:
            parts[finance("payable", line.payable)] += line.amount_fen
        name, gross = _creditor(books, creditor.get(lines[0].payable, 0)), sum(line.amount_fen for line in lines)
        first = next(iter(parts))
        yield Step(finance("payable_settlement", number), None, lines[0].posted_at, name, gross, first), [*parts], parts


def _supplier(books: Books, code: str) -> str | None:
    found = books.scm_suppliers.get(code)
    return found.short_name if found else None


def _creditor(books: Books, id_: int) -> str | None:
    found = books.suppliers.get(id_)
    return found.short_name if found else None
