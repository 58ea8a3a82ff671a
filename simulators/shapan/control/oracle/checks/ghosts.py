"""O10: what is cancelled, or was never confirmed or shipped, leaves nothing open downstream (已取消单据的残留)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.checks import returns
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Result,
    crm_order,
    delivery,
    quantity,
    receivable,
    sales_order,
    state_zh,
)
from shapan.control.oracle.model import CrmOrder, Delivery, SalesOrder

GHOST = returns.GHOST

# Why an order that is not confirmed has no follower. One that waits or was rejected may have been confirmed before it was changed.
_WHY = {
    "draft": ("is not confirmed", "尚未确认"),
    "pendingApproval": ("waits for approval", "尚待审批"),
    "rejected": ("was rejected", "已被驳回"),
    "cancelled": ("is cancelled", "已取消"),
}


def find(books: Books) -> Result:
    """One comparison per CRM order, sales order or delivery that should have no live followers."""
    dead_orders = [order for order in books.crm.orders if order.state != "confirmed"]
    dead_sales_orders = [order for order in books.scm.sales_orders if order.state == "cancelled"]
    unshipped = [item for item in books.scm.deliveries if item.state != "shipped"]
    back = returns.find(books)
    return Result(
        (
            *(crm_order(order.number) for order in dead_orders),
            *(sales_order(order.number) for order in dead_sales_orders),
            *(delivery(item.number) for item in unshipped),
            *back.compared,
        ),
        (
            *(found for order in dead_orders for found in _behind_order(books, order)),
            *(found for order in dead_sales_orders for found in _behind_sales_order(books, order)),
            *(found for item in unshipped for found in _behind_delivery(books, item)),
            *back.differences,
        ),
    )


def _behind_order(books: Books, order: CrmOrder) -> Iterable[Difference]:
    why_en, why_zh = _WHY[order.state]
    for follower in books.links.sales_orders_of(order):
        if follower.state != "cancelled" and not _came_back(books, follower):
            yield _ghost(
                (sales_order(follower.number), crm_order(order.number)),
                "no sales order, or a cancelled one",
                f"{follower.number} in state {follower.state}",
                f"CRM order {order.number} {why_en}, but its sales order {follower.number} in SCM is still "
                f"{follower.state}.",
                f"CRM 订单 {order.number} {why_zh}，但其 SCM 销售订单 {follower.number} 仍为{state_zh(follower.state)}状态。",
            )


def _came_back(books: Books, order: SalesOrder) -> bool:
    """Whether all that an order shipped before it was cancelled is back, nothing waits to be shipped, and what was billed is red altogether."""
    deliveries = [item for item in books.links.deliveries_of(order) if item.state == "shipped"]
    if not deliveries or any(line.reserved_milli for line in order.lines):
        return False
    left: Counter[str] = Counter()
    for item in deliveries:
        left.update({line.product_code: 0 for line in item.lines})
        for line in item.lines:
            left[line.product_code] += line.quantity_milli
        for sent_back in books.followers.returns_of_delivery.get(item.number, []):
            if sent_back.state == "received":
                for part in sent_back.lines:
                    left[part.product_code] -= part.quantity_milli
    billed = [booked for item in deliveries for booked in books.links.receivables_of(item)]
    return not any(left.values()) and all(books.links.is_taken_back(booked) for booked in billed if booked.recognised)


def _behind_sales_order(books: Books, order: SalesOrder) -> Iterable[Difference]:
    held = sum(line.reserved_milli for line in order.lines)
    if held:
        yield _ghost(
            (sales_order(order.number),),
            "nothing reserved",
            f"{quantity(held)} reserved",
            f"Sales order {order.number} is cancelled, but still reserves {quantity(held)} of stock.",
            f"SCM 销售订单 {order.number} 已取消，但仍预留库存 {quantity(held)}。",
        )
    for item in books.links.deliveries_of(order):
        if item.state == "draft":
            yield _ghost(
                (delivery(item.number), sales_order(order.number)),
                "no open delivery",
                f"{item.number} in state draft",
                f"Sales order {order.number} is cancelled, but its delivery {item.number} is still open.",
                f"SCM 销售订单 {order.number} 已取消，但其出库单 {item.number} 仍未关闭。",
            )


def _behind_delivery(books: Books, item: Delivery) -> Iterable[Difference]:
    for booked in books.links.receivables_of(item):
        if books.links.is_taken_back(booked) or not booked.recognised:
            continue
        yield _ghost(
            (receivable(booked.number), delivery(item.number)),
            "no receivable before shipment",
            f"{booked.number} for a delivery in state {item.state}",
            f"Receivable {booked.number} is booked for delivery {item.number}, which has not been shipped (it is "
            f"{item.state}).",
            f"应收单 {booked.number} 对应的出库单 {item.number} 并未发货（状态：{state_zh(item.state)}）。",
        )


def _ghost(documents: tuple[Document, ...], expected: str, found: str, en: str, zh: str) -> Difference:
    return Difference(GHOST, documents, expected, found, en, zh)


CHECK = Check(
    "O10",
    "ghosts",
    "Cancelled or unconfirmed orders and unshipped deliveries leave nothing open downstream; goods that come back are taken back everywhere.",
    "已取消或未确认的订单、未发货的出库单在下游没有残留；退货在各系统均已冲回。",
    (GHOST, *returns.KINDS),
    find,
)
