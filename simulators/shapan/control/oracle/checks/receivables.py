"""O3: every shipped delivery (出库单) has exactly one receivable (应收单) with its net, tax and gross."""

from __future__ import annotations

from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Kind,
    Result,
    amounts,
    amounts_zh,
    crm_order,
    delivery,
    receivable,
)
from shapan.control.oracle.model import Delivery

MISSING = Kind("receivable-missing")
DUPLICATED = Kind("receivable-duplicated")
AMOUNT = Kind("receivable-amount")


def find(books: Books) -> Result:
    """One comparison per shipped delivery."""
    shipped = [item for item in books.scm.deliveries if item.state == "shipped"]
    return Result(
        tuple(delivery(item.number) for item in shipped),
        tuple(difference for item in shipped for difference in _of(books, item)),
    )


def _of(books: Books, item: Delivery) -> Iterable[Difference]:
    order = books.links.order_of_delivery(item)
    behind: tuple[Document, ...] = (crm_order(order.number),) if order else ()
    of_en, of_zh = (f" of CRM order {order.number}", f"（CRM 订单 {order.number}）") if order else ("", "")
    found = books.links.receivables_of(item)
    numbers = [one.number for one in found]
    documents = (delivery(item.number), *map(receivable, numbers), *behind)
    if not found and item.gross_fen == 0:
        # A small part's share of its line may round to nothing, and finance books no nothing.
        return
    if not found:
        yield Difference(
            MISSING,
            documents,
            f"one receivable, {amounts(item.net_fen, item.tax_fen, item.gross_fen)}",
            "none",
            f"Delivery {item.number}{of_en} has been shipped, but has no receivable in finance.",
            f"SCM 出库单 {item.number}{of_zh}已发货，但财务中没有对应的应收单。",
        )
    elif len(found) > 1:
        yield Difference(
            DUPLICATED,
            documents,
            "one receivable",
            f"{len(found)}: {', '.join(numbers)}",
            f"Delivery {item.number}{of_en} has {len(found)} receivables in finance: {', '.join(numbers)}.",
            f"SCM 出库单 {item.number}{of_zh}在财务中有 {len(found)} 张应收单：{'、'.join(numbers)}。",
        )
    else:
        expected = (item.net_fen, item.tax_fen, item.gross_fen)
        booked = (found[0].net_fen, found[0].tax_fen, found[0].gross_fen)
        if expected != booked:
            yield Difference(
                AMOUNT,
                documents,
                amounts(*expected),
                amounts(*booked),
                f"Receivable {found[0].number} shows {amounts(*booked)}; its delivery {item.number}{of_en} shows "
                f"{amounts(*expected)}.",
                f"应收单 {found[0].number} 为{amounts_zh(*booked)}，而其出库单 "
                f"{item.number}{of_zh}为{amounts_zh(*expected)}。",
            )


CHECK = Check(
    "O3",
    "receivables",
    "Every shipped delivery has exactly one receivable with its net, tax and gross.",
    "每张已发货的出库单有且只有一张应收单，且不含税金额、税额、价税合计一致。",
    (MISSING, DUPLICATED, AMOUNT),
    find,
)
