"""O11: documents stand on the day, and in the period, of what they follow, in Asia/Shanghai (会计期间与业务日期).

When the period of the source was closed before its follower was posted, the first one that was open then is the right one; that is told, and no
mistake. Looked at are sales orders beside the confirmation in the CRM, receivables beside the shipment, red ones beside the goods received back,
the register beside orders and goods, store and cash sales beside the till; and every document of finance in the month of its own date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shapan.control.oracle.books import Books
from shapan.control.oracle.checks.inventory import MOVES
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Kind,
    Result,
    crm_order,
    crm_store_sale,
    delivery,
    finance,
    receivable,
    sales_order,
    sales_return,
    scm,
)
from shapan.kernel.clock import SHANGHAI

DATE = Kind("business-date-differs")
PERIOD = Kind("period-differs")
LATE = Kind("period-late", "warning")

# Kind of movement -> the inventory documents that bear its day. What takes back a store's consumption has a day of its own in either system.
_KINDS_OF = {
    **{move: kinds.keys() - {"store_consumption_return"} for move, (_, _, _, kinds) in MOVES.items()},
    "production_receipt": {"finished_goods", "conversion_cost"},
    "cost_adjustment": {"cost_adjustment"},
    "purchase_return": {"cost_adjustment"},
}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A document and what it follows: the day that it bears and that it ought to; `moment` is when the source happened, `posted_at` when it was posted."""

    document: Document
    en: str
    zh: str
    source: Document
    day: str
    wanted: str
    moment: str | None
    posted_at: str | None
    in_finance: bool = True


def find(books: Books) -> Result:
    """One comparison per document that follows another, and one per document of finance."""
    pairs = [pair for pair in _pairs(books) if books.of_run(pair.wanted)]
    own = list(_own(books))
    return Result(
        (*(pair.document for pair in pairs), *(document for document, _, _ in own)),
        (
            *(found for pair in pairs for found in _of(books, pair)),
            *(_period(*entry) for entry in own if entry[1][:7] != entry[2]),
        ),
    )


def _pairs(books: Books) -> Iterator[_Pair]:
    links, followers = books.links, books.followers
    for sold in books.scm.sales_orders:
        order = links.order_of(sold) if books.of_run(sold.order_date) else None
        if order and order.confirmed_at and sold.order_date and sold.state != "cancelled":
            day = datetime.fromisoformat(order.confirmed_at).astimezone(SHANGHAI).date().isoformat()
            own, source = sales_order(sold.number), crm_order(order.number)
            yield _Pair(
                own,
                "Sales order",
                "SCM 销售订单",
                source,
                sold.order_date,
                day,
                order.confirmed_at,
                None,
                in_finance=False,
            )
    for shipped in books.scm.deliveries:
        if shipped.state == "shipped" and shipped.ship_date and books.of_run(shipped.ship_date):
            source = delivery(shipped.number)
            for item in links.receivables_of(shipped):
                own = receivable(item.number)
                yield _Pair(
                    own,
                    "Receivable",
                    "应收单",
                    source,
                    item.business_date,
                    shipped.ship_date,
                    shipped.shipped_at,
                    item.posted_at,
                )
    for back in books.scm.sales_returns:
        for red in followers.red_of_return.get(back.number, []):
            if back.receive_date:
                source = sales_return(back.number)
                own = receivable(red.number)
                yield _Pair(
                    own,
                    "Red receivable",
                    "红字应收单",
                    source,
                    red.business_date,
                    back.receive_date,
                    back.received_at,
                    red.posted_at,
                )
    yield from _purchasing(books)
    yield from _stores(books)


def _purchasing(books: Books) -> Iterator[_Pair]:
    followers = books.followers
    for order in books.scm.purchase_orders:
        for entry in followers.registered_orders.get(order.number, []):
            own, source = finance("purchase_order", entry.number), scm("purchase_order", order.number)
            yield _Pair(
                own,
                "Purchase order",
                "采购订单登记",
                source,
                entry.business_date,
                order.order_date,
                order.approved_at,
                entry.registered_at,
            )
    for item in books.scm.goods_receipts:
        for entry in followers.registered_receipts.get(item.number, []):
            own, source = finance("goods_receipt", entry.number), scm("goods_receipt", item.number)
            yield _Pair(
                own,
                "Goods receipt",
                "入库单登记",
                source,
                entry.business_date,
                item.receipt_date,
                item.posted_at,
                entry.registered_at,
            )
    for sent in books.scm.purchase_returns:
        for one in followers.registered_returns.get(sent.number, []):
            own, source = finance("purchase_return", one.number), scm("purchase_return", sent.number)
            yield _Pair(
                own,
                "Purchase return",
                "采购退货登记",
                source,
                one.business_date,
                sent.return_date,
                sent.posted_at,
                one.registered_at,
            )


def _stores(books: Books) -> Iterator[_Pair]:
    followers = books.followers
    for sale in books.crm.store_sales:
        source = crm_store_sale(sale.number)
        for used in followers.store_sales.get(sale.number, []):
            own = scm("store_sale", used.number)
            yield _Pair(
                own,
                "Store sale",
                "SCM 门店销售",
                source,
                used.business_date,
                sale.business_date,
                sale.sold_at,
                None,
                in_finance=False,
            )
        for cash in followers.cash_sales.get(sale.number, []):
            own = finance("cash_sale", cash.number)
            yield _Pair(
                own, "Cash sale", "现销单", source, cash.business_date, sale.business_date, sale.sold_at, cash.posted_at
            )
    for change in books.scm.value_changes:
        if not books.of_run(change.business_date):
            continue
        for item in followers.inventory_documents.get(change.document, []):
            if item.reverses is None and item.source_system == "scm" and item.kind in _KINDS_OF.get(change.kind, ()):
                own = finance("inventory_document", item.number)
                sources = books.graph.named(change.document)
                yield _Pair(
                    own,
                    "Inventory document",
                    "存货核算单",
                    sources[0] if sources else scm("stock_count", change.document),
                    item.business_date,
                    change.business_date,
                    change.created_at,
                    item.posted_at,
                )


def _of(books: Books, pair: _Pair) -> Iterable[Difference]:
    if pair.day == pair.wanted:
        return
    documents = (pair.document, pair.source)
    follows = f"{pair.source.type.replace('_', ' ')} {pair.source.number}"
    if pair.in_finance and _is_late(books, pair):
        yield Difference(
            LATE,
            documents,
            f"{pair.wanted}, or the first open period after it",
            pair.day,
            f"{pair.en} {pair.document.number} follows {follows} of {pair.wanted}, whose period was closed when it came; it stands on "
            f"{pair.day} in the next open one, as it should.",
            f"{pair.zh} {pair.document.number} 对应 {pair.source.number}（{pair.wanted}），该期间当时已结账，故记入下一开放期间的 {pair.day}，正确。",
        )
        return
    hint, hint_zh = _utc(pair)
    kind = PERIOD if pair.day[:7] != pair.wanted[:7] else DATE
    yield Difference(
        kind,
        documents,
        pair.wanted,
        pair.day,
        f"{pair.en} {pair.document.number} bears the date {pair.day}, but {follows} is of {pair.wanted} (Asia/Shanghai){hint}.",
        f"{pair.zh} {pair.document.number} 的日期为 {pair.day}，而 {pair.source.number} 为 {pair.wanted}（北京时间）{hint_zh}。",
    )


def _is_late(books: Books, pair: _Pair) -> bool:
    """Whether the day lies in the first period after that of the source which was not closed when the document was posted."""
    if pair.posted_at is None or pair.day < pair.wanted:
        return False
    closed = {
        period.period: period.closed_at
        for period in books.finance.periods
        if period.closed_at is not None
        and datetime.fromisoformat(period.closed_at) <= datetime.fromisoformat(pair.posted_at)
    }
    period = pair.wanted[:7]
    if period not in closed:
        return False
    while period in closed:
        period = _following(period)
    return pair.day[:7] == period


def _following(period: str) -> str:
    first = datetime.fromisoformat(f"{period}-28") + timedelta(days=4)
    return first.strftime("%Y-%m")


def _utc(pair: _Pair) -> tuple[str, str]:
    """Says so where the day is that of the moment in UTC."""
    if pair.moment is None:
        return "", ""
    moment = datetime.fromisoformat(pair.moment)
    in_utc, here = moment.astimezone(UTC).date().isoformat(), moment.astimezone(SHANGHAI).date().isoformat()
    if in_utc == here or in_utc != pair.day:
        return "", ""
    return ": the date was taken from UTC", "：日期取自 UTC"


def _own(books: Books) -> Iterator[tuple[Document, str, str]]:
    """(document, its day, its period) of everything that finance has of this run."""
    ledger = books.finance
    yield from (
        (receivable(n.number), n.recognised_on or n.business_date, n.period)
        for n in ledger.receivables
        if not n.opening and n.recognised
    )
    yield from ((finance("payable", n.number), n.business_date, n.period) for n in ledger.payables if not n.opening)
    yield from ((finance("cash_sale", n.number), n.business_date, n.period) for n in ledger.cash_sales)
    yield from (
        (finance("inventory_document", n.number), n.business_date, n.period) for n in ledger.inventory_documents
    )
    yield from ((finance("goods_receipt", n.number), n.business_date, n.period) for n in ledger.goods_receipts)


def _period(document: Document, day: str, period: str) -> Difference:
    return Difference(
        PERIOD,
        (document,),
        day[:7],
        period,
        f"{document.number} bears the date {day}, but stands in the period {period}.",
        f"{document.number} 的业务日期为 {day}，却记在 {period} 期间。",
    )


CHECK = Check(
    "O11",
    "period",
    "Documents bear the day of what they follow, in Asia/Shanghai, and stand in its period, or in the first open one after it.",
    "单据的业务日期与其来源一致（北京时间），并记在该期间；该期间已结账时记在其后第一个开放期间。",
    (DATE, PERIOD, LATE),
    find,
)
