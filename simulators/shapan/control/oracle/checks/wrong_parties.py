"""O4: each document downstream is booked on the same real company (往来单位) that ordered.

Evidence: `shapan.control.oracle.parties`. Where nothing proves or refutes it, a warning says so instead of a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Kind,
    Result,
    crm_customer,
    crm_order,
    delivery,
    finance_customer,
    partner,
    receivable,
    sales_order,
)
from shapan.control.oracle.model import CrmOrder, Delivery, Receivable, SalesOrder

Text = tuple[str, str]
"""The same in English and in Chinese."""

WRONG = Kind("wrong-party")
UNPROVEN = Kind("party-unproven", "warning")


def find(books: Books) -> Result:
    """One comparison per linked SCM sales order, per shipped delivery of one, and per linked receivable."""
    sales_orders = [
        (order, item)
        for item in books.scm.sales_orders
        if item.state != "cancelled" and (order := books.links.order_of(item))
    ]
    deliveries = [
        (order, item)
        for item in books.scm.deliveries
        if item.state == "shipped" and (order := books.links.order_of_delivery(item))
    ]
    # A red receivable is of the customer of the blue one; among several of a delivery, those that are taken back do not count.
    receivables = [
        (source, item)
        for item in books.finance.receivables
        if (source := books.links.delivery_of(item)) is not None and item in books.links.receivables_of(source)
    ]
    return Result(
        (
            *(sales_order(item.number) for _, item in sales_orders),
            *(delivery(item.number) for _, item in deliveries),
            *(receivable(item.number) for _, item in receivables),
        ),
        (
            *(found for order, item in sales_orders for found in _sales_order(books, order, item)),
            *(found for order, item in deliveries for found in _delivery(books, order, item)),
            *(found for source, item in receivables for found in _receivable(books, source, item)),
        ),
    )


def _sales_order(books: Books, order: CrmOrder, item: SalesOrder) -> Iterable[Difference]:
    same = books.parties.crm_and_partner(order.customer_id, item.partner_code)
    if same:  # most are, and need no words
        return
    yield from _difference(
        same,
        (
            sales_order(item.number),
            crm_order(order.number),
            partner(item.partner_code),
            *_crm_document(books, order),
        ),
        (f"sales order {item.number}", f"SCM 销售订单 {item.number}"),
        _partner_name(books, item.partner_code),
        (f"CRM order {order.number}", f"CRM 订单 {order.number}"),
        _crm_name(books, order),
    )


def _delivery(books: Books, order: CrmOrder, item: Delivery) -> Iterable[Difference]:
    """Goods went to a company other than the one that the sales order names; that one was compared already."""
    sales = books.links.sales_orders.get(item.sales_order)
    if sales is None or item.partner_code == sales.partner_code:
        return
    yield from _difference(
        books.parties.crm_and_partner(order.customer_id, item.partner_code),
        (
            delivery(item.number),
            sales_order(sales.number),
            crm_order(order.number),
            partner(item.partner_code),
            *_crm_document(books, order),
        ),
        (f"delivery {item.number}", f"SCM 出库单 {item.number}"),
        _partner_name(books, item.partner_code),
        (f"CRM order {order.number}", f"CRM 订单 {order.number}"),
        _crm_name(books, order),
    )


def _receivable(books: Books, source: Delivery, item: Receivable) -> Iterable[Difference]:
    order = books.links.order_of_delivery(source)
    if order is not None and books.parties.crm_and_finance(order.customer_id, item.customer_id):
        return
    subject = (f"receivable {item.number}", f"应收单 {item.number}")
    documents = (receivable(item.number), delivery(source.number), finance_customer(item.customer_id))
    found = _finance_name(books, item.customer_id)
    if order is not None:
        yield from _difference(
            books.parties.crm_and_finance(order.customer_id, item.customer_id),
            (*documents, crm_order(order.number), *_crm_document(books, order)),
            subject,
            found,
            (f"CRM order {order.number}", f"CRM 订单 {order.number}"),
            _crm_name(books, order),
        )
    else:
        # No CRM order stands behind the shipment: then the company that got the goods owes the money.
        yield from _difference(
            books.parties.partner_and_finance(source.partner_code, item.customer_id),
            (*documents, partner(source.partner_code)),
            subject,
            found,
            (f"delivery {source.number}", f"出库单 {source.number}"),
            _partner_name(books, source.partner_code),
        )


def _crm_name(books: Books, order: CrmOrder) -> Text:
    customer = books.crm_customers.get(order.customer_id)
    return _named(customer.name if customer else None, customer.code if customer else order.customer_id, "客户")


def _partner_name(books: Books, code: str) -> Text:
    found = books.partners.get(code)
    return _named((found.full_name or found.short_name) if found else None, code, "往来单位")


def _finance_name(books: Books, id_: int) -> Text:
    found = books.finance_customers.get(id_)
    return _named((found.full_name or found.short_name) if found else None, str(id_), "客户")


def _named(name: str | None, code: str, kind_zh: str) -> Text:
    return (
        (f"{name} ({code})", f"{name}（{code}）") if name else (f"unknown record {code}", f"不存在的{kind_zh} {code}")
    )


def _crm_document(books: Books, order: CrmOrder) -> tuple[Document, ...]:
    customer = books.crm_customers.get(order.customer_id)
    return (crm_customer(customer.code),) if customer else ()


def _difference(
    verdict: bool | None,
    documents: tuple[Document, ...],
    subject: Text,
    found: Text,
    origin: Text,
    expected: Text,
) -> Iterable[Difference]:
    """`subject` is booked on `found`, but `origin` belongs to `expected`; nothing when `verdict` says they are the same."""
    if verdict is False:
        yield Difference(
            WRONG,
            documents,
            expected[0],
            found[0],
            f"{subject[0][0].upper()}{subject[0][1:]} is booked on {found[0]}, but {origin[0]} is of {expected[0]}.",
            f"{subject[1]} 记在{found[1]}名下，而 {origin[1]} 属于{expected[1]}。",
        )
    elif verdict is None:
        yield Difference(
            UNPROVEN,
            documents,
            expected[0],
            found[0],
            f"Nothing proves that {found[0]}, on whom {subject[0]} is booked, is {expected[0]} of {origin[0]}: no common "
            "tax number or legal name.",
            f"{subject[1]} 记在{found[1]}名下，无法证明其就是 {origin[1]} 的{expected[1]}：税号与法定名称均无从比对。",
        )


CHECK = Check(
    "O4",
    "parties",
    "SCM sales orders, deliveries and receivables are booked on the same real company that ordered.",
    "SCM 销售订单、出库单与应收单记在真正下单的公司名下。",
    (WRONG, UNPROVEN),
    find,
)
