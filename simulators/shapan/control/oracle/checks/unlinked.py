"""O13: every downstream document says which document it follows (来源单据), or its content shows it."""

from __future__ import annotations

from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Kind,
    Result,
    crm_order,
    delivery,
    receivable,
    sales_order,
)
from shapan.control.oracle.model import Receivable, SalesOrder

ORDER_UNKNOWN = Kind("order-unknown")
RECEIVABLE_UNKNOWN = Kind("receivable-unknown")
UNLINKED = Kind("unlinked")
BY_CONTENT = Kind("linked-by-content", "warning")


def find(books: Books) -> Result:
    """One comparison per SCM sales order that is not cancelled, and per receivable of this run."""
    sales_orders = [item for item in books.scm.sales_orders if item.state != "cancelled"]
    # A red receivable follows the blue one that it takes back.
    receivables = [item for item in books.finance.receivables if not item.opening and item.red_of is None]
    return Result(
        (
            *(sales_order(item.number) for item in sales_orders),
            *(receivable(item.number) for item in receivables),
        ),
        (
            *(found for item in sales_orders for found in _sales_order(books, item)),
            *(found for item in receivables for found in _receivable(books, item)),
        ),
    )


def _sales_order(books: Books, item: SalesOrder) -> Iterable[Difference]:
    order = books.links.order_of(item)
    if order is None and item.source_document:
        yield Difference(
            ORDER_UNKNOWN,
            (sales_order(item.number), crm_order(item.source_document)),
            "a CRM order with this number",
            f"source document {item.source_document}",
            f"Sales order {item.number} in SCM follows {item.source_document}, but the CRM has no such order.",
            f"SCM 销售订单 {item.number} 的来源单据为 {item.source_document}，但 CRM 中没有该订单。",
        )
    elif order is None:
        yield Difference(
            UNLINKED,
            (sales_order(item.number),),
            "the number of a CRM order as source document",
            "no source document, and no CRM order with this content",
            f"Sales order {item.number} in SCM names no source document, and no waiting CRM order has its customer, "
            "lines and amounts.",
            f"SCM 销售订单 {item.number} 未注明来源单据，也没有客户、明细与金额相符的待处理 CRM 订单。",
        )
    elif not item.source_document:
        yield Difference(
            BY_CONTENT,
            (sales_order(item.number), crm_order(order.number)),
            f"source document {order.number}",
            "no source document",
            f"Sales order {item.number} in SCM names no source document; by its content it follows CRM order "
            f"{order.number}.",
            f"SCM 销售订单 {item.number} 未注明来源单据；按内容匹配到 CRM 订单 {order.number}。",
        )


def _receivable(books: Books, item: Receivable) -> Iterable[Difference]:
    source = books.links.delivery_of(item)
    if books.links.is_taken_back(item):
        return
    if source is None and item.source_document:
        yield Difference(
            RECEIVABLE_UNKNOWN,
            (receivable(item.number), delivery(item.source_document)),
            "an SCM delivery with this number",
            f"source document {item.source_document}",
            f"Receivable {item.number} follows {item.source_document}, but SCM has no such delivery.",
            f"应收单 {item.number} 的来源单据为 {item.source_document}，但 SCM 中没有该出库单。",
        )
    elif source is None:
        yield Difference(
            UNLINKED,
            (receivable(item.number),),
            "the number of an SCM delivery as source document",
            "no source document, and no delivery with this content",
            f"Receivable {item.number} names no source document, and no waiting delivery has its customer and amounts.",
            f"应收单 {item.number} 未注明来源单据，也没有客户与金额相符的待入账出库单。",
        )
    elif not item.source_document:
        yield Difference(
            BY_CONTENT,
            (receivable(item.number), delivery(source.number)),
            f"source document {source.number}",
            "no source document",
            f"Receivable {item.number} names no source document; by its content it follows delivery {source.number}.",
            f"应收单 {item.number} 未注明来源单据；按内容匹配到出库单 {source.number}。",
        )


CHECK = Check(
    "O13",
    "links",
    "Every SCM sales order and every receivable follows a known document.",
    "每张 SCM 销售订单与应收单都有已知的来源单据。",
    (ORDER_UNKNOWN, RECEIVABLE_UNKNOWN, UNLINKED, BY_CONTENT),
    find,
)
