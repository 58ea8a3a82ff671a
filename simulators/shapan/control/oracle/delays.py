"""How long each link between two systems took (环节时延): from the moment of a document to that of its follower.

The moments are those that the systems wrote, in simulated time: a clock that stands still gives 0, one that was advanced between the two gives
what it was advanced by. A follower that bears an earlier moment than its source took 0 s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shapan.control.oracle.document import (
    Document,
    crm_customer,
    crm_order,
    crm_return,
    crm_store_sale,
    delivery,
    finance,
    receivable,
    sales_order,
    sales_return,
    scm,
)

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books

USUAL_DEADLINE = 5.0
"""Seconds from an order to its receivable that the people who asked for the sandbox aim at (requirement P10)."""

_MOST_SHOWN = 500

LINKS = {
    "order-to-sales-order": ("CRM order confirmed to SCM sales order created", "CRM 订单确认到 SCM 销售订单创建"),
    "shipment-to-receivable": ("SCM delivery shipped to receivable posted", "SCM 发货到应收单过账"),
    "finance-to-credit": ("last posting in finance to balance in the CRM", "财务最近过账到 CRM 余额更新"),
    "goods-receipt-to-register": ("SCM goods receipt posted to registered in finance", "SCM 采购入库到财务登记"),
    "store-sale-to-stock": ("sale at the till to store sale in the SCM", "门店收银到 SCM 门店出库"),
    "store-sale-to-cash-sale": ("sale at the till to cash sale in finance", "门店收银到财务现销单"),
    "return-to-sales-return": ("CRM return approved to SCM sales return created", "CRM 退货批准到 SCM 销售退货"),
    "return-to-red": ("SCM sales return received to red receivable", "SCM 退货入库到红字应收单"),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """One link of one document that was passed, with how long it took."""

    link: str
    document: Document
    follower: Document
    seconds: float


@dataclass(frozen=True, slots=True)
class Delay:
    """What the passages of one link come to, in seconds."""

    link: str
    count: int
    p50: float
    p95: float
    longest: float
    deadline: float
    late: int
    seconds: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        """As the control contract shows it."""
        en, zh = LINKS[self.link]
        return {
            "link": self.link,
            "en": en,
            "zh": zh,
            "count": self.count,
            "p50_seconds": self.p50,
            "p95_seconds": self.p95,
            "max_seconds": self.longest,
            "deadline_seconds": self.deadline,
            "late": self.late,
            "seconds": list(self.seconds),
        }


def delays_of(passages: Iterable[Passage], deadline: float | None) -> tuple[Delay, ...]:
    """The delays of the links that were passed, in the order of LINKS."""
    limit = USUAL_DEADLINE if deadline is None else deadline
    found: dict[str, list[float]] = {link: [] for link in LINKS}
    for passage in passages:
        found[passage.link].append(passage.seconds)
    return tuple(
        Delay(
            link,
            len(seconds),
            _percentile(sorted(seconds), 50),
            _percentile(sorted(seconds), 95),
            max(seconds),
            limit,
            sum(1 for one in seconds if one > limit),
            tuple(sorted(seconds)[-_MOST_SHOWN:]),
        )
        for link, seconds in found.items()
        if seconds
    )


def _percentile(ordered: list[float], percent: int) -> float:
    """The smallest value that so many of a hundred do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def passages_of(books: Books) -> Iterator[Passage]:
    """Every link that a document of this run has passed."""
    yield from _sales(books)
    yield from _credit(books)
    yield from _returns(books)
    yield from _others(books)


def _passage(
    link: str, document: Document, begin: str | None, follower: Document, end: str | None
) -> Iterator[Passage]:
    if begin is not None and end is not None:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        yield Passage(link, document, follower, max(0.0, seconds))


def _sales(books: Books) -> Iterator[Passage]:
    for order in books.crm.orders:
        if order.state == "confirmed" and books.of_run(order.confirmed_at):
            live = [item for item in books.links.sales_orders_of(order) if item.state != "cancelled"]
            for item in live[:1]:
                ends = (sales_order(item.number), item.created_at)
                yield from _passage("order-to-sales-order", crm_order(order.number), order.confirmed_at, *ends)
    for shipped in books.scm.deliveries:
        if shipped.state == "shipped" and books.of_run(shipped.shipped_at):
            for booked in books.links.receivables_of(shipped)[:1]:
                ends = (receivable(booked.number), booked.posted_at)
                yield from _passage("shipment-to-receivable", delivery(shipped.number), shipped.shipped_at, *ends)


def _credit(books: Books) -> Iterator[Passage]:
    """Of each customer only the last posting can be measured: the CRM keeps no history of its balances."""
    last: dict[int, str] = {}
    posted = [(item.customer_id, item.posted_at) for item in books.finance.receivables if not item.opening]
    posted += [(item.customer_id, item.posted_at) for item in books.finance.receipts if not item.opening]
    for customer_id, at in posted:
        if at is not None:
            last[customer_id] = max(last.get(customer_id, ""), at)
    for one in books.finance.settlements:
        paid = books.receipts.get(one.receipt_id)
        if not one.opening and one.posted_at is not None and paid is not None:
            last[paid.customer_id] = max(last.get(paid.customer_id, ""), one.posted_at)
    if not last:
        return
    for customer in books.crm.customers:
        if customer.balance_as_of is None:
            continue
        begins = [last[id_] for id_ in books.parties.finance_of(customer.id) if id_ in last]
        if begins and datetime.fromisoformat(customer.balance_as_of) >= datetime.fromisoformat(max(begins)):
            document = crm_customer(customer.code)
            yield from _passage("finance-to-credit", document, max(begins), document, customer.balance_as_of)


def _returns(books: Books) -> Iterator[Passage]:
    graph = books.graph if books.crm.returns or books.scm.sales_returns else None
    for asked in books.crm.returns:
        if not books.of_run(asked.decided_at):
            continue
        for back in books.followers.sales_returns.get(asked.number, [])[:1]:
            ends = (sales_return(back.number), back.created_at)
            yield from _passage("return-to-sales-return", crm_return(asked.number), asked.decided_at, *ends)
    if graph is None:
        return
    for number, reds in books.followers.red_of_return.items():
        document = sales_return(number)
        for red in reds[:1]:
            begin = graph.steps[document].at if document in graph.steps else None
            if not books.of_run(begin):
                continue
            yield from _passage("return-to-red", document, begin, receivable(red.number), red.posted_at)


def _others(books: Books) -> Iterator[Passage]:
    followers = books.followers
    for item in books.scm.goods_receipts:
        if not books.of_run(item.posted_at):
            continue
        for entry in followers.registered_receipts.get(item.number, [])[:1]:
            ends = (finance("goods_receipt", entry.number), entry.registered_at)
            yield from _passage("goods-receipt-to-register", scm("goods_receipt", item.number), item.posted_at, *ends)
    for sale in books.crm.store_sales:
        if not books.of_run(sale.sold_at):
            continue
        document = crm_store_sale(sale.number)
        for used in followers.store_sales.get(sale.number, [])[:1]:
            yield from _passage(
                "store-sale-to-stock", document, sale.sold_at, scm("store_sale", used.number), used.created_at
            )
        for cash in followers.cash_sales.get(sale.number, [])[:1]:
            ends = (finance("cash_sale", cash.number), cash.posted_at)
            yield from _passage("store-sale-to-cash-sale", document, sale.sold_at, *ends)
