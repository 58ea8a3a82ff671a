"""O1: every confirmed CRM order (销售订单) has exactly one SCM sales order."""

from __future__ import annotations

from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import Check, Difference, Kind, Result, crm_order, sales_order
from shapan.control.oracle.model import CrmOrder

MISSING = Kind("order-missing")
DUPLICATED = Kind("order-duplicated")
UNAPPROVED = Kind("order-unapproved", "warning")


def find(books: Books) -> Result:
    """One comparison per confirmed CRM order."""
    confirmed = [order for order in books.crm.orders if order.state == "confirmed"]
    return Result(
        tuple(crm_order(order.number) for order in confirmed),
        tuple(difference for order in confirmed for difference in _of(books, order)),
    )


def _of(books: Books, order: CrmOrder) -> Iterable[Difference]:
    followers = books.links.sales_orders_of(order)
    live = [follower for follower in followers if follower.state != "cancelled"]
    documents = (crm_order(order.number), *(sales_order(follower.number) for follower in live or followers))
    numbers = [follower.number for follower in live or followers]
    if not followers:
        yield Difference(
            MISSING,
            documents,
            "one sales order",
            "none",
            f"CRM order {order.number} has no sales order in SCM.",
            f"CRM 订单 {order.number} 在 SCM 中没有对应的销售订单。",
        )
    elif not live:
        yield Difference(
            MISSING,
            documents,
            "one sales order",
            f"only cancelled ones: {', '.join(numbers)}",
            f"CRM order {order.number} is confirmed, but its sales order {', '.join(numbers)} in SCM is cancelled.",
            f"CRM 订单 {order.number} 已确认，但其 SCM 销售订单 {'、'.join(numbers)} 已取消。",
        )
    elif len(live) > 1:
        yield Difference(
            DUPLICATED,
            documents,
            "one sales order",
            f"{len(live)}: {', '.join(numbers)}",
            f"CRM order {order.number} has {len(live)} sales orders in SCM: {', '.join(numbers)}.",
            f"CRM 订单 {order.number} 在 SCM 中有 {len(live)} 张销售订单：{'、'.join(numbers)}。",
        )
    for follower in live:
        if follower.state == "draft":
            yield Difference(
                UNAPPROVED,
                (sales_order(follower.number), crm_order(order.number)),
                "approved",
                "draft",
                f"Sales order {follower.number} of CRM order {order.number} is not approved yet, so it reserves no "
                "stock.",
                f"CRM 订单 {order.number} 的 SCM 销售订单 {follower.number} 尚未审核，未预留库存。",
            )


CHECK = Check(
    "O1",
    "orders",
    "Every confirmed CRM order has exactly one SCM sales order.",
    "每张已确认的 CRM 订单有且只有一张 SCM 销售订单。",
    (MISSING, DUPLICATED, UNAPPROVED),
    find,
)
